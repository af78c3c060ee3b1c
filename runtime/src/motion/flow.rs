//! The motion between two pyramids, from their pixels.

use super::consensus::{Chance, consensus};
use super::coordinates::Coordinates;
use super::corners::{Corner, CornerPicker, MOST_CORNERS};
use super::error::Lost;
use super::fit::{Match, refine};
use super::generators::FlowModel;
use super::pyramid::GrayPyramid;
use super::uncertain::Motion;
use crate::geometry::{Bounds, Homography, Point};
use crate::kernels::patch_flow::{LevelPair, PatchTrack, track_patches};

/// What is left of a window's squares after it was found again; more is another thing.
const LARGEST_MISMATCH: f32 = 0.4;
/// There and back again ends this close to where it began, pixels of the pyramid's first level.
const LARGEST_RETURN_PX: f32 = 0.7;
/// Matches this close to a map agree with it, pixels of the first level.
const TOLERANCE_PX: f64 = 1.0;
/// How well windows are found at best; also what counts as noise rather than misfit.
const BEST_DEVIATION_PX: f64 = 0.05;
/// No match counts for more in a motion's misfit, pixels of the first level.
const MOST_MISFIT_PX: f64 = 1.5;
/// Agreeing matches that each model needs.
const ENOUGH_FOR_HOMOGRAPHY: usize = 16;
const ENOUGH_FOR_SIMILARITY: usize = 8;
const ENOUGH: usize = 5;
/// Of all matches, the share that must agree.
const SMALLEST_SHARE: f64 = 0.3;
/// Of all corners, the share that must be found again.
const SMALLEST_TRACKED_SHARE: f64 = 0.2;
/// A homography needs matches that spread this far in every direction, in half widths.
const SMALLEST_SPREAD: f64 = 0.15;

/// A motion found from pixels, with what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowEstimate {
    /// From the source's frame to the target's, pixels of the frames.
    pub motion: Motion,
    /// How freely the picture was allowed to move.
    pub model: FlowModel,
    /// Corners looked for.
    pub corners: usize,
    /// Of them, found again.
    pub tracked: usize,
    /// Of those, moving together.
    pub agreeing: usize,
}

impl FlowEstimate {
    /// The share of what was found again that moves together, 0..=1.
    #[must_use]
    pub fn inlier_share(&self) -> f64 {
        self.agreeing as f64 / self.tracked.max(1) as f64
    }
}

/// Finds the motion between two pyramids: corners, followed there and back by pyramidal Lucas-Kanade, and
/// the model that most of them agree on. Keeps its buffers; the same inputs give the same motion.
///
/// Sources: Kalal, Mikolajczyk and Matas, "Forward-Backward Error", ICPR 2010, for the way back; the rest
/// where it is done.
#[derive(Clone, Debug)]
pub struct FlowEstimator {
    seed: u64,
    picker: CornerPicker,
    corners: Vec<Corner>,
    forward: Vec<PatchTrack>,
    back: Vec<PatchTrack>,
    pub(super) matches: Vec<Match>,
    pub(super) distances: Vec<f64>,
}

impl FlowEstimator {
    /// An estimator whose chance begins with `seed` for every pair.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            picker: CornerPicker::default(),
            corners: Vec::with_capacity(MOST_CORNERS),
            forward: Vec::with_capacity(MOST_CORNERS),
            back: Vec::with_capacity(MOST_CORNERS),
            matches: Vec::with_capacity(MOST_CORNERS),
            distances: Vec::with_capacity(MOST_CORNERS),
        }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The motion of the whole picture. The search begins at `start`.
    ///
    /// # Errors
    /// Why the pixels do not tell it.
    pub fn estimate(
        &mut self,
        source: &GrayPyramid,
        target: &GrayPyramid,
        start: &Homography,
    ) -> Result<FlowEstimate, Lost> {
        let (width, height) = source.frame_size_px();
        let whole = Bounds::of_image(width, height);
        self.track(source, target, start, whole, |_| true)?;
        self.fit(source, start, FlowModel::Homography)
    }

    /// Follows corners within `bounds` that `accept` takes (points of the source's frame).
    pub(super) fn track(
        &mut self,
        source: &GrayPyramid,
        target: &GrayPyramid,
        start: &Homography,
        bounds: Bounds,
        accept: impl FnMut(Point) -> bool,
    ) -> Result<(), Lost> {
        self.matches.clear();
        self.corners.clear();
        self.forward.clear();
        if source.frame_size_px() != target.frame_size_px() {
            return Err(Lost::SizeChanged);
        }
        if source.is_empty() {
            return Err(Lost::TooFewCorners { found: 0 });
        }
        let [left, top] = source.gray_from_frame(Point::new(bounds.x0_px, bounds.y0_px));
        let [right, bottom] = source.gray_from_frame(Point::new(bounds.x1_px, bounds.y1_px));
        // Casting cuts off below zero and makes NaN zero.
        let region = [left.floor(), top.floor(), right.ceil(), bottom.ceil()].map(|v| v as usize);
        source.corners_into(&mut self.picker, region, accept, &mut self.corners);
        for corner in &self.corners {
            let place = source.frame_from_gray(corner.place);
            if let Some(moved) = start.apply(place) {
                self.forward.push(PatchTrack {
                    source: corner.place,
                    target: target.gray_from_frame(moved),
                    found: true,
                    mismatch: 0.0,
                });
            }
        }
        self.follow(source, target);
        let found = self.forward.iter().zip(&self.back);
        for (there, back) in found.filter(|(there, _)| there.found) {
            let [dx, dy] = [0, 1].map(|axis| back.target[axis] - there.source[axis]);
            if back.found && there.mismatch < LARGEST_MISMATCH && dx.hypot(dy) < LARGEST_RETURN_PX {
                self.matches.push(Match {
                    source: source.frame_from_gray(there.source),
                    target: target.frame_from_gray(there.target),
                });
            }
        }
        Ok(())
    }

    /// There through all levels, back through the two finest.
    fn follow(&mut self, source: &GrayPyramid, target: &GrayPyramid) {
        let bounds = target.level(0);
        let (width, height) = (bounds.width() as f32, bounds.height() as f32);
        for track in &mut self.forward {
            // A start outside may still lead inside; the search needs one within the border.
            track.target[0] = track.target[0].clamp(0.0, width - 1.0);
            track.target[1] = track.target[1].clamp(0.0, height - 1.0);
        }
        for level in (0..source.levels()).rev() {
            let pair = LevelPair {
                source: source.level(level),
                target: target.level(level),
                level: level as u32,
            };
            track_patches(pair, &mut self.forward);
        }
        self.back.clear();
        self.back.extend(self.forward.iter().map(|track| {
            // Begun beside its place, so that coming back is no matter of course.
            PatchTrack {
                source: track.target,
                target: [track.source[0] + 1.0, track.source[1] - 1.0],
                found: track.found,
                mismatch: 0.0,
            }
        }));
        for level in (0..source.levels().min(2)).rev() {
            let pair = LevelPair {
                source: target.level(level),
                target: source.level(level),
                level: level as u32,
            };
            track_patches(pair, &mut self.back);
        }
    }

    /// The motion that the matches agree on, at most as free as `model`.
    pub(super) fn fit(
        &mut self,
        source: &GrayPyramid,
        start: &Homography,
        model: FlowModel,
    ) -> Result<FlowEstimate, Lost> {
        let (corners, tracked) = (self.corners.len(), self.matches.len());
        if corners < ENOUGH {
            return Err(Lost::TooFewCorners { found: corners });
        }
        if tracked < ENOUGH || (tracked as f64) < SMALLEST_TRACKED_SHARE * corners as f64 {
            return Err(Lost::TooFewTracked { corners, tracked });
        }
        let coordinates = Coordinates::of(source);
        for m in &mut self.matches {
            *m = coordinates.normalised(*m);
        }
        let start = coordinates.normalised_map(start);
        let mut model = model;
        let mut most = 0;
        loop {
            let (map, agreeing) = consensus(
                model,
                start,
                &self.matches,
                coordinates.length(TOLERANCE_PX),
                &mut Chance::new(self.seed),
            );
            most = most.max(agreeing);
            let enough = match model {
                FlowModel::Homography => ENOUGH_FOR_HOMOGRAPHY,
                FlowModel::Similarity => ENOUGH_FOR_SIMILARITY,
                FlowModel::Translation => ENOUGH,
            };
            let together = agreeing >= enough && agreeing as f64 >= SMALLEST_SHARE * tracked as f64;
            let spread = model != FlowModel::Homography
                || spread(&self.matches, &map, coordinates.length(TOLERANCE_PX)) > SMALLEST_SPREAD;
            if together && spread {
                let bounds = [BEST_DEVIATION_PX, TOLERANCE_PX / 2.0];
                let bounds = bounds.map(|px| coordinates.length(px));
                if let Some(fit) = refine(model, map, &self.matches, bounds, &mut self.distances) {
                    let misfit = self.misfit(&fit.map, &coordinates);
                    let normalised = Motion::new(fit.map, fit.covariance, misfit);
                    let motion = coordinates.frame_motion(&normalised);
                    coordinates.check(&motion)?;
                    return Ok(FlowEstimate {
                        motion,
                        model,
                        corners,
                        tracked,
                        agreeing,
                    });
                }
            }
            model = model.simpler().ok_or(Lost::NoAgreement {
                tracked,
                agreeing: most,
            })?;
        }
    }
}

impl FlowEstimator {
    /// By how much the matches differ from a map, in each direction, beyond what finding windows does.
    /// Each counts at most some pixels: what moves by itself is not this motion's error.
    fn misfit(&self, map: &Homography, coordinates: &Coordinates) -> f64 {
        let most = coordinates.length(MOST_MISFIT_PX);
        let sum: f64 = self
            .matches
            .iter()
            .map(|m| m.residual(map).min(most).powi(2))
            .sum();
        let noise = coordinates.length(BEST_DEVIATION_PX);
        let square = sum / (2 * self.matches.len().max(1)) as f64 - noise * noise;
        square.max(0.0).sqrt()
    }
}

/// The smaller deviation of the agreeing matches' places over all directions.
fn spread(matches: &[Match], map: &Homography, tolerance: f64) -> f64 {
    let (mut count, mut x, mut y, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for m in matches.iter().filter(|m| m.residual(map) < tolerance) {
        let Point { x_px, y_px } = m.source;
        count += 1.0;
        x += x_px;
        y += y_px;
        xx += x_px * x_px;
        xy += x_px * y_px;
        yy += y_px * y_px;
    }
    if count < 1.0 {
        return 0.0;
    }
    let (xx, xy, yy) = (
        xx / count - x * x / (count * count),
        xy / count - x * y / (count * count),
        yy / count - y * y / (count * count),
    );
    let smaller = (xx + yy) / 2.0 - ((xx - yy) / 2.0).hypot(xy);
    smaller.max(0.0).sqrt()
}
