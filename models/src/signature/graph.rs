//! Names, types and shapes of a graph's inputs and outputs.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use fixate::onnx_file;
use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, ValueInfoProto, type_proto};

use super::SignatureError;

/// The most that protobuf holds.
const MAX_BYTES: u64 = 2 << 30;

/// What an ONNX file takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphSignature {
    /// Inputs that the caller must give, in the file's order.
    pub inputs: Vec<TensorSignature>,
    /// Outputs, in the file's order.
    pub outputs: Vec<TensorSignature>,
    /// Whether weights lie in other files.
    pub external_weights: bool,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSignature {
    /// Its name.
    pub name: String,
    /// Its dimensions; none for one that is only known when the graph runs.
    pub shape: Vec<Option<usize>>,
}

impl GraphSignature {
    /// Reads an ONNX file's signature. Nothing in it is run.
    ///
    /// # Errors
    /// If the file cannot be read, is too large or is not ONNX.
    pub fn read(path: &Path) -> Result<Self, SignatureError> {
        Self::of(&read_graph(path)?)
    }

    /// The signature of an ONNX file's contents.
    ///
    /// # Errors
    /// If they are not ONNX.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        Self::of(&decode(bytes)?)
    }

    fn of(model: &ModelProto) -> Result<Self, SignatureError> {
        let graph = model
            .graph
            .as_ref()
            .filter(|graph| !graph.output.is_empty())
            .ok_or_else(|| not_onnx("it has no graph"))?;
        // Old exporters list weights among the inputs.
        let weights: HashSet<&str> = graph.initializer.iter().map(|w| w.name.as_str()).collect();
        let given = |input: &&ValueInfoProto| !weights.contains(input.name.as_str());
        Ok(Self {
            inputs: graph.input.iter().filter(given).map(tensor).collect(),
            outputs: graph.output.iter().map(tensor).collect(),
            external_weights: tensors(graph).any(|tensor| !tensor.external_data.is_empty()),
        })
    }

    /// The last three dimensions of an input, if they are fixed.
    pub(crate) fn input_shape(&self, name: &str) -> Option<[usize; 3]> {
        fixed(&self.inputs, name)
    }

    /// The last three dimensions of an output, if they are fixed.
    pub(crate) fn output_shape(&self, name: &str) -> Option<[usize; 3]> {
        fixed(&self.outputs, name)
    }

    /// Whether the inputs have exactly these names, in any order.
    pub(super) fn takes(&self, names: &[&str]) -> bool {
        self.inputs.len() == names.len()
            && names
                .iter()
                .all(|name| self.inputs.iter().any(|input| input.name == *name))
    }

    /// Whether there is such an output.
    pub(super) fn gives(&self, name: &str) -> bool {
        self.outputs.iter().any(|output| output.name == name)
    }

    /// Names of the inputs and outputs, for people.
    pub(super) fn names(&self) -> (Vec<String>, Vec<String>) {
        let names = |tensors: &[TensorSignature]| {
            tensors.iter().map(|tensor| tensor.name.clone()).collect()
        };
        (names(&self.inputs), names(&self.outputs))
    }
}

/// Reads an ONNX file.
pub(crate) fn read_graph(path: &Path) -> Result<ModelProto, SignatureError> {
    let unreadable = |error: std::io::Error| SignatureError::Read {
        reason: error.to_string(),
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(not_onnx("it is a folder or a device"));
    }
    let length = metadata.len();
    if length > MAX_BYTES {
        return Err(not_onnx(format!(
            "it has {length} bytes, ONNX ends at 2 GiB"
        )));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(length)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    decode(&bytes)
}

fn decode(bytes: &[u8]) -> Result<ModelProto, SignatureError> {
    onnx_file::check(bytes).map_err(|error| not_onnx(error.to_string()))?;
    ModelProto::decode(bytes).map_err(|error| not_onnx(error.to_string()))
}

fn not_onnx(reason: impl Into<String>) -> SignatureError {
    let reason = reason.into();
    SignatureError::NotOnnx { reason }
}

/// All tensors of a graph: first its own, then those of its nodes and of the graphs in them.
pub(crate) fn tensors(graph: &GraphProto) -> Box<dyn Iterator<Item = &TensorProto> + '_> {
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let inner = attributes.flat_map(|attribute| {
        let own = attribute.t.iter().chain(&attribute.tensors);
        own.chain(
            attribute
                .g
                .iter()
                .chain(&attribute.graphs)
                .flat_map(tensors),
        )
    });
    Box::new(graph.initializer.iter().chain(inner))
}

fn fixed(tensors: &[TensorSignature], name: &str) -> Option<[usize; 3]> {
    let tensor = tensors.iter().find(|tensor| tensor.name == name)?;
    let last: Option<Vec<usize>> = tensor.shape.get(1..)?.iter().copied().collect();
    last?.try_into().ok()
}

fn tensor(value: &ValueInfoProto) -> TensorSignature {
    let shape = value
        .r#type
        .as_ref()
        .and_then(|kind| match kind.value.as_ref()? {
            type_proto::Value::TensorType(tensor) => tensor.shape.as_ref(),
            #[allow(unreachable_patterns)]
            _ => None,
        });
    let dimensions = shape.map_or(&[][..], |shape| &shape.dim);
    TensorSignature {
        name: value.name.clone(),
        shape: dimensions
            .iter()
            .map(|dimension| match dimension.value {
                Some(dimension::Value::DimValue(length)) => {
                    usize::try_from(length).ok().filter(|length| *length > 0)
                }
                _ => None,
            })
            .collect(),
    }
}
