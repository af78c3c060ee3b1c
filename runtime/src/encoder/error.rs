//! Why an encoder cannot be loaded or run.

use std::fmt;
use std::path::PathBuf;

/// Why an encoder cannot be loaded or run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncoderError {
    /// The backend cannot load the model.
    Load(String),
    /// The backend failed while encoding.
    Run(String),
    /// The graph has other inputs than the manifest says.
    Inputs {
        /// The input that the manifest names.
        expected: String,
        /// The graph's inputs.
        found: Vec<String>,
    },
    /// The graph has no such output.
    Output {
        /// The output that the manifest names.
        expected: String,
        /// The graph's outputs.
        found: Vec<String>,
    },
    /// The graph gives something else than the manifest says.
    EmbeddingShape {
        /// Batch, channels, rows, columns.
        expected: [usize; 4],
        /// The backend's description of the output.
        found: String,
    },
    /// The caller's input or embedding has the wrong length.
    Length {
        /// Which of them.
        what: &'static str,
        /// Number of values that are needed.
        expected: usize,
        /// Number of values there.
        found: usize,
    },
    /// Fewer than one thread, or more than any machine has.
    Threads {
        /// How many.
        found: usize,
    },
    /// The embedding has NaN or infinity in it.
    NotFinite,
    /// The library was built without a backend.
    NotBuilt {
        /// The feature that builds it.
        feature: &'static str,
    },
    /// A backend's own library cannot be loaded.
    Library {
        /// Where it is looked for.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Who should compute cannot.
    Provider {
        /// Who was asked for.
        provider: String,
        /// What the backend says.
        reason: String,
    },
    /// Masks made with the encoder are not those of the model.
    SelfCheck(String),
}

impl fmt::Display for EncoderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(reason) => write!(f, "the encoder cannot be loaded: {reason}"),
            Self::Run(reason) => write!(f, "the encoder failed: {reason}"),
            Self::Inputs { expected, found } => write!(
                f,
                "the encoder's inputs are {found:?}; bundle.toml says {expected:?} alone"
            ),
            Self::Output { expected, found } => {
                write!(
                    f,
                    "the encoder's outputs are {found:?}; bundle.toml says {expected:?}"
                )
            }
            Self::EmbeddingShape { expected, found } => {
                write!(
                    f,
                    "the encoder gives {found}; bundle.toml says f32 {expected:?}"
                )
            }
            Self::Length {
                what,
                expected,
                found,
            } => {
                write!(f, "the {what} has {found} values; it needs {expected}")
            }
            Self::Threads { found } => write!(f, "{found} threads are asked for; use 1 to 256"),
            Self::NotFinite => write!(
                f,
                "the embedding is not finite; the encoder cannot be used on this image"
            ),
            Self::NotBuilt { feature } => write!(
                f,
                "this was built without {feature}; build it with --features {feature}, or use the backend tract"
            ),
            Self::Library { path, reason } => write!(
                f,
                "ONNX Runtime cannot be used from {}: {reason}; name its library, of version 1.18 or newer, by an option or in ORT_DYLIB_PATH",
                path.display()
            ),
            Self::Provider { provider, reason } => write!(
                f,
                "the execution provider {provider} cannot be used: {reason}; install what it needs (its driver and libraries, an ONNX Runtime that has it), or ask for another"
            ),
            Self::SelfCheck(reason) => write!(
                f,
                "the encoder failed its self-check and is not used: {reason}; use another precision or provider"
            ),
        }
    }
}

impl std::error::Error for EncoderError {}
