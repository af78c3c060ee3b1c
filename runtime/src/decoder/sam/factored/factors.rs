//! What a prompt adds to the image features: at each position a few factors, the same rows for all
//! positions, see [`super::algebra`].

use std::ops::Range;

use crate::kernels::{
    CodePairDots, Matrix, MatrixMut, Update, block_matmul, code_right, scale_columns,
    transpose_into,
};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::BLOCK;
use super::coded::BlockCodes;

/// Which factors there are.
#[derive(Default)]
pub(super) struct Layout {
    parts: Vec<Part>,
    rows: usize,
    /// Rows that each block has room for.
    room: usize,
    room_of_parts: usize,
    /// Products with factors are of codes if these are there.
    dots: Option<CodePairDots>,
}

/// The factors at some positions, block by block.
#[derive(Default)]
pub(super) struct Factors {
    /// `[blocks, room, BLOCK]`.
    values: Vec<f32>,
    /// `[blocks, BLOCK]`: what the keyframe's own features are multiplied with.
    scale: Vec<f32>,
    /// The values in codes, where products are of codes, `[blocks, room of pairs, BLOCK]`.
    pairs: Vec<u32>,
    /// `[blocks, room of parts, BLOCK]`: what a code stands for.
    steps: Vec<f32>,
}

/// The factors of one source; the last of its rows is that of its ones.
pub(super) struct Part {
    /// Its index among the sources.
    pub(super) source: usize,
    pub(super) first_row: usize,
    /// Without the ones.
    pub(super) rows: usize,
    pub(super) kind: PartKind,
    /// Of its codes, in pairs of rows.
    first_pair: usize,
}

impl Part {
    /// Its rows, the ones among them.
    pub(super) fn all_rows(&self) -> Range<usize> {
        self.first_row..self.first_row + self.rows + 1
    }

    /// Where its codes are, in pairs of rows.
    pub(super) fn pairs(&self) -> Range<usize> {
        self.first_pair..self.first_pair + self.all_rows().len().div_ceil(2)
    }
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
    /// The values in codes, if products are of codes.
    pub(super) codes: Option<BlockCodes<'a>>,
}

/// One block's factors, to be divided by deviations.
pub(super) struct BlockFactorsMut<'a> {
    /// `[rows, BLOCK]`.
    pub(super) values: &'a mut [f32],
    /// `[BLOCK]`.
    pub(super) scale: &'a mut [f32],
    parts: &'a [Part],
    pairs: &'a [u32],
    /// `[parts, BLOCK]`; empty where products are of floats.
    steps: &'a mut [f32],
    dots: Option<CodePairDots>,
}

impl BlockFactorsMut<'_> {
    pub(super) fn as_ref(&self) -> BlockFactors<'_> {
        BlockFactors {
            rows: self.values.len() / BLOCK,
            values: self.values,
            scale: Some(self.scale),
            codes: self.dots.map(|dots| BlockCodes {
                dots,
                parts: self.parts,
                pairs: self.pairs,
                steps: self.steps,
            }),
        }
    }

    /// Multiplies each position's factors and scale.
    pub(super) fn multiply(&mut self, by: &[f32]) {
        scale_columns(self.values, by);
        scale_columns(self.scale, by);
        if !self.steps.is_empty() {
            scale_columns(self.steps, by);
        }
    }
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
    /// Forgets all factors; there will be at most so many rows, of so many parts. Products with them are of codes if `dots`
    /// are there.
    pub(super) fn reset(&mut self, room: usize, parts: usize, dots: Option<CodePairDots>) {
        self.parts.clear();
        self.rows = 0;
        self.room = room;
        self.room_of_parts = parts;
        self.dots = dots;
    }

    /// Pairs that each block has room for: every part may have one that is not full.
    fn room_of_pairs(&self) -> usize {
        (self.room + self.room_of_parts).div_ceil(2)
    }

    pub(super) fn dots(&self) -> Option<CodePairDots> {
        self.dots
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
            first_pair: self.parts.last().map_or(0, |last| last.pairs().end),
        });
        self.rows += rows + 1;
    }
}

impl Factors {
    /// Makes room for as many blocks; the scale is 1.
    pub(super) fn reset(&mut self, layout: &Layout, blocks: usize) {
        sized(&mut self.values, blocks * layout.room * BLOCK);
        sized(&mut self.scale, blocks * BLOCK).fill(1.0);
        if layout.dots.is_some() {
            let pairs = blocks * layout.room_of_pairs() * BLOCK;
            self.pairs.resize(pairs.max(self.pairs.len()), 0);
            sized(&mut self.steps, blocks * layout.room_of_parts * BLOCK);
        }
    }

    /// One block's factors, to be written, before the newest are [coded](Self::code_newest).
    pub(super) fn values_mut(&mut self, layout: &Layout, block: usize) -> &mut [f32] {
        &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK]
    }

    /// Takes what was written as the newest source's factors of a block in codes too, where products are of codes.
    pub(super) fn code_newest(&mut self, layout: &Layout, block: usize) {
        let (Some(_), Some(newest)) = (layout.dots, layout.parts.last()) else {
            return;
        };
        let rows = newest.all_rows();
        let values = &self.values[block * layout.room * BLOCK..];
        let pairs = newest.pairs();
        let first = block * layout.room_of_pairs();
        let pairs = (first + pairs.start) * BLOCK..(first + pairs.end) * BLOCK;
        let part = block * layout.room_of_parts + layout.parts.len() - 1;
        code_right(
            &mut self.pairs[pairs],
            &mut self.steps[part * BLOCK..][..BLOCK],
            &values[rows.start * BLOCK..rows.end * BLOCK],
        );
    }

    /// One block's factors, coded, to be divided by deviations.
    pub(super) fn block_mut<'a>(
        &'a mut self,
        layout: &'a Layout,
        block: usize,
    ) -> BlockFactorsMut<'a> {
        let (pairs, steps) = match layout.dots {
            Some(_) => {
                let pairs = &self.pairs[block * layout.room_of_pairs() * BLOCK..];
                let steps = &mut self.steps[block * layout.room_of_parts * BLOCK..];
                (pairs, &mut steps[..layout.parts.len() * BLOCK])
            }
            None => (&[] as &[u32], &mut [] as &mut [f32]),
        };
        BlockFactorsMut {
            values: &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK],
            scale: &mut self.scale[block * BLOCK..][..BLOCK],
            parts: &layout.parts,
            pairs,
            steps,
            dots: layout.dots,
        }
    }

    /// One block's factors before the newest source, and room for those of the newest and its ones,
    /// `[rows + 1, BLOCK]`, with their kind.
    pub(super) fn split_newest<'a>(
        &'a mut self,
        layout: &'a Layout,
        block: usize,
    ) -> (BlockFactors<'a>, &'a mut [f32], PartKind) {
        let (rows, kind) = match layout.parts.last() {
            Some(part) => (part.first_row, part.kind),
            None => (0, PartKind::Direct),
        };
        // The scale is 1 until the first layer's deviations are known.
        let scaled = layout.parts.iter().filter(|part| part.source > 0).count() > 1;
        let all = &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK];
        let (before, newest) = all.split_at_mut(rows * BLOCK);
        let earlier = layout
            .parts
            .split_last()
            .map_or(&[] as &[Part], |(_, earlier)| earlier);
        let before = BlockFactors {
            rows,
            values: before,
            scale: scaled.then(|| &self.scale[block * BLOCK..][..BLOCK]),
            codes: codes((&self.pairs, &self.steps), layout, earlier, block),
        };
        (before, newest, kind)
    }

    pub(super) fn block<'a>(&'a self, layout: &'a Layout, block: usize) -> BlockFactors<'a> {
        let scaled = layout.parts.iter().any(|part| part.source > 0);
        BlockFactors {
            rows: layout.rows,
            values: &self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK],
            scale: scaled.then(|| &self.scale[block * BLOCK..][..BLOCK]),
            codes: codes((&self.pairs, &self.steps), layout, &layout.parts, block),
        }
    }
}

/// The codes of the first parts of a block, where there are codes.
fn codes<'a>(
    (pairs, steps): (&'a [u32], &'a [f32]),
    layout: &Layout,
    parts: &'a [Part],
    block: usize,
) -> Option<BlockCodes<'a>> {
    let (dots, last) = (layout.dots?, parts.last()?);
    Some(BlockCodes {
        dots,
        parts,
        pairs: &pairs[block * layout.room_of_pairs() * BLOCK..][..last.pairs().end * BLOCK],
        steps: &steps[block * layout.room_of_parts * BLOCK..][..parts.len() * BLOCK],
    })
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
