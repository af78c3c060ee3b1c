//! Sums of two tensors, element by element.

use std::sync::Arc;

use super::machine::Values;
use super::program::{Activation, apply};
use super::view::ValueId;
use crate::kernels::{Coding, add_assign, decode_add_assign, decode_into};

#[derive(Debug)]
pub(super) struct Sum {
    /// One or two.
    pub(super) terms: Vec<Term>,
    pub(super) columns: usize,
    pub(super) activations: Vec<Activation>,
}

#[derive(Debug)]
pub(super) struct Term {
    pub(super) value: ValueId,
    /// Where each row begins.
    pub(super) rows: Arc<[u32]>,
    /// What its codes stand for, if it is kept as codes.
    pub(super) coding: Option<Coding>,
}

impl Sum {
    pub(super) fn reads(&self) -> Vec<ValueId> {
        self.terms.iter().map(|term| term.value).collect()
    }

    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        for (row, out) in out.chunks_mut(self.columns).enumerate() {
            for (index, term) in self.terms.iter().enumerate() {
                let place = term.rows[first_row + row] as usize;
                match (index, term.coding) {
                    (0, None) => {
                        out.copy_from_slice(&values.get(term.value)[place..][..self.columns])
                    }
                    (_, None) => add_assign(out, &values.get(term.value)[place..][..self.columns]),
                    (0, Some(coding)) => decode_into(
                        out,
                        &values.codes(term.value)[place..][..self.columns],
                        coding,
                    ),
                    (_, Some(coding)) => {
                        let codes = &values.codes(term.value)[place..][..self.columns];
                        decode_add_assign(out, codes, coding);
                    }
                }
            }
            apply(&self.activations, out);
        }
    }
}
