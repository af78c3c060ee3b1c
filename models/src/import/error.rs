//! Why a model cannot be imported.

use std::fmt;
use std::io;
use std::path::PathBuf;

use fixate::decoder::WeightsError;
use fixate::segmenter::SegmenterError;

use crate::architecture::ArchitectureError;
use crate::checkpoint::CheckpointError;
use crate::signature::SignatureError;
use crate::staging::StagingError;

/// Why a model cannot be imported.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportError {
    /// The checkpoint cannot be read.
    Checkpoint(CheckpointError),
    /// Its encoder cannot be imported.
    Architecture(ArchitectureError),
    /// Its decoder is not SAM's.
    Decoder(WeightsError),
    /// The decoder does not take the encoder's embeddings.
    Parts {
        /// Channels, rows and columns that the encoder gives.
        encoder: [usize; 3],
        /// Channels, rows and columns that the decoder takes.
        decoder: [usize; 3],
    },
    /// An ONNX file is of no family that can be imported.
    Signature {
        /// The file.
        path: PathBuf,
        /// Why.
        error: SignatureError,
    },
    /// The encoder and the decoder were given in the wrong order.
    Swapped,
    /// Neither the encoder's output nor the decoder's input has a fixed shape.
    EmbeddingShape,
    /// The weights beside an ONNX file cannot be taken.
    ExternalData {
        /// The ONNX file.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// A number cannot stand in a manifest.
    Option {
        /// Which option.
        field: &'static str,
        /// Its value.
        found: String,
        /// What can be used.
        expected: &'static str,
    },
    /// The files were understood, and do not run.
    Load(SegmenterError),
    /// A text cannot stand in a manifest.
    Text {
        /// Which option.
        field: &'static str,
        /// Its value.
        found: String,
    },
    /// The output cannot be replaced.
    Output(StagingError),
    /// The operating system failed otherwise.
    Io(io::Error),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(error) => error.fmt(f),
            Self::Architecture(error) => error.fmt(f),
            Self::Decoder(error) => write!(f, "the decoder cannot be imported: {error}"),
            Self::Parts { encoder, decoder } => write!(
                f,
                "the encoder gives embeddings of shape {encoder:?} and the decoder takes {decoder:?}; they are of different models, or of another image size"
            ),
            Self::Signature { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Swapped => write!(
                f,
                "the first file is a mask decoder; name the image encoder first, then the decoder"
            ),
            Self::EmbeddingShape => write!(
                f,
                "neither the encoder's output nor the decoder's input has a fixed shape; say it with --embedding-shape"
            ),
            Self::ExternalData { path, reason } => {
                write!(
                    f,
                    "the weights beside {} cannot be taken: {reason}",
                    path.display()
                )
            }
            Self::Option {
                field,
                found,
                expected,
            } => write!(f, "{field} = {found} cannot be used; expected {expected}"),
            Self::Load(error) => write!(f, "the model was recognised and does not run: {error}"),
            Self::Text { field, found } => write!(
                f,
                "the {field} {found:?} cannot be used; give 1 to 200 bytes of text on one line"
            ),
            Self::Output(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the bundle cannot be written: {error}"),
        }
    }
}

impl std::error::Error for ImportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Checkpoint(error) => Some(error),
            Self::Architecture(error) => Some(error),
            Self::Decoder(error) => Some(error),
            Self::Output(error) => Some(error),
            Self::Signature { error, .. } => Some(error),
            Self::Load(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CheckpointError> for ImportError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

impl From<ArchitectureError> for ImportError {
    fn from(error: ArchitectureError) -> Self {
        Self::Architecture(error)
    }
}

impl From<WeightsError> for ImportError {
    fn from(error: WeightsError) -> Self {
        Self::Decoder(error)
    }
}

impl From<StagingError> for ImportError {
    fn from(error: StagingError) -> Self {
        Self::Output(error)
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
