//! Masks: logits as a decoder gives them, bitmaps of an image's size, and what is read off both.

use std::fmt;

mod bitmap;
mod contours;
mod interior;
mod logits;
mod rle;
mod statistics;
mod upsample;

pub use bitmap::Bitmap;
pub use contours::{Contour, contours};
pub use interior::interior_point;
pub use logits::{LogitsView, MaskLogits};
pub use rle::{Rle, RleError};
pub use statistics::stability_score;
pub use upsample::MaskUpsampler;
pub(crate) use upsample::check_placed;

/// Why logits and sizes do not make a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskError {
    /// The size and the number of logits differ, or a side is zero.
    LogitsLength {
        /// As given.
        width: usize,
        /// As given.
        height: usize,
        /// Logits given.
        found: usize,
    },
    /// A side is zero, or the resized image is larger than the input.
    Placement(crate::preprocess::Placement),
    /// The caller's buffer has another length.
    OutputLength {
        /// Values given.
        found: usize,
        /// Values needed: the image's width x height.
        needed: usize,
    },
    /// The size and the number of bytes differ.
    BitmapLength {
        /// As given.
        width: usize,
        /// As given.
        height: usize,
        /// Bytes given.
        found: usize,
    },
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogitsLength {
                width,
                height,
                found,
            } => write!(
                f,
                "a mask of {width}x{height} has {found} logits; give width x height of them, at least one"
            ),
            Self::Placement(placement) => write!(
                f,
                "no image can lie in an encoder's input like this: {placement:?}; sides are at least 1, and the resized image at most the input"
            ),
            Self::OutputLength { found, needed } => write!(
                f,
                "the output has {found} values, but the image needs {needed} (width x height)"
            ),
            Self::BitmapLength {
                width,
                height,
                found,
            } => write!(
                f,
                "a bitmap of {width}x{height} has {found} bytes; give width x height of them"
            ),
        }
    }
}

impl std::error::Error for MaskError {}
