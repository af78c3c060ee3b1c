//! Floats as eight-bit integers, and back.

use std::sync::Arc;

use super::machine::Values;
use super::view::{ValueId, is_contiguous};
use crate::kernels::{Coding, decode_into, encode_into};

#[derive(Debug)]
pub(super) struct Codes {
    pub(super) value: ValueId,
    /// Where each row begins.
    pub(super) rows: Arc<[u32]>,
    /// What each column adds.
    pub(super) columns: Arc<[u32]>,
    /// Columns of the output, which ends in zeros.
    pub(super) width: usize,
    pub(super) coding: Coding,
}

impl Codes {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [u8]) {
        let values = values.get(self.value);
        let count = self.columns.len();
        let first = self.columns.first().map_or(0, |first| *first as usize);
        let together = is_contiguous(&self.columns);
        let mut gathered = vec![0.0; count];
        for (out, place) in out.chunks_mut(self.width).zip(&self.rows[first_row..]) {
            let (out, rest) = out.split_at_mut(count);
            let values = &values[*place as usize..];
            if together {
                encode_into(out, &values[first..][..count], self.coding);
            } else {
                for (gathered, column) in gathered.iter_mut().zip(self.columns.iter()) {
                    *gathered = values[*column as usize];
                }
                encode_into(out, &gathered, self.coding);
            }
            rest.fill(self.coding.zero);
        }
    }
}

/// What codes stand for.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) value: ValueId,
    /// Where each row begins.
    pub(super) rows: Arc<[u32]>,
    pub(super) columns: usize,
    pub(super) coding: Coding,
}

impl Decoded {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let codes = values.codes(self.value);
        for (out, place) in out.chunks_mut(self.columns).zip(&self.rows[first_row..]) {
            decode_into(out, &codes[*place as usize..][..self.columns], self.coding);
        }
    }
}
