//! What a prompt adds to the image features: at each position a few factors, the same rows for all
//! positions, see [`super::algebra`].

use crate::kernels::{CodePairDots, code_right, scale_columns};

use super::super::layers::sized;
use super::blocks::BLOCK;
use super::coded::BlockCodes;
use super::layout::{Layout, Part, PartKind};

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

impl Factors {
    /// Makes room for as many blocks; the scale is 1.
    pub(super) fn reset(&mut self, layout: &Layout, blocks: usize) {
        sized(&mut self.values, blocks * layout.room * BLOCK);
        sized(&mut self.scale, blocks * BLOCK).fill(1.0);
        if layout.dots().is_some() {
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
        let (Some(_), Some(newest)) = (layout.dots(), layout.parts().last()) else {
            return;
        };
        let rows = newest.all_rows();
        let values = &self.values[block * layout.room * BLOCK..];
        let pairs = newest.pairs();
        let first = block * layout.room_of_pairs();
        let pairs = (first + pairs.start) * BLOCK..(first + pairs.end) * BLOCK;
        let part = block * layout.room_of_parts + layout.parts().len() - 1;
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
        let (pairs, steps) = match layout.dots() {
            Some(_) => {
                let pairs = &self.pairs[block * layout.room_of_pairs() * BLOCK..];
                let steps = &mut self.steps[block * layout.room_of_parts * BLOCK..];
                (pairs, &mut steps[..layout.parts().len() * BLOCK])
            }
            None => (&[] as &[u32], &mut [] as &mut [f32]),
        };
        BlockFactorsMut {
            values: &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK],
            scale: &mut self.scale[block * BLOCK..][..BLOCK],
            parts: layout.parts(),
            pairs,
            steps,
            dots: layout.dots(),
        }
    }

    /// One block's factors before the newest source, and room for those of the newest and its ones,
    /// `[rows + 1, BLOCK]`, with their kind.
    pub(super) fn split_newest<'a>(
        &'a mut self,
        layout: &'a Layout,
        block: usize,
    ) -> (BlockFactors<'a>, &'a mut [f32], PartKind) {
        let (earlier, rows, kind) = match layout.parts().split_last() {
            Some((newest, earlier)) => (earlier, newest.first_row, newest.kind),
            None => (&[] as &[Part], 0, PartKind::Direct),
        };
        // The scale is 1 until the first layer's deviations are known.
        let scaled = layout.parts().iter().filter(|part| part.source > 0).count() > 1;
        let all = &mut self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK];
        let (before, newest) = all.split_at_mut(rows * BLOCK);
        let before = BlockFactors {
            rows,
            values: before,
            scale: scaled.then(|| &self.scale[block * BLOCK..][..BLOCK]),
            codes: codes((&self.pairs, &self.steps), layout, earlier, block),
        };
        (before, newest, kind)
    }

    pub(super) fn block<'a>(&'a self, layout: &'a Layout, block: usize) -> BlockFactors<'a> {
        let scaled = layout.parts().iter().any(|part| part.source > 0);
        BlockFactors {
            rows: layout.rows,
            values: &self.values[block * layout.room * BLOCK..][..layout.rows * BLOCK],
            scale: scaled.then(|| &self.scale[block * BLOCK..][..BLOCK]),
            codes: codes((&self.pairs, &self.steps), layout, layout.parts(), block),
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
    let (dots, last) = (layout.dots()?, parts.last()?);
    Some(BlockCodes {
        dots,
        parts,
        pairs: &pairs[block * layout.room_of_pairs() * BLOCK..][..last.pairs().end * BLOCK],
        steps: &steps[block * layout.room_of_parts * BLOCK..][..parts.len() * BLOCK],
    })
}
