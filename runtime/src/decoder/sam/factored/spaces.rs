//! Image features from space to space, see [`super::algebra`], and what a mask prompt adds to their
//! squares there.

use crate::kernels::{
    Matrix, MatrixMut, Start, add, add_assign, add_column_dots, add_into, block_matmul_from, scale,
};

use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::{BLOCK, copy_block};

/// Adds a number to each row of a block, `[rows, BLOCK]`.
pub(super) fn add_rows(features: &mut [f32], addends: &[f32]) {
    for (row, addend) in features.chunks_exact_mut(BLOCK).zip(addends) {
        add(row, *addend);
    }
}

/// Brings one block of features, `[channels, BLOCK]`, to the next space: multiplied with the weight of the
/// norm before it, if there is one, and without their mean.
pub(super) fn next_space(features: &mut [f32], weight: Option<&[f32]>, means: &mut Vec<f32>) {
    for (row, weight) in features
        .chunks_exact_mut(BLOCK)
        .zip(weight.into_iter().flatten())
    {
        scale(row, *weight);
    }
    let means = sized(means, BLOCK);
    means.fill(0.0);
    for row in features.chunks_exact(BLOCK) {
        add_assign(means, row);
    }
    let share = -(BLOCK as f32) / features.len() as f32;
    for mean in means.iter_mut() {
        *mean *= share;
    }
    for row in features.chunks_exact_mut(BLOCK) {
        add_assign(row, means);
    }
}

/// Products of image features with what a mask's factors add to them, in the space of each level but the
/// first: few prompts have a mask, so keyframes do not keep them.
#[derive(Default)]
pub(super) struct MaskCross {
    /// `[levels, factors and ones, channels]`.
    rows: Vec<f32>,
    /// Products with what is added to every embedding, `[levels, factors and ones]`.
    constants: Vec<f32>,
}

impl MaskCross {
    /// Adds a level; `shifts` are added to every position of an embedding, `[channels]` each.
    pub(super) fn push(&mut self, cross: &Projection, shifts: [&[f32]; 2]) {
        let channels = shifts[0].len();
        let shift: Vec<f64> = (0..channels)
            .map(|channel| shifts.iter().map(|shift| f64::from(shift[channel])).sum())
            .collect();
        for row in cross.base.chunks_exact(channels) {
            let pairs = row.iter().zip(&shift);
            self.constants.push(
                pairs
                    .map(|(value, shift)| f64::from(*value) * shift)
                    .sum::<f64>() as f32,
            );
        }
        self.rows.extend_from_slice(&cross.base);
    }
}

/// What a mask prompt adds to the squares of the image features, but for the squares of its own features,
/// which are among the products of the factors.
#[derive(Default)]
pub(super) struct MaskSquares {
    /// `[blocks, levels, BLOCK]`, without level 0.
    squares: Vec<f32>,
    levels: usize,
    features: Vec<f32>,
    products: Vec<f32>,
    sums: Vec<f32>,
}

impl MaskSquares {
    /// Computes it for one of `blocks` blocks, the image's `block`, from the `embedding`, `[channels,
    /// positions]`, and the mask's `factors` and ones, `[factors, BLOCK]`.
    pub(super) fn take(
        &mut self,
        cross: &MaskCross,
        (index, blocks): (usize, usize),
        (embedding, block): (&[f32], usize),
        factors: &[f32],
    ) {
        let (rows, count) = (cross.constants.len(), factors.len() / BLOCK);
        if rows == 0 {
            return;
        }
        let channels = cross.rows.len() / rows;
        self.levels = rows / count;
        let features = sized(&mut self.features, channels * BLOCK);
        copy_block(embedding, embedding.len() / channels, block, features);
        let products = sized(&mut self.products, rows * BLOCK);
        let start = Start {
            values: None,
            scale: None,
            addends: None,
            shifts: &cross.constants,
        };
        block_matmul_from(
            MatrixMut::new(products, rows, BLOCK),
            start,
            Matrix::new(&cross.rows, rows, channels),
            Matrix::new(features, channels, BLOCK),
        );
        let squares = sized(&mut self.squares, blocks * self.levels * BLOCK);
        let squares = &mut squares[index * self.levels * BLOCK..][..self.levels * BLOCK];
        squares.fill(0.0);
        let levels = squares.chunks_exact_mut(BLOCK);
        for (squares, products) in levels.zip(products.chunks_exact(count * BLOCK)) {
            add_column_dots(squares, 2.0, factors, products);
        }
    }

    /// The squares of one block in the space after `layer`, from those `without` the mask.
    pub(super) fn with_mask(&mut self, index: usize, layer: usize, without: &[f32]) -> &[f32] {
        let own = &self.squares[(index * self.levels + layer) * BLOCK..][..BLOCK];
        let sums = sized(&mut self.sums, BLOCK);
        add_into(sums, without, own);
        sums
    }
}
