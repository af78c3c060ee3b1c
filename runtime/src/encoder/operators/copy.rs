//! Tensors in another order, or with zeros around them.

use std::sync::Arc;

use super::machine::Values;
use super::view::{ValueId, is_contiguous};

/// The place of a row of zeros.
pub(super) const ZEROS: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Copy {
    pub(super) value: ValueId,
    /// Where each row begins.
    pub(super) rows: Arc<[u32]>,
    /// What each column adds.
    pub(super) columns: Arc<[u32]>,
}

impl Copy {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let values = values.get(self.value);
        let count = self.columns.len();
        let first = *self.columns.first().unwrap_or(&0) as usize;
        let together = is_contiguous(&self.columns);
        for (out, place) in out.chunks_mut(count).zip(&self.rows[first_row..]) {
            if *place == ZEROS {
                out.fill(0.0);
            } else if together {
                out.copy_from_slice(&values[*place as usize + first..][..count]);
            } else {
                let values = &values[*place as usize..];
                for (out, column) in out.iter_mut().zip(self.columns.iter()) {
                    *out = values[*column as usize];
                }
            }
        }
    }
}
