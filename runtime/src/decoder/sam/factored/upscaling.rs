//! From image features and mask tokens to mask logits and predicted IoUs, block by block.

use std::ops::Range;

use crate::kernels::{
    CodePairs, GeluSums, Matrix, Start, code_right, gelu_sums, gelu_sums_of_pairs, interleave,
};

use super::super::attention::Heads;
use super::super::layers::{ImageLinear, LayerNorm, sized};
use super::super::mask_embedding::MASK_SCALE;
use super::super::mask_head::transposed_convolution;
use super::super::shape::Shape;
use super::super::weights::{Weights, WeightsError};
use super::algebra::{Algebra, Projection};
use super::blocks::{BLOCK, copy_block};
use super::coded::{BlockCodes, CodedLeft, FactorWeights};
use super::coefficients::{TokenValues, transposed_coefficients};
use super::factors::BlockFactors;
use super::layout::Layout;
use super::packed::{MlpScratch, PackedMlp};
use super::spaces::next_space;

/// The two transposed convolutions and the MLPs of the output tokens.
pub(super) struct Upscaling {
    channels: usize,
    /// Features of finer strides are added to what both transposed convolutions give.
    has_fine: bool,
    /// `[4 places x (middle channels - 1)]` of the image features. The norm after it takes the mean of a
    /// place's channels away, so it is taken out of the weights, and the last channel is what the others
    /// lack to 0.
    pub(super) first: Projection,
    norm: LayerNorm,
    /// `[4 places x upscaled channels, middle channels]`.
    second: ImageLinear,
    /// The same in codes.
    second_coded: CodedLeft,
    hypernetworks: Vec<PackedMlp>,
    iou_prediction: PackedMlp,
}

/// What one prompt makes of it.
#[derive(Default)]
pub(super) struct UpscalingPlan {
    /// `[masks, upscaled channels]`.
    pub(super) kernels: Vec<f32>,
    rows: Vec<f32>,
    /// `[4 places x (middle channels - 1), factors]`.
    coefficients: FactorWeights,
}

/// Buffers for one block at a time.
#[derive(Default)]
pub(super) struct UpscalingLane {
    first: Vec<f32>,
    /// In codes, `[pairs of middle channels, BLOCK]`, and what each position's stand for.
    coded_first: Vec<u32>,
    steps: Vec<f32>,
    /// `[4 places of the first, 4 of the second, masks, BLOCK]`.
    pixels: Vec<f32>,
}

impl Upscaling {
    pub(super) fn take(
        weights: &mut Weights,
        shape: &Shape,
        algebra: &Algebra,
    ) -> Result<Self, WeightsError> {
        let (channels, mask_tokens) = (shape.channels, shape.mask_tokens);
        let [_, middle, ..] = weights.shape::<4>("mask_decoder.output_upscaling.0.weight")?;
        let [_, upscaled, ..] = weights.shape::<4>("mask_decoder.output_upscaling.3.weight")?;
        let first = without_mean(
            &transposed_convolution(weights, 0, channels, middle)?,
            middle,
        );
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
        let mut second_coded = CodedLeft::default();
        second_coded.code(second.weight(), [second.outputs(), middle, middle]);
        Ok(Self {
            channels,
            has_fine: shape.fine.is_some(),
            second_coded,
            first: algebra.project(&first),
            norm,
            second,
            hypernetworks,
            iou_prediction: PackedMlp::take(weights, name, channels, mask_tokens)?,
        })
    }
}

/// A transposed convolution without the mean of each place's outputs, and without the last of them.
fn without_mean(convolution: &ImageLinear, outputs: usize) -> ImageLinear {
    let inputs = convolution.inputs();
    let (mut weight, mut bias) = (Vec::new(), Vec::new());
    let places = convolution.weight().chunks_exact(outputs * inputs);
    for (place, biases) in places.zip(convolution.bias().chunks_exact(outputs)) {
        let mean = |values: &mut dyn Iterator<Item = &f32>| {
            values.map(|value| f64::from(*value)).sum::<f64>() / outputs as f64
        };
        let of_input = |input| mean(&mut place.iter().skip(input).step_by(inputs));
        let means: Vec<f64> = (0..inputs).map(of_input).collect();
        let own = place[..(outputs - 1) * inputs]
            .iter()
            .zip(means.iter().cycle());
        weight.extend(own.map(|(value, mean)| (f64::from(*value) - mean) as f32));
        let mean = mean(&mut biases.iter());
        let own = biases[..outputs - 1].iter();
        bias.extend(own.map(|value| (f64::from(*value) - mean) as f32));
    }
    ImageLinear::new(weight, bias)
}

impl Upscaling {
    /// Weights that the output tokens of so many masks meet.
    pub(super) fn token_weights(&self, masks: usize) -> usize {
        let networks = self.hypernetworks.iter().take(masks);
        let networks = networks.chain([&self.iou_prediction]);
        networks.map(PackedMlp::weights).sum()
    }

    /// Rows of a block that a keyframe keeps: the product of the first transposed convolution, `[4 places x (middle
    /// channels - 1)]`; then, if there are fine features, what they add to it and to the second one, `[4 places x 4
    /// places x upscaled channels]`.
    pub(super) fn kept_rows(&self) -> usize {
        let fine = self.first.width + 4 * self.second.outputs();
        self.first.width + if self.has_fine { fine } else { 0 }
    }

    /// Writes what a block's fine features, out of those of all `positions`, add; the vectors are buffers.
    pub(super) fn keep_fine(
        &self,
        (fine, positions): (&[f32], usize),
        block: usize,
        (place_features, means): (&mut Vec<f32>, &mut Vec<f32>),
        out: &mut [f32],
    ) {
        if !self.has_fine {
            return;
        }
        let middle = self.norm.weight().len();
        let (half, quarter) = fine.split_at(4 * middle * positions);
        let (half_out, quarter_out) = out.split_at_mut(self.first.width * BLOCK);
        copy_block(quarter, positions, block, quarter_out);
        // As with the weights: without the mean of a place's channels, and without the last of them.
        let known = half_out.len() / 4;
        let features = sized(place_features, middle * BLOCK);
        for (index, place) in half.chunks_exact(middle * positions).enumerate() {
            copy_block(place, positions, block, features);
            next_space(features, None, means);
            half_out[index * known..][..known].copy_from_slice(&features[..known]);
        }
    }

    /// Multiply-adds at one position.
    pub(super) fn products(&self, factors: usize, masks: usize) -> usize {
        let second = 4 * self.second.weight().len();
        let masks = 4 * masks * self.second.outputs();
        self.first.width * factors + second + masks
    }
}

/// Buffers for what the output tokens say.
#[derive(Default)]
pub(super) struct Predictions {
    tokens: Vec<f32>,
    mlp: MlpScratch,
}

impl Predictions {
    /// What the network of one of the output tokens, 0 for the IoUs and then those of the masks, makes of the
    /// `tokens` of several prompts, `length` values each: `[prompts, outputs]`. Its weights are read once for
    /// all of them.
    pub(super) fn of(
        &mut self,
        upscaling: &Upscaling,
        index: usize,
        (tokens, length): (&[f32], usize),
    ) -> impl Iterator<Item = &[f32]> {
        self.tokens.clear();
        for tokens in tokens.chunks_exact(length) {
            let token = &tokens[index * upscaling.channels..][..upscaling.channels];
            self.tokens.extend_from_slice(token);
        }
        let network = match index.checked_sub(1) {
            Some(mask) => &upscaling.hypernetworks[mask],
            None => &upscaling.iou_prediction,
        };
        let prompts = tokens.len() / length;
        let outputs = network.apply(&self.tokens, &mut self.mlp);
        outputs.chunks_exact(outputs.len() / prompts)
    }
}

impl UpscalingPlan {
    /// Makes ready for a prompt whose kernels are there.
    pub(super) fn begin(
        &mut self,
        upscaling: &Upscaling,
        layout: &Layout,
        values: &[TokenValues],
        heads_of_layers: &[Heads],
    ) {
        transposed_coefficients(
            &upscaling.first,
            layout.parts(),
            values,
            heads_of_layers,
            &mut self.rows,
            &mut self.coefficients.values,
        );
        if layout.dots().is_some() {
            self.coefficients.code(layout.parts());
        }
    }
}

impl UpscalingLane {
    /// Computes one block's pixels of every mask. `base` is what the keyframe keeps, `[kept rows, BLOCK]`.
    pub(super) fn block(
        &mut self,
        plan: &UpscalingPlan,
        upscaling: &Upscaling,
        base: &[f32],
        factors: BlockFactors<'_>,
    ) {
        let outputs = upscaling.second.outputs();
        let (known, middle) = (upscaling.first.width / 4, upscaling.norm.weight().len());
        let masks = plan.kernels.len() / (outputs / 4);
        let (base, fine) = base.split_at(upscaling.first.width * BLOCK);
        let (half, quarter) = fine.split_at(base.len().min(fine.len()));
        let first = sized(&mut self.first, middle * BLOCK);
        let pixels = sized(&mut self.pixels, 16 * masks * BLOCK);
        for (outer, pixels) in pixels.chunks_exact_mut(4 * masks * BLOCK).enumerate() {
            let rows = outer * known..(outer + 1) * known;
            let of_rows = |width: usize| rows.start * width..rows.end * width;
            let start = Start {
                values: Some(&base[of_rows(BLOCK)]),
                scale: factors.scale,
                addends: fine_rows(half, rows.clone()),
                shifts: &upscaling.first.constant[rows.clone()],
            };
            let product = &mut first[..known * BLOCK];
            plan.coefficients
                .multiply_from(product, start, rows, factors);
            upscaling.norm.apply_centred_with_gelu(first);
            let sums = GeluSums {
                shifts: upscaling.second.bias(),
                addends: fine_rows(quarter, outer * outputs..(outer + 1) * outputs),
                kernels: Matrix::new(&plan.kernels, masks, outputs / 4),
            };
            match factors.codes {
                None => gelu_sums(
                    pixels,
                    sums,
                    Matrix::new(upscaling.second.weight(), outputs, middle),
                    Matrix::new(first, middle, BLOCK),
                ),
                Some(BlockCodes { dots, .. }) => {
                    self.coded_first.resize(middle.div_ceil(2) * BLOCK, 0);
                    sized(&mut self.steps, BLOCK);
                    code_right(&mut self.coded_first, &mut self.steps, first);
                    gelu_sums_of_pairs(
                        dots,
                        pixels,
                        sums,
                        upscaling.second_coded.rows(0..outputs),
                        CodePairs::right(&self.coded_first, &self.steps),
                    );
                }
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

/// Some rows of a block's fine features; none if there are none.
fn fine_rows(fine: &[f32], rows: Range<usize>) -> Option<&[f32]> {
    fine.get(rows.start * BLOCK..rows.end * BLOCK)
}

/// Writes the pixels of some positions, `[4 places, 4 places, masks, BLOCK]`, from the column `first` on, into the masks,
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
                interleave(
                    line,
                    std::array::from_fn(|x| {
                        let (outer, inner) = (y / 2 * 2 + x / 2, y % 2 * 2 + x % 2);
                        let place = (outer * 4 + inner) * masks + mask;
                        &pixels[place * BLOCK + offset..][..length]
                    }),
                );
            }
        }
        done += length;
    }
}
