//! Weights of an ONNX file.

use half::f16;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;

use crate::QuantizeError;

/// The elements of a floating-point tensor as f32; none if it is of another type.
pub(crate) fn floats(tensor: &TensorProto) -> Result<Option<Vec<f32>>, QuantizeError> {
    let broken = |reason: &str| QuantizeError::Graph(format!("tensor {:?} {reason}", tensor.name));
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

/// What a tensor of bytes stands for, in f32: its elements less `zero`, times `scale`, one of each or as many as `axis` is
/// long; none if it is of another type, or they do not fit each other.
pub(crate) fn dequantized(
    tensor: &TensorProto,
    scale: &[f32],
    zero: Option<&TensorProto>,
    axis: i64,
) -> Option<Vec<f32>> {
    let bytes = |tensor: &TensorProto| -> Option<Vec<i32>> {
        let bytes = tensor.raw_data.iter();
        match DataType::try_from(tensor.data_type) {
            Ok(DataType::Int8) => Some(bytes.map(|byte| i32::from(*byte as i8)).collect()),
            Ok(DataType::Uint8) => Some(bytes.map(|byte| i32::from(*byte)).collect()),
            _ => None,
        }
    };
    let values = bytes(tensor)?;
    let zeros = zero.map_or(Some(vec![0; scale.len()]), bytes)?;
    let dims = tensor.dims.iter().map(|side| usize::try_from(*side));
    let dims: Vec<usize> = dims.collect::<Result<_, _>>().ok()?;
    let length = dims.iter().try_fold(1usize, |a, b| a.checked_mul(*b))?;
    let rank = dims.len() as i64;
    let axis = usize::try_from(if axis < 0 { axis + rank } else { axis }).ok()?;
    let (channels, inner) = match scale.len() {
        1 => (1, length),
        many => {
            let inner = dims.get(axis + 1..)?.iter().product();
            (many, inner)
        }
    };
    let fits = channels == 1 || dims.get(axis) == Some(&channels);
    if values.len() != length || zeros.len() != scale.len() || !fits {
        return None;
    }
    let of = |(index, value): (usize, i32)| {
        let channel = index / inner.max(1) % channels;
        (value - zeros[channel]) as f32 * scale[channel]
    };
    Some(values.into_iter().enumerate().map(of).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_for_what_their_scales_say() {
        let weights = of_i8("w", &[2, 3], &[1, -2, 3, -4, 5, -128]);
        let rows = dequantized(&weights, &[0.5, 2.0], None, 0);
        assert_eq!(rows.unwrap(), [0.5, -1.0, 1.5, -8.0, 10.0, -256.0]);
        let columns = dequantized(&weights, &[1.0, 10.0, 100.0], None, -1);
        assert_eq!(columns.unwrap(), [1.0, -20.0, 300.0, -4.0, 50.0, -12800.0]);
        let zero = of_u8("z", &[], &[10]);
        let codes = of_u8("w", &[3], &[10, 11, 255]);
        let all = dequantized(&codes, &[2.0], Some(&zero), 1);
        assert_eq!(all.unwrap(), [0.0, 2.0, 490.0]);
        for (scale, axis) in [
            (vec![1.0; 3], 0),
            (vec![], 0),
            (vec![1.0; 2], 5),
            (vec![1.0; 2], -3),
        ] {
            assert_eq!(dequantized(&weights, &scale, None, axis), None);
        }
        assert_eq!(
            dequantized(&of_f32("w", &[1], &[1.0]), &[1.0], None, 0),
            None
        );
    }
}
