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
        Ok(Self {
            channels,
            heads,
            embedding_size,
            input_size_px,
            mask_tokens,
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
        [self.channels, self.embedding_size, self.embedding_size]
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
