//! How the picture moved between frames, and moving points and masks with it.
//!
//! The encoder works on old keyframes: points go from the newest frame back to the keyframe, masks
//! from the keyframe forward to the newest frame. The modules are layers, lowest first:
//!
//! 1. [`GrayPyramid`]: a frame's gray values at several sizes, with its corners.
//! 2. [`Motion`]: a homography with its uncertainty; composed, inverted, applied to points.
//! 3. [`FlowEstimator`]: the motion between two pyramids from their pixels.
//! 4. [`GyroTrack`]: the motion between two times from a gyroscope.
//! 5. [`MotionEstimator`]: the motion from frame to frame, from whichever of the two there is.
//! 6. [`MotionChain`]: the motion from a keyframe to the newest frame.
//! 7. [`warp_logits_into`]: masks moved.
//!
//! Everything is a function of its arguments: no clock, no thread, no chance that is not seeded.
//! After the first frames of a size, nothing allocates.

mod chain;
mod consensus;
mod coordinates;
mod corners;
mod error;
mod estimator;
mod fit;
mod flow;
mod generators;
mod gyro;
mod intrinsics;
mod luma;
mod object;
mod pyramid;
mod rotation;
#[cfg(test)]
mod tests;
mod uncertain;
mod warp;

pub use chain::MotionChain;
pub use error::{ChainError, GyroError, IntrinsicsError, Lost, MotionError};
pub use estimator::{Evidence, FrameMotion, MotionEstimator};
pub use flow::{FlowEstimate, FlowEstimator};
pub use generators::FlowModel;
pub use gyro::{GyroNoise, GyroTrack};
pub use intrinsics::Intrinsics;
pub use object::{ObjectMotion, object_motion};
pub use pyramid::GrayPyramid;
pub use uncertain::Motion;
pub use warp::{BACKGROUND_LOGIT, PlacedMask, warp_logits, warp_logits_into};
