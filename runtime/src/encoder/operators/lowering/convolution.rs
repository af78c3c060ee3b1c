//! Convolutions of images.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::super::depthwise::Depthwise;
use super::super::pending::Tensor as Lowering;
use super::super::product::{Finish, Left, Patches, Product, Weights};
use super::super::program::{Activation, Work};
use super::super::view::stride_of;
use super::Builder;
use super::codes::coded_weights;
use crate::kernels::{CODE_GROUP, PackedMatrix};

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
        let input = self.tensor(node.inputs[0])?;
        let coded = match &input {
            Lowering::Coded {
                of,
                coding,
                decoded: true,
            } => Some((of.clone(), *coding)),
            _ => None,
        };
        let mut view = match &coded {
            Some((of, _)) => of.clone(),
            None => self.view(node.inputs[0])?,
        };
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
        let extents = [view.axes[row_axis].len(), view.axes[column_axis].len()];
        let padding = spec.computed_padding(&extents);
        let dilation = [spec.dilation(0), spec.dilation(1)];
        let mut patches = Patches {
            value: view.value,
            rows: [].into(),
            columns: [].into(),
            channels,
            kernel,
            stride: [spec.stride(0), spec.stride(1)],
            dilation,
            padding: [padding[0].pad_before, padding[1].pad_before],
            out_columns: shape[column_axis],
            adjacent: false,
        };
        let at = |tap: usize, channel: usize, output: usize| {
            weights[(output * channels + channel) * taps + tap]
        };
        if let Some((of, coding)) = coded.filter(|_| !is_depthwise) {
            let width = channels.next_multiple_of(CODE_GROUP);
            let padded = |depth: usize, output: usize| match depth % width {
                channel if channel < channels => at(depth / width, channel, output),
                _ => 0.0,
            };
            if let Some(weights) =
                coded_weights(taps * width, outputs, taps * width, coding, padded)
            {
                let places = &of.axes[channel_axis];
                let places = places.iter().map(|place| place - places[0]).collect();
                let rows = of.rows(&[row_axis, column_axis]);
                let only_coded = self.is_only_coded(node.inputs[0]);
                let encoded = self.encoded(of.value, rows, places, coding, only_coded);
                let places = |count: usize, step: usize| {
                    (0..count).map(|index| (index * step) as u32).collect()
                };
                patches.value = encoded.out;
                patches.rows = places(extents[0], extents[1] * width);
                patches.columns = places(extents[1], width);
                patches.channels = width;
                patches.adjacent = dilation[1] == 1;
                let work = Work::Product(Product {
                    left: Left::Patches(patches),
                    weights,
                    bias,
                    finish: Finish::default(),
                });
                return Some(Lowering::View(self.step(&shape, channel_axis, work)));
            }
        }
        if matches!(input, Lowering::Coded { .. }) {
            view = self.view(node.inputs[0])?;
        }
        if !view.is_contiguous(channel_axis) {
            view = self.rearranged(&view, channel_axis)?;
        }
        let base = view.base(&[row_axis, column_axis]);
        patches.value = view.value;
        patches.rows = view.axes[row_axis]
            .iter()
            .map(|place| place + base)
            .collect();
        patches.columns = view.axes[column_axis].clone();
        patches.adjacent = dilation[1] == 1 && stride_of(&patches.columns) == Some(channels);
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
                at(depth / channels, depth % channels, output)
            });
            Work::Product(Product {
                left: Left::Patches(patches),
                weights: Weights::Floats(weights),
                bias,
                finish: Finish::default(),
            })
        };
        Some(Lowering::View(self.step(&shape, channel_axis, work)))
    }
}
