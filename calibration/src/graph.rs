//! An ONNX encoder, its weights, and the layers that can be quantised.

use std::collections::{HashMap, HashSet};

use fixate::bundle::WeightsFile;
use fixate::onnx_file;
use prost::Message;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

use crate::weights_file::{self, Beside};
use crate::{QuantizeError, tensor};

/// From this operator set on, weights have a scale per channel.
const LEAST_OPERATOR_SET: i64 = 13;

/// A graph, its weights in f32.
pub(crate) struct Graph {
    pub(crate) model: ModelProto,
    /// Node by the value that it gives.
    pub(crate) producers: HashMap<String, usize>,
    /// Nodes by the value that they take.
    pub(crate) consumers: HashMap<String, Vec<usize>>,
    pub(crate) outputs: HashSet<String>,
    pub(crate) layers: Vec<Layer>,
    /// Bytes beside the graph, by the weights in f32 that they stand for.
    pub(crate) beside: HashMap<String, Beside>,
}

/// Weights as they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) name: String,
    pub(crate) dims: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Convolution,
    /// A transposed convolution that gives so many values for each place of its input.
    Transposed {
        spread: usize,
    },
    /// Of a value with a matrix of weights.
    Product,
}

/// A convolution or a matrix product with weights.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) node: usize,
    pub(crate) input: String,
    /// What it gives, after the ReLU that nobody else sees the input of.
    pub(crate) output: String,
    pub(crate) weights: Weights,
    /// Axis of the weights that output channels lie along.
    pub(crate) axis: usize,
    pub(crate) bias: Option<Weights>,
    /// Whether the encoder's output is this layer's.
    pub(crate) last: bool,
}

impl Layer {
    /// Multiply-adds for one element of the output.
    pub(crate) fn multiply_adds_each(&self) -> usize {
        let weights = self.weights.values.len() / self.weights.dims[self.axis].max(1);
        match self.kind {
            Kind::Transposed { spread } => weights / spread.max(1),
            Kind::Convolution | Kind::Product => weights,
        }
    }

    /// Input channels that one output channel is made of.
    pub(crate) fn inputs_each(&self) -> usize {
        match self.kind {
            Kind::Convolution => self.weights.dims[1],
            Kind::Transposed { .. } => self.weights.dims[0],
            Kind::Product => self.multiply_adds_each(),
        }
    }

    /// What a part of its quantised weights is called. Layers may share weights, but hardly the scale of their inputs.
    pub(crate) fn part(&self, what: &str) -> String {
        format!("{}/{}/{what}", self.weights.name, self.node)
    }

    pub(crate) fn channels(&self) -> usize {
        self.weights.dims[self.axis]
    }
}

pub(crate) fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute
        .iter()
        .find(|attribute| attribute.name == name)
}

impl Graph {
    /// Reads an encoder, with the file of its weights if it has one.
    pub(crate) fn read(onnx: &[u8], weights: Option<&WeightsFile>) -> Result<Self, QuantizeError> {
        onnx_file::check(onnx).map_err(QuantizeError::graph)?;
        let mut model = ModelProto::decode(onnx).map_err(QuantizeError::graph)?;
        let set = model.opset_import.iter().find(|set| set.domain.is_empty());
        let version = set.map_or(0, |set| set.version);
        if version < LEAST_OPERATOR_SET {
            return Err(QuantizeError::Graph(format!(
                "its operator set is {version}; export it with {LEAST_OPERATOR_SET} or newer"
            )));
        }
        let Some(graph) = &mut model.graph else {
            return Err(QuantizeError::Graph(
                "there is no graph in the file".to_owned(),
            ));
        };
        if let Some(node) = graph
            .node
            .iter()
            .find(|node| node.op_type == "QuantizeLinear")
        {
            return Err(QuantizeError::Graph(format!(
                "node {:?} quantises already; start from the encoder in f32",
                node.name
            )));
        }
        let beside = float_weights(graph, weights)?;
        Self::of(model, beside)
    }

    /// A graph whose weights are in f32.
    fn of(model: ModelProto, beside: HashMap<String, Beside>) -> Result<Self, QuantizeError> {
        let graph = model.graph.as_ref().map_or(&[][..], |graph| &graph.node);
        let mut producers = HashMap::new();
        let mut consumers: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, node) in graph.iter().enumerate() {
            for output in &node.output {
                producers.insert(output.clone(), index);
            }
            for input in node.input.iter().filter(|input| !input.is_empty()) {
                consumers.entry(input.clone()).or_default().push(index);
            }
        }
        let outputs = model.graph.iter().flat_map(|graph| &graph.output);
        let outputs = outputs.map(|output| output.name.clone()).collect();
        let mut read = Self {
            model,
            producers,
            consumers,
            outputs,
            layers: Vec::new(),
            beside,
        };
        let weights = read.weights()?;
        for index in 0..read.nodes().len() {
            if let Some(layer) = read.layer(index, &weights) {
                read.layers.push(layer);
            }
        }
        if read.layers.is_empty() {
            return Err(QuantizeError::Graph(
                "it has no convolution or matrix product with weights".to_owned(),
            ));
        }
        Ok(read)
    }

    pub(crate) fn nodes(&self) -> &[NodeProto] {
        self.model.graph.as_ref().map_or(&[], |graph| &graph.node)
    }

    /// Elements of a weight.
    pub(crate) fn length(&self, name: &str) -> Option<usize> {
        let tensor = self.tensors().find(|tensor| tensor.name == name)?;
        Some(tensor.dims.iter().product::<i64>() as usize)
    }

    fn tensors(&self) -> impl Iterator<Item = &TensorProto> {
        self.model.graph.iter().flat_map(|graph| &graph.initializer)
    }

    /// Puts weights in the place of those of the same name.
    pub(crate) fn replace(&mut self, tensor: TensorProto) {
        let mut tensors = self
            .model
            .graph
            .iter_mut()
            .flat_map(|graph| &mut graph.initializer);
        if let Some(place) = tensors.find(|place| place.name == tensor.name) {
            *place = tensor;
        }
    }

    /// Changes weights that are of no layer.
    pub(crate) fn change(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut [f32]),
    ) -> Result<(), QuantizeError> {
        let Some(tensor) = self.tensors().find(|tensor| tensor.name == name) else {
            return Ok(());
        };
        let Some(mut values) = tensor::floats(tensor)? else {
            return Ok(());
        };
        change(&mut values);
        let dims: Vec<usize> = tensor.dims.iter().map(|side| *side as usize).collect();
        self.replace(tensor::of_f32(name, &dims, &values));
        Ok(())
    }

    fn weights(&self) -> Result<HashMap<String, Weights>, QuantizeError> {
        let mut weights = HashMap::new();
        for tensor in self.model.graph.iter().flat_map(|graph| &graph.initializer) {
            if let Some(values) = tensor::floats(tensor)? {
                let dims = tensor.dims.iter().map(|side| *side as usize).collect();
                let name = tensor.name.clone();
                weights.insert(name.clone(), Weights { name, dims, values });
            }
        }
        Ok(weights)
    }

    fn layer(&self, index: usize, weights: &HashMap<String, Weights>) -> Option<Layer> {
        let node = &self.nodes()[index];
        let of = |position: usize| weights.get(node.input.get(position)?);
        let factor = of(1)?.clone();
        let (kind, axis) = match (node.op_type.as_str(), factor.dims.len()) {
            ("Conv", 3..) => (Kind::Convolution, 0),
            ("ConvTranspose", 3..) => {
                if attribute(node, "group").is_some_and(|group| group.i != 1) {
                    return None;
                }
                let strides = attribute(node, "strides").map(|strides| &strides.ints);
                let spread = strides.into_iter().flatten().map(|stride| *stride as usize);
                let spread = spread.product();
                (Kind::Transposed { spread }, 1)
            }
            ("MatMul", 2) => (Kind::Product, 1),
            ("Gemm", 2) => {
                let plain = |name| attribute(node, name).is_none_or(|attribute| attribute.f == 1.0);
                let turned = |name| attribute(node, name).is_some_and(|attribute| attribute.i != 0);
                if !plain("alpha") || !plain("beta") || turned("transA") {
                    return None;
                }
                (Kind::Product, usize::from(!turned("transB")))
            }
            _ => return None,
        };
        let named_bias = node.input.get(2).is_some_and(|name| !name.is_empty());
        let bias = of(2).cloned();
        if named_bias
            && bias
                .as_ref()
                .is_none_or(|bias| bias.dims != [factor.dims[axis]])
        {
            return None;
        }
        let output = self.after_relu(node.output.first()?);
        let name = if node.name.is_empty() {
            &node.output[0]
        } else {
            &node.name
        };
        Some(Layer {
            name: name.clone(),
            kind,
            node: index,
            input: node.input.first()?.clone(),
            last: self.outputs.contains(&output),
            output,
            weights: factor,
            axis,
            bias,
        })
    }

    /// A value, or what a ReLU makes of it if nothing else takes it.
    pub(crate) fn after_relu(&self, value: &str) -> String {
        if let Some([only]) = self.consumers.get(value).map(Vec::as_slice)
            && !self.outputs.contains(value)
            && let node = &self.nodes()[*only]
            && node.op_type == "Relu"
        {
            return node.output[0].clone();
        }
        value.to_owned()
    }
}

/// Makes weights that are stored in f16, or in bytes with their scales, those in f32 that they stand for, once. Those of
/// bytes that lie beside the graph are told.
fn float_weights(
    graph: &mut GraphProto,
    weights: Option<&WeightsFile>,
) -> Result<HashMap<String, Beside>, QuantizeError> {
    const FLOAT: i64 = 1;
    let mut stored: HashMap<String, TensorProto> = HashMap::new();
    let (mut places, mut beside) = (HashMap::new(), HashMap::new());
    for mut tensor in graph.initializer.drain(..) {
        if let Some(place) = weights_file::bring_in(&mut tensor, weights)? {
            places.insert(tensor.name.clone(), place);
        }
        stored.insert(tensor.name.clone(), tensor);
    }
    let mut names: Vec<String> = stored.keys().cloned().collect();
    let mut nodes = Vec::with_capacity(graph.node.len());
    for node in graph.node.drain(..) {
        let source = match node.op_type.as_str() {
            "Cast" if attribute(&node, "to").is_some_and(|to| to.i == FLOAT) => {
                let source = node.input.first().and_then(|name| stored.get(name));
                source.map(tensor::floats).transpose()?.flatten()
            }
            "DequantizeLinear" => dequantized(&node, &stored)?,
            _ => None,
        };
        match source {
            Some(values) => {
                let dims = stored[&node.input[0]].dims.iter();
                let dims: Vec<usize> = dims.map(|side| *side as usize).collect();
                let name = node.output[0].clone();
                if let Some(place) = places.get(&node.input[0]) {
                    beside.insert(name.clone(), place.clone());
                }
                stored.insert(name.clone(), tensor::of_f32(&name, &dims, &values));
                names.push(name);
            }
            None => nodes.push(node),
        }
    }
    graph.node = nodes;
    let taken: HashSet<&String> = graph.node.iter().flat_map(|node| &node.input).collect();
    // In one order, so that the same encoder gives the same file.
    names.sort_unstable();
    names.dedup();
    let kept = names.iter().filter(|name| taken.contains(name));
    graph.initializer = kept.filter_map(|name| stored.get(name).cloned()).collect();
    Ok(beside)
}

/// The weights that a node makes of bytes, if these and their scales are constants.
fn dequantized(
    node: &NodeProto,
    stored: &HashMap<String, TensorProto>,
) -> Result<Option<Vec<f32>>, QuantizeError> {
    let constant = |index: usize| node.input.get(index).and_then(|name| stored.get(name));
    let (Some(bytes), Some(scale)) = (constant(0), constant(1)) else {
        return Ok(None);
    };
    let zero = node.input.get(2).filter(|name| !name.is_empty());
    if zero.is_some() && constant(2).is_none() {
        return Ok(None);
    }
    let axis = attribute(node, "axis").map_or(1, |axis| axis.i);
    let scale = tensor::floats(scale)?.unwrap_or_default();
    Ok(tensor::dequantized(bytes, &scale, constant(2), axis))
}
