//! Tensors as parts of storages.

use super::{ElementType, PickleError, TensorRecord};

/// An array of elements elsewhere in the checkpoint.
pub(super) struct StorageRecord {
    pub(super) name: String,
    pub(super) element_type: ElementType,
    pub(super) length: usize,
}

/// Checks that a tensor lies within its storage, without gaps.
pub(super) fn tensor(
    storage: &StorageRecord,
    first: i64,
    shape: Vec<i64>,
    strides: Vec<i64>,
    offset: usize,
) -> Result<TensorRecord, PickleError> {
    let lengths: Option<Vec<usize>> = shape.iter().map(|&side| side.try_into().ok()).collect();
    let Some((first, lengths)) = usize::try_from(first).ok().zip(lengths) else {
        return Err(PickleError::OutOfStorage { offset, shape });
    };
    let count = lengths.iter().copied().try_fold(1, usize::checked_mul);
    let end = count.and_then(|count| first.checked_add(count));
    if end.is_none_or(|end| end > storage.length) {
        return Err(PickleError::OutOfStorage { offset, shape });
    }
    if !contiguous(&shape, &strides) {
        return Err(PickleError::NotContiguous {
            offset,
            shape,
            strides,
        });
    }
    Ok(TensorRecord {
        storage: storage.name.clone(),
        element_type: storage.element_type,
        storage_length: storage.length,
        first,
        shape: lengths,
    })
}

/// Whether strides are those of row-major order. Those of dimensions of length 1 do not matter.
fn contiguous(shape: &[i64], strides: &[i64]) -> bool {
    if shape.len() != strides.len() {
        return false;
    }
    let mut expected = 1i64;
    for (side, stride) in shape.iter().zip(strides).rev() {
        if *side != 1 && *stride != expected {
            return false;
        }
        expected = expected.saturating_mul(*side);
    }
    true
}
