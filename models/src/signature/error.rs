//! Why an ONNX file cannot be used.

use std::fmt;

/// Why an ONNX file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The file cannot be read.
    Read {
        /// What the operating system says.
        reason: String,
    },
    /// The file is not ONNX.
    NotOnnx {
        /// What is wrong with it.
        reason: String,
    },
    /// No known encoder has these inputs and outputs.
    Encoder {
        /// Names of the inputs.
        inputs: Vec<String>,
        /// Names of the outputs.
        outputs: Vec<String>,
    },
    /// No known decoder has these inputs and outputs.
    Decoder {
        /// Names of the inputs.
        inputs: Vec<String>,
        /// Names of the outputs.
        outputs: Vec<String>,
    },
    /// A known family that cannot be run.
    Unsupported {
        /// Its name.
        family: &'static str,
        /// What it needs that is not there.
        lacks: &'static str,
    },
    /// The side of the encoder's input stands neither in the file nor is it known.
    InputSize,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { reason } => write!(f, "the file cannot be read: {reason}"),
            Self::NotOnnx { reason } => write!(f, "the file is not ONNX: {reason}"),
            Self::Encoder { inputs, outputs } => write!(
                f,
                "no known image encoder has inputs {inputs:?} and outputs {outputs:?}; name what they are in a bundle.toml by hand"
            ),
            Self::Decoder { inputs, outputs } => write!(
                f,
                "no known mask decoder has inputs {inputs:?} and outputs {outputs:?}; name what they are in a bundle.toml by hand"
            ),
            Self::Unsupported { family, lacks } => write!(
                f,
                "this is {family}, which needs {lacks}; that is not supported"
            ),
            Self::InputSize => write!(
                f,
                "the encoder's input has no fixed size; say it with --input-size"
            ),
        }
    }
}

impl std::error::Error for SignatureError {}
