//! Factors of products as 16-bit codes, see [`crate::kernels::CodePairs`]: twice as many multiply-adds an instruction.
//!
//! Each source's factors are coded apart: those of a mask are as large as its features, weights of an attention at most 1,
//! and what is small beside others would have no codes left. Attentions, which may turn a small share of a large score into
//! another answer, and deviations take a mask's factors as floats all the same: they are few.

use std::ops::Range;

use crate::kernels::{
    Ahead, CodePairDots, CodePairs, Matrix, MatrixMut, Start, Update, block_matmul_ahead,
    block_matmul_from, block_matmul_of_pairs_ahead, block_matmul_of_pairs_from, code_left,
};

use super::blocks::BLOCK;
use super::factors::BlockFactors;
use super::layout::Part;

/// One block's factors in codes.
#[derive(Clone, Copy)]
pub(super) struct BlockCodes<'a> {
    pub(super) dots: CodePairDots,
    pub(super) parts: &'a [Part],
    /// `[pairs of each part's rows, BLOCK]`, part after part.
    pub(super) pairs: &'a [u32],
    /// `[parts, BLOCK]`.
    pub(super) steps: &'a [f32],
}

impl<'a> BlockCodes<'a> {
    /// The codes of one of the parts.
    fn part(&self, index: usize) -> CodePairs<'a> {
        let pairs = self.parts[index].pairs();
        CodePairs::right(
            &self.pairs[pairs.start * BLOCK..pairs.end * BLOCK],
            &self.steps[index * BLOCK..][..BLOCK],
        )
    }
}

/// A left factor in codes.
#[derive(Default)]
pub(super) struct CodedLeft {
    pairs: Vec<u32>,
    steps: Vec<f32>,
}

impl CodedLeft {
    /// Codes `values`, `[rows, depth]`, rows so far apart.
    pub(super) fn code(&mut self, values: &[f32], [rows, depth, row_stride]: [usize; 3]) {
        self.pairs.resize(rows * depth.div_ceil(2), 0);
        self.steps.resize(rows, 0.0);
        let values = Matrix::with_row_stride(values, rows, depth, row_stride);
        code_left(&mut self.pairs, &mut self.steps, values);
    }

    /// Some of its rows.
    pub(super) fn rows(&self, rows: Range<usize>) -> CodePairs<'_> {
        let width = self.pairs.len() / self.steps.len();
        let pairs = &self.pairs[rows.start * width..rows.end * width];
        CodePairs::left(pairs, &self.steps[rows])
    }
}

/// What factors are multiplied with, `[rows, factors]`, in floats or in codes, whichever the factors are multiplied in.
#[derive(Default)]
pub(super) struct FactorWeights {
    pub(super) values: Vec<f32>,
    /// By part.
    coded: Vec<CodedLeft>,
}

impl FactorWeights {
    /// Makes ready for factors in codes, once the values are there.
    pub(super) fn code(&mut self, parts: &[Part]) {
        if self.coded.len() < parts.len() {
            self.coded.resize_with(parts.len(), CodedLeft::default);
        }
        let factors = parts.last().map_or(0, |part| part.all_rows().end);
        for (coded, part) in self.coded.iter_mut().zip(parts) {
            let rows = self.values.len() / factors;
            let (first, depth) = (part.first_row, part.all_rows().len());
            coded.code(&self.values[first..], [rows, depth, factors]);
        }
    }

    /// Writes the product of some rows with a block's factors, or adds it, `[rows, BLOCK]`. Only the first `depth` factors
    /// count, those after them having no weight.
    pub(super) fn multiply(
        &self,
        product: &mut [f32],
        update: Update,
        rows: Range<usize>,
        (factors, depth): (BlockFactors<'_>, usize),
        ahead: &Ahead<'_>,
    ) {
        let floats = match factors.codes {
            Some(codes) if codes.parts[0].source == 0 => codes.parts[0].all_rows().len().min(depth),
            Some(codes) => {
                return self.multiply_codes(product, update, rows, (codes, 0, depth), ahead);
            }
            None => depth,
        };
        let (left, right) = self.floats(&rows, factors, floats);
        let out = MatrixMut::new(product, rows.len(), BLOCK);
        block_matmul_ahead(out, update, left, right, ahead);
        if let Some(codes) = factors.codes {
            self.multiply_codes(product, Update::Add, rows, (codes, 1, depth), ahead);
        }
    }

    /// Some rows, and the factors that they are multiplied with, as floats; of both the first `depth` factors.
    fn floats<'a>(
        &'a self,
        rows: &Range<usize>,
        factors: BlockFactors<'a>,
        depth: usize,
    ) -> (Matrix<'a>, Matrix<'a>) {
        let left = &self.values[rows.start * factors.rows..];
        (
            Matrix::with_row_stride(left, rows.len(), depth, factors.rows),
            Matrix::new(factors.values, depth, BLOCK),
        )
    }

    /// The same with what `start` says added.
    pub(super) fn multiply_from(
        &self,
        product: &mut [f32],
        start: Start<'_>,
        rows: Range<usize>,
        factors: BlockFactors<'_>,
    ) {
        let out = MatrixMut::new(product, rows.len(), BLOCK);
        match factors.codes {
            Some(codes) => {
                let left = self.coded[0].rows(rows.clone());
                block_matmul_of_pairs_from(codes.dots, out, start, left, codes.part(0));
                let rest = (codes, 1, factors.rows);
                self.multiply_codes(product, Update::Add, rows, rest, &Ahead::default());
            }
            None => {
                let (left, right) = self.floats(&rows, factors, factors.rows);
                block_matmul_from(out, start, left, right);
            }
        }
    }

    /// Products with the parts from `first` on, as far as they are among the first `depth` factors.
    fn multiply_codes(
        &self,
        product: &mut [f32],
        mut update: Update,
        rows: Range<usize>,
        (codes, first, depth): (BlockCodes<'_>, usize, usize),
        ahead: &Ahead<'_>,
    ) {
        for (index, part) in codes.parts.iter().enumerate().skip(first) {
            let Some(depth) = depth.checked_sub(part.first_row).filter(|depth| *depth > 0) else {
                break;
            };
            let pairs = depth.min(part.all_rows().len()).div_ceil(2);
            let product = MatrixMut::new(product, rows.len(), BLOCK);
            let left = self.coded[index].rows(rows.clone()).first_columns(pairs);
            let right = codes.part(index).first_rows(pairs);
            block_matmul_of_pairs_ahead(codes.dots, product, update, left, right, ahead);
            update = Update::Add;
        }
    }
}
