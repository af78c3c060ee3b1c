//! The largest of the values in a window, channel by channel.

use super::left::Patches;
use super::machine::Values;
use crate::kernels::{max_assign, max_assign_codes};

#[derive(Debug)]
pub(super) struct LargestOf {
    pub(super) patches: Patches,
    /// Whether these are of codes.
    pub(super) of_codes: bool,
}

impl LargestOf {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        // What lies around the image is smaller than anything in it.
        let values = values.get(self.patches.value);
        self.each(values, first_row, out, f32::NEG_INFINITY, max_assign);
    }

    /// The same of codes, which are in the order of what they stand for.
    pub(super) fn run_coded(&self, values: Values<'_>, first_row: usize, out: &mut [u8]) {
        let codes = values.codes(self.patches.value);
        self.each(codes, first_row, out, 0, max_assign_codes);
    }

    fn each<T: Copy>(
        &self,
        values: &[T],
        first_row: usize,
        out: &mut [T],
        least: T,
        max_assign: impl Fn(&mut [T], &[T]),
    ) {
        let patches = &self.patches;
        let channels = patches.channels;
        for (index, out) in out.chunks_mut(channels).enumerate() {
            let corner = patches.corner(first_row + index);
            out.fill(least);
            for y in 0..patches.kernel[0] {
                for x in 0..patches.kernel[1] {
                    if let Some(place) = patches.tap(corner, y, x) {
                        max_assign(out, &values[place..][..channels]);
                    }
                }
            }
        }
    }
}
