//! Decoding a part of the masks: which positions of the embedding are behind it, and bringing those
//! together into full blocks.

use std::ops::Range;

use crate::decoder::MaskWindow;

use super::super::layers::sized;
use super::super::mask_embedding::MASK_SCALE;
use super::blocks::BLOCK;
use super::cache::Cache;
use super::coded::BlockCodes;
use super::factors::{BlockFactors, Factors};
use super::layout::Layout;

/// Rows and columns of the embedding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Places {
    /// All that a window of the masks needs, of an embedding of so many rows and columns.
    pub(super) fn of(window: Option<&MaskWindow>, size: usize) -> Self {
        let all = 0..size * MASK_SCALE;
        let (rows, columns) = match window {
            Some(window) => (window.rows.clone(), window.columns.clone()),
            None => (all.clone(), all),
        };
        let places = |range: Range<usize>| {
            let last = range.end.div_ceil(MASK_SCALE).min(size);
            (range.start / MASK_SCALE).min(last)..last
        };
        Self {
            rows: places(rows),
            columns: places(columns),
        }
    }

    pub(super) fn is_everywhere(&self, size: usize) -> bool {
        self.rows == (0..size) && self.columns == (0..size)
    }

    /// The positions in some of the rows, as runs that follow each other.
    pub(super) fn runs(&self, rows: Range<usize>, size: usize) -> Runs {
        let first = self.rows.start.max(rows.start);
        Runs {
            rows: first..self.rows.end.min(rows.end).max(first),
            columns: self.columns.clone(),
            size,
            rest: 0..0,
        }
    }
}

/// Runs of positions, each in one row and in one block.
pub(super) struct Runs {
    rows: Range<usize>,
    columns: Range<usize>,
    size: usize,
    rest: Range<usize>,
}

impl Runs {
    /// The next positions, at most so many.
    fn next(&mut self, most: usize) -> Option<Range<usize>> {
        while self.rest.is_empty() {
            let row = self.rows.next()?;
            self.rest = row * self.size + self.columns.start..row * self.size + self.columns.end;
            if self.columns.is_empty() {
                return None;
            }
        }
        let start = self.rest.start;
        let end_of_block = (start / BLOCK + 1) * BLOCK;
        let end = self.rest.end.min(start + most).min(end_of_block);
        self.rest.start = end;
        Some(start..end)
    }
}

/// Positions from several blocks, gathered into one.
#[derive(Default)]
pub(super) struct Pack {
    /// Where each run is in the pack, and which positions it has.
    runs: Vec<(usize, Range<usize>)>,
    base: Vec<f32>,
    factors: Vec<f32>,
    scale: Vec<f32>,
    pairs: Vec<u32>,
    steps: Vec<f32>,
}

impl Pack {
    /// Takes the next runs, as many as fit; false if there are none.
    pub(super) fn fill(&mut self, runs: &mut Runs) -> bool {
        self.runs.clear();
        let mut filled = 0;
        while filled < BLOCK
            && let Some(run) = runs.next(BLOCK - filled)
        {
            let length = run.len();
            self.runs.push((filled, run));
            filled += length;
        }
        filled > 0
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.runs.iter().cloned()
    }

    /// Gathers the runs' positions out of what a keyframe keeps for the upscaling, and out of factors
    /// that begin at `first_block`.
    pub(super) fn gather<'a>(
        &'a mut self,
        cache: &Cache,
        near: &mut Vec<f32>,
        (factors, layout): (&'a Factors, &'a Layout),
        first_block: usize,
    ) -> (&'a [f32], BlockFactors<'a>) {
        for (index, (offset, run)) in self.runs.iter().enumerate() {
            let (part, place) = cache.part(run.start / BLOCK);
            let block = part.stored.read(place, &part.upscaling, near);
            let out = sized(&mut self.base, block.len());
            if index == 0 {
                out.fill(0.0);
            }
            copy_run(block, run, *offset, out);
        }
        let block = |block: usize| factors.block(layout, block - first_block);
        let BlockFactors {
            rows, scale, codes, ..
        } = block(first_block);
        gather(&self.runs, rows, &mut self.factors, |at| block(at).values);
        let scaled = scale.is_some();
        if scaled {
            gather(&self.runs, 1, &mut self.scale, |at| {
                block(at).scale.unwrap_or_default()
            });
        }
        let factors = BlockFactors {
            rows,
            values: &self.factors,
            scale: scaled.then_some(&*self.scale),
            codes: codes.map(|codes| {
                let rows = codes.pairs.len() / BLOCK;
                gather(&self.runs, rows, &mut self.pairs, |at| {
                    block(at).codes.map_or(&[], |codes| codes.pairs)
                });
                gather(&self.runs, codes.parts.len(), &mut self.steps, |at| {
                    block(at).codes.map_or(&[], |codes| codes.steps)
                });
                BlockCodes {
                    pairs: &self.pairs,
                    steps: &self.steps,
                    ..codes
                }
            }),
        };
        (&self.base, factors)
    }
}

/// Copies the runs' positions out of their blocks, `[rows, BLOCK]`; the rest of the pack is zero.
fn gather<'a, T: Copy + Default + 'a>(
    runs: &[(usize, Range<usize>)],
    rows: usize,
    out: &mut Vec<T>,
    block: impl Fn(usize) -> &'a [T],
) {
    out.clear();
    out.resize(rows * BLOCK, T::default());
    for (offset, run) in runs {
        copy_run(block(run.start / BLOCK), run, *offset, out);
    }
}

/// Copies one run's positions out of their block.
fn copy_run<T: Copy>(block: &[T], run: &Range<usize>, offset: usize, out: &mut [T]) {
    let from = run.start % BLOCK;
    let rows = out.chunks_exact_mut(BLOCK).zip(block.chunks_exact(BLOCK));
    for (out, row) in rows {
        out[offset..][..run.len()].copy_from_slice(&row[from..][..run.len()]);
    }
}
