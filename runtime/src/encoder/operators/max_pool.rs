//! The largest of the values in a window, channel by channel.

use super::machine::Values;
use super::product::Patches;
use crate::kernels::max_assign;

#[derive(Debug)]
pub(super) struct LargestOf {
    pub(super) patches: Patches,
}

impl LargestOf {
    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let patches = &self.patches;
        let values = values.get(patches.value);
        let channels = patches.channels;
        for (index, out) in out.chunks_mut(channels).enumerate() {
            let corner = patches.corner(first_row + index);
            // What lies around the image is smaller than anything in it.
            out.fill(f32::NEG_INFINITY);
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
