//! Functions of codes: what is left of an activation between two quantisations.

use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::quant::LookupTable;

use super::super::lookup::Lookup;
use super::super::pending::{Coded, Table, Tensor as Lowering};
use super::super::program::Work;
use super::Builder;
use crate::kernels::Coding;

/// The bit that tells how our codes of signed integers differ from them.
const SIGN: u8 = 1 << 7;

impl Builder<'_> {
    pub(super) fn lookup(&mut self, node: &TypedNode, op: &LookupTable) -> Option<Lowering> {
        let Lowering::Coded(codes) = self.tensor(node.inputs[0])? else {
            return None;
        };
        let given: &[u8; 256] = op.table.table().try_into().ok()?;
        let is_signed = node.outputs[0].fact.datum_type == i8::datum_type();
        let sign = if is_signed { SIGN } else { 0 };
        let table = std::array::from_fn(|code| given[code ^ usize::from(sign)] ^ sign);
        (!codes.decoded).then_some(Lowering::LookedUp {
            codes,
            table: Arc::new(table),
        })
    }

    /// What stands for the codes in a table, as `coding` says what they are.
    pub(super) fn looked_up(
        &mut self,
        codes_outlet: OutletId,
        codes: &Coded,
        table: &Table,
        coding: Coding,
    ) -> Option<Coded> {
        let channel = codes.of.channel_axis()?;
        let others = codes.of.others(channel);
        let channels = codes.of.axes[channel].len();
        let columns = (0..channels as u32).collect();
        let (encoded, rows) = self.coded_rows(codes_outlet, codes, &others, columns)?;
        let mut extents = codes.of.shape();
        extents[channel] = encoded.width;
        let work = Work::Lookup(Lookup {
            value: encoded.out,
            rows: rows.into(),
            columns: encoded.width,
            table: Arc::clone(table),
        });
        let view = self.step(&extents, channel, work);
        Some(self.kept_as_codes(view, channel, channels, coding))
    }
}
