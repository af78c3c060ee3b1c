//! Why an encoder cannot be quantised.

use std::fmt;
use std::path::PathBuf;

use fixate::bundle::BundleError;
use fixate::decoder::{DecoderError, WeightsError};
use fixate::encoder::EncoderError;
use fixate::mask::MaskError;
use fixate::preprocess::PreprocessError;

/// Why an encoder cannot be quantised.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum QuantizeError {
    /// The bundle.
    Bundle(BundleError),
    /// The bundle's decoder.
    Weights(WeightsError),
    /// An encoder cannot be run.
    Encoder(EncoderError),
    /// A prompt cannot be answered.
    Decoder(DecoderError),
    /// An image.
    Preprocess(PreprocessError),
    /// A mask.
    Mask(MaskError),
    /// The encoder's file is not what can be quantised.
    Graph(String),
    /// There are too few images.
    Images {
        /// How many there are.
        found: usize,
    },
    /// No layer can be quantised within the loss that is allowed.
    Goal {
        /// Points of mIoU lost, or percent of the masks, with as much as possible in float.
        lost: f64,
    },
    /// Integers in all layers are estimated to be slower than is wanted.
    Speed {
        /// The factor that is wanted.
        wanted: f64,
        /// The factor of all layers.
        most: f64,
    },
    /// A record of a calibration is of another encoder, or not understood.
    Record(String),
    /// A file cannot be read or written.
    File {
        /// Where.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl QuantizeError {
    /// About a file.
    pub(crate) fn file(path: &std::path::Path, error: impl ToString) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    /// About the graph.
    pub(crate) fn graph(error: impl fmt::Display) -> Self {
        Self::Graph(format!("{error:#}"))
    }
}

impl fmt::Display for QuantizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(error) => error.fmt(f),
            Self::Weights(error) => error.fmt(f),
            Self::Encoder(error) => error.fmt(f),
            Self::Decoder(error) => error.fmt(f),
            Self::Preprocess(error) => error.fmt(f),
            Self::Mask(error) => error.fmt(f),
            Self::Graph(reason) => write!(f, "the encoder cannot be quantised: {reason}"),
            Self::Images { found } => {
                write!(f, "{found} images are too few; give two or more, better 32")
            }
            Self::Goal { lost } => write!(
                f,
                "even with one layer quantised {lost:.2} points are lost; allow more, or take other images or ranges"
            ),
            Self::Speed { wanted, most } => write!(
                f,
                "a speed-up of {wanted} is wanted, and int8 in all layers gives {most:.2} by estimate; ask for less"
            ),
            Self::Record(reason) => {
                write!(f, "the record of the calibration cannot be used: {reason}")
            }
            Self::File { path, reason } => write!(f, "{}: {reason}", path.display()),
        }
    }
}

impl std::error::Error for QuantizeError {}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {$(
        impl From<$error> for QuantizeError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(
    Bundle(BundleError),
    Weights(WeightsError),
    Encoder(EncoderError),
    Decoder(DecoderError),
    Preprocess(PreprocessError),
    Mask(MaskError),
);
