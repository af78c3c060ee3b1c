//! A point that a robot wants to reach, as a prompt.

use std::fmt;

use crate::engine::PromptShape;
use crate::geometry::{Bounds, Point, RigidTransform};
use crate::motion::Intrinsics;
use crate::prompt::Prompt;

/// A point in space on a camera's picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraspPoint {
    /// Where it is seen.
    pub pixel: Point,
    /// How far it is along the camera's axis, metres.
    pub depth_m: f64,
}

impl GraspPoint {
    /// A prompt for the thing there.
    #[must_use]
    pub fn prompt(&self) -> Prompt {
        let (x_px, y_px) = self.coordinates();
        Prompt::point(x_px, y_px)
    }

    /// The same for an engine ([`Engine::on_prompt`](crate::engine::Engine::on_prompt)).
    #[must_use]
    pub fn prompt_shape(&self) -> PromptShape {
        let (x_px, y_px) = self.coordinates();
        PromptShape::point(x_px, y_px)
    }

    /// Prompts begin at the first pixel's centre, a picture half a pixel before.
    fn coordinates(&self) -> (f32, f32) {
        let Point { x_px, y_px } = self.pixel;
        (x_px.max(0.0) as f32, y_px.max(0.0) as f32)
    }
}

/// Where a point in the robot's coordinates is seen by a camera without distortion, on a picture of this
/// size: K (R x + t), divided by its depth (Hartley and Zisserman, *Multiple View Geometry in Computer
/// Vision*, 2nd edition, 6.1). Undistort pictures of a lens that bends lines, or their points.
///
/// # Errors
/// When the point is not finite, behind the camera, or not on the picture.
pub fn project(
    point_robot_m: [f64; 3],
    camera_from_robot: &RigidTransform,
    intrinsics: &Intrinsics,
    width_px: u32,
    height_px: u32,
) -> Result<GraspPoint, GraspPointError> {
    if point_robot_m.iter().any(|value| !value.is_finite()) {
        return Err(GraspPointError::NotFinite { point_robot_m });
    }
    let [x_m, y_m, depth_m] = camera_from_robot.apply(point_robot_m);
    let plane = Point::new(x_m / depth_m, y_m / depth_m);
    if depth_m <= 0.0 || !plane.is_finite() {
        return Err(GraspPointError::Behind { depth_m });
    }
    let off = |pixel: Point| GraspPointError::OffFrame {
        pixel,
        width_px,
        height_px,
    };
    let pixel = intrinsics.pixel_from_plane().apply(plane);
    let pixel = pixel.ok_or_else(|| off(plane))?;
    if !Bounds::of_image(width_px, height_px).contains(pixel) {
        return Err(off(pixel));
    }
    Ok(GraspPoint { pixel, depth_m })
}

/// Why a point in space is no prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GraspPointError {
    /// A coordinate is NaN or infinite.
    NotFinite {
        /// As given.
        point_robot_m: [f64; 3],
    },
    /// The camera looks away from it.
    Behind {
        /// Along the camera's axis, metres.
        depth_m: f64,
    },
    /// The camera does not see that far to the side.
    OffFrame {
        /// Where it would be seen.
        pixel: Point,
        /// The picture's width.
        width_px: u32,
        /// The picture's height.
        height_px: u32,
    },
}

impl fmt::Display for GraspPointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite {
                point_robot_m: [x, y, z],
            } => write!(f, "the point is ({x}, {y}, {z}) m; give finite coordinates"),
            Self::Behind { depth_m } => write!(
                f,
                "the point lies {depth_m} m along the camera's axis, behind it; turn the camera, or check that the transform is camera_from_robot"
            ),
            Self::OffFrame {
                pixel,
                width_px,
                height_px,
            } => write!(
                f,
                "the point is seen at ({:.1}, {:.1}), off the {width_px}x{height_px} picture; turn the camera, or check its calibration",
                pixel.x_px, pixel.y_px
            ),
        }
    }
}

impl std::error::Error for GraspPointError {}
