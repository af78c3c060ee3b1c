//! What a prompt adds to the image features: at each position a few factors, the same rows for all
//! positions, see [`super::algebra`].

use crate::kernels::{Matrix, MatrixMut, Update, block_matmul, transpose_into};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::BLOCK;

/// Which factors there are.
#[derive(Default)]
pub(super) struct Layout {
    parts: Vec<Part>,
    rows: usize,
    /// Rows that each block has room for.
    room: usize,
}

/// The factors at some positions, block by block.
#[derive(Default)]
pub(super) struct Factors {
    /// `[blocks, room, BLOCK]`.
    values: Vec<f32>,
    /// `[blocks, BLOCK]`: what the keyframe's own features are multiplied with.
    scale: Vec<f32>,
}

/// The factors of one source; the last of its rows is that of its ones.
pub(super) struct Part {
    /// Its index among the sources.
    pub(super) source: usize,
    pub(super) first_row: usize,
    /// Without the ones.
    pub(super) rows: usize,
    pub(super) kind: PartKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    /// The factors stand before the source's own rows: a mask's features, or what an attention gives
    /// out before its output projection.
    Direct,
    /// Attention weights of every token but the last: those of a head add up to one, so the last one
    /// enters as a constant, and the others as their difference to it.
    Weights,
}

/// One block's factors, to be read.
#[derive(Clone, Copy)]
pub(super) struct BlockFactors<'a> {
    pub(super) rows: usize,
    /// `[rows, BLOCK]`.
    pub(super) values: &'a [f32],
    /// `[BLOCK]`; none where all are 1.
    pub(super) scale: Option<&'a [f32]>,
}

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

impl Layout {
    /// Forgets all factors; there will be at most `room` rows.
    pub(super) fn reset(&mut self, room: usize) {
        self.parts.clear();
        self.rows = 0;
        self.room = room;
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether a mask's features are among the factors.
    pub(super) fn has_mask(&self) -> bool {
        self.parts.first().is_some_and(|part| part.source == 0)
    }

    /// Announces the factors of the next source.
    pub(super) fn push(&mut self, source: usize, rows: usize, kind: PartKind) {
        self.parts.push(Part {
            source,
            first_row: self.rows,
            rows,
            kind,
        });
        self.rows += rows + 1;
    }
}

impl Factors {
    /// Makes room for as many blocks; the scale is 1.
    pub(super) fn reset(&mut self, layout: &Layout, blocks: usize) {
        sized(&mut self.values, blocks * layout.room * BLOCK);
        sized(&mut self.scale, blocks * BLOCK).fill(1.0);
    }

    /// One block's factors, `[rows, BLOCK]`, and scale, to be written.
    pub(super) fn block_mut(&mut self, layout: &Layout, block: usize) -> (&mut [f32], &mut [f32]) {
        (
            &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK],
            &mut self.scale[block * BLOCK..][..BLOCK],
        )
    }

    /// One block's factors before the newest source, and room for those of the newest and its ones,
    /// `[rows + 1, BLOCK]`, with their kind.
    pub(super) fn split_newest(
        &mut self,
        layout: &Layout,
        block: usize,
    ) -> (BlockFactors<'_>, &mut [f32], PartKind) {
        let (rows, kind) = match layout.parts.last() {
            Some(part) => (part.first_row, part.kind),
            None => (0, PartKind::Direct),
        };
        // The scale is 1 until the first layer's deviations are known.
        let scaled = layout.parts.iter().filter(|part| part.source > 0).count() > 1;
        let all = &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK];
        let (before, newest) = all.split_at_mut(rows * BLOCK);
        let before = BlockFactors {
            rows,
            values: before,
            scale: scaled.then(|| &self.scale[block * BLOCK..][..BLOCK]),
        };
        (before, newest, kind)
    }

    pub(super) fn block(&self, layout: &Layout, block: usize) -> BlockFactors<'_> {
        let scaled = layout.parts.iter().any(|part| part.source > 0);
        BlockFactors {
            rows: layout.rows,
            values: &self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK],
            scale: scaled.then(|| &self.scale[block * BLOCK..][..BLOCK]),
        }
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
