//! Tensors and weights as eight-bit integers.

use std::collections::HashMap;
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::Downsample;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseMiniOp;
use tract_onnx::tract_core::ops::quant::{
    DequantizeLinearF32, LookupTable, QuantizeLinearI8, QuantizeLinearU8,
};

use super::super::codes::{Codes, Decoded};
use super::super::pending::{Coded, Tensor as Lowering};
use super::super::product::Weights;
use super::super::program::{Activation, Origin, Step, Work};
use super::super::view::{ValueId, View, is_contiguous};
use super::Builder;
use crate::kernels::{CODE_GROUP, CodedMatrix, Coding, decode_into, encode_into};

/// Whether an operator's results are codes.
pub(super) fn is_code(op: &dyn ElementWiseMiniOp) -> bool {
    op.is::<QuantizeLinearI8>() || op.is::<QuantizeLinearU8>() || op.is::<LookupTable>()
}

/// How far from an integer a weight may be that is said to be one, in steps: what rounding its product with the scale leaves.
const TOLERANCE: f32 = 1e-3;

/// A value whose codes are computed.
#[derive(Clone)]
pub(super) struct Encoded {
    value: ValueId,
    rows: Arc<[u32]>,
    columns: Arc<[u32]>,
    coding: Coding,
    pub(super) out: ValueId,
    /// Codes of a row, with what fills it up.
    pub(super) width: usize,
}

impl Builder<'_> {
    pub(super) fn coded(
        &mut self,
        node: &TypedNode,
        inverse_scale: f32,
        zero: u8,
    ) -> Option<Lowering> {
        let coding = Coding {
            inverse_scale,
            scale: inverse_scale.recip(),
            zero,
        };
        if !inverse_scale.is_normal() {
            return None;
        }
        if let Lowering::Coded(codes) = self.tensor(node.inputs[0])?
            && codes.decoded
        {
            return Some(recoded(codes, coding));
        }
        let of = self.view(node.inputs[0])?;
        Some(Lowering::Coded(Coded {
            whole: of.clone(),
            of,
            coding,
            decoded: false,
        }))
    }

    pub(super) fn decoded(
        &mut self,
        node: &TypedNode,
        op: &DequantizeLinearF32,
    ) -> Option<Lowering> {
        let bias = match self.model.outlet_fact(node.inputs[0]).ok()?.datum_type {
            DatumType::I8 => 1 << 7,
            _ => 0,
        };
        let zero = u8::try_from(op.zero_point + bias).ok()?;
        match self.tensor(node.inputs[0])? {
            Lowering::Coded(mut coded) if !coded.decoded => {
                // What codes stand for may have another length of step than they were made with, but no other zero.
                coded.coding.scale = op.scale;
                coded.decoded = true;
                (coded.coding.zero == zero).then_some(Lowering::Coded(coded))
            }
            Lowering::LookedUp { codes, table } if op.scale.is_normal() => {
                let coding = Coding {
                    scale: op.scale,
                    inverse_scale: op.scale.recip(),
                    zero,
                };
                let source = self.model.node(node.inputs[0].node).inputs[0];
                let coded = self.looked_up(source, &codes, &table, coding)?;
                Some(Lowering::Coded(coded))
            }
            _ => None,
        }
    }

    /// Whether a tensor is of codes that nothing decoded yet.
    pub(super) fn are_codes(&self, outlet: OutletId) -> bool {
        let tensor = self.tensors.get(&outlet);
        matches!(tensor, Some(Lowering::Coded(coded)) if !coded.decoded)
    }

    /// The tensor that exists behind what is pending, where there is one.
    pub(super) fn existing(&mut self, outlet: OutletId) -> Option<Lowering> {
        match self.tensor(outlet)? {
            Lowering::Coded(coded) if coded.decoded => Some(Lowering::View(self.view(outlet)?)),
            other => Some(other),
        }
    }

    /// What the codes of a decoded tensor stand for, as floats.
    pub(super) fn rounded(&mut self, outlet: OutletId, coded: Coded) -> Option<View> {
        let Coded { of, coding, .. } = coded;
        let producer = self.producers.get(&of.value).map(|step| &self.steps[*step]);
        if producer.is_some_and(|step| step.coding.is_some()) {
            return self.decoded_copy(of, coding);
        }
        // Whoever codes what was rounded gets the same codes, if codes stand for what they were made of.
        let source = *self.model.node(outlet.node).inputs.first()?;
        let again = (coding.scale * coding.inverse_scale - 1.0).abs() < TOLERANCE;
        let from = if again { source } else { outlet };
        match self.activated(from, &of, Activation::Rounded(coding))? {
            Lowering::View(view) => Some(view),
            _ => None,
        }
    }

    /// Floats of a value that is kept as codes.
    pub(super) fn decoded_copy(&mut self, of: View, coding: Coding) -> Option<View> {
        let channel = of.channel_axis()?;
        let work = Decoded {
            value: of.value,
            rows: of.rows(&of.others(channel)),
            columns: of.axes[channel].len(),
            coding,
        };
        Some(self.step(&of.shape(), channel, Work::Decoded(work)))
    }

    /// Whether a tensor is needed in no other form than as the codes that an outlet shows, or picks from, or decodes.
    fn is_only_coded(&self, mut outlet: OutletId) -> bool {
        let node = |outlet: OutletId| self.model.node(outlet.node);
        while node(outlet).op_is::<Downsample>()
            || node(outlet).op_is::<DequantizeLinearF32>()
            || node(outlet).op_is::<AxisOp>()
        {
            outlet = node(outlet).inputs[0];
        }
        let source = node(outlet).inputs.first();
        node(outlet).outputs[outlet.slot].successors.len() == 1
            && source.is_some_and(|source| self.sole.contains(source))
    }

    /// Where the codes of a decoded tensor are, if its value is kept as just these, or can be.
    pub(super) fn kept_codes(&mut self, outlet: OutletId, coded: &Coded) -> Option<View> {
        let producer = *self.producers.get(&coded.of.value)?;
        let channel = coded.whole.channel_axis()?;
        if self.steps[producer].coding.is_none() {
            let is_whole = coded.whole.axes[channel].len() == self.steps[producer].columns;
            if !is_whole || !self.is_only_coded(outlet) {
                return None;
            }
            let columns = Arc::clone(&coded.whole.axes[channel]);
            self.coded_rows(outlet, coded, &coded.whole.others(channel), columns)?;
        }
        let is_kept = |encoded: &Encoded| {
            encoded.value == coded.of.value
                && encoded.out == coded.of.value
                && encoded.coding == coded.coding
        };
        self.encoded.iter().any(is_kept).then(|| coded.of.clone())
    }

    /// What the last step computes, if that is the codes that `view` shows, in rows of which the first `channels` count.
    pub(super) fn kept_as_codes(
        &mut self,
        mut view: View,
        channel: usize,
        channels: usize,
        coding: Coding,
    ) -> Coded {
        if let Some(step) = self.steps.last_mut() {
            step.coding = Some(coding);
        }
        let width = view.axes[channel].len();
        view.axes[channel] = (0..channels as u32).collect();
        self.encoded.push(Encoded {
            value: view.value,
            rows: view.rows(&view.others(channel)),
            columns: Arc::clone(&view.axes[channel]),
            coding,
            out: view.value,
            width,
        });
        Coded {
            whole: view.clone(),
            of: view,
            coding,
            decoded: true,
        }
    }

    /// The codes of the rows along some axes of a coded tensor, with the columns that `columns` adds to each, and where each
    /// row's are.
    pub(super) fn coded_rows(
        &mut self,
        outlet: OutletId,
        coded: &Coded,
        row_axes: &[usize],
        columns: Arc<[u32]>,
    ) -> Option<(Encoded, Vec<u32>)> {
        let only_coded = self.is_only_coded(outlet);
        let all = coded.whole.rows(row_axes);
        let encoded = self.encoded(coded.whole.value, all, columns, coded.coding, only_coded)?;
        let place = |row: usize| (row * encoded.width) as u32;
        let places = if coded.of == coded.whole {
            (0..encoded.rows.len()).map(place).collect()
        } else {
            let rows = encoded.rows.iter().enumerate();
            let found: HashMap<u32, u32> = rows.map(|(row, at)| (*at, place(row))).collect();
            let picked = coded.of.rows(row_axes);
            let picked = picked.iter().map(|at| found.get(at).copied());
            picked.collect::<Option<_>>()?
        };
        Some((encoded, places))
    }

    /// The codes of rows, computed once; where a step computes just these and `only_coded`, by it instead of the floats. None
    /// if the value is kept as other codes, or in other rows.
    fn encoded(
        &mut self,
        value: ValueId,
        rows: Arc<[u32]>,
        columns: Arc<[u32]>,
        coding: Coding,
        only_coded: bool,
    ) -> Option<Encoded> {
        let same = |encoded: &&Encoded| {
            encoded.value == value
                && encoded.coding == coding
                && encoded.columns == columns
                && encoded.rows == rows
        };
        if let Some(encoded) = self.encoded.iter().find(same) {
            return Some(encoded.clone());
        }
        let producer = self.producers.get(&value);
        if producer.is_some_and(|producer| self.steps[*producer].coding.is_some()) {
            return None;
        }
        let width = columns.len().next_multiple_of(CODE_GROUP);
        let is_read = |step: &Step| step.work.reads().contains(&value);
        let only_coded = only_coded && !self.steps.iter().any(is_read);
        if let Some(producer) = self.producers.get(&value).filter(|_| only_coded) {
            let step = &mut self.steps[*producer];
            let is_all = step.coding.is_none()
                && (step.rows, step.columns) == (rows.len(), columns.len())
                && width == columns.len()
                && is_contiguous(&columns)
                && columns[0] == 0
                && rows
                    .iter()
                    .enumerate()
                    .all(|(row, place)| *place as usize == row * width);
            if is_all {
                step.coding = Some(coding);
                let encoded = Encoded {
                    value,
                    rows,
                    columns,
                    coding,
                    out: value,
                    width,
                };
                self.encoded.push(encoded.clone());
                return Some(encoded);
            }
        }
        self.origins.push(Origin::Computed(rows.len() * width));
        let out = ValueId(self.origins.len() - 1);
        self.producers.insert(out, self.steps.len());
        self.steps.push(Step {
            out,
            rows: rows.len(),
            columns: width,
            work: Work::Codes(Codes {
                value,
                rows: Arc::clone(&rows),
                columns: Arc::clone(&columns),
                width,
                coding,
            }),
            coding: Some(coding),
        });
        let encoded = Encoded {
            value,
            rows,
            columns,
            coding,
            out,
            width,
        };
        self.encoded.push(encoded.clone());
        Some(encoded)
    }
}

/// What codes become that are coded in another way.
fn recoded(mut codes: Coded, coding: Coding) -> Lowering {
    let all: [u8; 256] = std::array::from_fn(|code| code as u8);
    let mut values = [0.0; 256];
    decode_into(&mut values, &all, codes.coding);
    let mut table = [0; 256];
    encode_into(&mut table, &values, coding);
    codes.decoded = false;
    if codes.coding == coding {
        return Lowering::Coded(codes);
    }
    Lowering::LookedUp {
        codes,
        table: Arc::new(table),
    }
}

/// Weights as integers times a scale for each column, with zeros up to a depth of `padded`, for a left factor of this
/// coding; none if they are not.
pub(super) fn coded_weights(
    depth: usize,
    columns: usize,
    padded: usize,
    coding: Coding,
    at: impl Fn(usize, usize) -> f32,
) -> Option<Weights> {
    if padded > 1 << 15 {
        return None;
    }
    let mut scales = Vec::with_capacity(columns);
    for column in 0..columns {
        let largest = (0..depth)
            .map(|row| at(row, column).abs())
            .fold(0.0, f32::max);
        let fits = |scale: &f32| {
            (0..depth).all(|row| {
                let code = at(row, column) / scale;
                (code - code.round()).abs() <= TOLERANCE
            })
        };
        // The largest code of a column is 127 nearly always.
        let scale = match largest {
            0.0 => 1.0,
            _ => (1..=128_u8)
                .rev()
                .map(|code| largest / f32::from(code))
                .find(|scale| fits(scale))?,
        };
        scales.push(scale);
    }
    let matrix = CodedMatrix::new(padded, columns, coding.zero, |row, column| match row {
        row if row < depth => (at(row, column) / scales[column])
            .round()
            .clamp(-128.0, 127.0) as i8,
        _ => 0,
    });
    Some(Weights::Codes {
        matrix,
        scale: scales.iter().map(|scale| scale * coding.scale).collect(),
        zero: coding.zero,
    })
}
