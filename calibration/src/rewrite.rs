//! The graph with quantised values and weights.

use std::collections::{BTreeMap, HashMap, HashSet};

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, ModelProto, NodeProto, TensorProto};

use crate::graph::{Graph, Layer};
use crate::plan::{Plan, Target};
use crate::range::{Integers, Range};
use crate::tensor;

/// How quantised values stand in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// QuantizeLinear and DequantizeLinear, which engines fuse into integer arithmetic.
    Integers,
    /// The same rounding in f32, which any engine computes alike.
    Simulated,
}

/// Ranges by the value that they are of.
pub(crate) type Ranges = BTreeMap<String, Range>;

/// Weights as integers, one scale for each output channel.
pub(crate) struct QuantisedWeights {
    pub(crate) integers: Vec<i8>,
    pub(crate) scales: Vec<f32>,
}

impl QuantisedWeights {
    /// `greatest` is 127, or 63 for processors whose sums of products saturate.
    pub(crate) fn of(layer: &Layer, greatest: i8) -> Self {
        let (dims, values) = (&layer.weights.dims, &layer.weights.values);
        let channels = layer.channels();
        let inner: usize = dims[layer.axis + 1..].iter().product();
        let channel = |index: usize| index / inner.max(1) % channels;
        let mut scales = vec![0.0f32; channels];
        for (index, value) in values.iter().enumerate() {
            let scale = &mut scales[channel(index)];
            *scale = scale.max(value.abs() / f32::from(greatest));
        }
        for scale in &mut scales {
            *scale = scale.max(f32::MIN_POSITIVE);
        }
        let most = f32::from(greatest);
        let integer = |(index, value): (usize, &f32)| {
            (value / scales[channel(index)])
                .round_ties_even()
                .clamp(-most, most) as i8
        };
        let integers = values.iter().enumerate().map(integer).collect();
        Self { integers, scales }
    }

    fn floats(&self, layer: &Layer) -> Vec<f32> {
        let inner: usize = layer.weights.dims[layer.axis + 1..].iter().product();
        let scale = |index: usize| self.scales[index / inner.max(1) % self.scales.len()];
        let value = |(index, integer): (usize, &i8)| f32::from(*integer) * scale(index);
        self.integers.iter().enumerate().map(value).collect()
    }
}

/// Writes the graph.
pub(crate) fn rewrite(
    graph: &Graph,
    plan: &Plan,
    ranges: &Ranges,
    target: Target,
    greatest_weight: i8,
    form: Form,
) -> Vec<u8> {
    let mut writer = Writer {
        graph,
        form,
        target,
        nodes: Vec::new(),
        tensors: Vec::new(),
        renamed: HashMap::new(),
    };
    let mut model = graph.model.clone();
    let Some(written) = &mut model.graph else {
        return Vec::new();
    };
    let layers: HashMap<usize, (&Layer, bool)> = graph
        .layers
        .iter()
        .zip(&plan.layers)
        .map(|(layer, quantised)| (layer.node, (layer, *quantised)))
        .collect();
    for input in &written.input {
        writer.quantise(&input.name, plan, ranges);
    }
    for (index, node) in graph.nodes().iter().enumerate() {
        let mut node = node.clone();
        for input in &mut node.input {
            if let Some(name) = writer.renamed.get(input) {
                *input = name.clone();
            }
        }
        match layers.get(&index) {
            Some((layer, true)) => {
                writer.weigh(&mut node, layer, ranges.get(&layer.input), greatest_weight);
            }
            Some((layer, false)) => writer.weigh_in_float(&mut node, layer),
            None => {}
        }
        let outputs = node.output.clone();
        writer.nodes.push(node);
        for output in outputs {
            writer.quantise(&output, plan, ranges);
        }
    }
    written.node = writer.nodes;
    let taken: HashSet<&String> = written.node.iter().flat_map(|node| &node.input).collect();
    written.initializer.extend(writer.tensors);
    written
        .initializer
        .retain(|tensor| taken.contains(&tensor.name));
    // Shapes of values follow anew.
    written.value_info.clear();
    named(&mut model);
    model.encode_to_vec()
}

fn named(model: &mut ModelProto) {
    model.producer_name = "fixate".to_owned();
    model.producer_version = env!("CARGO_PKG_VERSION").to_owned();
}

struct Writer<'a> {
    graph: &'a Graph,
    form: Form,
    target: Target,
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
    /// What takers of a quantised value take instead.
    renamed: HashMap<String, String>,
}

impl Writer<'_> {
    fn node(&mut self, operator: &str, inputs: &[&str], output: &str) -> &mut NodeProto {
        self.nodes.push(NodeProto {
            op_type: operator.to_owned(),
            name: output.to_owned(),
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        });
        // It was pushed just now.
        let last = self.nodes.len() - 1;
        &mut self.nodes[last]
    }

    fn scalar(&mut self, name: &str, value: f32) -> String {
        self.tensors.push(tensor::of_f32(name, &[], &[value]));
        name.to_owned()
    }

    /// Quantises a value if the plan says so; who takes it takes what is left of it.
    fn quantise(&mut self, value: &str, plan: &Plan, ranges: &Ranges) {
        let Some(range) = ranges.get(value).filter(|_| plan.values.contains(value)) else {
            return;
        };
        let named = |what: &str| format!("{value}/{what}");
        let rounded = named("dequantized");
        let scale = self.scalar(&named("scale"), range.scale);
        match self.form {
            Form::Integers => {
                let zero_point = named("zero_point");
                self.tensors.push(match range.integers {
                    Integers::Unsigned => {
                        tensor::of_u8(&zero_point, &[], &[range.zero_point as u8])
                    }
                    Integers::Symmetric => {
                        tensor::of_i8(&zero_point, &[], &[range.zero_point as i8])
                    }
                });
                let quantised = named("quantized");
                self.node("QuantizeLinear", &[value, &scale, &zero_point], &quantised);
                self.node(
                    "DequantizeLinear",
                    &[&quantised, &scale, &zero_point],
                    &rounded,
                );
            }
            Form::Simulated => {
                let (least, greatest) = range.limits();
                let least = self.scalar(&named("least"), least);
                let greatest = self.scalar(&named("greatest"), greatest);
                self.node("Div", &[value, &scale], &named("divided"));
                self.node("Round", &[&named("divided")], &named("round"));
                self.node(
                    "Clip",
                    &[&named("round"), &least, &greatest],
                    &named("clipped"),
                );
                self.node("Mul", &[&named("clipped"), &scale], &rounded);
            }
        }
        self.renamed.insert(value.to_owned(), rounded);
    }

    /// Gives a node quantised weights.
    fn weigh(&mut self, node: &mut NodeProto, layer: &Layer, input: Option<&Range>, greatest: i8) {
        let quantised = QuantisedWeights::of(layer, greatest);
        let weights = &layer.weights;
        let rounded = layer.part("dequantized");
        match self.form {
            Form::Simulated => {
                self.tensors.push(tensor::of_f32(
                    &rounded,
                    &weights.dims,
                    &quantised.floats(layer),
                ));
            }
            Form::Integers => {
                let integers = layer.part("quantized");
                let bytes = self.beside(layer, &integers, &quantised);
                let bytes = bytes.unwrap_or_else(|| {
                    tensor::of_i8(&integers, &weights.dims, &quantised.integers)
                });
                self.weights_of(layer, bytes, &quantised.scales, &rounded);
            }
        }
        node.input[1] = rounded;
        if let (Some(bias), Some(input), Form::Integers, Target::Cpu) =
            (&layer.bias, input, self.form, self.target)
        {
            let scales: Vec<f32> = quantised
                .scales
                .iter()
                .map(|scale| scale * input.scale)
                .collect();
            let integers = bias.values.iter().zip(&scales);
            let integers: Vec<f32> = integers
                .map(|(bias, scale)| (bias / scale).round_ties_even())
                .collect();
            // A bias that is beyond the integers stays in float, and so does its layer in the engine.
            if integers
                .iter()
                .all(|integer| integer.abs() < i32::MAX as f32)
            {
                let integers: Vec<i32> = integers.iter().map(|integer| *integer as i32).collect();
                let named = |what: &str| format!("{}/{}/{what}", bias.name, layer.node);
                let (name, scale, zero_point) =
                    (named("quantized"), named("scale"), named("zero_point"));
                let channels = [integers.len()];
                self.tensors
                    .push(tensor::of_i32(&name, &channels, &integers));
                self.tensors
                    .push(tensor::of_f32(&scale, &channels, &scales));
                self.tensors.push(tensor::of_i32(
                    &zero_point,
                    &channels,
                    &vec![0; channels[0]],
                ));
                let rounded = named("dequantized");
                self.dequantise(&[&name, &scale, &zero_point], &rounded, 0);
                node.input[2] = rounded;
            }
        }
    }

    /// Gives a node that stays in float the bytes that its weights were made of, if they lie beside the graph: a quarter of
    /// what they are in f32.
    fn weigh_in_float(&mut self, node: &mut NodeProto, layer: &Layer) {
        if self.form == Form::Simulated || !self.graph.beside.contains_key(&layer.weights.name) {
            return;
        }
        let quantised = QuantisedWeights::of(layer, 127);
        if let Some(bytes) = self.beside(layer, &layer.part("quantized"), &quantised) {
            let rounded = layer.part("dequantized");
            self.weights_of(layer, bytes, &quantised.scales, &rounded);
            node.input[1] = rounded;
        }
    }

    /// The tensor of a layer's integers if the f32 encoder has the same bytes in a file of their own, which holds them for
    /// both.
    fn beside(
        &self,
        layer: &Layer,
        name: &str,
        quantised: &QuantisedWeights,
    ) -> Option<TensorProto> {
        let place = self.graph.beside.get(&layer.weights.name)?;
        place.named(name, &quantised.integers)
    }

    /// Weights in float, called `name`, of integers with a scale for each channel.
    fn weights_of(&mut self, layer: &Layer, integers: TensorProto, scales: &[f32], name: &str) {
        let bytes = integers.name.clone();
        let (scale, zero_point) = (layer.part("scale"), layer.part("zero_point"));
        let channels = [layer.channels()];
        self.tensors.push(integers);
        self.tensors.push(tensor::of_f32(&scale, &channels, scales));
        self.tensors
            .push(tensor::of_i8(&zero_point, &channels, &vec![0; channels[0]]));
        self.dequantise(&[&bytes, &scale, &zero_point], name, layer.axis);
    }

    fn dequantise(&mut self, inputs: &[&str], output: &str, axis: usize) {
        let node = self.node("DequantizeLinear", inputs, output);
        node.attribute.push(AttributeProto {
            name: "axis".to_owned(),
            r#type: AttributeType::Int as i32,
            i: axis as i64,
            ..AttributeProto::default()
        });
    }
}
