//! Numbers kept in full or in half.

use std::ops::Range;

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::kernels::LargePages;

use super::super::layers::sized;
use super::blocks::BLOCK;

/// How a keyframe's products are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CachePrecision {
    /// In f32: answers are exact up to rounding.
    #[default]
    Full,
    /// In IEEE half precision: half the memory, and answers that differ by some thousandths of
    /// their deviation. Features beyond 65504 become infinite, and with them the answers an error.
    Half,
}

/// Blocks of several matrices: all rows of a block follow each other, `BLOCK` numbers each.
#[derive(Default)]
pub(super) struct Stored {
    numbers: Numbers,
    /// Rows of a block.
    rows: usize,
}

enum Numbers {
    Full(LargePages<f32>),
    Half(LargePages<f16>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Full(LargePages::default())
    }
}

impl Stored {
    /// Makes room for so many blocks of so many rows, of any value.
    pub(super) fn reset(&mut self, precision: CachePrecision, blocks: usize, rows: usize) {
        self.rows = rows;
        let length = blocks * rows * BLOCK;
        match (precision, &self.numbers) {
            (CachePrecision::Full, Numbers::Half(_)) => {
                self.numbers = Numbers::Full(LargePages::default());
            }
            (CachePrecision::Half, Numbers::Full(_)) => {
                self.numbers = Numbers::Half(LargePages::default());
            }
            _ => {}
        }
        match &mut self.numbers {
            Numbers::Full(values) => values.resize(length, 0.0),
            Numbers::Half(values) => values.resize(length, f16::ZERO),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.numbers {
            Numbers::Full(values) => size_of_val(&**values),
            Numbers::Half(values) => size_of_val(&**values),
        }
    }

    /// Some rows of a block, to be brought near: nothing if there is no such block, or they have to be widened.
    pub(super) fn far(&self, block: usize, rows: &Range<usize>) -> &[f32] {
        match &self.numbers {
            Numbers::Full(values) => values.get(self.place(block, rows)).unwrap_or_default(),
            Numbers::Half(_) => &[],
        }
    }

    fn place(&self, block: usize, rows: &Range<usize>) -> Range<usize> {
        let first = block * self.rows;
        (first + rows.start) * BLOCK..(first + rows.end) * BLOCK
    }

    /// Lets `write` fill some rows of a block.
    pub(super) fn write(
        &mut self,
        block: usize,
        rows: &Range<usize>,
        scratch: &mut Vec<f32>,
        write: impl FnOnce(&mut [f32]),
    ) {
        let place = self.place(block, rows);
        match &mut self.numbers {
            Numbers::Full(values) => write(&mut values[place]),
            Numbers::Half(values) => {
                let scratch = sized(scratch, place.len());
                write(scratch);
                values[place].convert_from_f32_slice(scratch);
            }
        }
    }

    /// Some rows of a block; `scratch` holds them if they have to be widened.
    pub(super) fn read<'a>(
        &'a self,
        block: usize,
        rows: &Range<usize>,
        scratch: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        let place = self.place(block, rows);
        match &self.numbers {
            Numbers::Full(values) => &values[place],
            Numbers::Half(values) => {
                let scratch = sized(scratch, place.len());
                values[place].convert_to_f32_slice(scratch);
                scratch
            }
        }
    }
}
