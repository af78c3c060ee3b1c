//! Why a bundle cannot be exported.

use std::fmt;
use std::io;

use fixate::bundle::BundleError;
use fixate::decoder::WeightsError;

use crate::staging::StagingError;

/// Why a bundle cannot be exported.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// A file of the bundle cannot be read.
    Bundle(BundleError),
    /// Its decoder is not SAM's.
    Decoder(WeightsError),
    /// The decoder does not take the encoder's embeddings.
    Parts {
        /// Channels, rows and columns that the manifest says.
        bundle: [usize; 3],
        /// Channels, rows and columns that the decoder takes.
        decoder: [usize; 3],
    },
    /// A decoder that is a graph already gives as many masks as it does.
    SingleMask,
    /// The encoder's weights have the name of another exported file, or none.
    WeightsName {
        /// Their name in the bundle.
        found: String,
    },
    /// The output cannot be replaced.
    Output(StagingError),
    /// The operating system failed otherwise.
    Io(io::Error),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(error) => error.fmt(f),
            Self::Decoder(error) => write!(f, "the decoder cannot be exported: {error}"),
            Self::Parts { bundle, decoder } => write!(
                f,
                "the bundle has embeddings of shape {bundle:?} and its decoder takes {decoder:?}; import the model again"
            ),
            Self::SingleMask => f.write_str(
                "the bundle's decoder is an ONNX graph, which is copied as it is; leave out the single mask",
            ),
            Self::WeightsName { found } => write!(
                f,
                "the encoder's weights are called {found:?}, which cannot stand beside encoder.onnx and decoder.onnx; rename them in the bundle and in its graph"
            ),
            Self::Output(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the files cannot be written: {error}"),
        }
    }
}

impl std::error::Error for ExportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bundle(error) => Some(error),
            Self::Decoder(error) => Some(error),
            Self::Output(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BundleError> for ExportError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

impl From<WeightsError> for ExportError {
    fn from(error: WeightsError) -> Self {
        Self::Decoder(error)
    }
}

impl From<StagingError> for ExportError {
    fn from(error: StagingError) -> Self {
        Self::Output(error)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
