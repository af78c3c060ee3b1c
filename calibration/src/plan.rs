//! Which values are quantised for which layers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Layer};
use crate::range::Integers;

/// Input channels below which a small convolution is no faster in integers on processors, and loses most: those near the
/// image, whose time is not their arithmetic's.
const FEWEST_CHANNELS: usize = 16;

/// Products for each value from which a convolution's time is its arithmetic's, however few its channels are.
const MANY_PRODUCTS: usize = 128;

/// What the quantised encoder is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Processors. ONNX Runtime computes in integers only from one quantised value to the next, so outputs and residual
    /// additions are quantised, too; and in it a ReLU costs nothing where integers have no sign.
    Cpu,
    /// TensorRT, which takes integers that are symmetric around zero, and keeps residual additions in float.
    TensorRt,
}

impl Target {
    /// The integers that activations become.
    #[must_use]
    pub fn integers(self) -> Integers {
        match self {
            Self::Cpu => Integers::Unsigned,
            Self::TensorRt => Integers::Symmetric,
        }
    }

    /// Whether a layer can be quantised to any use.
    pub(crate) fn takes(self, layer: &Layer) -> bool {
        // The embedding stays in float, and what gives it would be computed so.
        let is_large =
            layer.inputs_each() >= FEWEST_CHANNELS || layer.multiply_adds_each() >= MANY_PRODUCTS;
        self == Self::TensorRt || !layer.last && is_large
    }
}

/// Layers that are quantised, and the values that are for their sake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// For each of the graph's layers.
    pub(crate) layers: Vec<bool>,
    pub(crate) values: BTreeSet<String>,
}

impl Plan {
    pub(crate) fn new(graph: &Graph, layers: Vec<bool>, target: Target) -> Self {
        let mut values = BTreeSet::new();
        let quantised = || {
            graph
                .layers
                .iter()
                .zip(&layers)
                .filter(|(_, quantised)| **quantised)
        };
        for (layer, _) in quantised() {
            values.insert(layer.input.clone());
            if target == Target::Cpu && !layer.last {
                values.insert(layer.output.clone());
            }
        }
        if target == Target::Cpu {
            let taken: BTreeSet<usize> = quantised().map(|(layer, _)| layer.node).collect();
            add_residuals(graph, &taken, &mut values);
        }
        Self { layers, values }
    }
}

/// Adds the values of additions between what is quantised.
fn add_residuals(graph: &Graph, quantised: &BTreeSet<usize>, values: &mut BTreeSet<String>) {
    for node in graph.nodes() {
        let ("Add", [left, right]) = (node.op_type.as_str(), node.input.as_slice()) else {
            continue;
        };
        let output = graph.after_relu(&node.output[0]);
        let consumers = graph.consumers.get(&output).map_or(&[][..], Vec::as_slice);
        let goes_on = consumers.iter().any(|consumer| {
            quantised.contains(consumer) || graph.nodes()[*consumer].op_type == "Add"
        });
        if goes_on
            && [left, right]
                .iter()
                .all(|value| is_quantised(graph, value, values))
        {
            values.extend([left.clone(), right.clone(), output]);
        }
    }
}

/// Whether a value is quantised, or moved about without arithmetic from one that is.
fn is_quantised(graph: &Graph, value: &str, values: &BTreeSet<String>) -> bool {
    const CARRIERS: [&str; 5] = ["Resize", "MaxPool", "Reshape", "Transpose", "Identity"];
    if values.contains(value) {
        return true;
    }
    let Some(producer) = graph.producers.get(value) else {
        return false;
    };
    let node = &graph.nodes()[*producer];
    CARRIERS.contains(&node.op_type.as_str()) && values.contains(&node.input[0])
}
