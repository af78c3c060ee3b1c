//! Values of a plane between its pixels.

use super::image_plane::{BORDER, ImagePlane};

/// Bilinear samples, one pixel apart, of a square around a centre.
pub(super) struct Sampler<'a> {
    plane: ImagePlane<'a>,
    column: usize,
    row: usize,
    weights: [f32; 4],
}

impl<'a> Sampler<'a> {
    #[inline(always)]
    pub(super) fn new(plane: ImagePlane<'a>, [x, y]: [f32; 2], side: usize) -> Self {
        let offset = BORDER as f32 - (side - 1) as f32 * 0.5;
        let (left, top) = (x + offset, y + offset);
        let (column, row) = (left as usize, top as usize);
        let (u, v) = (left - column as f32, top - row as f32);
        Self {
            plane,
            column,
            row,
            weights: [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v],
        }
    }

    #[inline(always)]
    pub(super) fn row<const COLUMNS: usize>(&self, row: usize) -> [f32; COLUMNS] {
        let [a, b, c, d] = self.weights;
        let above = &self.plane.bordered_row(self.row + row)[self.column..][..COLUMNS + 1];
        let below = &self.plane.bordered_row(self.row + row + 1)[self.column..][..COLUMNS + 1];
        let mut out = [0.0; COLUMNS];
        for x in 0..COLUMNS {
            out[x] = (above[x] * a + above[x + 1] * b) + (below[x] * c + below[x + 1] * d);
        }
        out
    }
}
