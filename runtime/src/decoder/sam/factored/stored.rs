//! Numbers kept in full or in half.

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::super::layers::sized;

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

/// An array of blocks.
pub(super) enum Stored {
    Full(Vec<f32>),
    Half(Vec<f16>),
}

impl Default for Stored {
    fn default() -> Self {
        Self::Full(Vec::new())
    }
}

impl Stored {
    /// Makes room for `length` numbers of any value.
    pub(super) fn reset(&mut self, precision: CachePrecision, length: usize) {
        match (precision, &mut *self) {
            (CachePrecision::Full, Self::Full(values)) => values.resize(length, 0.0),
            (CachePrecision::Half, Self::Half(values)) => values.resize(length, f16::ZERO),
            (CachePrecision::Full, _) => *self = Self::Full(vec![0.0; length]),
            (CachePrecision::Half, _) => *self = Self::Half(vec![f16::ZERO; length]),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Full(values) => size_of_val(values.as_slice()),
            Self::Half(values) => size_of_val(values.as_slice()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Full(values) => values.len(),
            Self::Half(values) => values.len(),
        }
    }

    /// Lets `write` fill one of `blocks` blocks.
    pub(super) fn write_block(
        &mut self,
        (block, blocks): (usize, usize),
        scratch: &mut Vec<f32>,
        write: impl FnOnce(&mut [f32]),
    ) {
        let length = self.len() / blocks;
        let place = block * length..(block + 1) * length;
        match self {
            Self::Full(values) => write(&mut values[place]),
            Self::Half(values) => {
                let scratch = sized(scratch, length);
                write(scratch);
                values[place].convert_from_f32_slice(scratch);
            }
        }
    }

    /// One of `blocks` blocks; `scratch` holds it if it has to be widened.
    pub(super) fn block<'a>(
        &'a self,
        (block, blocks): (usize, usize),
        scratch: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        let length = self.len() / blocks;
        let place = block * length..(block + 1) * length;
        match self {
            Self::Full(values) => &values[place],
            Self::Half(values) => {
                let scratch = sized(scratch, length);
                values[place].convert_to_f32_slice(scratch);
                scratch
            }
        }
    }
}
