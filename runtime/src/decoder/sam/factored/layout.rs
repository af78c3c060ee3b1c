//! Which factors a prompt adds: whose, how many and of which kind.

use std::ops::Range;

use crate::kernels::CodePairDots;

/// Which factors there are.
#[derive(Default)]
pub(super) struct Layout {
    parts: Vec<Part>,
    pub(super) rows: usize,
    /// Rows that each block has room for.
    pub(super) room: usize,
    pub(super) room_of_parts: usize,
    /// Products with factors are of codes if these are there.
    dots: Option<CodePairDots>,
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
    pub(super) fn room_of_pairs(&self) -> usize {
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
