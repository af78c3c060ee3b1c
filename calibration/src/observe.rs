//! The values inside a running encoder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tract_onnx::pb::ValueInfoProto;
use tract_onnx::prelude::*;

use crate::QuantizeError;
use crate::graph::Graph;
use crate::range::Distribution;

/// What values of one run may take together.
const MAX_RUN_BYTES: usize = 512 << 20;

/// A part of the values, and what computes them.
struct Part {
    names: Vec<String>,
    plan: Arc<TypedSimplePlan>,
}

/// An encoder whose inner values can be seen.
pub(crate) struct Observed {
    parts: Vec<Part>,
    input_size_px: usize,
    /// Elements of each value.
    pub(crate) lengths: BTreeMap<String, usize>,
}

impl Observed {
    /// Prepares to see some of the values; the encoder's input is always seen.
    pub(crate) fn new(
        graph: &Graph,
        input_size_px: usize,
        values: &BTreeSet<String>,
    ) -> Result<Self, QuantizeError> {
        let computed: Vec<String> = values
            .iter()
            .filter(|value| graph.producers.contains_key(*value))
            .cloned()
            .collect();
        let mut lengths = BTreeMap::new();
        let typed = giving(graph, input_size_px, &computed)
            .and_then(|model| model.into_typed())
            .map_err(QuantizeError::graph)?;
        for (index, name) in computed.iter().enumerate() {
            let fact = typed.output_fact(index).map_err(QuantizeError::graph)?;
            let length = fact.shape.as_concrete().map(|shape| shape.iter().product());
            let Some(length) = length else {
                return Err(QuantizeError::Graph(format!(
                    "the shape of {name:?} depends on the image"
                )));
            };
            lengths.insert(name.clone(), length);
        }
        let mut groups: Vec<Vec<String>> = vec![Vec::new()];
        let mut bytes = 0;
        for name in computed {
            let more = 4 * lengths[&name];
            if bytes + more > MAX_RUN_BYTES && bytes > 0 {
                groups.push(Vec::new());
                bytes = 0;
            }
            bytes += more;
            if let Some(group) = groups.last_mut() {
                group.push(name);
            }
        }
        let mut parts = Vec::new();
        for names in groups {
            let plan = giving(graph, input_size_px, &names)
                .and_then(|model| model.into_optimized())
                .and_then(|model| model.into_runnable())
                .map_err(QuantizeError::graph)?;
            parts.push(Part { names, plan });
        }
        Ok(Self {
            parts,
            input_size_px,
            lengths,
        })
    }

    /// Encodes an image and shows each value.
    pub(crate) fn run(
        &self,
        input: &[f32],
        see: &mut dyn FnMut(&str, &[f32]),
    ) -> Result<(), QuantizeError> {
        let size = self.input_size_px;
        for part in &self.parts {
            let input =
                Tensor::from_shape(&[1, 3, size, size], input).map_err(QuantizeError::graph)?;
            let outputs = part
                .plan
                .run(tvec!(input.into()))
                .map_err(QuantizeError::graph)?;
            for (name, output) in part.names.iter().zip(outputs) {
                let output = output.try_as_plain_ram().map_err(QuantizeError::graph)?;
                see(
                    name,
                    output.as_slice::<f32>().map_err(QuantizeError::graph)?,
                );
            }
        }
        Ok(())
    }
}

/// The graph with these values as its outputs.
fn giving(graph: &Graph, size: usize, values: &[String]) -> TractResult<InferenceModel> {
    let mut model = graph.model.clone();
    if let Some(graph) = &mut model.graph {
        let output = |name: &String| ValueInfoProto {
            name: name.clone(),
            ..ValueInfoProto::default()
        };
        graph.output = values.iter().map(output).collect();
    }
    let parsed = tract_onnx::onnx().parse(&model, None)?;
    parsed
        .model
        .with_input_fact(0, f32::fact([1, 3, size, size]).into())
}

/// Counts the numbers that values take on some images, which `inputs` gives twice.
pub(crate) fn distributions(
    observed: &Observed,
    input_name: &str,
    count: usize,
    inputs: &mut dyn FnMut(usize) -> Result<Vec<f32>, QuantizeError>,
) -> Result<BTreeMap<String, Distribution>, QuantizeError> {
    let mut distributions: BTreeMap<String, Distribution> = BTreeMap::new();
    for counts in [false, true] {
        for index in 0..count {
            let input = inputs(index)?;
            let mut see = |name: &str, values: &[f32]| {
                let distribution = distributions.entry(name.to_owned()).or_default();
                if counts {
                    distribution.count(values);
                } else {
                    distribution.widen(values);
                }
            };
            see(input_name, &input);
            observed.run(&input, &mut see)?;
        }
    }
    Ok(distributions)
}
