//! Why a prompt could not be answered.

use std::fmt;

use crate::prompt::PromptError;

/// Why a prompt could not be answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DecoderError {
    /// The prompt means nothing on the keyframe's image.
    Prompt(PromptError),
    /// More points than the decoder takes.
    TooManyPoints {
        /// Points in the prompt.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// The mask prompt has another size than the decoder's own masks.
    MaskSize {
        /// Rows, and columns.
        expected: usize,
        /// Columns and rows of the prompt's mask.
        found: [usize; 2],
    },
    /// The keyframe's embedding has another shape than the decoder takes.
    EmbeddingShape {
        /// Channels, rows, columns.
        expected: [usize; 3],
        /// Channels, rows, columns.
        found: [usize; 3],
        /// Number of values in the embedding.
        values: usize,
    },
    /// A kind of prompt that this decoder does not know.
    Lacks {
        /// Which.
        prompt: &'static str,
    },
    /// The backend cannot load the graph.
    Load(String),
    /// The backend failed while decoding.
    Run(String),
    /// Several masks are wanted of a model that has one.
    SingleMaskOnly,
    /// The model gave NaN or infinity.
    NotFinite,
}

impl fmt::Display for DecoderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt(error) => error.fmt(f),
            Self::TooManyPoints { found, most } => {
                write!(f, "the prompt has {found} points; give at most {most}")
            }
            Self::MaskSize {
                expected,
                found: [width, height],
            } => write!(
                f,
                "the mask prompt has {width} x {height} logits; this model takes {expected} x {expected}, the size of its own masks"
            ),
            Self::EmbeddingShape {
                expected,
                found,
                values,
            } => write!(
                f,
                "the embedding has shape {found:?} with {values} values; this decoder takes {expected:?}, so encode the frame with the same bundle's encoder"
            ),
            Self::Lacks { prompt } => write!(
                f,
                "this model's decoder takes no {prompt} as prompts; use points or boxes"
            ),
            Self::Load(reason) => write!(f, "the decoder cannot be loaded: {reason}"),
            Self::Run(reason) => write!(f, "the decoder failed: {reason}"),
            Self::SingleMaskOnly => {
                write!(f, "this model gives one mask; ask for a single mask")
            }
            Self::NotFinite => write!(
                f,
                "the model's result is not finite; its weights or this embedding cannot be used"
            ),
        }
    }
}

impl std::error::Error for DecoderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Prompt(error) => Some(error),
            _ => None,
        }
    }
}
