//! Why a checkpoint cannot be read.

use std::fmt;
use std::io;

use crate::pickle::PickleError;

/// Why a checkpoint cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The operating system could not read it, or it is shorter than it says.
    Io(io::Error),
    /// Neither a zip file nor safetensors.
    Kind,
    /// The zip file cannot be read.
    Zip(String),
    /// The zip file is none that `torch.save` writes.
    ZipContents(String),
    /// The list of tensors cannot be read.
    Pickle(PickleError),
    /// The header of a safetensors file cannot be read.
    Safetensors(String),
    /// Elements of a type that is not supported.
    ElementType {
        /// Name of the tensor.
        name: String,
        /// Type in the file.
        found: String,
    },
    /// A storage has another size than the tensors in it say.
    StorageSize {
        /// Its name in the file.
        storage: String,
        /// Bytes that the tensors say.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },
    /// Two tensors have the same name.
    Duplicate {
        /// Their name.
        name: String,
    },
    /// There is no such tensor.
    Missing {
        /// Its name.
        name: String,
    },
    /// Integers were asked for as floating-point numbers.
    NotFloatingPoint {
        /// Name of the tensor.
        name: String,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the checkpoint cannot be read: {error}"),
            Self::Kind => write!(
                f,
                "neither a PyTorch zip file (torch 1.6 or newer) nor a .safetensors file; save the checkpoint again with a newer torch"
            ),
            Self::Zip(reason) => {
                write!(f, "the zip file cannot be read ({reason}); fetch it again")
            }
            Self::ZipContents(reason) => {
                write!(f, "{reason}; save the model's state_dict() with torch.save")
            }
            Self::Pickle(error) => error.fmt(f),
            Self::Safetensors(reason) => {
                write!(
                    f,
                    "the safetensors header cannot be read ({reason}); fetch the file again"
                )
            }
            Self::ElementType { name, found } => write!(
                f,
                "tensor {name} has elements of type {found}; store f32, f16, bf16 or i64"
            ),
            Self::StorageSize {
                storage,
                expected,
                found,
            } => write!(
                f,
                "storage {storage} has {found} bytes and its tensors say {expected}; fetch the file again"
            ),
            Self::Duplicate { name } => write!(f, "tensor {name} occurs twice"),
            Self::Missing { name } => {
                write!(
                    f,
                    "tensor {name} is missing; the checkpoint is of another model"
                )
            }
            Self::NotFloatingPoint { name } => {
                write!(
                    f,
                    "tensor {name} has integers where floating-point numbers are needed"
                )
            }
        }
    }
}

impl std::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Pickle(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for CheckpointError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<PickleError> for CheckpointError {
    fn from(error: PickleError) -> Self {
        Self::Pickle(error)
    }
}
