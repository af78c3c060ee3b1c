//! From a keyframe and a prompt to mask logits and predicted IoUs.

mod error;
mod keyframe;
mod onnx;
mod sam;

use std::ops::Range;

use crate::kernels::all_finite;
use crate::mask::LogitsView;
use crate::preprocess::Placement;
use crate::prompt::Prompt;

pub use error::DecoderError;
pub use keyframe::{Embedding, Keyframe, Prepared};
pub use onnx::OnnxDecoder;
pub use sam::{
    CachePrecision, FactoredSamDecoder, ProductPrecision, PromptEncoding, SamDecoder,
    StageArithmetic, StageProfile, WeightsError,
};

/// What answers prompts on a keyframe.
pub trait Decoder: Send {
    /// Channels, rows and columns of the embeddings that it takes.
    fn embedding_shape(&self) -> [usize; 3];

    /// Columns and rows of the masks that it gives and takes.
    fn mask_size(&self) -> [usize; 2];

    /// Computes what depends on the keyframe alone and stores it there. Decoding without it gives
    /// the same masks, later.
    ///
    /// # Errors
    /// If the keyframe's embedding does not fit.
    fn prepare(&mut self, keyframe: &mut Keyframe) -> Result<(), DecoderError> {
        keyframe.prepared = None;
        Ok(())
    }

    /// Answers a prompt, given in pixels of the keyframe's image. `out` is overwritten, its buffers
    /// are reused; after an error its contents mean nothing.
    ///
    /// # Errors
    /// If the prompt or the embedding does not fit, or the result is not finite.
    fn decode_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError>;

    /// The same for a part of the masks: inside of the window logits are what [`Self::decode_into`]
    /// gives; outside they may be those, or -32. Decoders that gain nothing by it answer in whole.
    ///
    /// # Errors
    /// As for [`Self::decode_into`].
    fn decode_window_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        window: &MaskWindow,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        let _ = window;
        self.decode_into(keyframe, prompt, masks, out)
    }

    /// Another decoder of the same weights, with buffers of its own, for another thread: keyframes
    /// that one of them prepares are prepared for the other, too. None if the backend cannot do that.
    fn fork(&self) -> Option<Box<dyn Decoder>> {
        None
    }
}

/// A rectangle of the masks, in their own pixels; what lies beyond their edges does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskWindow {
    /// Rows of pixels.
    pub rows: Range<usize>,
    /// Columns of pixels.
    pub columns: Range<usize>,
}

/// Checks that a keyframe's embedding has the shape that a decoder takes.
fn check_embedding(embedding: &Embedding, expected: [usize; 3]) -> Result<(), DecoderError> {
    if embedding.shape != expected || embedding.values.len() != expected.iter().product::<usize>() {
        return Err(DecoderError::EmbeddingShape {
            expected,
            found: embedding.shape,
            values: embedding.values.len(),
        });
    }
    Ok(())
}

/// Checks that a prompt means something on an image, and has at most `most` points.
fn check_points(placement: &Placement, prompt: &Prompt, most: usize) -> Result<(), DecoderError> {
    prompt
        .check(placement.image_width_px, placement.image_height_px)
        .map_err(DecoderError::Prompt)?;
    let found = prompt.points.len();
    if found > most {
        return Err(DecoderError::TooManyPoints { found, most });
    }
    Ok(())
}

/// Which of the model's masks are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskSelection {
    /// Mask 0, for prompts that leave no doubt.
    Single,
    /// Masks 1 to the last: whole, part and subpart.
    Multiple,
    /// All of them.
    All,
}

/// Masks as the decoder gives them, in the model's own order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// Which of the model's masks these are.
    pub indices: Range<usize>,
    /// Columns of a mask.
    pub width: usize,
    /// Rows of a mask.
    pub height: usize,
    /// `[masks, height, width]`, above 0 where the thing is.
    pub logits: Vec<f32>,
    /// `[masks]`.
    pub predicted_iou: Vec<f32>,
}

impl Decoded {
    /// One mask's logits; `position` counts from 0 to the length of `indices`.
    ///
    /// # Panics
    /// If there is no such mask.
    #[must_use]
    pub fn mask(&self, position: usize) -> LogitsView<'_> {
        let length = self.width * self.height;
        LogitsView {
            width: self.width,
            height: self.height,
            values: &self.logits[position * length..][..length],
        }
    }

    fn check_finite(&self) -> Result<(), DecoderError> {
        if all_finite(&self.logits) && all_finite(&self.predicted_iou) {
            Ok(())
        } else {
            Err(DecoderError::NotFinite)
        }
    }
}
