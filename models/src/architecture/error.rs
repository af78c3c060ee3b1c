//! Why a checkpoint's image encoder cannot be imported.

use std::fmt;

use crate::checkpoint::CheckpointError;

/// Why a checkpoint's image encoder cannot be imported.
#[derive(Debug)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// Neither SAM's ViT nor MobileSAM's TinyViT.
    Unknown,
    /// A tensor is missing.
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor that the architecture does not have.
    Unexpected {
        /// Its name.
        name: String,
    },
    /// A tensor has a shape that does not fit the others.
    Shape {
        /// Its name.
        name: String,
        /// The shape that is needed.
        expected: String,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A tensor holds integers.
    Integers {
        /// Its name.
        name: String,
    },
    /// The blocks' tables of relative positions do not belong to one window and one image.
    Windows {
        /// Lengths of the tables, without repetitions.
        lengths: Vec<usize>,
        /// Patches along a side of the image.
        side: usize,
    },
    /// The input would have a size that the encoder cannot take.
    InputSize {
        /// Side in pixels.
        found: usize,
        /// Which sides are taken.
        expected: String,
    },
    /// The embedding is larger than any bundle's.
    EmbeddingShape {
        /// Channels, rows and columns.
        shape: [usize; 3],
    },
    /// The weights of the graph would be far larger than the checkpoint.
    TooLarge {
        /// Their size.
        bytes: u64,
        /// The most that a checkpoint of this length can need.
        most: u64,
    },
    /// A weight is NaN or infinite.
    NotFinite {
        /// Name of the tensor, or of the module whose tensors are folded into one.
        name: String,
    },
    /// A tensor cannot be read.
    Checkpoint(CheckpointError),
}

impl fmt::Display for ArchitectureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(
                f,
                "the checkpoint has neither image_encoder.patch_embed.proj (SAM) nor image_encoder.patch_embed.seq (MobileSAM); give a whole SAM or MobileSAM checkpoint, or bring the encoder as ONNX"
            ),
            Self::Missing { name } => write!(
                f,
                "tensor {name} is missing; fetch the whole checkpoint again"
            ),
            Self::Unexpected { name } => write!(
                f,
                "tensor {name} is unknown to SAM and MobileSAM; this is a variant that cannot be imported, bring its encoder as ONNX"
            ),
            Self::Shape {
                name,
                expected,
                found,
            } => write!(
                f,
                "tensor {name} has shape {found:?} where {expected} is needed; this is a variant that cannot be imported, or a damaged file"
            ),
            Self::Integers { name } => write!(
                f,
                "tensor {name} has integers where floating-point numbers are needed; save the checkpoint unquantised"
            ),
            Self::Windows { lengths, side } => write!(
                f,
                "the tables attn.rel_pos_h have lengths {lengths:?}; for {side}x{side} patches SAM has one length for windows, less than {}, and one for global attention",
                2 * side - 1
            ),
            Self::InputSize { found, expected } => {
                write!(
                    f,
                    "the input would be {found} pixels wide; choose {expected}"
                )
            }
            Self::EmbeddingShape { shape } => write!(
                f,
                "the embedding would have shape {shape:?}; at most 4096 of each and 67108864 values can be used"
            ),
            Self::TooLarge { bytes, most } => write!(
                f,
                "the weights would take {bytes} bytes where the checkpoint's length allows {most}; its shapes are not those of a trained model"
            ),
            Self::NotFinite { name } => write!(
                f,
                "{name} has weights that are not finite; use a checkpoint of a training that did not diverge"
            ),
            Self::Checkpoint(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ArchitectureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Checkpoint(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CheckpointError> for ArchitectureError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}
