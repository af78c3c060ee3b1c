//! Codes that a table has for others.

use std::sync::Arc;

use super::machine::Values;
use super::pending::Table;
use super::view::ValueId;

#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) value: ValueId,
    /// Where each row of codes begins.
    pub(super) rows: Arc<[u32]>,
    pub(super) columns: usize,
    pub(super) table: Table,
}

impl Lookup {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [u8]) {
        let codes = values.codes(self.value);
        for (out, place) in out.chunks_mut(self.columns).zip(&self.rows[first_row..]) {
            let codes = &codes[*place as usize..][..self.columns];
            for (out, code) in out.iter_mut().zip(codes) {
                *out = self.table[usize::from(*code)];
            }
        }
    }
}
