//! Grasping: from a point in the robot's space to a prompt, and from a mask to what a gripper asks of it.
//!
//! 1. [`project`]: a point that the robot wants to reach, in pixels of its camera.
//! 2. [`MaskShape`]: a mask's area, box, middle, axes and width.
//! 3. [`DepthImage`], [`DepthMeter`]: how far the thing is, and where in space.
//!
//! Pixels are [`geometry`](crate::geometry)'s: the centre of the first one is (0, 0). Camera coordinates
//! are OpenCV's: x right, y down, z forward, metres.

mod depth_image;
mod meter;
mod point;
mod shape;
#[cfg(test)]
mod tests;

pub use depth_image::{DepthImage, DepthImageError};
pub use meter::{DepthMeter, MaskDepth, NoDepth};
pub use point::{GraspPoint, GraspPointError, project};
pub use shape::{MaskShape, PrincipalAxes};
