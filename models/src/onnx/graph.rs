//! A graph under construction.

use std::collections::HashMap;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto};

/// The length of a dimension that is known only when the graph runs.
pub(crate) const OPEN: usize = 0;

/// What flows along an edge of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

impl Value {
    /// Length of each dimension, or [`OPEN`].
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }
}

/// A constant of a graph.
#[derive(Debug)]
pub(super) struct Initialiser<W> {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) contents: Contents<W>,
}

/// Where the elements of a constant come from.
#[derive(Debug)]
pub(super) enum Contents<W> {
    /// One number, of shape `[]`.
    Scalar(f32),
    Integers(Vec<i64>),
    /// Numbers that are read only when they are written.
    Weights(W),
}

impl<W> Initialiser<W> {
    /// Bytes of all elements; `u64::MAX` if there are more.
    pub(super) fn size_bytes(&self) -> u64 {
        let element_bytes = match self.contents {
            Contents::Scalar(_) | Contents::Weights(_) => 4,
            Contents::Integers(_) => 8,
        };
        let sides = self.shape.iter().map(|&side| side as u64);
        sides.fold(element_bytes, u64::saturating_mul)
    }
}

/// An input or output of a graph.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) value: Value,
    /// What its open dimensions are called, in order.
    pub(super) open: Vec<&'static str>,
}

/// A graph whose inputs and outputs are f32. `W` describes weights, which are read when the graph is
/// written.
///
/// Every name is given once by the caller. Shapes are those of batch 1, and known but for dimensions
/// that are [`OPEN`]; operators compute them without checking them, which is for whoever derives them
/// from a file.
#[derive(Debug)]
pub(crate) struct Graph<W> {
    pub(super) name: &'static str,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initialisers: Vec<Initialiser<W>>,
    /// Constants that were given before, by name.
    constants: HashMap<String, Value>,
}

impl<W> Graph<W> {
    /// A graph without nodes.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            inputs: Vec::new(),
            outputs: Vec::new(),
            nodes: Vec::new(),
            initialisers: Vec::new(),
            constants: HashMap::new(),
        }
    }

    /// A value that is fed in; `open` names its open dimensions, in order.
    pub(crate) fn add_input(
        &mut self,
        name: &str,
        shape: &[usize],
        open: &[&'static str],
    ) -> Value {
        let value = Value {
            name: name.to_owned(),
            shape: shape.to_vec(),
        };
        self.inputs.push(Port {
            value: value.clone(),
            open: open.to_vec(),
        });
        value
    }

    /// Makes a value one of the graph's outputs; `open` names its open dimensions, in order.
    pub(crate) fn add_output(&mut self, value: Value, open: &[&'static str]) {
        let open = open.to_vec();
        self.outputs.push(Port { value, open });
    }

    /// Bytes of all constants; `u64::MAX` if there are more.
    pub(crate) fn constant_bytes(&self) -> u64 {
        let sizes = self.initialisers.iter().map(Initialiser::size_bytes);
        sizes.fold(0, u64::saturating_add)
    }

    /// Weights of this shape.
    pub(crate) fn weights(&mut self, name: &str, shape: &[usize], weights: W) -> Value {
        self.initialiser(name.to_owned(), shape, Contents::Weights(weights))
    }

    /// A number, given once however often it is asked for.
    pub(crate) fn scalar(&mut self, number: f32) -> Value {
        self.constant(format!("scalar_{number}"), &[], Contents::Scalar(number))
    }

    /// A list of integers, given once however often it is asked for.
    pub(crate) fn integers(&mut self, integers: Vec<i64>) -> Value {
        let digits: Vec<String> = integers.iter().map(i64::to_string).collect();
        let name = format!("integers_{}", digits.join("_"));
        let shape = [integers.len()];
        self.constant(name, &shape, Contents::Integers(integers))
    }

    fn constant(&mut self, name: String, shape: &[usize], contents: Contents<W>) -> Value {
        if let Some(value) = self.constants.get(&name) {
            return value.clone();
        }
        let value = self.initialiser(name.clone(), shape, contents);
        self.constants.insert(name, value.clone());
        value
    }

    fn initialiser(&mut self, name: String, shape: &[usize], contents: Contents<W>) -> Value {
        let shape = shape.to_vec();
        self.initialisers.push(Initialiser {
            name: name.clone(),
            shape: shape.clone(),
            contents,
        });
        Value { name, shape }
    }

    /// A node with one output, which has the node's name.
    pub(super) fn node(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        shape: Vec<usize>,
    ) -> Value {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|value| value.name.clone()).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes,
            ..NodeProto::default()
        });
        Value {
            name: name.to_owned(),
            shape,
        }
    }
}

pub(super) fn integer_attribute(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Int.into(),
        i: value,
        ..AttributeProto::default()
    }
}

pub(super) fn integers_attribute(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints.into(),
        ints: integers(values),
        ..AttributeProto::default()
    }
}

pub(super) fn float_attribute(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Float.into(),
        f: value,
        ..AttributeProto::default()
    }
}

/// Lengths as ONNX has them. No tensor is long enough to make one negative.
pub(super) fn integers(values: &[usize]) -> Vec<i64> {
    values.iter().map(|&value| value as i64).collect()
}
