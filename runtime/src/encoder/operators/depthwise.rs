//! Convolutions of each channel by itself.

use super::left::Patches;
use super::machine::Values;
use super::program::{Activation, apply};
use super::view::ValueId;
use crate::kernels::{RowTaps, depthwise_row};

#[derive(Debug)]
pub(super) struct Depthwise {
    pub(super) value: ValueId,
    pub(super) patches: Patches,
    /// `[taps, channels]`.
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) activations: Vec<Activation>,
}

impl Depthwise {
    /// Columns of the output, which are computed together.
    pub(super) fn columns(&self) -> usize {
        self.patches.out_columns
    }

    /// Computes whole rows of the image from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let patches = &self.patches;
        let values = values.get(self.value);
        let taps = RowTaps {
            count: patches.kernel[1],
            stride: patches.stride[1],
            dilation: patches.dilation[1],
            padding: patches.padding[1],
        };
        let (width, channels) = (patches.out_columns, patches.channels);
        for (index, out) in out.chunks_mut(width * channels).enumerate() {
            let y = first_row / width + index;
            let top = y * patches.stride[0];
            let rows = (0..patches.kernel[0]).map(|tap| {
                let row = (top + tap * patches.dilation[0]).checked_sub(patches.padding[0])?;
                let place = *patches.rows.get(row)? as usize;
                Some(&values[place..])
            });
            depthwise_row(
                out,
                &rows.collect::<Vec<_>>(),
                &patches.columns,
                &self.weights,
                &self.bias,
                taps,
            );
            apply(&self.activations, out);
        }
    }
}
