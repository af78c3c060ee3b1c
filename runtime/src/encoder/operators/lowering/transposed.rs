//! Transposed convolutions of images.

use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::cnn::{Deconv, KernelFormat};

use super::super::pending::Tensor as Lowering;
use super::super::program::Work;
use super::super::view::View;
use super::Builder;
use super::image::{ImageAxes, Window};

/// One axis of a transposed convolution. Output `o` lies at `o + cut` of what is spread out, `stride` outputs in each cell;
/// cell `u` sums inputs `u - m` with taps `phase + stride * m`, where `phase` is the output's place in its cell.
struct Axis {
    stride: usize,
    kernel: usize,
    /// Outputs cut off before the first.
    cut: usize,
    /// Inputs that a cell sees.
    reach: usize,
    /// Cells before the first that is needed.
    skipped: usize,
    cells: usize,
}

impl Axis {
    /// None if the first cell that is needed sees no input, or some outputs see none: a stranger's stride may be anything.
    fn new(stride: usize, kernel: usize, cut: usize, outputs: usize) -> Option<Self> {
        if stride == 0 || stride > kernel || outputs == 0 {
            return None;
        }
        let (reach, skipped) = (kernel.div_ceil(stride), cut / stride);
        (skipped < reach).then_some(Self {
            stride,
            kernel,
            cut,
            reach,
            skipped,
            cells: (outputs - 1 + cut) / stride - skipped + 1,
        })
    }

    /// The tap that an output of this phase puts on the input at `place` of its patch, if there is one.
    fn tap(&self, place: usize, phase: usize) -> Option<usize> {
        Some(phase + self.stride * (self.reach - 1 - place)).filter(|tap| *tap < self.kernel)
    }

    /// Where each output is, by the distances of cells and of phases.
    fn places(&self, outputs: usize, cell: usize, phase: usize) -> Arc<[u32]> {
        let place = |output: usize| {
            let spread = output + self.cut;
            (spread / self.stride - self.skipped) * cell + spread % self.stride * phase
        };
        (0..outputs).map(|output| place(output) as u32).collect()
    }
}

impl Builder<'_> {
    /// As one product: a row for each cell of outputs that see the same inputs, with the cell's outputs side by side.
    pub(super) fn transposed(&mut self, node: &TypedNode, op: &Deconv) -> Option<Lowering> {
        let spec = &op.pool_spec;
        let [height, width] = spec.kernel_shape[..].try_into().ok()?;
        let is_dilated = (0..2).any(|axis| spec.dilation(axis) != 1);
        if op.group != 1 || op.kernel_format != KernelFormat::OIHW || is_dilated {
            return None;
        }
        let axes = ImageAxes::of(spec.data_format);
        let input = self.model.outlet_fact(node.inputs[0]).ok()?;
        let (channels, extents) = axes.extents(input.shape.as_concrete()?)?;
        let shape = node.outputs[0].fact.shape.as_concrete()?.to_vec();
        let (outputs, [rows, columns]) = axes.extents(&shape)?;
        let cut = spec.padding.compute_for_deconv(
            &extents,
            &spec.kernel_shape,
            &spec.dilations(),
            &spec.strides(),
            &op.adjustments,
        );
        let cut = cut.ok()?;
        let down = Axis::new(spec.stride(0), height, cut[0].pad_before, rows)?;
        let across = Axis::new(spec.stride(1), width, cut[1].pad_before, columns)?;
        let weights = self.view(node.inputs[1])?;
        let weights = self.constant(&weights)?.to_vec();
        let bias = self.constant_bias(node.inputs[2], outputs)?;
        if weights.len() != outputs * channels * height * width {
            return None;
        }
        let window = Window {
            kernel: [down.reach, across.reach],
            stride: [1, 1],
            dilation: [1, 1],
            padding: [&down, &across].map(|axis| axis.reach - 1 - axis.skipped),
            out_columns: across.cells,
        };
        let at = |tap: usize, channel: usize, column: usize| {
            let (phase, output) = (column / outputs, column % outputs);
            let y = down.tap(tap / across.reach, phase / across.stride);
            let x = across.tap(tap % across.reach, phase % across.stride);
            match (y, x) {
                (Some(y), Some(x)) => {
                    weights[((output * channels + channel) * height + y) * width + x]
                }
                _ => 0.0,
            }
        };
        let phases = down.stride * across.stride;
        let work =
            self.product_of_patches(node.inputs[0], axes, window, bias.repeat(phases), at)?;
        let all = [down.cells, across.cells, phases * outputs];
        let value = self.step(&all, 2, Work::Product(work)).value;
        let cell = phases * outputs;
        let mut places = vec![Arc::from([0_u32]); shape.len()];
        places[axes.channel] = (0..outputs as u32).collect();
        places[axes.spatial[0]] = down.places(rows, across.cells * cell, across.stride * outputs);
        places[axes.spatial[1]] = across.places(columns, cell, outputs);
        Some(Lowering::View(View {
            value,
            axes: places,
        }))
    }
}
