//! Masks drawn on frames.

use crate::engine::{FrameId, JobId};
use crate::geometry::Homography;
use crate::mask::{Bitmap, LogitsView, MaskError, MaskLogits, MaskUpsampler};
use crate::motion::warp_logits_into;
use crate::preprocess::Placement;

/// The mask of a decoding on a frame.
#[derive(Clone, Debug)]
pub(super) struct Drawing {
    pub(super) job: JobId,
    pub(super) frame: FrameId,
    pub(super) pixels: MaskPixels,
}

/// A mask's pixels on a frame, in buffers that are used again.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskPixels {
    /// Of the frame's size.
    pub bitmap: Bitmap,
    /// The same at the decoder's own resolution, moved to the frame.
    pub logits: MaskLogits,
    /// Where the frame lies in those.
    pub placement: Placement,
}

impl Default for MaskPixels {
    fn default() -> Self {
        Self {
            bitmap: Bitmap::default(),
            logits: MaskLogits::default(),
            placement: NOWHERE,
        }
    }
}

const NOWHERE: Placement = Placement {
    image_width_px: 0,
    image_height_px: 0,
    resized_width_px: 0,
    resized_height_px: 0,
    input_size_px: 0,
};

impl MaskPixels {
    /// Buffers that are empty until an answer fills them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Becomes a copy, allocating only where the buffers do not suffice.
    pub fn copy_from(&mut self, other: &Self) {
        self.bitmap.copy_from(&other.bitmap);
        self.logits.width = other.logits.width;
        self.logits.height = other.logits.height;
        self.logits.values.clone_from(&other.logits.values);
        self.placement = other.placement;
    }
}

impl Drawing {
    /// Nothing drawn yet.
    pub(super) fn empty() -> Self {
        Self {
            job: JobId(0),
            frame: FrameId(0),
            pixels: MaskPixels::default(),
        }
    }

    /// Draws a keyframe's mask on a frame.
    pub(super) fn draw(
        &mut self,
        (job, frame): (JobId, FrameId),
        logits: LogitsView<'_>,
        placement: &Placement,
        frame_from_keyframe: &Homography,
        upsampler: &mut MaskUpsampler,
    ) -> Result<(), MaskError> {
        (self.job, self.frame) = (job, frame);
        let MaskPixels {
            bitmap,
            logits: moved,
            placement: moved_placement,
        } = &mut self.pixels;
        *moved_placement = *placement;
        (moved.width, moved.height) = (logits.width, logits.height);
        moved.values.resize(logits.values.len(), 0.0);
        warp_logits_into(logits, placement, frame_from_keyframe, &mut moved.values)?;
        upsampler.bitmap_into(moved.view(), placement, bitmap)
    }
}
