//! How likely each pixel of a canvas is in a mask, by its colour and its neighbours.

use super::canvas::Canvas;
use super::colours::Colours;
use super::guided_filter::GuidedFilter;

/// The radius of the guided filter as a share of the root of the mask's area, and pixels that it has at least.
const RADIUS: f32 = 0.05;
const LEAST_RADIUS: usize = 2;

/// Buffers of it.
#[derive(Default)]
pub(super) struct Judge {
    odds: Vec<f32>,
    colours: Colours,
    filter: GuidedFilter,
}

impl Judge {
    /// Adds to the log odds of `prior`, one for each pixel of the canvas, `factor` times what colours tell that are as common
    /// in the mask as `likely` says; `likely` is then the probability of that, smoothed along the image's edges.
    pub(super) fn ask(
        &mut self,
        canvas: &Canvas,
        prior: &[f32],
        factor: f32,
        root_of_area: f32,
        likely: &mut [f32],
    ) {
        let image = canvas.image();
        self.odds.clear();
        self.odds.extend_from_slice(prior);
        self.colours.add_odds(image, likely, factor, &mut self.odds);
        for (likely, odds) in likely.iter_mut().zip(&self.odds) {
            *likely = probability(odds);
        }
        let radius = ((RADIUS * root_of_area) as usize).max(LEAST_RADIUS);
        self.filter.smooth(image, canvas.size().0, radius, likely);
    }
}

/// The probability of log odds.
pub(super) fn probability(odds: &f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
}
