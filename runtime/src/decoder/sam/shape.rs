//! What a model's tensors say of its sizes, and what follows for its prompts.

use std::ops::Range;

use crate::decoder::{DecoderError, Keyframe, MaskSelection, check_embedding, check_points};
use crate::preprocess::Placement;
use crate::prompt::Prompt;

use super::mask_embedding::MASK_SCALE;
use super::weights::{Weights, WeightsError};

/// Points a prompt may have: far more than anyone clicks, few enough that their attention scores fit
/// in memory.
const MAX_POINTS: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) channels: usize,
    /// Heads of every attention.
    pub(super) heads: usize,
    /// Side of the embedding.
    pub(super) embedding_size: usize,
    /// Side of the square that prompts' coordinates were trained in.
    pub(super) input_size_px: usize,
    /// The single mask's and the others'.
    pub(super) mask_tokens: usize,
    /// Channels of the fine features that stand behind the embedding's own; none in most models.
    pub(super) fine: Option<FineChannels>,
}

/// Features of finer strides, which are added while masks are upscaled: SAM 2's high-resolution features ("SAM 2",
/// arXiv 2408.00714, section 4). An embedding has them behind its own channels, place by place: first those of each
/// position's 2 x 2 places, then those of its 4 x 4 places, which are the 2 x 2 places of each of its 2 x 2 places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FineChannels {
    /// Added to the first transposed convolution's.
    pub(super) half: usize,
    /// Added to the second one's.
    pub(super) quarter: usize,
}

impl FineChannels {
    /// Channels of an embedding, behind its own, of all places.
    pub(super) fn in_embedding(self) -> usize {
        4 * self.half + 16 * self.quarter
    }
}

impl Shape {
    /// Reads the sizes off the tensors and their metadata.
    pub(super) fn read(weights: &Weights) -> Result<Self, WeightsError> {
        let heads = weights.number("num_heads", 8)?;
        let input_size_px = weights.number("input_size", 1024)?;
        let embedding_size = weights.number("embedding_size", input_size_px.div_ceil(16))?;
        let [_, channels] = weights.shape("mask_decoder.iou_token.weight")?;
        let [mask_tokens, _] = weights.shape("mask_decoder.mask_tokens.weight")?;
        if embedding_size > 1024 {
            let found = embedding_size.to_string();
            return Err(WeightsError::Metadata {
                key: "embedding_size",
                found,
            });
        }
        let [_, half, ..] = weights.shape::<4>("mask_decoder.output_upscaling.0.weight")?;
        let [_, quarter, ..] = weights.shape::<4>("mask_decoder.output_upscaling.3.weight")?;
        let fine = FineChannels { half, quarter };
        let fine = match weights.number("embedding_channels", channels)? {
            own if own == channels => None,
            all if all == channels + fine.in_embedding() => Some(fine),
            other => {
                return Err(WeightsError::Metadata {
                    key: "embedding_channels",
                    found: other.to_string(),
                });
            }
        };
        Ok(Self {
            channels,
            heads,
            embedding_size,
            input_size_px,
            mask_tokens,
            fine,
        })
    }

    /// Takes the tokens that answers are read from, `[1 + mask tokens, channels]`: the IoU token,
    /// then the mask tokens.
    pub(super) fn take_output_tokens(
        &self,
        weights: &mut Weights,
    ) -> Result<Vec<f32>, WeightsError> {
        let mut tokens = weights.take("mask_decoder.iou_token.weight", &[1, self.channels])?;
        tokens.extend(weights.take(
            "mask_decoder.mask_tokens.weight",
            &[self.mask_tokens, self.channels],
        )?);
        Ok(tokens)
    }

    pub(super) fn embedding(&self) -> [usize; 3] {
        let fine = self.fine.map_or(0, FineChannels::in_embedding);
        let size = self.embedding_size;
        [self.channels + fine, size, size]
    }

    /// An embedding's own channels, `[channels, positions]`, and the fine features behind them.
    pub(super) fn split<'a>(&self, embedding: &'a [f32]) -> (&'a [f32], &'a [f32]) {
        embedding.split_at(self.channels * self.positions())
    }

    /// Positions of the embedding.
    pub(super) fn positions(&self) -> usize {
        self.embedding_size * self.embedding_size
    }

    /// Side of the masks.
    pub(super) fn mask_side(&self) -> usize {
        self.embedding_size * MASK_SCALE
    }

    pub(super) fn check(&self, keyframe: &Keyframe, prompt: &Prompt) -> Result<(), DecoderError> {
        check_embedding(&keyframe.embedding, self.embedding())?;
        self.check_prompt(&keyframe.placement, prompt)
    }

    pub(super) fn check_prompt(
        &self,
        placement: &Placement,
        prompt: &Prompt,
    ) -> Result<(), DecoderError> {
        check_points(placement, prompt, MAX_POINTS)?;
        let side = self.mask_side();
        match &prompt.mask {
            Some(mask) if mask.width != side || mask.height != side => {
                Err(DecoderError::MaskSize {
                    expected: side,
                    found: [mask.width, mask.height],
                })
            }
            _ => Ok(()),
        }
    }

    /// Which of the model's masks a selection means.
    pub(super) fn wanted(&self, masks: MaskSelection) -> Result<Range<usize>, DecoderError> {
        let count = self.mask_tokens;
        match masks {
            MaskSelection::Single => Ok(0..1),
            MaskSelection::Multiple if count < 2 => Err(DecoderError::SingleMaskOnly),
            MaskSelection::Multiple => Ok(1..count),
            MaskSelection::All => Ok(0..count),
        }
    }
}
