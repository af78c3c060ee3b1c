//! Sums of two tensors, element by element.

use std::sync::Arc;

use super::machine::Values;
use super::program::{Activation, apply, is_what_coding_does};
use super::view::ValueId;
use crate::kernels::{Coding, add_assign, add_codes_into, decode_add_assign, decode_into};

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

    /// Whether codes come of codes at once, without floats in memory.
    pub(super) fn gives_codes(&self, coding: Coding) -> bool {
        self.terms.len() == 2
            && self.terms.iter().all(|term| term.coding.is_some())
            && is_what_coding_does(&self.activations, coding)
    }

    /// Computes rows from `first_row` on as codes, see [`Self::gives_codes`].
    pub(super) fn run_coded(
        &self,
        values: Values<'_>,
        first_row: usize,
        out: &mut [u8],
        coding: Coding,
    ) {
        let [left, right] = &self.terms[..] else {
            return;
        };
        let (mut row, mut rest) = (first_row, out);
        while !rest.is_empty() {
            let most = rest.len() / self.columns;
            let count = [left, right].map(|term| self.adjacent(&term.rows[row..row + most]));
            let count = count[0].min(count[1]);
            let (out, next) = rest.split_at_mut(count * self.columns);
            let [left, right] = [left, right].map(|term| {
                let place = term.rows[row] as usize;
                let codes = &values.codes(term.value)[place..][..out.len()];
                (codes, term.coding.unwrap_or(coding))
            });
            add_codes_into(out, coding, left, right);
            (row, rest) = (row + count, next);
        }
    }

    /// How many rows lie next to each other.
    fn adjacent(&self, rows: &[u32]) -> usize {
        let pairs = rows.windows(2);
        1 + pairs
            .take_while(|pair| pair[1] == pair[0] + self.columns as u32)
            .count()
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
