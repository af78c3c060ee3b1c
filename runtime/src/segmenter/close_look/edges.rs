//! Moving the edges of masks to where the image's colours change.
//!
//! A decoder's masks are coarse beside the image, and on what a model was not trained on their edges waver. So each pixel in
//! and around a mask is judged once more, by three things that count alike as log odds: the model's logit, how far within the
//! mask or beyond it the pixel lies, and how much commoner its colour is within the mask than beside it (Boykov and Jolly
//! 2001). A guided filter brings what is odd to its neighbours, as far as they look the same (He, Sun and Tang 2013).

use super::super::pieces::Pieces;
use super::canvas::{Canvas, Seen};
use super::distance::distances_to_edge;
use super::judge::{Judge, probability};
use super::shown::Shown;
use crate::frame::Frame;
use crate::mask::MaskLogits;
use crate::preprocess::PreprocessError;

/// Pixels of the longer side on which a mask is judged, at most.
const LONGEST: f32 = 192.0;

/// So far from its edge, as a share of the root of the mask's area, is a logit of one, and three times as far is as sure as
/// distance can be.
const ONE_LOGIT: f32 = 0.1;
const SUREST_DISTANCE: f32 = 3.0;

/// A mask that would become so many times as large or small is left as it is: it is not colour that tells what it is.
const MOST_CHANGE: f32 = 3.0;

/// Buffers of it.
#[derive(Default)]
pub(super) struct Edges {
    canvas: Canvas,
    inside: Vec<bool>,
    distances: Vec<f32>,
    odds: Vec<f32>,
    /// How likely each pixel is in the mask; in the end how much more likely than not.
    likely: MaskLogits,
    pieces: Pieces,
    judge: Judge,
}

impl Edges {
    /// Moves the edges of a mask of this frame.
    pub(super) fn settle(
        &mut self,
        frame: &Frame<'_>,
        seen: &Seen,
        mask: &mut Shown,
    ) -> Result<(), PreprocessError> {
        self.canvas.show(frame, seen, mask, LONGEST)?;
        let (width, height) = self.canvas.size();
        self.odds.clear();
        self.odds.extend_from_slice(self.canvas.logits());
        self.inside.clear();
        self.inside.extend(self.odds.iter().map(|odds| *odds > 0.0));
        let area = self.inside.iter().filter(|inside| **inside).count() as f32;
        let root = area.sqrt();
        self.ask_distance(width, root);
        let likely = &mut self.likely.values;
        likely.clear();
        likely.extend(self.odds.iter().map(probability));
        self.judge.ask(&self.canvas, &self.odds, 1.0, root, likely);

        let settled = likely.iter().filter(|likely| **likely > 0.5).count() as f32;
        if settled > area * MOST_CHANGE || settled * MOST_CHANGE < area {
            return Ok(());
        }
        likely.iter_mut().for_each(|likely| *likely -= 0.5);
        (self.likely.width, self.likely.height) = (width, height);
        self.pieces.drop_specks(&mut self.likely);
        *mask = self.canvas.mask(self.likely.view());
        Ok(())
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
}

#[cfg(test)]
mod tests;
