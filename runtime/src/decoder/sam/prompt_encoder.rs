//! From a prompt to tokens and to what is added to the image features ("Segment Anything", arXiv
//! 2304.02643, appendix A; details as in the public reference implementation).

use crate::kernels::{add, add_assign};
use crate::mask::MaskLogits;
use crate::preprocess::Placement;
use crate::prompt::{PointLabel, Prompt};

use super::mask_embedding::MaskEmbedding;
use super::positional::PositionalEncoding;
use super::shape::Shape;
use super::weights::{Weights, WeightsError};

#[derive(Clone)]
pub(super) struct PromptEncoder {
    channels: usize,
    /// Side of the square that coordinates are fractions of.
    input_size_px: usize,
    positional: PositionalEncoding,
    background: Vec<f32>,
    foreground: Vec<f32>,
    top_left: Vec<f32>,
    bottom_right: Vec<f32>,
    not_a_point: Vec<f32>,
    no_mask: Vec<f32>,
    mask: MaskEmbedding,
    /// `[channels, size, size]`.
    image_encoding: Vec<f32>,
}

impl PromptEncoder {
    pub(super) fn take(weights: &mut Weights, shape: &Shape) -> Result<Self, WeightsError> {
        let Shape {
            channels,
            embedding_size,
            input_size_px,
            ..
        } = *shape;
        let mut vector =
            |name: &str| weights.take(&format!("prompt_encoder.{name}.weight"), &[1, channels]);
        let background = vector("point_embeddings.0")?;
        let foreground = vector("point_embeddings.1")?;
        let top_left = vector("point_embeddings.2")?;
        let bottom_right = vector("point_embeddings.3")?;
        let not_a_point = vector("not_a_point_embed")?;
        let no_mask = vector("no_mask_embed")?;
        let positional = PositionalEncoding::take(weights, channels)?;
        Ok(Self {
            channels,
            input_size_px,
            background,
            foreground,
            top_left,
            bottom_right,
            not_a_point,
            no_mask,
            mask: MaskEmbedding::take(weights, channels)?,
            image_encoding: positional.grid(embedding_size),
            positional,
        })
    }

    /// The positional encoding of the image features, `[channels, size, size]`.
    pub(super) fn image_encoding(&self) -> &[f32] {
        &self.image_encoding
    }

    /// Number of tokens for a prompt.
    pub(super) fn token_count(prompt: &Prompt) -> usize {
        let padding = usize::from(!prompt.points.is_empty() && prompt.bounds.is_none());
        prompt.points.len() + padding + if prompt.bounds.is_some() { 2 } else { 0 }
    }

    /// Writes the tokens of points and box, `[token_count, channels]`. Points come first; where
    /// they come without a box, a padding point stands in its place.
    pub(super) fn encode_points(&self, prompt: &Prompt, placement: &Placement, tokens: &mut [f32]) {
        let mut rows = tokens.chunks_exact_mut(self.channels);
        let mut encode = |x_px: f32, y_px: f32, meaning: &[f32]| {
            if let Some(row) = rows.next() {
                let (x, y) = self.fractions(placement, x_px, y_px);
                self.positional.encode(x, y, row);
                add_assign(row, meaning);
            }
        };
        for point in &prompt.points {
            let meaning = match point.label {
                PointLabel::Background => &self.background,
                PointLabel::Foreground => &self.foreground,
            };
            encode(point.x_px, point.y_px, meaning);
        }
        match &prompt.bounds {
            Some(bounds) => {
                let bounds = bounds.clipped(placement.image_width_px, placement.image_height_px);
                encode(bounds.x0_px, bounds.y0_px, &self.top_left);
                encode(bounds.x1_px, bounds.y1_px, &self.bottom_right);
            }
            None => {
                if let Some(row) = rows.next() {
                    row.copy_from_slice(&self.not_a_point);
                }
            }
        }
    }

    fn fractions(&self, placement: &Placement, x_px: f32, y_px: f32) -> (f32, f32) {
        let (x_px, y_px) = placement.input_from_image(x_px, y_px);
        // Some encoders see a smaller image than the one that prompts were trained on.
        let scale = self.input_size_px as f32 / placement.input_size_px as f32;
        let fraction = |value_px: f32| (value_px * scale + 0.5) / self.input_size_px as f32;
        (fraction(x_px), fraction(y_px))
    }

    /// What is added to every position of the image when there is no mask, `[channels]`.
    pub(super) fn no_mask(&self) -> &[f32] {
        &self.no_mask
    }

    /// How masks become image features.
    pub(super) fn mask(&self) -> &MaskEmbedding {
        &self.mask
    }

    /// The features of a mask that [`MaskEmbedding::last`] is applied to.
    pub(super) fn mask_features(&mut self, mask: &MaskLogits) -> &[f32] {
        self.mask.features(mask)
    }

    /// Adds the mask, or what stands for no mask, to `image`, `[channels, size, size]`. A mask must
    /// have four times `size` rows and columns.
    pub(super) fn add_mask(&mut self, mask: Option<&MaskLogits>, image: &mut [f32]) {
        match mask {
            Some(mask) => self.mask.add_to(mask, image),
            None => {
                let positions = image.len() / self.channels;
                for (row, value) in image.chunks_exact_mut(positions).zip(&self.no_mask) {
                    add(row, *value);
                }
            }
        }
    }
}
