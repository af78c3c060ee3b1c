//! The few pickle instructions that describe a state dictionary, as `torch.save` writes it
//! (protocol 2; Python's `pickletools` documents each instruction).
//!
//! A pickle is a program that may call anything. This reader knows four callables, builds only the
//! values below, and refuses everything else by name, so that nothing in a file is ever executed.
//! Values live in flat lists and refer to each other by index: memory is proportional to the length
//! of the pickle however it is nested, and nothing recurses.

mod error;
mod machine;
mod tensors;

pub use error::PickleError;

/// What the elements of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElementType {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point, IEEE 754 binary16.
    F16,
    /// 16-bit floating point with the exponent of f32.
    Bf16,
    /// 64-bit integer.
    I64,
}

impl ElementType {
    /// Bytes in one element.
    #[must_use]
    pub fn size_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::I64 => 8,
        }
    }
}

/// A tensor that a pickle describes: part of a storage, which lies elsewhere in the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorRecord {
    /// The storage's name: digits.
    pub storage: String,
    /// Type of the storage's elements.
    pub element_type: ElementType,
    /// Number of elements in the storage.
    pub storage_length: usize,
    /// First element of the tensor; it and the last lie within `storage_length`.
    pub first: usize,
    /// Length of each dimension. The elements follow each other in row-major order.
    pub shape: Vec<usize>,
}

impl TensorRecord {
    /// Number of elements, which does not exceed `storage_length`.
    #[must_use]
    pub fn length(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Reads a state dictionary: tensors by name, in the order of the file. A dictionary under the key
/// `state_dict` or `model`, as training scripts write it, is found too. Entries that are not
/// tensors are skipped.
///
/// # Errors
/// If the pickle is cut short, asks for any other instruction or callable, or describes tensors that
/// do not fit their storage or are not contiguous.
pub fn read_state_dictionary(pickle: &[u8]) -> Result<Vec<(String, TensorRecord)>, PickleError> {
    machine::Machine::default().run(pickle)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod writer;
