//! A frame that was encoded.

use std::any::Any;
use std::fmt;

use crate::preprocess::Placement;

/// Features of an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// `[channels, rows, columns]`, row-major.
    pub values: Vec<f32>,
}

/// A frame that was encoded: all that a decoder needs to answer prompts on it.
#[derive(Debug)]
pub struct Keyframe {
    /// Its features.
    pub embedding: Embedding,
    /// Where the image lies in the encoder's input.
    pub placement: Placement,
    /// When the frame was captured, in microseconds of the host's monotonic clock.
    pub capture_time_us: i64,
    /// What a decoder computed in advance. Replace it whenever the embedding changes.
    pub prepared: Option<Prepared>,
}

/// Something that one decoder keeps with a keyframe; only that decoder knows its type.
pub struct Prepared(Box<dyn Any + Send + Sync>);

impl Prepared {
    /// Wraps a decoder's own type.
    pub fn new(state: impl Any + Send + Sync) -> Self {
        Self(Box::new(state))
    }

    /// The wrapped state, if it is of this type.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The wrapped state, if it is of this type, to be overwritten without allocating.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.0.downcast_mut()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").finish_non_exhaustive()
    }
}
