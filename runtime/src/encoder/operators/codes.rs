//! Floats as eight-bit integers, and back.

use std::sync::Arc;

use super::machine::Values;
use super::view::{ValueId, is_contiguous};
use crate::kernels::{Coding, decode_into, encode_into};

/// Columns below which a row is too short to be coded by itself.
const FEW_COLUMNS: usize = 8;

/// Rows that are coded together then.
const TOGETHER: usize = 256;

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
        if !together && count < FEW_COLUMNS {
            return self.run_by_columns(values, first_row, out);
        }
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

    /// The same where rows are short and begin next to each other, as pixels of planes do.
    fn run_by_columns(&self, values: &[f32], first_row: usize, out: &mut [u8]) {
        let mut codes = [0; TOGETHER];
        let mut gathered = [0.0; TOGETHER];
        let rows = self.rows[first_row..].chunks(TOGETHER);
        for (out, rows) in out.chunks_mut(TOGETHER * self.width).zip(rows) {
            out.fill(self.coding.zero);
            let (codes, gathered) = (&mut codes[..rows.len()], &mut gathered[..rows.len()]);
            let adjacent = is_contiguous(rows);
            for (index, column) in self.columns.iter().enumerate() {
                if adjacent {
                    let first = (rows[0] + column) as usize;
                    encode_into(codes, &values[first..][..rows.len()], self.coding);
                } else {
                    for (gathered, row) in gathered.iter_mut().zip(rows) {
                        *gathered = values[(row + column) as usize];
                    }
                    encode_into(codes, gathered, self.coding);
                }
                for (out, code) in out.chunks_mut(self.width).zip(codes.iter()) {
                    out[index] = *code;
                }
            }
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
