//! Weights that lie in a file beside the graph.

use fixate::bundle::WeightsFile;
use prost::Message;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{ModelProto, TensorProto};

use crate::QuantizeError;

/// Bytes of a file beside the graph, and the tensor that says where they are.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    reference: TensorProto,
    contents: Vec<u8>,
}

impl Beside {
    /// A tensor of that name with the same elements, if these are they.
    pub(crate) fn named(&self, name: &str, elements: &[i8]) -> Option<TensorProto> {
        let same = self.contents.iter().map(|byte| *byte as i8);
        same.eq(elements.iter().copied()).then(|| TensorProto {
            name: name.to_owned(),
            ..self.reference.clone()
        })
    }
}

/// Brings a tensor's elements into it if they lie in the file, and tells where they were.
pub(crate) fn bring_in(
    tensor: &mut TensorProto,
    file: Option<&WeightsFile>,
) -> Result<Option<Beside>, QuantizeError> {
    if !is_beside(tensor) {
        return Ok(None);
    }
    let reference = tensor.clone();
    let value = |key: &str| {
        let mut entries = reference.external_data.iter();
        let entry = entries.find(|entry| entry.key == key)?;
        Some(entry.value.as_str())
    };
    let broken = |reason: &str| QuantizeError::Graph(format!("tensor {:?} {reason}", tensor.name));
    let location = value("location").unwrap_or_default();
    let file = file
        .filter(|file| file.path.file_name().is_some_and(|name| name == location))
        .ok_or_else(|| {
            broken(&format!(
                "lies in {location:?}, which bundle.toml does not name"
            ))
        })?;
    let number = |key: &str| value(key).map(str::parse::<usize>).transpose();
    let (offset, length) = number("offset")
        .and_then(|offset| Ok((offset.unwrap_or(0), number("length")?)))
        .map_err(|_| broken("has an offset or a length that is no number"))?;
    let end = length.map_or(Some(file.contents.len()), |length| {
        offset.checked_add(length)
    });
    let contents = end
        .and_then(|end| file.contents.get(offset..end))
        .ok_or_else(|| broken(&format!("ends behind the end of {location:?}")))?;
    tensor.raw_data = contents.to_vec();
    tensor.data_location = None;
    tensor.external_data.clear();
    Ok(Some(Beside {
        reference,
        contents: contents.to_vec(),
    }))
}

/// Whether any weights of an ONNX file lie beside it.
pub(crate) fn is_used_by(onnx: &[u8]) -> bool {
    let model = ModelProto::decode(onnx).unwrap_or_default();
    let mut tensors = model.graph.iter().flat_map(|graph| &graph.initializer);
    tensors.any(is_beside)
}

fn is_beside(tensor: &TensorProto) -> bool {
    tensor.data_location == Some(DataLocation::External as i32)
}
