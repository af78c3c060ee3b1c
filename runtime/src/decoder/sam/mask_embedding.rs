//! A mask prompt as image features: two 2x2 convolutions with stride 2 and a 1x1 convolution.
//!
//! With stride equal to their size, the convolutions see every value once, so they are products
//! with the mask's pixels sorted into planes by their place in each 4x4 square.

use crate::mask::MaskLogits;

use super::layers::{ImageLinear, LayerNorm, sized};
use super::weights::{Weights, WeightsError};

/// Side of the square of mask pixels behind one position of the embedding.
pub(super) const MASK_SCALE: usize = 4;

#[derive(Clone)]
pub(super) struct MaskEmbedding {
    first: ImageLinear,
    first_norm: LayerNorm,
    second: ImageLinear,
    second_norm: LayerNorm,
    last: ImageLinear,
    /// `[outer place, inner place, positions]`: pixels of the mask, by their place in each square.
    planes: Vec<f32>,
    /// `[outer place, channels, positions]`.
    first_features: Vec<f32>,
    scratch: Vec<f32>,
}

impl MaskEmbedding {
    pub(super) fn take(weights: &mut Weights, channels: usize) -> Result<Self, WeightsError> {
        let name = |index: usize| format!("prompt_encoder.mask_downscaling.{index}");
        let [inner, ..] = weights.shape::<4>(&format!("{}.weight", name(0)))?;
        let [outer, ..] = weights.shape::<4>(&format!("{}.weight", name(3)))?;
        let convolution = |weights: &mut Weights, index, outputs, inputs, side| {
            let weight = weights.take(
                &format!("{}.weight", name(index)),
                &[outputs, inputs, side, side],
            )?;
            let bias = weights.take(&format!("{}.bias", name(index)), &[outputs])?;
            Ok::<_, WeightsError>((weight, bias))
        };
        let norm = |weights: &mut Weights, index, channels| {
            LayerNorm::take(
                weights,
                &name(index),
                channels,
                LayerNorm::CONVOLUTION_EPSILON,
            )
        };
        let (first, first_bias) = convolution(weights, 0, inner, 1, 2)?;
        let (second, second_bias) = convolution(weights, 3, outer, inner, 2)?;
        let (last, last_bias) = convolution(weights, 6, channels, outer, 1)?;
        Ok(Self {
            first: ImageLinear::new(first, first_bias),
            first_norm: norm(weights, 1, inner)?,
            second: ImageLinear::new(place_before_channel(&second, inner), second_bias),
            second_norm: norm(weights, 4, outer)?,
            last: ImageLinear::new(last, last_bias),
            planes: Vec::new(),
            first_features: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Adds the mask's features to `image`, `[channels, height, width]`; the mask has four times as
    /// many rows and columns.
    pub(super) fn add_to(&mut self, mask: &MaskLogits, image: &mut [f32]) {
        self.features(mask);
        self.last.add_to(&self.scratch, image);
    }

    /// What the last convolution, which is 1x1, is applied to: `[features, height, width]`.
    pub(super) fn features(&mut self, mask: &MaskLogits) -> &[f32] {
        let (width, height) = (mask.width / MASK_SCALE, mask.height / MASK_SCALE);
        let positions = width * height;
        let planes = sized(&mut self.planes, mask.values.len());
        for (y, row) in mask.values.chunks_exact(mask.width).enumerate() {
            for (x, value) in row.iter().enumerate() {
                let outer = y / 2 % 2 * 2 + x / 2 % 2;
                let inner = y % 2 * 2 + x % 2;
                let position = y / MASK_SCALE * width + x / MASK_SCALE;
                planes[(outer * 4 + inner) * positions + position] = *value;
            }
        }
        self.first_features.clear();
        for planes in planes.chunks_exact(4 * positions) {
            self.first.apply(planes, &mut self.scratch);
            self.first_norm
                .apply_with_gelu(&mut self.scratch, positions);
            self.first_features.extend_from_slice(&self.scratch);
        }
        self.second.apply(&self.first_features, &mut self.scratch);
        self.second_norm
            .apply_with_gelu(&mut self.scratch, positions);
        &self.scratch
    }

    /// The last convolution.
    pub(super) fn last(&self) -> &ImageLinear {
        &self.last
    }
}

/// Reorders a kernel from `[outputs, inputs, place]` to `[outputs, place, inputs]`, for 2x2 places.
fn place_before_channel(weight: &[f32], inputs: usize) -> Vec<f32> {
    let mut reordered = Vec::with_capacity(weight.len());
    for kernel in weight.chunks_exact(inputs * 4) {
        for place in 0..4 {
            reordered.extend((0..inputs).map(|input| kernel[input * 4 + place]));
        }
    }
    reordered
}
