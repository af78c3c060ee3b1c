//! Convolutions of images.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};

use super::super::depthwise::Depthwise;
use super::super::pending::Tensor as Lowering;
use super::super::program::Work;
use super::Builder;
use super::image::{ImageAxes, Window};

impl Builder<'_> {
    pub(super) fn convolution(&mut self, node: &TypedNode, op: &Conv) -> Option<Lowering> {
        let spec = &op.pool_spec;
        if op.q_params.is_some()
            || op.kernel_fmt != KernelFormat::OIHW
            || spec.kernel_shape.len() != 2
        {
            return None;
        }
        let axes = ImageAxes::of(spec.data_format);
        let input = self.model.outlet_fact(node.inputs[0]).ok()?;
        let (channels, extents) = axes.extents(input.shape.as_concrete()?)?;
        let shape = node.outputs[0].fact.shape.as_concrete()?.to_vec();
        let (outputs, [_, out_columns]) = axes.extents(&shape)?;
        let padding = spec.computed_padding(&extents);
        let window = Window {
            kernel: spec.kernel_shape[..].try_into().ok()?,
            stride: [spec.stride(0), spec.stride(1)],
            dilation: [spec.dilation(0), spec.dilation(1)],
            padding: [padding[0].pad_before, padding[1].pad_before],
            out_columns,
        };
        let taps = window.taps();
        let weights = self.view(node.inputs[1])?;
        let weights = self.constant(&weights)?.to_vec();
        let bias = self.constant_bias(node.inputs[2], outputs)?;
        let is_depthwise = op.group == channels && outputs == channels && op.group > 1;
        let depth = if is_depthwise { 1 } else { channels };
        if !(op.group == 1 || is_depthwise) || weights.len() != outputs * depth * taps || taps == 0
        {
            return None;
        }
        let work = if is_depthwise {
            let patches = self.patches(node.inputs[0], axes, window)?;
            let weights = (0..taps * channels)
                .map(|index| weights[index % channels * taps + index / channels]);
            Work::Depthwise(Depthwise {
                value: patches.value,
                weights: weights.collect(),
                patches,
                bias,
                activations: Vec::new(),
            })
        } else {
            let at = |tap: usize, channel: usize, output: usize| {
                weights[(output * channels + channel) * taps + tap]
            };
            Work::Product(self.product_of_patches(node.inputs[0], axes, window, bias, at)?)
        };
        Some(Lowering::View(self.step(&shape, axes.channel, work)))
    }
}
