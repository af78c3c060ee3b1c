//! Graphs, looked through before ONNX Runtime reads them: it would open the files that they name.

use tract_onnx::pb::{GraphProto, TensorProto, tensor_proto::DataLocation};

use super::super::EncoderError;
use crate::bundle::WeightsFile;
use crate::graph;

/// What a graph's file of weights is called in it; none if its weights lie in the graph.
pub(super) fn check(
    onnx: &[u8],
    weights: Option<&WeightsFile>,
) -> Result<Option<String>, EncoderError> {
    let load_error = |error| EncoderError::Load(format!("{error:#}"));
    let model = graph::decode(onnx).map_err(load_error)?;
    let mut location = None;
    if let Some(graph) = &model.graph {
        check_graph(graph, weights, &mut location)?;
    }
    Ok(location)
}

fn check_graph(
    graph: &GraphProto,
    weights: Option<&WeightsFile>,
    location: &mut Option<String>,
) -> Result<(), EncoderError> {
    for tensor in &graph.initializer {
        check_tensor(tensor, weights, location)?;
    }
    for node in &graph.node {
        if node.op_type == "EPContext" {
            return Err(EncoderError::Load(format!(
                "node {:?} names a compiled engine, which is code of a stranger; use the graph that it was made of",
                node.name
            )));
        }
        for attribute in &node.attribute {
            for tensor in attribute.t.iter().chain(&attribute.tensors) {
                check_tensor(tensor, weights, location)?;
            }
            for graph in attribute.g.iter().chain(&attribute.graphs) {
                check_graph(graph, weights, location)?;
            }
        }
    }
    Ok(())
}

fn check_tensor(
    tensor: &TensorProto,
    weights: Option<&WeightsFile>,
    location: &mut Option<String>,
) -> Result<(), EncoderError> {
    if tensor.data_location != Some(DataLocation::External as i32) {
        return Ok(());
    }
    let named = tensor
        .external_data
        .iter()
        .find(|entry| entry.key == "location");
    let named = named.map(|entry| entry.value.as_str()).unwrap_or_default();
    let known = weights.is_some_and(|file| {
        let folder = file.path.parent();
        folder.is_some_and(|folder| folder.join(named) == file.path)
    });
    if !known || location.as_deref().is_some_and(|before| before != named) {
        return Err(EncoderError::Load(format!(
            "the graph has weights in {named:?}, which bundle.toml does not name"
        )));
    }
    *location = Some(named.to_owned());
    Ok(())
}
