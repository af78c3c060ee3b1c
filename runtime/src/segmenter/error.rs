//! Why a model cannot be loaded, or an image or prompt not be answered.

use std::fmt;

use super::EmbeddingFileError;
use crate::bundle::BundleError;
use crate::decoder::{DecoderError, WeightsError};
use crate::encoder::EncoderError;
use crate::mask::MaskError;
use crate::preprocess::PreprocessError;

/// Why a model cannot be loaded, or an image or prompt not be answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SegmenterError {
    /// The bundle.
    Bundle(BundleError),
    /// The encoder.
    Encoder(EncoderError),
    /// The decoder's weights.
    Weights(WeightsError),
    /// The decoder takes other embeddings than the encoder gives.
    Parts {
        /// Channels, rows and columns that the manifest says.
        encoder: [usize; 3],
        /// Channels, rows and columns that the decoder takes.
        decoder: [usize; 3],
    },
    /// The system gives no more threads; of which kind its error is.
    Threads(std::io::ErrorKind),
    /// The frame.
    Preprocess(PreprocessError),
    /// The prompt, or the keyframe it is on.
    Decoder(DecoderError),
    /// The decoder's masks.
    Mask(MaskError),
    /// An embedding read from a file.
    EmbeddingFile(EmbeddingFileError),
    /// A frame that a keyframe was not encoded from.
    OtherFrame {
        /// Width and height, pixels.
        frame: (u32, u32),
        /// Width and height of the one it was encoded from.
        keyframe: (u32, u32),
    },
}

impl fmt::Display for SegmenterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(error) => error.fmt(f),
            Self::Encoder(error) => error.fmt(f),
            Self::Weights(error) => write!(f, "the decoder cannot be loaded: {error}"),
            Self::Parts { encoder, decoder } => write!(
                f,
                "the decoder takes embeddings of {decoder:?} and the manifest says {encoder:?}; the bundle mixes two models"
            ),
            Self::Threads(kind) => write!(
                f,
                "the system gives the decoder no more threads ({kind}); ask for fewer"
            ),
            Self::Preprocess(error) => error.fmt(f),
            Self::Decoder(error) => error.fmt(f),
            Self::Mask(error) => error.fmt(f),
            Self::EmbeddingFile(error) => error.fmt(f),
            Self::OtherFrame { frame, keyframe } => write!(
                f,
                "the frame is {}x{} pixels, but the keyframe was encoded from one of {}x{}; give that one",
                frame.0, frame.1, keyframe.0, keyframe.1
            ),
        }
    }
}

impl std::error::Error for SegmenterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bundle(error) => Some(error),
            Self::Encoder(error) => Some(error),
            Self::Weights(error) => Some(error),
            Self::Parts { .. } | Self::Threads(_) | Self::OtherFrame { .. } => None,
            Self::Preprocess(error) => Some(error),
            Self::Decoder(error) => Some(error),
            Self::Mask(error) => Some(error),
            Self::EmbeddingFile(error) => Some(error),
        }
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {$(
        impl From<$error> for SegmenterError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(
    Bundle(BundleError),
    Encoder(EncoderError),
    Weights(WeightsError),
    Preprocess(PreprocessError),
    Decoder(DecoderError),
    Mask(MaskError),
    EmbeddingFile(EmbeddingFileError),
);
