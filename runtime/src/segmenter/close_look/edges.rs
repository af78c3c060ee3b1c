//! Moving the edges of masks to where the image's colours change.
//!
//! A decoder's masks are coarse beside the image, and on what a model was not trained on their edges waver. So each pixel in
//! and around a mask is judged once more, by three things that count alike as log odds: the model's logit, how far within the
//! mask or beyond it the pixel lies, and how much commoner its colour is within the mask than beside it (Boykov and Jolly
//! 2001). A guided filter brings what is odd to its neighbours, as far as they look the same (He, Sun and Tang 2013).

mod colours;
mod distance;
mod guided_filter;

use super::super::pieces::Pieces;
use super::resample::sample;
use super::shown::Shown;
use crate::frame::{Frame, Region};
use crate::mask::{Bitmap, LogitsView, MaskLogits};
use crate::preprocess::{FrameResizer, Placement, PreprocessError};

use colours::Colours;
use distance::distances_to_edge;
use guided_filter::GuidedFilter;

/// What of the image around a mask counts as beside it, as a share of the longer side of the mask's bounding box.
const MARGIN: f32 = 0.2;

/// And so many pixels more.
const LEAST_MARGIN_PX: f32 = 4.0;

/// Pixels of the longer side on which a mask is judged, at most.
const LONGEST: f32 = 192.0;

/// Logits are at most so sure.
const SUREST_LOGIT: f32 = 4.0;

/// So far from its edge, as a share of the root of the mask's area, is a logit of one, and three times as far is as sure as
/// distance can be.
const ONE_LOGIT: f32 = 0.1;
const SUREST_DISTANCE: f32 = 3.0;

/// The radius of the guided filter as a share of the root of the mask's area, and pixels that it has at least.
const RADIUS: f32 = 0.05;
const LEAST_RADIUS: usize = 2;

/// A mask that would become so many times as large or small is left as it is: it is not colour that tells what it is.
const MOST_CHANGE: f32 = 3.0;

/// What a mask was drawn from.
#[derive(Default)]
pub(super) struct Seen {
    /// Logits of a region of the image.
    pub(super) logits: MaskLogits,
    /// How the region lies in the encoder's input.
    pub(super) near: Placement,
    pub(super) region: Region,
}

/// Buffers of it.
#[derive(Default)]
pub(super) struct Edges {
    resizer: FrameResizer,
    /// Red, green and blue in 0..=1, one after the other.
    image: [Vec<f32>; 3],
    inside: Vec<bool>,
    distances: Vec<f32>,
    odds: Vec<f32>,
    /// How likely each pixel is in the mask; in the end how much more likely than not.
    likely: MaskLogits,
    pieces: Pieces,
    colours: Colours,
    filter: GuidedFilter,
}

impl Edges {
    /// Moves the edges of a mask of this frame.
    pub(super) fn settle(
        &mut self,
        frame: &Frame<'_>,
        seen: &Seen,
        mask: &mut Shown,
    ) -> Result<(), PreprocessError> {
        let bounds = mask.bounding_box();
        let margin = MARGIN * bounds[2].max(bounds[3]) as f32 + LEAST_MARGIN_PX;
        let size = (frame.width_px(), frame.height_px());
        let region = Region::around(bounds, margin, size);
        let scale = (LONGEST / region.longer_side_px()).min(1.0);
        let side = |length: u32| ((length as f32 * scale).round() as u32).max(1);
        let (width, height) = (side(region.width_px), side(region.height_px));
        let part = frame.region(region);
        let image = &mut self.image;
        self.resizer.planes_into(&part, width, height, image)?;
        let (width, height) = (width as usize, height as usize);

        self.ask_model(seen, mask, region, (width, height));
        let area = self.inside.iter().filter(|inside| **inside).count() as f32;
        self.ask_distance(width, area.sqrt());
        self.ask_colours();
        let radius = ((RADIUS * area.sqrt()) as usize).max(LEAST_RADIUS);
        let image = self.image.each_ref().map(Vec::as_slice);
        let likely = &mut self.likely.values;
        self.filter.smooth(image, width, radius, likely);

        let settled = likely.iter().filter(|likely| **likely > 0.5).count() as f32;
        if settled > area * MOST_CHANGE || settled * MOST_CHANGE < area {
            return Ok(());
        }
        likely.iter_mut().for_each(|likely| *likely -= 0.5);
        (self.likely.width, self.likely.height) = (width, height);
        self.pieces.drop_specks(&mut self.likely);
        *mask = Shown::of(
            &at_size_of(region, self.likely.view()),
            (region.x_px as usize, region.y_px as usize),
        );
        Ok(())
    }

    /// Log odds by the model, and what is inside the mask.
    fn ask_model(
        &mut self,
        seen: &Seen,
        mask: &Shown,
        region: Region,
        (width, height): (usize, usize),
    ) {
        let shown = seen.region;
        let place = |at: usize, from_px: u32, side_px: u32, length: usize| {
            from_px as f32 + (at as f32 + 0.5) * side_px as f32 / length as f32
        };
        self.odds.clear();
        for y in 0..height {
            let y = place(y, region.y_px, region.height_px, height);
            for x in 0..width {
                let x = place(x, region.x_px, region.width_px, width);
                let near = (x - shown.x_px as f32, y - shown.y_px as f32);
                let within = (0.0..shown.width_px as f32).contains(&near.0)
                    && (0.0..shown.height_px as f32).contains(&near.1);
                let logit = match within {
                    true => sample(seen.logits.view(), &seen.near, near.0, near.1),
                    false if mask.contains(x as usize, y as usize) => SUREST_LOGIT,
                    false => -SUREST_LOGIT,
                };
                self.odds.push(logit.clamp(-SUREST_LOGIT, SUREST_LOGIT));
            }
        }
        self.inside.clear();
        self.inside.extend(self.odds.iter().map(|odds| *odds > 0.0));
    }

    /// Adds what the distance from the edge tells.
    fn ask_distance(&mut self, width: usize, root_of_area: f32) {
        distances_to_edge(&self.inside, width, &mut self.distances);
        let one = (ONE_LOGIT * root_of_area).max(1.0);
        let of = self.distances.iter().zip(&self.inside);
        for (odds, (distance, inside)) in self.odds.iter_mut().zip(of) {
            // The edge is half way between pixels.
            let told = ((distance - 0.5) / one).min(SUREST_DISTANCE);
            *odds += if *inside { told } else { -told };
        }
    }

    /// Adds what colours tell, which makes probabilities of the log odds.
    fn ask_colours(&mut self) {
        let probability = |odds: &f32| 1.0 / (1.0 + (-odds).exp());
        let likely = &mut self.likely.values;
        likely.clear();
        likely.extend(self.odds.iter().map(probability));
        let image = self.image.each_ref().map(Vec::as_slice);
        self.colours.add_odds(image, likely, &mut self.odds);
        for (likely, odds) in likely.iter_mut().zip(&self.odds) {
            *likely = probability(odds);
        }
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
            let pairs = above.iter().zip(below);
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

#[cfg(test)]
mod tests;
