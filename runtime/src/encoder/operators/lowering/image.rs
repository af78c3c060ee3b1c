//! What everything that slides a window over an image has in common.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::super::left::{Left, Patches};
use super::super::pending::{Coded, Tensor as Lowering};
use super::super::product::{Finish, Product, Weights};
use super::super::view::{ValueId, stride_of};
use super::Builder;
use super::codes::coded_weights;
use crate::kernels::{CODE_GROUP, PackedMatrix};

/// Which axis of a tensor is what.
#[derive(Clone, Copy)]
pub(super) struct ImageAxes {
    pub(super) batch: Option<usize>,
    pub(super) channel: usize,
    /// Rows and columns.
    pub(super) spatial: [usize; 2],
}

impl ImageAxes {
    pub(super) fn of(format: DataFormat) -> Self {
        let (batch, channel, spatial) = match format {
            DataFormat::NCHW => (Some(0), 1, [2, 3]),
            DataFormat::NHWC => (Some(0), 3, [1, 2]),
            DataFormat::CHW => (None, 0, [1, 2]),
            DataFormat::HWC => (None, 2, [0, 1]),
        };
        Self {
            batch,
            channel,
            spatial,
        }
    }

    /// Channels, rows and columns of a shape; none for more than one image.
    pub(super) fn extents(&self, shape: &[usize]) -> Option<(usize, [usize; 2])> {
        let is_one = self.batch.is_none_or(|batch| shape[batch] == 1);
        is_one.then(|| (shape[self.channel], self.spatial.map(|axis| shape[axis])))
    }
}

/// How a window moves.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
    /// What lies above and left of the image.
    pub(super) padding: [usize; 2],
    /// Columns of the output.
    pub(super) out_columns: usize,
}

impl Window {
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    fn patches(&self, channels: usize, value: ValueId) -> Patches {
        Patches {
            value,
            rows: [].into(),
            columns: [].into(),
            channels,
            kernel: self.kernel,
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding,
            out_columns: self.out_columns,
            adjacent: false,
        }
    }
}

impl Builder<'_> {
    /// The patches of an image of floats.
    pub(super) fn patches(
        &mut self,
        image: OutletId,
        axes: ImageAxes,
        window: Window,
    ) -> Option<Patches> {
        let mut view = self.view(image)?;
        if !view.is_contiguous(axes.channel) {
            view = self.rearranged(&view, axes.channel)?;
        }
        let channels = view.axes[axes.channel].len();
        let base = view.base(&axes.spatial);
        let [rows, columns] = axes.spatial.map(|axis| view.axes[axis].clone());
        let mut patches = window.patches(channels, view.value);
        patches.rows = rows.iter().map(|place| place + base).collect();
        patches.adjacent = window.dilation[1] == 1 && stride_of(&columns) == Some(channels);
        patches.columns = columns;
        Some(patches)
    }

    /// The product of an image's patches with weights `at(tap, channel, output)`, in integers if both the image and the
    /// weights are codes.
    pub(super) fn product_of_patches(
        &mut self,
        image: OutletId,
        axes: ImageAxes,
        window: Window,
        bias: Vec<f32>,
        at: impl Fn(usize, usize, usize) -> f32,
    ) -> Option<Product> {
        let outputs = bias.len();
        let (left, weights) = match self.coded_patches(image, axes, window, outputs, &at) {
            Some(coded) => coded,
            None => {
                let patches = self.patches(image, axes, window)?;
                let channels = patches.channels;
                let matrix =
                    PackedMatrix::new(window.taps() * channels, outputs, |depth, output| {
                        at(depth / channels, depth % channels, output)
                    });
                (patches, Weights::Floats(matrix))
            }
        };
        Some(Product {
            left: Left::Patches(left),
            weights,
            bias,
            finish: Finish::default(),
        })
    }

    fn coded_patches(
        &mut self,
        image: OutletId,
        axes: ImageAxes,
        window: Window,
        outputs: usize,
        at: &impl Fn(usize, usize, usize) -> f32,
    ) -> Option<(Patches, Weights)> {
        let Lowering::Coded(coded) = self.tensor(image)? else {
            return None;
        };
        if !coded.decoded {
            return None;
        }
        let coding = coded.coding;
        let channels = coded.of.axes[axes.channel].len();
        let width = channels.next_multiple_of(CODE_GROUP);
        let depth = window.taps() * width;
        let padded = |depth: usize, output: usize| match depth % width {
            channel if channel < channels => at(depth / width, channel, output),
            _ => 0.0,
        };
        let weights = coded_weights(depth, outputs, depth, coding, padded)?;
        Some((self.patches_of_codes(image, &coded, axes, window)?, weights))
    }

    /// The patches of an image of codes.
    pub(super) fn patches_of_codes(
        &mut self,
        image: OutletId,
        coded: &Coded,
        axes: ImageAxes,
        window: Window,
    ) -> Option<Patches> {
        let places = &coded.of.axes[axes.channel];
        let places = places.iter().map(|place| place - places[0]).collect();
        let (encoded, places) = self.coded_rows(image, coded, &axes.spatial, places)?;
        let across = coded.of.axes[axes.spatial[1]].len();
        let mut patches = window.patches(encoded.width, encoded.out);
        patches.rows = places.iter().step_by(across).copied().collect();
        patches.columns = places[..across].iter().map(|at| at - places[0]).collect();
        let sums = patches
            .rows
            .iter()
            .flat_map(|row| patches.columns.iter().map(move |column| row + column));
        if !sums.eq(places.iter().copied()) {
            return None;
        }
        patches.adjacent =
            window.dilation[1] == 1 && stride_of(&patches.columns) == Some(encoded.width);
        Some(patches)
    }

    /// A constant bias for each of so many outputs, which may be one for all.
    pub(super) fn constant_bias(&mut self, outlet: OutletId, outputs: usize) -> Option<Vec<f32>> {
        let view = self.view(outlet)?;
        match self.constant(&view)? {
            [one] => Some(vec![*one; outputs]),
            all if all.len() == outputs => Some(all.to_vec()),
            _ => None,
        }
    }
}
