//! The deviation of the image features at each position, which a layer norm divides by, without the
//! features themselves: the square of a sum follows from products of its terms.

use crate::kernels::{
    Ahead, Groups, Matrix, MatrixMut, Update, add_column_dots, block_matmul, block_matmul_groups,
    inverse_deviations, transpose_into,
};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::BLOCK;
use super::coded::FactorWeights;
use super::coefficients::{TokenValues, coefficients};
use super::factors::{BlockFactors, BlockFactorsMut};
use super::layout::{Layout, Part, PartKind};

/// Rows of the lower triangle that are computed together.
const STRIP: usize = 6;

/// What the deviations of one level follow from.
pub(super) struct Deviation {
    pub(super) channels: usize,
    pub(super) epsilon: f32,
    /// The rows of all sources.
    pub(super) residual: Projection,
    /// The first row of each source in the keyframe's cross products, see
    /// [`super::algebra::Algebra::cross`]; the last source's end after it.
    pub(super) cross_rows: Vec<usize>,
}

/// What one prompt makes of it.
#[derive(Default)]
pub(super) struct DeviationPlan {
    rows: Vec<f32>,
    transposed: Vec<f32>,
    /// Products of the rows with each other, `[factors, factors]`: the lower triangle, what is below
    /// the diagonal twice.
    products: FactorWeights,
}

/// Buffers for one block at a time.
#[derive(Default)]
pub(super) struct DeviationLane {
    strip: Vec<f32>,
    cross: Vec<f32>,
    squares: Vec<f32>,
    dots: Vec<f32>,
}

impl DeviationPlan {
    pub(super) fn begin(
        &mut self,
        deviation: &Deviation,
        layout: &Layout,
        values: &[TokenValues],
        heads_of_layers: &[Heads],
    ) {
        let width = deviation.channels;
        coefficients(
            &deviation.residual,
            layout.parts(),
            values,
            heads_of_layers,
            &mut self.rows,
        );
        let count = self.rows.len() / width;
        let transposed = sized(&mut self.transposed, self.rows.len());
        transpose_into(transposed, count, &self.rows, count, width);
        let products = sized(&mut self.products.values, count * count);
        for first in (0..count).step_by(STRIP) {
            let rows = STRIP.min(count - first);
            let columns = first + rows;
            block_matmul(
                MatrixMut::with_row_stride(&mut products[first * count..], rows, columns, count),
                Update::Replace,
                Matrix::new(&self.rows[first * width..], rows, width),
                Matrix::with_row_stride(transposed, width, columns, count),
            );
        }
        for (row, products) in products.chunks_exact_mut(count).enumerate() {
            for value in &mut products[..row] {
                *value *= 2.0;
            }
            products[row + 1..].fill(0.0);
        }
        if layout.dots().is_some() {
            self.products.code(layout.parts());
        }
    }
}

impl DeviationLane {
    /// Divides one block's `factors` and its scale by the deviations of the
    /// features that they stand for. `square` and `cross` are what the keyframe keeps: the squares
    /// of its own features, `[BLOCK]`, and their products with the rows of all layers.
    #[expect(
        clippy::too_many_arguments,
        reason = "all that the features are made of"
    )]
    pub(super) fn block(
        &mut self,
        plan: &DeviationPlan,
        deviation: &Deviation,
        parts: &[Part],
        values: &[TokenValues],
        heads_of_layers: &[Heads],
        (square, cross): (&[f32], &[f32]),
        mut factors: BlockFactorsMut<'_>,
        ahead: &Ahead<'_>,
    ) {
        let squares = sized(&mut self.squares, BLOCK);
        let dots = sized(&mut self.dots, BLOCK);
        dots.fill(0.0);
        for part in parts {
            let all = &factors.values[part.first_row * BLOCK..][..(part.rows + 1) * BLOCK];
            let first = deviation.cross_rows[part.source];
            let next = deviation.cross_rows[part.source + 1];
            let cross = &cross[first * BLOCK..next * BLOCK];
            if part.kind == PartKind::Direct {
                // Without those that the keyframe keeps nothing for: a mask's, and the first layer's ones.
                add_column_dots(dots, 1.0, &all[..cross.len()], cross);
                continue;
            }
            let (values, heads) = (&values[part.source - 1], heads_of_layers[part.source - 1]);
            let others = values.tokens - 1;
            let (cross, of_ones) = cross.split_at(heads.inner() * BLOCK);
            let products = sized(&mut self.cross, (part.rows + 1) * BLOCK);
            let (weights, ones) = products.split_at_mut(part.rows * BLOCK);
            let update = match of_ones.is_empty() {
                true => Update::Replace,
                false => {
                    ones.copy_from_slice(of_ones);
                    Update::Add
                }
            };
            block_matmul(
                MatrixMut::new(ones, 1, BLOCK),
                update,
                Matrix::new(values.last(), 1, heads.inner()),
                Matrix::new(cross, heads.inner(), BLOCK),
            );
            let groups = Groups {
                count: heads.count,
                product: others * BLOCK,
                left: heads.width * others,
                right: heads.width * BLOCK,
            };
            block_matmul_groups(
                groups,
                MatrixMut::new(weights, others, BLOCK),
                Update::Replace,
                Matrix::new(&values.differences, others, heads.width),
                Matrix::new(cross, heads.width, BLOCK),
            );
            add_column_dots(dots, 1.0, all, products);
        }
        for (((out, square), dot), scale) in squares
            .iter_mut()
            .zip(square)
            .zip(dots)
            .zip(&*factors.scale)
        {
            *out = *scale * (*scale * square + 2.0 * *dot);
        }
        self.add_products(&plan.products, factors.as_ref(), ahead);
        let squares = &mut self.squares;
        inverse_deviations(squares, deviation.channels as f32, deviation.epsilon);
        factors.multiply(squares);
    }

    /// Adds the squares of the factors' part of the features.
    fn add_products(
        &mut self,
        products: &FactorWeights,
        factors: BlockFactors<'_>,
        ahead: &Ahead<'_>,
    ) {
        let count = factors.rows;
        let strip = sized(&mut self.strip, STRIP * BLOCK);
        for first in (0..count).step_by(STRIP) {
            let last = (first + STRIP).min(count);
            let strip = &mut strip[..(last - first) * BLOCK];
            products.multiply(strip, Update::Replace, first..last, (factors, last), ahead);
            let own = &factors.values[first * BLOCK..last * BLOCK];
            add_column_dots(&mut self.squares, 1.0, own, strip);
        }
    }
}
