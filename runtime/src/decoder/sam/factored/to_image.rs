//! Tokens attend to the image: one pass over its blocks, with a running softmax.

use crate::kernels::{
    Ahead, Groups, Matrix, MatrixMut, RunningSoftmax, Update, add_assign, block_matmul,
    block_matmul_ahead, block_matmul_groups, scale_columns, scale_columns_into, transpose_into,
};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::BLOCK;
use super::coefficients::{TokenValues, coefficients};
use super::factors::BlockFactors;
use super::layout::Layout;
use super::packed::PackedLinear;
use super::scoring::{ScoredProjection, Scoring};

/// The attention with its weights.
pub(super) struct ToImage {
    pub(super) query: PackedLinear,
    pub(super) key: ScoredProjection,
    pub(super) value: Projection,
    /// The values' product with the keyframe's features again, `[channels, inner]`.
    pub(super) value_base: Vec<f32>,
    pub(super) output: PackedLinear,
}

/// What one prompt makes of it.
#[derive(Default)]
pub(super) struct ToImagePlan {
    pub(super) scoring: Scoring,
    rows: Vec<f32>,
    attended: Vec<f32>,
}

/// What some of the blocks gave, and buffers for one block at a time.
#[derive(Default)]
pub(super) struct ToImageLane {
    softmax: RunningSoftmax,
    /// Weighted sums of the keyframe's part of the values, `[heads, tokens, head width]`.
    sums: Vec<f32>,
    /// Weighted sums of the factors, `[factors, heads x tokens]`, rows so far apart that registers fit.
    factor_sums: Vec<f32>,
    scores: Vec<f32>,
    scaled: Vec<f32>,
    projected: Vec<f32>,
    /// One block's weights, `[BLOCK, heads x tokens]`, rows as far apart.
    transposed: Vec<f32>,
}

impl ToImagePlan {
    /// Makes ready for a prompt's `tokens`, which come with their encoding added.
    pub(super) fn begin(
        &mut self,
        attention: &ToImage,
        tokens: &[f32],
        layout: &Layout,
        values: &[TokenValues],
        heads_of_layers: &[Heads],
    ) {
        attention.query.apply(tokens, &mut self.scoring.vectors);
        self.scoring
            .begin(&attention.key, layout, values, heads_of_layers);
        coefficients(
            &attention.value,
            layout.parts(),
            values,
            heads_of_layers,
            &mut self.rows,
        );
    }
}

impl ToImageLane {
    /// Forgets what other prompts' blocks gave.
    pub(super) fn begin(&mut self, plan: &ToImagePlan, attention: &ToImage) {
        let heads = attention.key.heads;
        let factors = plan.rows.len() / heads.inner();
        let rows = plan.scoring.rows();
        self.softmax.reset(rows);
        sized(&mut self.sums, rows * heads.width).fill(0.0);
        sized(&mut self.factor_sums, factors * padded(rows)).fill(0.0);
        sized(&mut self.transposed, BLOCK * padded(rows)).fill(0.0);
    }

    /// Takes in one block, of which the first `valid` positions are there: `keys`, `[inner, BLOCK]`,
    /// and `values`, `[BLOCK, inner]`, are what the keyframe keeps.
    pub(super) fn block(
        &mut self,
        plan: &ToImagePlan,
        attention: &ToImage,
        (block, valid): (usize, usize),
        (keys, values): (&[f32], &[f32]),
        factors: BlockFactors<'_>,
        ahead: &Ahead<'_>,
    ) {
        let heads = attention.key.heads;
        let rows = plan.scoring.rows();
        let tokens = rows / heads.count;
        let scores = sized(&mut self.scores, rows * BLOCK);
        plan.scoring.block(
            &attention.key,
            block,
            keys,
            factors,
            false,
            scores,
            &mut self.projected,
            ahead,
        );
        self.softmax.take(scores, BLOCK, valid);
        correct(
            &mut self.sums,
            &mut self.factor_sums,
            &self.softmax.corrections,
        );
        if factors.rows > 0 {
            let stride = padded(rows);
            transpose_into(&mut self.transposed, stride, scores, rows, BLOCK);
            block_matmul_ahead(
                MatrixMut::new(&mut self.factor_sums, factors.rows, stride),
                Update::Add,
                Matrix::new(factors.values, factors.rows, BLOCK),
                Matrix::new(&self.transposed, BLOCK, stride),
                ahead,
            );
        }
        let scores = &*scores;
        let weights = match factors.scale {
            Some(scale) => {
                let scaled = sized(&mut self.scaled, scores.len());
                scale_columns_into(scaled, scores, scale);
                &*scaled
            }
            None => scores,
        };
        let (inner, width) = (heads.inner(), heads.width);
        let groups = Groups {
            count: heads.count,
            product: tokens * width,
            left: tokens * BLOCK,
            right: width,
        };
        block_matmul_groups(
            groups,
            MatrixMut::new(&mut self.sums, tokens, width),
            Update::Add,
            Matrix::new(weights, tokens, BLOCK),
            Matrix::with_row_stride(values, BLOCK, width, inner),
        );
    }

    /// Takes in what other blocks gave.
    pub(super) fn merge(&mut self, other: &mut Self) {
        self.softmax.merge(&mut other.softmax);
        for lane in [&mut *other, &mut *self] {
            correct(
                &mut lane.sums,
                &mut lane.factor_sums,
                &lane.softmax.corrections,
            );
        }
        add_assign(&mut self.sums, &other.sums);
        add_assign(&mut self.factor_sums, &other.factor_sums);
    }
}

impl ToImagePlan {
    /// Adds to `tokens` what they attended to.
    pub(super) fn finish(
        &mut self,
        lane: &mut ToImageLane,
        attention: &ToImage,
        tokens: &mut [f32],
    ) {
        let heads = attention.key.heads;
        let (inner, width) = (heads.inner(), heads.width);
        let rows = self.scoring.rows();
        let count = rows / heads.count;
        let factors = self.rows.len() / inner;
        let attended = sized(&mut self.attended, count * inner);
        for head in 0..heads.count {
            let first = head * count;
            let sums = &mut lane.sums[first * width..][..count * width];
            if factors > 0 {
                block_matmul(
                    MatrixMut::new(sums, count, width),
                    Update::Add,
                    Matrix::with_row_stride(
                        &lane.factor_sums[first..],
                        factors,
                        count,
                        padded(rows),
                    )
                    .transposed(),
                    Matrix::with_row_stride(&self.rows[head * width..], factors, width, inner),
                );
            }
            for (token, sums) in sums.chunks_exact(width).enumerate() {
                let scale = 1.0 / lane.softmax.sum(first + token);
                let attended = &mut attended[token * inner + head * width..][..width];
                let constants = &attention.value.constant[head * width..];
                for ((attended, sum), constant) in attended.iter_mut().zip(sums).zip(constants) {
                    *attended = sum * scale + constant;
                }
            }
        }
        attention.output.add_to(attended, tokens);
    }
}

/// The length of a row of so many values in whole registers.
fn padded(length: usize) -> usize {
    length.next_multiple_of(16)
}

/// Multiplies weighted sums that were made with weights since corrected.
fn correct(sums: &mut [f32], factor_sums: &mut [f32], corrections: &[f32]) {
    if corrections.iter().all(|correction| *correction == 1.0) {
        return;
    }
    for row in factor_sums.chunks_exact_mut(padded(corrections.len())) {
        scale_columns(&mut row[..corrections.len()], corrections);
    }
    let width = sums.len() / corrections.len();
    for (row, correction) in sums.chunks_exact_mut(width).zip(corrections) {
        for value in row {
            *value *= correction;
        }
    }
}
