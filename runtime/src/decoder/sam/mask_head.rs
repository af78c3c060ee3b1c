//! From the transformer's tokens and image features to mask logits and predicted IoUs.
//!
//! Two transposed 2x2 convolutions with stride 2 upscale the features four times; each mask token's
//! MLP gives the vector that they are multiplied with. Every output pixel belongs to one position of
//! the embedding, so the upscaling runs over blocks of positions that stay in the cache.

use std::ops::Range;

use crate::kernels::{Matrix, MatrixMut, Update, add_assign, gelu, matmul};

use super::layers::{ImageLinear, LayerNorm, Mlp, sized};
use super::mask_embedding::MASK_SCALE;
use super::weights::{Weights, WeightsError};

/// Positions handled together.
const BLOCK: usize = 256;

pub(super) struct MaskHead {
    channels: usize,
    first: ImageLinear,
    first_norm: LayerNorm,
    second: ImageLinear,
    /// One for each mask token.
    hypernetworks: Vec<Mlp>,
    iou_prediction: Mlp,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    /// `[masks, upscaled channels]`.
    kernels: Vec<f32>,
    kernel: Vec<f32>,
    predicted_iou: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    /// `[masks, positions]`: one of the 16 pixels of each position.
    pixels: Vec<f32>,
}

impl MaskHead {
    pub(super) fn take(
        weights: &mut Weights,
        channels: usize,
        mask_tokens: usize,
    ) -> Result<Self, WeightsError> {
        let [_, middle, ..] = weights.shape::<4>("mask_decoder.output_upscaling.0.weight")?;
        let [_, upscaled, ..] = weights.shape::<4>("mask_decoder.output_upscaling.3.weight")?;
        let first = transposed_convolution(weights, 0, channels, middle)?;
        let first_norm = LayerNorm::take(
            weights,
            "mask_decoder.output_upscaling.1",
            middle,
            LayerNorm::CONVOLUTION_EPSILON,
        )?;
        let second = transposed_convolution(weights, 3, middle, upscaled)?;
        let hypernetworks = (0..mask_tokens)
            .map(|index| {
                let name = format!("mask_decoder.output_hypernetworks_mlps.{index}");
                Mlp::take(weights, &name, channels, upscaled)
            })
            .collect::<Result<_, _>>()?;
        let name = "mask_decoder.iou_prediction_head";
        Ok(Self {
            channels,
            first,
            first_norm,
            second,
            hypernetworks,
            iou_prediction: Mlp::take(weights, name, channels, mask_tokens)?,
            scratch: Scratch::default(),
        })
    }

    /// Predicted IoUs of the masks `wanted`, from the IoU token, `[channels]`.
    pub(super) fn predict_iou(
        &mut self,
        iou_token: &[f32],
        wanted: Range<usize>,
        predicted_iou: &mut Vec<f32>,
    ) {
        self.iou_prediction
            .apply(iou_token, &mut self.scratch.predicted_iou);
        predicted_iou.clear();
        predicted_iou.extend_from_slice(&self.scratch.predicted_iou[wanted]);
    }

    /// Logits of the masks `wanted`, `[masks, 4 height, 4 width]`, from all mask tokens,
    /// `[mask tokens, channels]`, and the image features, `[channels, height, width]`; with them
    /// come the fine features of [`super::shape::FineChannels`], if the model has any.
    pub(super) fn masks(
        &mut self,
        mask_tokens: &[f32],
        wanted: Range<usize>,
        (image, fine): (&[f32], &[f32]),
        width: usize,
        logits: &mut Vec<f32>,
    ) {
        let Scratch {
            kernels,
            kernel,
            first,
            second,
            pixels,
            ..
        } = &mut self.scratch;
        let positions = image.len() / self.channels;
        let count = wanted.len();
        kernels.clear();
        for index in wanted {
            let token = &mask_tokens[index * self.channels..][..self.channels];
            self.hypernetworks[index].apply(token, kernel);
            kernels.extend_from_slice(kernel);
        }
        let upscaled = kernels.len() / count;
        let middle = self.first.outputs() / 4;
        let logits = sized(logits, count * positions * MASK_SCALE * MASK_SCALE);
        let (half, quarter) = fine.split_at((4 * middle * positions).min(fine.len()));

        for start in (0..positions).step_by(BLOCK) {
            let block = BLOCK.min(positions - start);
            let columns = Matrix::with_row_stride(&image[start..], self.channels, block, positions);
            self.first.apply_to_columns(columns, block, first);
            add_columns(first, block, half, positions, start);
            self.first_norm.apply_with_gelu(first, block);
            for (outer, features) in first.chunks_exact(middle * block).enumerate() {
                self.second.apply(features, second);
                let own = 4 * upscaled * positions;
                let quarter = quarter.get(outer * own..).unwrap_or_default();
                add_columns(second, block, quarter, positions, start);
                gelu(second);
                for (inner, features) in second.chunks_exact(upscaled * block).enumerate() {
                    matmul(
                        MatrixMut::new(sized(pixels, count * block), count, block),
                        Update::Replace,
                        1.0,
                        Matrix::new(kernels, count, upscaled),
                        Matrix::new(features, upscaled, block),
                    );
                    let y = outer / 2 * 2 + inner / 2;
                    let x = outer % 2 * 2 + inner % 2;
                    scatter(pixels, block, start, width, (x, y), logits);
                }
            }
        }
    }
}

/// Adds the positions from `start` on of features, `[rows, positions]`, to those of a block, `[rows, block]`; nothing if
/// there are none.
fn add_columns(values: &mut [f32], block: usize, features: &[f32], positions: usize, start: usize) {
    let rows = values.chunks_exact_mut(block);
    for (row, features) in rows.zip(features.chunks_exact(positions)) {
        add_assign(row, &features[start..][..block]);
    }
}

/// Writes `[masks, block]` pixels into `[masks, 4 height, 4 width]` logits: those of the positions
/// from `start`, each at (x, y) in its 4x4 square.
fn scatter(
    pixels: &[f32],
    block: usize,
    start: usize,
    width: usize,
    (x, y): (usize, usize),
    logits: &mut [f32],
) {
    let mask_length = logits.len() / (pixels.len() / block);
    let masks = logits.chunks_exact_mut(mask_length);
    for (mask, pixels) in masks.zip(pixels.chunks_exact(block)) {
        let mut done = 0;
        while done < block {
            let (row, column) = ((start + done) / width, (start + done) % width);
            let length = (width - column).min(block - done);
            let first = (row * MASK_SCALE + y) * width * MASK_SCALE + column * MASK_SCALE + x;
            let places = mask[first..].iter_mut().step_by(MASK_SCALE);
            for (place, pixel) in places.zip(&pixels[done..done + length]) {
                *place = *pixel;
            }
            done += length;
        }
    }
}

/// A transposed 2x2 convolution with stride 2 as a product: its output is `[place, channels,
/// positions]`, one group of channels for each of the four pixels that a position becomes.
pub(super) fn transposed_convolution(
    weights: &mut Weights,
    index: usize,
    inputs: usize,
    outputs: usize,
) -> Result<ImageLinear, WeightsError> {
    let name = format!("mask_decoder.output_upscaling.{index}");
    let weight = weights.take(&format!("{name}.weight"), &[inputs, outputs, 2, 2])?;
    let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
    let mut reordered = Vec::with_capacity(weight.len());
    for place in 0..4 {
        for output in 0..outputs {
            reordered
                .extend((0..inputs).map(|input| weight[(input * outputs + output) * 4 + place]));
        }
    }
    Ok(ImageLinear::new(reordered, bias.repeat(4)))
}
