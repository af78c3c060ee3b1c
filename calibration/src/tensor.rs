//! Weights of an ONNX file.

use half::f16;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};

use crate::QuantizeError;

/// The elements of a floating-point tensor as f32; none if it is of another type.
pub(crate) fn floats(tensor: &TensorProto) -> Result<Option<Vec<f32>>, QuantizeError> {
    let broken = |reason: &str| QuantizeError::Graph(format!("tensor {:?} {reason}", tensor.name));
    if tensor.data_location == Some(DataLocation::External as i32) {
        return Err(broken(
            "lies in another file; export the encoder as one file",
        ));
    }
    let raw = &tensor.raw_data;
    let values: Vec<f32> = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float) if raw.is_empty() => tensor.float_data.clone(),
        Ok(DataType::Float) => {
            let (chunks, _) = raw.as_chunks::<4>();
            chunks
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect()
        }
        Ok(DataType::Float16) if raw.is_empty() => {
            let bits = tensor.int32_data.iter();
            bits.map(|bits| f16::from_bits(*bits as u16).to_f32())
                .collect()
        }
        Ok(DataType::Float16) => {
            let (chunks, _) = raw.as_chunks::<2>();
            chunks
                .iter()
                .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
                .collect()
        }
        _ => return Ok(None),
    };
    let length = tensor.dims.iter().try_fold(1usize, |length, side| {
        length.checked_mul(usize::try_from(*side).ok()?)
    });
    if length != Some(values.len()) {
        return Err(broken("has not as many elements as its shape says"));
    }
    Ok(Some(values))
}

fn tensor(name: &str, dims: &[usize], data_type: DataType, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: dims.iter().map(|side| *side as i64).collect(),
        data_type: data_type as i32,
        raw_data,
        ..TensorProto::default()
    }
}

pub(crate) fn of_f32(name: &str, dims: &[usize], values: &[f32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    tensor(name, dims, DataType::Float, bytes.collect())
}

pub(crate) fn of_i32(name: &str, dims: &[usize], values: &[i32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    tensor(name, dims, DataType::Int32, bytes.collect())
}

pub(crate) fn of_i8(name: &str, dims: &[usize], values: &[i8]) -> TensorProto {
    let bytes = values.iter().map(|value| *value as u8);
    tensor(name, dims, DataType::Int8, bytes.collect())
}

pub(crate) fn of_u8(name: &str, dims: &[usize], values: &[u8]) -> TensorProto {
    tensor(name, dims, DataType::Uint8, values.to_vec())
}
