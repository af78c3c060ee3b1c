//! What a graph must be before tract reads it, and before it is run: tract takes a stranger's word for some of it.

use std::collections::HashSet;

use tract_onnx::pb::{AttributeProto, GraphProto, ValueInfoProto, tensor_shape_proto, type_proto};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;

/// What one value of a graph may take; SAM's largest encoder has attention scores of 1 GiB.
const MAX_VALUE_BYTES: usize = 4 << 30;

/// Dimensions that a value may have, and then some.
const MAX_RANK: i64 = 16;

/// Sides of kernels and their kin.
const MAX_SIDE: i64 = 1 << 16;

/// Checks what no graph of an encoder or decoder has otherwise.
pub(super) fn check(graph: &GraphProto) -> TractResult<()> {
    check_outputs(graph)?;
    for node in &graph.node {
        for attribute in &node.attribute {
            check_attribute(&node.name, attribute)?;
            for graph in attribute.g.iter().chain(&attribute.graphs) {
                check(graph)?;
            }
        }
    }
    Ok(())
}

/// Checks that axes are axes and sides are sides, because tract counts up to them, and that permutations are such,
/// because tract swaps until they are.
fn check_attribute(node: &str, attribute: &AttributeProto) -> TractResult<()> {
    if attribute.name == "perm" {
        let mut sorted = attribute.ints.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..sorted.len() as i64) {
            bail!(
                "node {node:?} has perm {:?}, which is no permutation",
                attribute.ints
            );
        }
    }
    let most = match attribute.name.as_str() {
        "axis" | "axes" | "perm" | "batch_dims" | "keepdims" => MAX_RANK,
        "kernel_shape" | "strides" | "pads" | "dilations" | "output_padding" | "output_shape"
        | "group" | "blocksize" | "num_outputs" | "hidden_size" => MAX_SIDE,
        _ => return Ok(()),
    };
    let mut integers = attribute.ints.iter().chain([&attribute.i]);
    match integers.find(|integer| !(-most..=most).contains(*integer)) {
        Some(found) => bail!(
            "node {node:?} has {} {found}, which no model has",
            attribute.name
        ),
        None => Ok(()),
    }
}

/// Checks that every output is computed.
fn check_outputs(graph: &GraphProto) -> TractResult<()> {
    let nodes = graph.node.iter().flat_map(|node| &node.output);
    let inputs = graph.input.iter().map(|input| &input.name);
    let weights = graph.initializer.iter().map(|weight| &weight.name);
    let given: HashSet<&String> = nodes.chain(inputs).chain(weights).collect();
    match graph
        .output
        .iter()
        .find(|output| !given.contains(&output.name))
    {
        Some(output) => bail!(
            "the graph gives {:?}, which nothing in it computes",
            output.name
        ),
        None => Ok(()),
    }
}

/// Drops formulas of dimensions. All inputs get their shape from us, and the rest follows from it; a formula of a
/// stranger may take the stack or any time to read.
pub(super) fn forget_symbols(graph: &mut GraphProto) {
    let values = graph.input.iter_mut().chain(&mut graph.output);
    values
        .chain(&mut graph.value_info)
        .for_each(forget_symbols_of);
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        attribute.g.iter_mut().for_each(forget_symbols);
        attribute.graphs.iter_mut().for_each(forget_symbols);
    }
}

fn forget_symbols_of(value: &mut ValueInfoProto) {
    let kind = value.r#type.as_mut().and_then(|kind| kind.value.as_mut());
    if let Some(type_proto::Value::TensorType(tensor)) = kind {
        for dimension in tensor.shape.iter_mut().flat_map(|shape| &mut shape.dim) {
            if let Some(tensor_shape_proto::dimension::Value::DimParam(_)) = dimension.value {
                dimension.value = None;
            }
        }
    }
}

/// Checks that no value of a graph is too large to be computed.
pub(crate) fn check_sizes(model: &TypedModel) -> TractResult<()> {
    for node in model.nodes() {
        for output in &node.outputs {
            let Some(shape) = output.fact.shape.as_concrete() else {
                continue;
            };
            let size = output.fact.datum_type.size_of();
            let bytes = shape
                .iter()
                .try_fold(size, |bytes, side| bytes.checked_mul(*side));
            if bytes.is_none_or(|bytes| bytes > MAX_VALUE_BYTES) {
                bail!("the graph has a value of shape {shape:?}, which is too large");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use tract_onnx::pb::ModelProto;

    use crate::graph::parse;

    /// A sound decoder after a change to its graph.
    fn changed(change: fn(&mut super::GraphProto)) -> Result<(), String> {
        let sound = include_bytes!("../../tests/data/tiny_decoder.onnx");
        let mut model = ModelProto::decode(&sound[..]).unwrap();
        change(model.graph.as_mut().unwrap());
        let parsed = parse(&model.encode_to_vec(), None);
        parsed.map(|_| ()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn what_no_model_has_is_named() {
        changed(|_| ()).unwrap();
        let error = changed(|graph| graph.output[0].name = "nothing".to_owned()).unwrap_err();
        assert!(error.contains("\"nothing\""), "{error}");
        let error = changed(|graph| {
            let mut attributes = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
            let axes = attributes.find(|attribute| attribute.name == "axes");
            axes.unwrap().ints[0] = 1 << 62;
        });
        let error = error.unwrap_err();
        assert!(error.contains("axes 4611686018427387904"), "{error}");
        let error = changed(|graph| {
            graph.node[0].attribute.push(super::AttributeProto {
                name: "perm".to_owned(),
                ints: vec![0, 2, 1, 2],
                ..Default::default()
            });
        });
        assert!(error.unwrap_err().contains("no permutation"));
    }

    #[test]
    fn formulas_of_dimensions_are_not_read() {
        use tract_onnx::pb::tensor_shape_proto::dimension;
        changed(|graph| {
            let kind = graph.input[1].r#type.as_mut().unwrap();
            let super::type_proto::Value::TensorType(tensor) = kind.value.as_mut().unwrap();
            let dimension = &mut tensor.shape.as_mut().unwrap().dim[1];
            dimension.value = Some(dimension::Value::DimParam("(".repeat(1 << 20)));
        })
        .unwrap();
    }
}
