//! How well a window around each pixel can be found again.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::image_plane::{BORDER, ImagePlane};

/// Side of the window, pixels.
const SIDE: usize = 5;

/// Values of scratch that [`corner_response`] needs for an image of this width.
pub(crate) fn scratch_length(width: usize) -> usize {
    (SIDE + 1) * 3 * width
}

/// Writes, for every pixel, the smaller eigenvalue of the mean over a 5 x 5 window of the gradient's
/// outer product, in squared gray levels per pixel; 0 within 2 pixels of the edge.
///
/// Source: Shi and Tomasi, "Good Features to Track", CVPR 1994, equation 9.
///
/// # Panics
/// If a length is wrong.
pub(crate) fn corner_response(plane: ImagePlane<'_>, scratch: &mut [f32], response: &mut [f32]) {
    assert_eq!(scratch.len(), scratch_length(plane.width()));
    assert_eq!(response.len(), plane.width() * plane.height());
    corner_response_on(InstructionSet::widest(), plane, scratch, response);
}

per_instruction_set!(corner_response_on(plane: ImagePlane<'_>, scratch: &mut [f32], response: &mut [f32]) = corner_response_body);

#[inline(always)]
fn corner_response_body<const FUSED: bool>(
    plane: ImagePlane<'_>,
    scratch: &mut [f32],
    response: &mut [f32],
) {
    let (width, height) = (plane.width(), plane.height());
    response.fill(0.0);
    if width < SIDE || height < SIDE {
        return;
    }
    let (ring, sums) = scratch.split_at_mut(SIDE * 3 * width);
    for y in 0..height {
        let products = &mut ring[y % SIDE * 3 * width..][..3 * width];
        gradient_products(plane, y, products);
        let Some(top) = y.checked_sub(SIDE - 1) else {
            continue;
        };
        add_rows(ring, sums);
        let out = &mut response[(top + SIDE / 2) * width..][SIDE / 2..width - SIDE / 2];
        let (xx, rest) = sums.split_at(width);
        let (xy, yy) = rest.split_at(width);
        let columns = xx.windows(SIDE).zip(xy.windows(SIDE)).zip(yy.windows(SIDE));
        for (out, ((xx, xy), yy)) in out.iter_mut().zip(columns) {
            let [xx, xy, yy] = [xx, xy, yy].map(|w| (w[0] + w[4]) + (w[1] + w[3]) + w[2]);
            let (half_sum, half_difference) = ((xx + yy) * 0.5, (xx - yy) * 0.5);
            let root = (half_difference * half_difference + xy * xy).sqrt();
            // Central differences span two pixels: a factor of 4.
            *out = (half_sum - root) * (1.0 / (4 * SIDE * SIDE) as f32);
        }
    }
}

#[inline(always)]
fn gradient_products(plane: ImagePlane<'_>, y: usize, products: &mut [f32]) {
    let width = plane.width();
    let above = &plane.bordered_row(BORDER + y - 1)[BORDER..][..width];
    let below = &plane.bordered_row(BORDER + y + 1)[BORDER..][..width];
    let left = &plane.bordered_row(BORDER + y)[BORDER - 1..][..width];
    let right = &plane.bordered_row(BORDER + y)[BORDER + 1..][..width];
    let (xx, rest) = products.split_at_mut(width);
    let (xy, yy) = rest.split_at_mut(width);
    for x in 0..width {
        let (dx, dy) = (right[x] - left[x], below[x] - above[x]);
        xx[x] = dx * dx;
        xy[x] = dx * dy;
        yy[x] = dy * dy;
    }
}

#[inline(always)]
fn add_rows(ring: &[f32], sums: &mut [f32]) {
    let length = sums.len();
    let [a, b, c, d, e] = std::array::from_fn(|slot| &ring[slot * length..][..length]);
    for x in 0..length {
        sums[x] = (a[x] + b[x]) + (c[x] + d[x]) + e[x];
    }
}

#[cfg(test)]
mod tests {
    use super::super::image_plane::{fill_border, plane_length, row_mut};
    use super::*;

    /// A dark square on a light ground: corners at its corners, none along its sides.
    #[test]
    fn corners_stand_out_on_every_instruction_set() {
        let (width, height) = (41, 33);
        let mut values = vec![0.0; plane_length(width, height)];
        for y in 0..height {
            for (x, out) in row_mut(&mut values, width, y).iter_mut().enumerate() {
                let dark = (10..30).contains(&x) && (8..24).contains(&y);
                *out = if dark { 20.0 } else { 200.0 };
            }
        }
        fill_border(&mut values, width, height);
        let plane = ImagePlane::new(&values, width, height);
        let mut scratch = vec![0.0; scratch_length(width)];
        let mut expected: Option<Vec<f32>> = None;
        for set in InstructionSet::available() {
            let mut response = vec![f32::NAN; width * height];
            corner_response_on(set, plane, &mut scratch, &mut response);
            let at = |x: usize, y: usize| response[y * width + x];
            assert!(at(10, 8) > 500.0, "{}", at(10, 8));
            assert!(at(20, 8).abs() < 1.0 && at(10, 16).abs() < 1.0);
            assert_eq!((at(1, 16), at(39, 16), at(20, 1)), (0.0, 0.0, 0.0));
            let first = expected.get_or_insert_with(|| response.clone());
            assert_eq!(first, &response, "{set:?}");
        }
    }
}
