//! A camera's focal length and centre.

use serde::{Deserialize, Serialize};

use super::error::IntrinsicsError;
use crate::geometry::{Homography, Point};

/// A pinhole camera, K = [fx 0 cx; 0 fy cy; 0 0 1], in pixels of the frame. Camera coordinates are
/// OpenCV's: x right, y down, z forward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Intrinsics {
    focal_x_px: f64,
    focal_y_px: f64,
    centre_x_px: f64,
    centre_y_px: f64,
}

/// Focal lengths in x and y, centre in x and y; pixels.
#[derive(Serialize, Deserialize)]
struct Stored([f64; 4]);

impl From<Intrinsics> for Stored {
    fn from(of: Intrinsics) -> Self {
        Self([of.focal_x_px, of.focal_y_px, of.centre_x_px, of.centre_y_px])
    }
}

impl TryFrom<Stored> for Intrinsics {
    type Error = IntrinsicsError;

    fn try_from(Stored([fx_px, fy_px, cx_px, cy_px]): Stored) -> Result<Self, IntrinsicsError> {
        Self::new(fx_px, fy_px, cx_px, cy_px)
    }
}

impl Intrinsics {
    /// A camera with these focal lengths and this principal point.
    ///
    /// # Errors
    /// When a number is not finite, or a focal length is not positive.
    pub fn new(
        focal_x_px: f64,
        focal_y_px: f64,
        centre_x_px: f64,
        centre_y_px: f64,
    ) -> Result<Self, IntrinsicsError> {
        for (name, value, least) in [
            ("focal length in x", focal_x_px, 0.0),
            ("focal length in y", focal_y_px, 0.0),
            ("centre in x", centre_x_px, f64::NEG_INFINITY),
            ("centre in y", centre_y_px, f64::NEG_INFINITY),
        ] {
            if !value.is_finite() || value <= least {
                return Err(IntrinsicsError::Invalid { name, value });
            }
        }
        Ok(Self {
            focal_x_px,
            focal_y_px,
            centre_x_px,
            centre_y_px,
        })
    }

    /// The focal lengths in x and y, pixels.
    #[must_use]
    pub fn focal_px(&self) -> [f64; 2] {
        [self.focal_x_px, self.focal_y_px]
    }

    /// The principal point: where the optical axis meets the picture.
    #[must_use]
    pub fn centre(&self) -> Point {
        Point::new(self.centre_x_px, self.centre_y_px)
    }

    /// The larger of the focal lengths, pixels.
    #[must_use]
    pub fn longest_focal_px(&self) -> f64 {
        self.focal_x_px.max(self.focal_y_px)
    }

    /// K: from (x / z, y / z) in camera coordinates to pixels.
    #[must_use]
    pub fn pixel_from_plane(&self) -> Homography {
        // Both focal lengths are positive: never an error.
        Homography::scaling(
            self.focal_x_px,
            self.focal_y_px,
            self.centre_x_px,
            self.centre_y_px,
        )
        .unwrap_or_default()
    }
}
