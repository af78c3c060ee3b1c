//! Layer normalisation of rows.

use std::sync::Arc;

use super::machine::Values;
use super::view::ValueId;
use crate::kernels::layer_norm_rows;

#[derive(Debug)]
pub(super) struct LayerNorm {
    pub(super) value: ValueId,
    pub(super) rows: Arc<[u32]>,
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) epsilon: f32,
}

impl LayerNorm {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let columns = self.weight.len();
        let values = values.get(self.value);
        for (out, place) in out.chunks_mut(columns).zip(&self.rows[first_row..]) {
            out.copy_from_slice(&values[*place as usize..][..columns]);
            layer_norm_rows(out, &self.weight, &self.bias, self.epsilon);
        }
    }
}
