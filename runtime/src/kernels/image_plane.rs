//! Planes of gray values with a border, so that windows at the edge need no tests; reducing them.

use super::dispatch::{InstructionSet, per_instruction_set};

/// Values around an image on every side that repeat its edge. Enough for a window of
/// [`patch_flow`](super::patch_flow) around a point one pixel outside of the image.
pub(crate) const BORDER: usize = 12;

/// An image of gray values with its border: `(width + 2 BORDER) x (height + 2 BORDER)` of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImagePlane<'a> {
    values: &'a [f32],
    width: usize,
    height: usize,
}

/// Values that a plane of this size has.
pub(crate) fn plane_length(width: usize, height: usize) -> usize {
    (width + 2 * BORDER) * (height + 2 * BORDER)
}

impl<'a> ImagePlane<'a> {
    /// # Panics
    /// If the number of values is another.
    pub(crate) fn new(values: &'a [f32], width: usize, height: usize) -> Self {
        assert_eq!(values.len(), plane_length(width, height));
        Self {
            values,
            width,
            height,
        }
    }

    #[inline(always)]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// The values of a row with its border; row [`BORDER`] is the image's first.
    #[inline(always)]
    pub(crate) fn bordered_row(&self, row: usize) -> &'a [f32] {
        let stride = self.width + 2 * BORDER;
        &self.values[row * stride..][..stride]
    }
}

/// The image's part of a row of a plane that is being written.
pub(crate) fn row_mut(values: &mut [f32], width: usize, y: usize) -> &mut [f32] {
    &mut values[(y + BORDER) * (width + 2 * BORDER) + BORDER..][..width]
}

/// Repeats the edge of an image of which only the image itself was written.
pub(crate) fn fill_border(values: &mut [f32], width: usize, height: usize) {
    let stride = width + 2 * BORDER;
    for row in values[BORDER * stride..][..height * stride].chunks_exact_mut(stride) {
        let (left, right) = (row[BORDER], row[BORDER + width - 1]);
        row[..BORDER].fill(left);
        row[BORDER + width..].fill(right);
    }
    for row in 0..BORDER {
        values.copy_within(BORDER * stride..(BORDER + 1) * stride, row * stride);
        let last = (BORDER + height - 1) * stride;
        values.copy_within(last..last + stride, (BORDER + height + row) * stride);
    }
}

/// Writes the plane of half the size, rounded up, with its border: binomial 1 3 3 1 along both axes,
/// so that output (x, y) has its centre at (2 x + 0.5, 2 y + 0.5). `row` is room for a bordered row.
///
/// # Panics
/// If a length is wrong.
pub(crate) fn halve(source: ImagePlane<'_>, row: &mut [f32], out: &mut [f32]) {
    let (width, height) = (source.width.div_ceil(2), source.height.div_ceil(2));
    assert_eq!(row.len(), source.width + 2 * BORDER);
    assert_eq!(out.len(), plane_length(width, height));
    halve_on(InstructionSet::widest(), source, row, out);
    fill_border(out, width, height);
}

per_instruction_set!(halve_on(source: ImagePlane<'_>, row: &mut [f32], out: &mut [f32]) = halve_body);

#[inline(always)]
fn halve_body<const FUSED: bool>(source: ImagePlane<'_>, row: &mut [f32], out: &mut [f32]) {
    let (width, height) = (source.width.div_ceil(2), source.height.div_ceil(2));
    for y in 0..height {
        let first = BORDER + 2 * y - 1;
        let [a, b, c, d] = [0, 1, 2, 3].map(|tap| source.bordered_row(first + tap));
        for ((((sum, a), b), c), d) in row.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *sum = (a + d) + 3.0 * (b + c);
        }
        let columns = row[BORDER - 1..].windows(4).step_by(2);
        for (value, taps) in row_mut(out, width, y).iter_mut().zip(columns) {
            *value = ((taps[0] + taps[3]) + 3.0 * (taps[1] + taps[2])) * (1.0 / 64.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, height: usize, value: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let mut values = vec![f32::NAN; plane_length(width, height)];
        for y in 0..height {
            for (x, out) in row_mut(&mut values, width, y).iter_mut().enumerate() {
                *out = value(x, y);
            }
        }
        fill_border(&mut values, width, height);
        values
    }

    #[test]
    fn a_border_repeats_the_edge() {
        let values = plane(3, 2, |x, y| (10 * y + x) as f32);
        let plane = ImagePlane::new(&values, 3, 2);
        assert_eq!(plane.bordered_row(0)[0], 0.0);
        assert_eq!(plane.bordered_row(0), plane.bordered_row(BORDER));
        let last = plane.bordered_row(2 * BORDER + 1);
        assert_eq!(
            (last[0], last[BORDER + 1], last[BORDER + 5]),
            (10.0, 11.0, 12.0)
        );
        assert!(values.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn halving_keeps_ramps_and_their_place_on_every_instruction_set() {
        let (width, height) = (37, 22);
        let values = plane(width, height, |x, y| 3.0 * x as f32 - 2.0 * y as f32);
        let source = ImagePlane::new(&values, width, height);
        let (half_width, half_height) = (19, 11);
        let mut row = vec![0.0; width + 2 * BORDER];
        for set in InstructionSet::available() {
            let mut out = vec![0.0; plane_length(half_width, half_height)];
            halve_on(set, source, &mut row, &mut out);
            for y in 1..half_height - 1 {
                for x in 1..half_width - 2 {
                    let found = row_mut(&mut out, half_width, y)[x];
                    let expected = 3.0 * (2.0 * x as f32 + 0.5) - 2.0 * (2.0 * y as f32 + 0.5);
                    assert!((found - expected).abs() < 1e-4, "{set:?} {x} {y}");
                }
            }
        }
    }
}
