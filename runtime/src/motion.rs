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
//! 7. [`warp_logits_into`]: masks moved; [`object_motion`]: things that move by themselves, from the corners inside
//!    their masks.
//!
//! What it is worth: mean IoU of true masks of things with what is seen of them so many milliseconds later, in 24 scenes
//! in space (`FIXATE_SCENES=24 cargo test --release -p fixate --test scene_motion -- --nocapture`).
//!
//! | moved by | 33 | 66 | 100 | 200 | 333 | 500 | 1000 |
//! |-|-|-|-|-|-|-|-|
//! | cameras on heads: nothing | .832 | .732 | .666 | .574 | .513 | .473 | .246 |
//! | the gyroscope | .922 | .883 | .852 | .802 | .740 | .716 | .619 |
//! | flow | .931 | .899 | .878 | .836 | .790 | .778 | .713 |
//! | both | .934 | .909 | .894 | .856 | .818 | .803 | .726 |
//! | both, and the thing's own flow | .950 | .930 | .916 | .889 | .853 | .847 | .754 |
//! | cameras on wrists: nothing | .888 | .815 | .739 | .599 | .474 | .391 | .288 |
//! | the gyroscope | .894 | .822 | .765 | .638 | .525 | .435 | .287 |
//! | flow | .971 | .949 | .930 | .892 | .833 | .790 | .697 |
//! | both | .971 | .948 | .929 | .889 | .832 | .796 | .702 |
//! | both, and the thing's own flow | .978 | .964 | .954 | .921 | .885 | .849 | .765 |
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
