//! Things that move by themselves.

use super::error::Lost;
use super::fit::median;
use super::flow::{FlowEstimate, FlowEstimator};
use super::generators::FlowModel;
use super::pyramid::GrayPyramid;
use super::uncertain::Motion;
use crate::geometry::{Bounds, Point};

/// A thing whose corners differ from the frame's motion by less, in the median, goes with the frame;
/// pixels of the pyramid's first level.
const WITH_FRAME_PX: f64 = 0.35;

/// How a thing moves.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "a box would allocate")]
pub enum ObjectMotion {
    /// As the frame does, as far as can be seen.
    WithFrame,
    /// By itself, or at another depth than most: as its own corners do.
    ByItself(FlowEstimate),
    /// Its corners tell nothing.
    Unknown(Lost),
}

impl ObjectMotion {
    /// The thing's own motion, or else the frame's.
    #[must_use]
    pub fn or_frame<'a>(&'a self, frame_motion: &'a Motion) -> &'a Motion {
        match self {
            Self::ByItself(found) => &found.motion,
            Self::WithFrame | Self::Unknown(_) => frame_motion,
        }
    }
}

/// How the thing moves that lies where `inside` holds (points of the source's frame), within `bounds`:
/// its corners, followed from where the frame's motion would have them, and a shift or similarity on top of
/// that motion where they disagree with it.
pub fn object_motion(
    flow: &mut FlowEstimator,
    source: &GrayPyramid,
    target: &GrayPyramid,
    frame_motion: &Motion,
    bounds: Bounds,
    inside: impl FnMut(Point) -> bool,
) -> ObjectMotion {
    let start = frame_motion.target_from_source();
    if let Err(lost) = flow.track(source, target, start, bounds, inside) {
        return ObjectMotion::Unknown(lost);
    }
    let mut distances = std::mem::take(&mut flow.distances);
    distances.clear();
    distances.extend(flow.matches.iter().map(|m| m.residual(start)));
    let middle = median(&mut distances);
    flow.distances = distances;
    let with_frame_px = WITH_FRAME_PX * source.frame_px_per_gray_px().0;
    match flow.fit(source, start, FlowModel::Similarity) {
        Err(lost) => ObjectMotion::Unknown(lost),
        Ok(_) if middle.is_some_and(|px| px < with_frame_px) => ObjectMotion::WithFrame,
        Ok(found) => ObjectMotion::ByItself(found),
    }
}
