//! Convolutions of images.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::super::depthwise::Depthwise;
use super::super::pending::Tensor as Lowering;
use super::super::product::{Left, Patches, Product};
use super::super::program::{Activation, Work};
use super::super::view::stride_of;
use super::Builder;
use crate::kernels::PackedMatrix;

impl Builder<'_> {
    pub(super) fn convolution(&mut self, node: &TypedNode, op: &Conv) -> Option<Lowering> {
        let spec = &op.pool_spec;
        if op.q_params.is_some()
            || op.kernel_fmt != KernelFormat::OIHW
            || spec.kernel_shape.len() != 2
        {
            return None;
        }
        let (batch, channel_axis, [row_axis, column_axis]) = match spec.data_format {
            DataFormat::NCHW => (Some(0), 1, [2, 3]),
            DataFormat::NHWC => (Some(0), 3, [1, 2]),
            DataFormat::CHW => (None, 0, [1, 2]),
            DataFormat::HWC => (None, 2, [0, 1]),
        };
        let mut view = self.view(node.inputs[0])?;
        if batch.is_some_and(|axis| view.axes[axis].len() != 1) {
            return None;
        }
        let channels = view.axes[channel_axis].len();
        let shape = node.outputs[0].fact.shape.as_concrete()?.to_vec();
        let outputs = shape[channel_axis];
        let kernel: [usize; 2] = spec.kernel_shape[..].try_into().ok()?;
        let taps = kernel[0] * kernel[1];
        let weights = self.view(node.inputs[1])?;
        let weights = self.constant(&weights)?.to_vec();
        let biases = self.view(node.inputs[2])?;
        let bias = match self.constant(&biases)? {
            [one] => vec![*one; outputs],
            all if all.len() == outputs => all.to_vec(),
            _ => return None,
        };
        let is_depthwise = op.group == channels && outputs == channels && op.group > 1;
        let depth = if is_depthwise { 1 } else { channels };
        if !(op.group == 1 || is_depthwise) || weights.len() != outputs * depth * taps || taps == 0
        {
            return None;
        }
        if !view.is_contiguous(channel_axis) {
            view = self.rearranged(&view, channel_axis)?;
        }
        let extents = [view.axes[row_axis].len(), view.axes[column_axis].len()];
        let padding = spec.computed_padding(&extents);
        let base = view.base(&[row_axis, column_axis]);
        let columns = view.axes[column_axis].clone();
        let dilation = [spec.dilation(0), spec.dilation(1)];
        let patches = Patches {
            value: view.value,
            rows: view.axes[row_axis]
                .iter()
                .map(|place| place + base)
                .collect(),
            adjacent: dilation[1] == 1 && stride_of(&columns) == Some(channels),
            columns,
            channels,
            kernel,
            stride: [spec.stride(0), spec.stride(1)],
            dilation,
            padding: [padding[0].pad_before, padding[1].pad_before],
            out_columns: shape[column_axis],
        };
        let work = if is_depthwise {
            let weights = (0..taps * channels)
                .map(|index| weights[index % channels * taps + index / channels]);
            Work::Depthwise(Depthwise {
                value: view.value,
                weights: weights.collect(),
                patches,
                bias,
                activation: Activation::None,
            })
        } else {
            let weights = PackedMatrix::new(taps * channels, outputs, |depth, output| {
                let (tap, channel) = (depth / channels, depth % channels);
                weights[(output * channels + channel) * taps + tap]
            });
            Work::Product(Product {
                left: Left::Patches(patches),
                weights,
                bias,
                residual: None,
                activation: Activation::None,
            })
        };
        Some(Lowering::View(self.step(&shape, channel_axis, work)))
    }
}
