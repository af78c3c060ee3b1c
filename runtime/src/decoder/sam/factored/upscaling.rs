//! From image features and mask tokens to mask logits and predicted IoUs, block by block.

use std::ops::Range;

use crate::kernels::{Matrix, MatrixMut, Update, affine_columns_into, block_matmul, gelu};

use super::super::attention::Heads;
use super::super::layers::{ImageLinear, LayerNorm, sized};
use super::super::mask_embedding::MASK_SCALE;
use super::super::mask_head::transposed_convolution;
use super::super::weights::{Weights, WeightsError};
use super::algebra::{Algebra, Projection};
use super::blocks::BLOCK;
use super::factors::{BlockFactors, Part, TokenValues, transposed_coefficients};
use super::packed::{MlpScratch, PackedMlp};

/// The two transposed convolutions and the MLPs of the output tokens.
pub(super) struct Upscaling {
    channels: usize,
    /// `[4 places x middle channels]` of the image features.
    pub(super) first: Projection,
    norm: LayerNorm,
    /// `[4 places x upscaled channels, middle channels]`.
    second: ImageLinear,
    hypernetworks: Vec<PackedMlp>,
    iou_prediction: PackedMlp,
}

/// What one prompt makes of it.
#[derive(Default)]
pub(super) struct UpscalingPlan {
    /// `[masks, upscaled channels]`.
    kernels: Vec<f32>,
    rows: Vec<f32>,
    /// `[4 places x middle channels, factors]`.
    coefficients: Vec<f32>,
    mlp: MlpScratch,
}

/// Buffers for one block at a time.
#[derive(Default)]
pub(super) struct UpscalingLane {
    first: Vec<f32>,
    second: Vec<f32>,
    /// `[16 places, masks, BLOCK]`.
    pixels: Vec<f32>,
}

impl Upscaling {
    pub(super) fn take(
        weights: &mut Weights,
        channels: usize,
        mask_tokens: usize,
        algebra: &Algebra,
    ) -> Result<Self, WeightsError> {
        let [_, middle, ..] = weights.shape::<4>("mask_decoder.output_upscaling.0.weight")?;
        let [_, upscaled, ..] = weights.shape::<4>("mask_decoder.output_upscaling.3.weight")?;
        let first = transposed_convolution(weights, 0, channels, middle)?;
        let norm = LayerNorm::take(
            weights,
            "mask_decoder.output_upscaling.1",
            middle,
            LayerNorm::CONVOLUTION_EPSILON,
        )?;
        let second = transposed_convolution(weights, 3, middle, upscaled)?;
        let hypernetworks = (0..mask_tokens)
            .map(|index| {
                let name = format!("mask_decoder.output_hypernetworks_mlps.{index}");
                PackedMlp::take(weights, &name, channels, upscaled)
            })
            .collect::<Result<_, _>>()?;
        let name = "mask_decoder.iou_prediction_head";
        Ok(Self {
            channels,
            first: algebra.project(&first),
            norm,
            second,
            hypernetworks,
            iou_prediction: PackedMlp::take(weights, name, channels, mask_tokens)?,
        })
    }
}

impl Upscaling {
    /// Weights that the output tokens of so many masks meet.
    pub(super) fn token_weights(&self, masks: usize) -> usize {
        let networks = self.hypernetworks.iter().take(masks);
        let networks = networks.chain([&self.iou_prediction]);
        networks.map(PackedMlp::weights).sum()
    }

    /// Multiply-adds at one position.
    pub(super) fn products(&self, factors: usize, masks: usize) -> usize {
        let second = 4 * self.second.weight().len();
        let masks = 4 * masks * self.second.outputs();
        self.first.width * factors + second + masks
    }
}

impl UpscalingPlan {
    /// Predicts the IoUs of the masks `wanted` from all output tokens, `[1 + mask tokens, channels]`.
    pub(super) fn predict_iou(
        &mut self,
        upscaling: &Upscaling,
        output_tokens: &[f32],
        wanted: Range<usize>,
        predicted_iou: &mut Vec<f32>,
    ) {
        let token = &output_tokens[..upscaling.channels];
        let all = upscaling.iou_prediction.apply(token, &mut self.mlp);
        predicted_iou.clear();
        predicted_iou.extend_from_slice(&all[wanted]);
    }

    /// Makes ready for the masks `wanted` of a prompt.
    pub(super) fn begin(
        &mut self,
        upscaling: &Upscaling,
        output_tokens: &[f32],
        wanted: Range<usize>,
        parts: &[Part],
        values: &[TokenValues],
        heads_of_layers: &[Heads],
    ) {
        self.kernels.clear();
        for index in wanted {
            let token = &output_tokens[(1 + index) * upscaling.channels..][..upscaling.channels];
            let kernel = upscaling.hypernetworks[index].apply(token, &mut self.mlp);
            self.kernels.extend_from_slice(kernel);
        }
        transposed_coefficients(
            &upscaling.first,
            parts,
            values,
            heads_of_layers,
            &mut self.rows,
            &mut self.coefficients,
        );
    }
}

impl UpscalingLane {
    /// Computes one block's pixels of every mask. `base` is what the keyframe keeps,
    /// `[4 places x middle channels, BLOCK]`.
    pub(super) fn block(
        &mut self,
        plan: &UpscalingPlan,
        upscaling: &Upscaling,
        base: &[f32],
        factors: BlockFactors<'_>,
    ) {
        let width = upscaling.first.width;
        let first = sized(&mut self.first, width * BLOCK);
        affine_columns_into(first, base, factors.scale, &upscaling.first.constant);
        block_matmul(
            MatrixMut::new(first, width, BLOCK),
            Update::Add,
            Matrix::new(&plan.coefficients, width, factors.rows),
            Matrix::new(factors.values, factors.rows, BLOCK),
        );
        let middle = width / 4;
        let outputs = upscaling.second.outputs();
        let upscaled = outputs / 4;
        let masks = plan.kernels.len() / upscaled;
        let pixels = sized(&mut self.pixels, 16 * masks * BLOCK);
        let second = sized(&mut self.second, outputs * BLOCK);
        upscaling.norm.apply_with_gelu(first, BLOCK);
        for (outer, features) in first.chunks_exact(middle * BLOCK).enumerate() {
            for (row, bias) in second.chunks_exact_mut(BLOCK).zip(upscaling.second.bias()) {
                row.fill(*bias);
            }
            block_matmul(
                MatrixMut::new(second, outputs, BLOCK),
                Update::Add,
                Matrix::new(upscaling.second.weight(), outputs, middle),
                Matrix::new(features, middle, BLOCK),
            );
            gelu(second);
            for (inner, features) in second.chunks_exact(upscaled * BLOCK).enumerate() {
                let y = outer / 2 * 2 + inner / 2;
                let x = outer % 2 * 2 + inner % 2;
                let place = y * MASK_SCALE + x;
                block_matmul(
                    MatrixMut::new(&mut pixels[place * masks * BLOCK..], masks, BLOCK),
                    Update::Replace,
                    Matrix::new(&plan.kernels, masks, upscaled),
                    Matrix::new(features, upscaled, BLOCK),
                );
            }
        }
    }

    /// Writes the newest block's pixels, from `offset` on, into `logits`, `[masks, rows, 4 size]`: the
    /// positions are counted from the first of these rows.
    pub(super) fn place(
        &self,
        offset: usize,
        positions: Range<usize>,
        size: usize,
        masks: usize,
        logits: &mut [f32],
    ) {
        scatter(&self.pixels, offset, masks, positions, size, logits);
    }
}

/// Writes the pixels of some positions, `[16 places, masks, BLOCK]`, from the column `first` on, into the masks,
/// `[masks, rows, 4 size]`: place y, x of a position is a pixel of its 4x4 square.
fn scatter(
    pixels: &[f32],
    first: usize,
    masks: usize,
    positions: Range<usize>,
    size: usize,
    logits: &mut [f32],
) {
    let side = size * MASK_SCALE;
    let rows = logits.len() / masks / side;
    let mut done = positions.start;
    while done < positions.end {
        let (row, column) = (done / size, done % size);
        let length = (size - column).min(positions.end - done);
        let offset = first + done - positions.start;
        for mask in 0..masks {
            for y in 0..MASK_SCALE {
                let start = (mask * rows + row * MASK_SCALE + y) * side + column * MASK_SCALE;
                let line = &mut logits[start..][..length * MASK_SCALE];
                let places: [&[f32]; MASK_SCALE] = std::array::from_fn(|x| {
                    let place = (y * MASK_SCALE + x) * masks + mask;
                    &pixels[place * BLOCK + offset..][..length]
                });
                let (squares, _) = line.as_chunks_mut::<MASK_SCALE>();
                for (index, square) in squares.iter_mut().enumerate() {
                    *square = places.map(|place| place[index]);
                }
            }
        }
        done += length;
    }
}
