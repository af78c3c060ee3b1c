//! Pooling of images.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::cnn::MaxPool;

use super::super::max_pool::LargestOf;
use super::super::pending::Tensor as Lowering;
use super::super::program::Work;
use super::Builder;
use super::image::{ImageAxes, Window};

/// Places in a window at most; all are looked at for each output, whatever lies there.
const MAX_TAPS: usize = 1 << 10;

impl Builder<'_> {
    pub(super) fn max_pool(&mut self, node: &TypedNode, op: &MaxPool) -> Option<Lowering> {
        let spec = &op.pool_spec;
        if op.with_index_outputs.is_some() || spec.kernel_shape.len() != 2 {
            return None;
        }
        let axes = ImageAxes::of(spec.data_format);
        let input = self.model.outlet_fact(node.inputs[0]).ok()?;
        let (_, extents) = axes.extents(input.shape.as_concrete()?)?;
        let shape = node.outputs[0].fact.shape.as_concrete()?.to_vec();
        let (_, [_, out_columns]) = axes.extents(&shape)?;
        let padding = spec.computed_padding(&extents);
        let window = Window {
            kernel: spec.kernel_shape[..].try_into().ok()?,
            stride: [spec.stride(0), spec.stride(1)],
            dilation: [spec.dilation(0), spec.dilation(1)],
            padding: [padding[0].pad_before, padding[1].pad_before],
            out_columns,
        };
        let taps = window.kernel[0].checked_mul(window.kernel[1])?;
        if !(1..=MAX_TAPS).contains(&taps) {
            return None;
        }
        if let Lowering::Coded(coded) = self.tensor(node.inputs[0])?
            && coded.decoded
            && let Some(patches) = self.patches_of_codes(node.inputs[0], &coded, axes, window)
        {
            let width = patches.channels;
            let mut extents = shape.clone();
            extents[axes.channel] = width;
            let of_codes = true;
            let work = Work::MaxPool(LargestOf { patches, of_codes });
            let view = self.step(&extents, axes.channel, work);
            return Some(Lowering::Coded(self.kept_as_codes(
                view,
                axes.channel,
                shape[axes.channel],
                coded.coding,
            )));
        }
        let patches = self.patches(node.inputs[0], axes, window)?;
        let of_codes = false;
        let work = Work::MaxPool(LargestOf { patches, of_codes });
        Some(Lowering::View(self.step(&shape, axes.channel, work)))
    }
}
