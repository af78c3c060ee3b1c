//! Tensors in another order, or with zeros around them.

use std::sync::Arc;

use super::machine::Values;
use super::view::{ValueId, is_contiguous, stride_of};
use crate::kernels::transpose_strided_into;

/// The place of a row of zeros.
pub(super) const ZEROS: u32 = u32::MAX;

/// Rows that are turned together: as many as a square of the transpose has.
const TURNED_ROWS: usize = 16;

#[derive(Debug)]
pub(super) struct Copy {
    pub(super) value: ValueId,
    /// Where each row begins.
    rows: Arc<[u32]>,
    /// What each column adds.
    columns: Arc<[u32]>,
    order: Order,
}

/// How the elements lie.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Those of a row next to each other.
    Rows,
    /// Those of a column next to each other, columns so far apart.
    Columns(usize),
    Any,
}

impl Copy {
    pub(super) fn new(value: ValueId, rows: Arc<[u32]>, columns: Arc<[u32]>) -> Self {
        let order = match stride_of(&columns) {
            _ if is_contiguous(&columns) => Order::Rows,
            Some(stride) if stride >= rows.len() && is_contiguous(&rows) => Order::Columns(stride),
            _ => Order::Any,
        };
        Self {
            value,
            rows,
            columns,
            order,
        }
    }

    /// Rows that must stay together when the work is divided.
    pub(super) fn grain(&self) -> usize {
        match self.order {
            Order::Columns(_) => TURNED_ROWS,
            Order::Rows | Order::Any => 1,
        }
    }

    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let values = values.get(self.value);
        let count = self.columns.len();
        let first = *self.columns.first().unwrap_or(&0) as usize;
        if let Order::Columns(stride) = self.order {
            let values = &values[self.rows[first_row] as usize + first..];
            let rows = out.len() / count;
            return transpose_strided_into(out, count, (values, stride), count, rows);
        }
        for (out, place) in out.chunks_mut(count).zip(&self.rows[first_row..]) {
            if *place == ZEROS {
                out.fill(0.0);
            } else if let Order::Rows = self.order {
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
