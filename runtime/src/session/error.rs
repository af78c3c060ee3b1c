//! Why a session cannot start, or take something in.

use std::fmt;
use std::io;

use crate::decoder::DecoderError;
use crate::encoder::EncoderError;
use crate::engine::{EngineError, FrameId, ShapeError};
use crate::frame::FrameError;
use crate::mask::MaskError;
use crate::preprocess::PreprocessError;
use crate::segmenter::SegmenterError;

/// Why a session cannot start, or take something in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SessionError {
    /// The model cannot be loaded.
    Model(Box<SegmenterError>),
    /// The encoder takes another input than frames are made into.
    Input {
        /// Side of the input that frames are made into, pixels.
        spec_px: usize,
        /// Side of the encoder's input, pixels.
        encoder_px: usize,
    },
    /// The encoder and the decoder do not fit each other.
    Parts {
        /// Channels, rows and columns that the encoder gives.
        encoder: [usize; 3],
        /// Channels, rows and columns that the decoder takes.
        decoder: [usize; 3],
    },
    /// Frames cannot become the encoder's input.
    Preprocess(PreprocessError),
    /// The encoder failed while it was warmed up.
    Encoder(EncoderError),
    /// The decoder failed while it was warmed up.
    Decoder(DecoderError),
    /// Drawing a mask failed while it was warmed up.
    Mask(MaskError),
    /// The system gives no more threads; of which kind its error is.
    Threads(io::ErrorKind),
    /// The frame has no copy.
    Frame(FrameError),
    /// The engine refused an input.
    Refused(EngineError),
    /// The prompt has too many points.
    Shape(ShapeError),
    /// The prompt comes with mask logits, which move with no frame.
    MaskPrompt,
    /// The prompt is on a frame that was never pushed.
    NeverPushed {
        /// As given.
        found: FrameId,
        /// The newest frame that was pushed, if there is one.
        newest: Option<FrameId>,
    },
    /// All buffers for frames are in use: a thread that took one does not come back.
    NoBuffer,
    /// The session has been stopped.
    Stopped,
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(error) => error.fmt(f),
            Self::Input {
                spec_px,
                encoder_px,
            } => write!(
                f,
                "the encoder takes {encoder_px} x {encoder_px} pixels, but frames are resized to {spec_px}; take both from one bundle"
            ),
            Self::Parts { encoder, decoder } => write!(
                f,
                "the encoder gives embeddings of {encoder:?}, but the decoder takes {decoder:?}; take both from one bundle"
            ),
            Self::Preprocess(error) => error.fmt(f),
            Self::Encoder(error) => error.fmt(f),
            Self::Decoder(error) => error.fmt(f),
            Self::Mask(error) => error.fmt(f),
            Self::Threads(kind) => write!(
                f,
                "the system gives the session no more threads ({kind}); stop other sessions"
            ),
            Self::Frame(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
            Self::Shape(error) => error.fmt(f),
            Self::MaskPrompt => write!(
                f,
                "the prompt has mask logits, which a session cannot move between frames; give points or a box, or use a Segmenter"
            ),
            Self::NeverPushed { found, newest } => match newest {
                Some(newest) => write!(
                    f,
                    "the prompt is on frame {}, but frames up to {} have been pushed; prompt on one of the latest, or on none for the newest",
                    found.0, newest.0
                ),
                None => write!(
                    f,
                    "the prompt is on frame {}, but no frame has been pushed; push one first",
                    found.0
                ),
            },
            Self::NoBuffer => write!(
                f,
                "all buffers for frames are in use by threads that do not come back; stop the session and start another"
            ),
            Self::Stopped => write!(f, "the session has been stopped; start another"),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Model(error) => Some(error),
            Self::Preprocess(error) => Some(error),
            Self::Encoder(error) => Some(error),
            Self::Decoder(error) => Some(error),
            Self::Mask(error) => Some(error),
            Self::Frame(error) => Some(error),
            Self::Refused(error) => Some(error),
            Self::Shape(error) => Some(error),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {$(
        impl From<$error> for SessionError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(
    Preprocess(PreprocessError),
    Encoder(EncoderError),
    Decoder(DecoderError),
    Mask(MaskError),
    Refused(EngineError),
    Shape(ShapeError),
);

impl From<SegmenterError> for SessionError {
    fn from(error: SegmenterError) -> Self {
        Self::Model(Box::new(error))
    }
}
