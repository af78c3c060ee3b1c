//! Why a pickle is not a state dictionary.

use std::fmt;

/// Why a pickle is not a state dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PickleError {
    /// The pickle ends in the middle of an instruction, or without a last one.
    Truncated {
        /// Byte in the pickle.
        offset: usize,
    },
    /// An instruction that state dictionaries do not need.
    Instruction {
        /// Byte in the pickle.
        offset: usize,
        /// The instruction's code.
        code: u8,
    },
    /// A class or function that state dictionaries do not need.
    Callable {
        /// Byte in the pickle.
        offset: usize,
        /// Python's name for it, at most 200 characters.
        name: String,
    },
    /// An instruction that does not fit the values before it.
    Malformed {
        /// Byte in the pickle.
        offset: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// A tensor that reaches beyond its storage or whose size overflows.
    OutOfStorage {
        /// Byte in the pickle.
        offset: usize,
        /// Length of each dimension.
        shape: Vec<i64>,
    },
    /// A tensor whose elements do not follow each other.
    NotContiguous {
        /// Byte in the pickle.
        offset: usize,
        /// Length of each dimension.
        shape: Vec<i64>,
        /// Distance of neighbours in each dimension, in elements.
        strides: Vec<i64>,
    },
    /// Two tensors have the same name.
    Duplicate {
        /// Their name.
        name: String,
    },
    /// There is no tensor.
    Empty,
}

impl fmt::Display for PickleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { offset } => {
                write!(
                    f,
                    "the pickle ends at byte {offset} in the middle of an instruction; fetch the file again"
                )
            }
            Self::Instruction { offset, code } => write!(
                f,
                "pickle instruction 0x{code:02x} at byte {offset} is not allowed; save the model's state_dict() with torch.save"
            ),
            Self::Callable { offset, name } => write!(
                f,
                "the pickle asks for {name} at byte {offset}, which is not allowed; save the model's state_dict() alone"
            ),
            Self::Malformed { offset, expected } => {
                write!(
                    f,
                    "the pickle is malformed at byte {offset}: expected {expected}"
                )
            }
            Self::OutOfStorage { offset, shape } => write!(
                f,
                "the tensor of shape {shape:?} at byte {offset} of the pickle does not fit its storage"
            ),
            Self::NotContiguous {
                offset,
                shape,
                strides,
            } => write!(
                f,
                "the tensor of shape {shape:?} at byte {offset} of the pickle has strides {strides:?}; save it with .contiguous()"
            ),
            Self::Duplicate { name } => write!(f, "tensor {name} occurs twice"),
            Self::Empty => write!(
                f,
                "there is no tensor at the top, nor under \"state_dict\" or \"model\"; save the model's state_dict()"
            ),
        }
    }
}

impl std::error::Error for PickleError {}
