//! The motion from frame to frame.

use serde::{Deserialize, Serialize};

use super::error::{Lost, MotionError};
use super::flow::{FlowEstimate, FlowEstimator};
use super::object::{ObjectMotion, object_motion};
use super::pyramid::GrayPyramid;
use super::uncertain::Motion;
use super::warp::PlacedMask;
use crate::frame::Frame;
use crate::geometry::{Bounds, Homography};

/// Flow with a larger share of agreeing corners needs no other witness.
const BELIEVED_SHARE: f64 = 0.7;
/// Flow and gyroscope may differ by this many deviations.
const MOST_DEVIATIONS: f64 = 3.0;

/// What a motion rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Evidence {
    /// The pixels of both frames.
    Flow {
        /// How freely the picture was allowed to move.
        model: super::FlowModel,
        /// Corners looked for.
        corners: usize,
        /// The share of the corners found again that move together, 0..=1.
        inlier_share: f64,
    },
    /// The gyroscope alone.
    Gyro {
        /// Why the pixels told nothing.
        flow: Lost,
    },
    /// Nothing: the motion is not known.
    Nothing {
        /// Why the pixels told nothing.
        flow: Lost,
    },
}

/// The motion from one frame to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameMotion {
    /// Capture of the frame before, microseconds.
    pub source_us: i64,
    /// Capture of this frame, microseconds.
    pub target_us: i64,
    /// From the frame before to this one, if it is known.
    pub motion: Option<Motion>,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Follows the picture from frame to frame: cheapest first, the gyroscope where there is one, as the
/// start of the flow; the flow where there is texture; the gyroscope alone where there is none.
#[derive(Clone, Debug)]
pub struct MotionEstimator {
    flow: FlowEstimator,
    before: GrayPyramid,
    newest: GrayPyramid,
    /// The last motion, if it was found from pixels: without a gyroscope, heads go on as they do.
    last: Option<Homography>,
}

impl MotionEstimator {
    /// An estimator that has seen nothing. The same seed and frames give the same motions.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            flow: FlowEstimator::new(seed),
            before: GrayPyramid::new(),
            newest: GrayPyramid::new(),
            last: None,
        }
    }

    /// Forgets all frames, as after a clock change.
    pub fn reset(&mut self) {
        *self = Self::new(self.flow.seed());
    }

    /// Takes the next frame, and tells the motion from the one before to it; nothing for the first.
    /// `turned` is the gyroscope's motion ([`GyroTrack::motion`](super::GyroTrack::motion)) over the
    /// same time.
    ///
    /// # Errors
    /// When the frame is not later than the one before; it is then ignored.
    pub fn push(
        &mut self,
        frame: &Frame<'_>,
        turned: Option<&Motion>,
    ) -> Result<Option<FrameMotion>, MotionError> {
        let (newest_us, found_us) = (self.newest.capture_time_us(), frame.capture_time_us());
        if !self.newest.is_empty() && found_us <= newest_us {
            return Err(MotionError::NotLater {
                newest_us,
                found_us,
            });
        }
        std::mem::swap(&mut self.before, &mut self.newest);
        self.newest.build(frame);
        if self.before.is_empty() {
            return Ok(None);
        }
        let found = self.found(turned).and_then(|found| match turned {
            Some(turned) => self.believed(found, turned),
            None => Ok(found),
        });
        self.last = found
            .as_ref()
            .ok()
            .map(|found| *found.motion.target_from_source());
        let (motion, evidence) = match (found, turned) {
            (Ok(found), _) => (
                Some(found.motion),
                Evidence::Flow {
                    model: found.model,
                    corners: found.corners,
                    inlier_share: found.inlier_share(),
                },
            ),
            (Err(Lost::SizeChanged), _) => (
                None,
                Evidence::Nothing {
                    flow: Lost::SizeChanged,
                },
            ),
            (Err(flow), Some(turned)) => (Some(*turned), Evidence::Gyro { flow }),
            (Err(flow), None) => (None, Evidence::Nothing { flow }),
        };
        Ok(Some(FrameMotion {
            source_us: self.before.capture_time_us(),
            target_us: self.newest.capture_time_us(),
            motion,
            evidence,
        }))
    }

    /// How a thing went from the frame before to the frame taken last, while the picture went as `picture` says. Its mask
    /// is that of an earlier frame, where it lies within `bounds`; `before_from_mask` is its own motion from there to the
    /// frame before.
    pub fn thing(
        &mut self,
        picture: &Motion,
        mask: &PlacedMask<'_>,
        bounds: &Bounds,
        before_from_mask: &Homography,
    ) -> ObjectMotion {
        let Some(bounds) = before_from_mask.apply_to_bounds(bounds) else {
            return ObjectMotion::Unknown(Lost::TooFewCorners { found: 0 });
        };
        let mask_from_before = before_from_mask.inverse();
        object_motion(
            &mut self.flow,
            &self.before,
            &self.newest,
            picture,
            bounds,
            |point| {
                let there = mask_from_before.apply(point);
                there.is_some_and(|there| mask.covers(there))
            },
        )
    }

    /// The frame taken last.
    #[must_use]
    pub fn newest(&self) -> &GrayPyramid {
        &self.newest
    }

    /// The frame before it.
    #[must_use]
    pub fn before(&self) -> &GrayPyramid {
        &self.before
    }

    /// Flow that many corners support is believed even against the gyroscope, whose clock or mounting may be
    /// wrong; other flow only as far from it as the uncertainty of both explains.
    fn believed(&self, found: FlowEstimate, turned: &Motion) -> Result<FlowEstimate, Lost> {
        if found.inlier_share() > BELIEVED_SHARE {
            return Ok(found);
        }
        let (width, height) = self.newest.frame_size_px();
        let mut furthest_px = 0.0_f64;
        for corner in Bounds::of_image(width, height).corners() {
            let place = |motion: &Motion| motion.target_from_source().apply(corner);
            let distance_px = match (place(&found.motion), place(turned)) {
                (Some(flow), Some(gyro)) => flow.distance_px(gyro),
                _ => f64::INFINITY,
            };
            let deviation_px = found
                .motion
                .deviation_px(corner)
                .hypot(turned.deviation_px(corner));
            if distance_px > MOST_DEVIATIONS * deviation_px {
                furthest_px = furthest_px.max(distance_px);
            }
        }
        if furthest_px > 0.0 {
            return Err(Lost::AgainstGyro {
                distance_px: furthest_px,
            });
        }
        Ok(found)
    }

    fn found(&mut self, turned: Option<&Motion>) -> Result<FlowEstimate, Lost> {
        let start = match (turned, self.last) {
            (Some(turned), _) => *turned.target_from_source(),
            (None, Some(last)) => last,
            (None, None) => Homography::IDENTITY,
        };
        let found = self.flow.estimate(&self.before, &self.newest, &start);
        // A head that stops at once, or a gyroscope of another camera.
        match found {
            Err(
                Lost::TooFewTracked { .. } | Lost::NoAgreement { .. } | Lost::Implausible { .. },
            ) if start != Homography::IDENTITY => {
                self.flow
                    .estimate(&self.before, &self.newest, &Homography::IDENTITY)
            }
            found => found,
        }
    }
}
