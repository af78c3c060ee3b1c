//! A mask and what of the image is in it and around it, on a small grid.

use super::resample::sample;
use super::shown::Shown;
use crate::frame::{Frame, Region};
use crate::mask::{Bitmap, LogitsView, MaskLogits};
use crate::preprocess::{FrameResizer, Placement, PreprocessError};

/// What of the image around a mask is shown, as a share of the longer side of the mask's bounding box.
const MARGIN: f32 = 0.2;

/// And so many pixels more.
const LEAST_MARGIN_PX: f32 = 4.0;

/// Logits are at most so sure.
pub(super) const SUREST_LOGIT: f32 = 4.0;

/// What a mask was drawn from.
#[derive(Default)]
pub(super) struct Seen {
    /// Logits of a region of the image.
    pub(super) logits: MaskLogits,
    /// How the region lies in the encoder's input.
    pub(super) near: Placement,
    pub(super) region: Region,
}

/// The grid, and buffers of it.
#[derive(Default)]
pub(super) struct Canvas {
    resizer: FrameResizer,
    region: Region,
    width: usize,
    height: usize,
    /// Red, green and blue in 0..=1, one after the other.
    image: [Vec<f32>; 3],
    logits: Vec<f32>,
}

impl Canvas {
    /// Shows a mask of the frame with a margin, at most `longest` pixels wide and high.
    pub(super) fn show(
        &mut self,
        frame: &Frame<'_>,
        seen: &Seen,
        mask: &Shown,
        longest: f32,
    ) -> Result<(), PreprocessError> {
        let bounds = mask.bounding_box();
        let margin = MARGIN * bounds[2].max(bounds[3]) as f32 + LEAST_MARGIN_PX;
        self.region = Region::around(bounds, margin, (frame.width_px(), frame.height_px()));
        let scale = (longest / self.region.longer_side_px()).min(1.0);
        let side = |length: u32| ((length as f32 * scale).round() as u32).max(1);
        let (width, height) = (side(self.region.width_px), side(self.region.height_px));
        let part = frame.region(self.region);
        self.resizer
            .planes_into(&part, width, height, &mut self.image)?;
        (self.width, self.height) = (width as usize, height as usize);
        self.show_logits(seen, mask);
        Ok(())
    }

    fn show_logits(&mut self, seen: &Seen, mask: &Shown) {
        let (region, shown) = (self.region, seen.region);
        let place = |at: usize, from_px: u32, side_px: u32, length: usize| {
            from_px as f32 + (at as f32 + 0.5) * side_px as f32 / length as f32
        };
        self.logits.clear();
        for y in 0..self.height {
            let y = place(y, region.y_px, region.height_px, self.height);
            for x in 0..self.width {
                let x = place(x, region.x_px, region.width_px, self.width);
                let near = (x - shown.x_px as f32, y - shown.y_px as f32);
                let within = (0.0..shown.width_px as f32).contains(&near.0)
                    && (0.0..shown.height_px as f32).contains(&near.1);
                let logit = match within {
                    true => sample(seen.logits.view(), &seen.near, near.0, near.1),
                    false if mask.contains(x as usize, y as usize) => SUREST_LOGIT,
                    false => -SUREST_LOGIT,
                };
                self.logits.push(logit.clamp(-SUREST_LOGIT, SUREST_LOGIT));
            }
        }
    }

    /// The region of the image.
    pub(super) fn region(&self) -> Region {
        self.region
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Red, green and blue of each pixel in 0..=1.
    pub(super) fn image(&self) -> [&[f32]; 3] {
        self.image.each_ref().map(Vec::as_slice)
    }

    /// The mask's logits, at most [`SUREST_LOGIT`] from zero.
    pub(super) fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// A place of the image in the grid's pixels.
    pub(super) fn place(&self, (x_px, y_px): (f32, f32)) -> (f32, f32) {
        let region = self.region;
        (
            (x_px - region.x_px as f32) * self.width as f32 / region.width_px as f32,
            (y_px - region.y_px as f32) * self.height as f32 / region.height_px as f32,
        )
    }

    /// The mask of the image that has what is above zero on a grid like this.
    pub(super) fn mask(&self, values: LogitsView<'_>) -> Shown {
        let region = self.region;
        Shown::of(
            &at_size_of(region, values),
            (region.x_px as usize, region.y_px as usize),
        )
    }
}

/// A mask of a region, of what is above zero.
fn at_size_of(region: Region, values: LogitsView<'_>) -> Bitmap {
    let (width, height) = (region.width_px as usize, region.height_px as usize);
    let place = |at: usize, from: usize, to: usize| {
        let place = (at as f32 + 0.5) * from as f32 / to as f32 - 0.5;
        let place = place.clamp(0.0, (from - 1) as f32);
        (place as usize, place.fract())
    };
    let columns: Vec<_> = (0..width).map(|x| place(x, values.width, width)).collect();
    // Each row between two of the values' is computed once, and again one more value, which ends it.
    let mut between = vec![0.0; values.width + 1];
    let mut row = None;
    Bitmap::from_fn(width, height, |x, y| {
        if row != Some(y) {
            let (above, share) = place(y, values.height, height);
            let above = &values.values[above * values.width..];
            let below = above.get(values.width..).unwrap_or(above);
            // The last row has none below it.
            let below = if below.is_empty() { above } else { below };
            let pairs = above.iter().zip(below).take(values.width);
            for (between, (above, below)) in between.iter_mut().zip(pairs) {
                *between = above + (below - above) * share;
            }
            between[values.width] = between[values.width - 1];
            row = Some(y);
        }
        let (left, share) = columns[x];
        between[left] + (between[left + 1] - between[left]) * share > 0.0
    })
}
