//! The rows that a projection of the image features has before a prompt's factors.

use crate::kernels::{Matrix, MatrixMut, Update, block_matmul, transpose_into};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::algebra::Projection;
use super::layout::{Part, PartKind};

/// A layer's values of the tokens, as its factors need them.
#[derive(Default)]
pub(super) struct TokenValues {
    pub(super) tokens: usize,
    /// `[tokens, inner]`.
    pub(super) all: Vec<f32>,
    /// `[heads, tokens - 1, head width]`: of each token but the last, the difference to the last.
    pub(super) differences: Vec<f32>,
}

impl TokenValues {
    /// Takes the values out of `all`.
    pub(super) fn update(&mut self, heads: Heads) {
        let (inner, width) = (heads.inner(), heads.width);
        self.tokens = self.all.len() / inner;
        let (others, last) = self.all.split_at((self.tokens - 1) * inner);
        self.differences.clear();
        for start in heads.starts() {
            for token in others.chunks_exact(inner) {
                let pairs = token[start..start + width].iter().zip(&last[start..]);
                self.differences
                    .extend(pairs.map(|(value, last)| value - last));
            }
        }
    }

    /// `[inner]`.
    pub(super) fn last(&self) -> &[f32] {
        &self.all[self.all.len() / self.tokens * (self.tokens - 1)..]
    }
}

/// Writes the rows that a projection has before all factors, `[factors, width]`. `values` and `heads`
/// are those of each layer.
pub(super) fn coefficients(
    projection: &Projection,
    parts: &[Part],
    values: &[TokenValues],
    heads: &[Heads],
    out: &mut Vec<f32>,
) {
    let width = projection.width;
    let rows: usize = parts.iter().map(|part| part.rows + 1).sum();
    let out = sized(out, rows * width);
    for part in parts {
        let term = &projection.sources[part.source];
        let out = &mut out[part.first_row * width..][..(part.rows + 1) * width];
        let (rows, ones) = out.split_at_mut(part.rows * width);
        ones.copy_from_slice(&term.ones);
        if part.kind == PartKind::Direct {
            rows.copy_from_slice(&term.rows);
            continue;
        }
        let (values, heads) = (&values[part.source - 1], heads[part.source - 1]);
        let others = values.tokens - 1;
        block_matmul(
            MatrixMut::new(ones, 1, width),
            Update::Add,
            Matrix::new(values.last(), 1, heads.inner()),
            Matrix::new(&term.rows, heads.inner(), width),
        );
        for head in 0..heads.count {
            let start = head * heads.width;
            block_matmul(
                MatrixMut::new(&mut rows[head * others * width..], others, width),
                Update::Replace,
                Matrix::new(&values.differences[start * others..], others, heads.width),
                Matrix::new(&term.rows[start * width..], heads.width, width),
            );
        }
    }
}

/// The same transposed, `[width, factors]`; `rows` is a buffer.
pub(super) fn transposed_coefficients(
    projection: &Projection,
    parts: &[Part],
    values: &[TokenValues],
    heads: &[Heads],
    rows: &mut Vec<f32>,
    out: &mut Vec<f32>,
) {
    coefficients(projection, parts, values, heads, rows);
    let count = rows.len() / projection.width;
    let out = sized(out, rows.len());
    transpose_into(out, count, rows, count, projection.width);
}
