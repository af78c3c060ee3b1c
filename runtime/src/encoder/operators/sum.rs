//! Sums of two tensors, element by element.

use std::sync::Arc;

use super::machine::Values;
use super::program::Activation;
use super::view::ValueId;
use crate::kernels::add_assign;

#[derive(Debug)]
pub(super) struct Sum {
    /// One or two terms: values, and where their rows begin.
    pub(super) terms: Vec<(ValueId, Arc<[u32]>)>,
    pub(super) columns: usize,
    pub(super) activation: Activation,
}

impl Sum {
    pub(super) fn reads(&self) -> Vec<ValueId> {
        self.terms.iter().map(|(value, _)| *value).collect()
    }

    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        for (row, out) in out.chunks_mut(self.columns).enumerate() {
            for (index, (value, places)) in self.terms.iter().enumerate() {
                let term = &values.get(*value)[places[first_row + row] as usize..][..self.columns];
                if index == 0 {
                    out.copy_from_slice(term);
                } else {
                    add_assign(out, term);
                }
            }
            self.activation.apply(out);
        }
    }
}
