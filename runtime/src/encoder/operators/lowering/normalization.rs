//! Layer normalisation, which tract has in parts.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer, RmsNorm};

use super::super::layer_norm::LayerNorm;
use super::super::pending::Tensor as Lowering;
use super::super::program::Work;
use super::Builder;

impl Builder<'_> {
    pub(super) fn reduce(&mut self, node: &TypedNode, op: &Reduce) -> Option<Lowering> {
        let of = self.view(node.inputs[0])?;
        match op.axes[..] {
            [axis] if op.reducer == Reducer::Sum => Some(Lowering::Sums {
                of,
                axis,
                mean: false,
            }),
            _ => None,
        }
    }

    /// A tensor less its means.
    pub(super) fn centred(left: Lowering, right: &Lowering) -> Option<Lowering> {
        match (left, right) {
            (
                Lowering::View(left),
                Lowering::Sums {
                    of,
                    axis,
                    mean: true,
                },
            ) if left == *of => Some(Lowering::Centred {
                of: left,
                axis: *axis,
            }),
            _ => None,
        }
    }

    pub(super) fn rms_norm(&mut self, node: &TypedNode, op: &RmsNorm) -> Option<Lowering> {
        let Lowering::Centred { of, axis } = self.tensor(node.inputs[0])? else {
            return None;
        };
        if op.axis != axis {
            return None;
        }
        let epsilon = *op
            .eps
            .try_as_plain_ram()
            .ok()?
            .as_slice::<f32>()
            .ok()?
            .first()?;
        let of = if of.is_contiguous(axis) {
            of
        } else {
            self.rearranged(&of, axis)?
        };
        let count = of.axes[axis].len();
        let work = LayerNorm {
            value: of.value,
            rows: of.rows(&of.others(axis)),
            weight: vec![1.0; count],
            bias: vec![0.0; count],
            epsilon,
        };
        Some(Lowering::View(self.step(
            &of.shape(),
            axis,
            Work::LayerNorm(work),
        )))
    }
}
