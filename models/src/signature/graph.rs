//! Names, types and shapes of a graph's inputs and outputs.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::{ModelProto, ValueInfoProto, type_proto};

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
        let unreadable = |error: std::io::Error| SignatureError::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        if length > MAX_BYTES {
            return Err(SignatureError::NotOnnx {
                reason: format!("it has {length} bytes, ONNX ends at 2 GiB"),
            });
        }
        let mut bytes = Vec::with_capacity(length as usize);
        file.take(length)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        Self::parse(&bytes)
    }

    /// The signature of an ONNX file's contents.
    ///
    /// # Errors
    /// If they are not ONNX.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        let not_onnx = |reason: String| SignatureError::NotOnnx { reason };
        let model = ModelProto::decode(bytes).map_err(|error| not_onnx(error.to_string()))?;
        let graph = model
            .graph
            .filter(|graph| !graph.output.is_empty())
            .ok_or_else(|| not_onnx("it has no graph".to_owned()))?;
        // Old exporters list weights among the inputs.
        let given = |input: &&ValueInfoProto| {
            graph
                .initializer
                .iter()
                .all(|weight| weight.name != input.name)
        };
        Ok(Self {
            inputs: graph.input.iter().filter(given).map(tensor).collect(),
            outputs: graph.output.iter().map(tensor).collect(),
            external_weights: graph
                .initializer
                .iter()
                .any(|weight| !weight.external_data.is_empty()),
        })
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
