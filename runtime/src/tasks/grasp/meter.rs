//! How far the thing under a mask is, and where in space.

use std::fmt;

use super::depth_image::DepthImage;
use super::shape::inside;
use crate::geometry::RigidTransform;
use crate::mask::Bitmap;
use crate::motion::Intrinsics;

/// Standard deviations from the median beyond which a pixel is of something else: masks reach over edges.
const MOST_DEVIATIONS: f32 = 3.0;
/// A normal distribution's standard deviation in median absolute deviations (Huber, *Robust Statistics*,
/// 1981, 5.1).
const DEVIATION_OF_MAD: f32 = 1.4826;
/// Pixels closer to the median than this share of it always count: depth cameras are not better.
const LEAST_SHARE: f32 = 0.01;

/// How far the thing under a mask is, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MaskDepth {
    /// Median depth along the camera's axis, metres.
    pub median_m: f32,
    /// Median absolute deviation from it, metres.
    pub mad_m: f32,
    /// Share of the mask's pixels whose depth was measured, 0..=1.
    pub valid_ratio: f64,
    /// Pixels that the centroid rests on: those measured whose depth is near the median.
    pub surface_px: u64,
    /// The mean of these pixels in space, camera coordinates, metres: on the surface that is seen, or in
    /// front of a hollow one; not the middle of the solid.
    pub centroid_camera_m: [f64; 3],
}

impl MaskDepth {
    /// The centroid in the robot's coordinates, metres; `robot_from_camera` is the inverse of
    /// [`project`](super::project)'s `camera_from_robot`.
    #[must_use]
    pub fn centroid_robot_m(&self, robot_from_camera: &RigidTransform) -> [f64; 3] {
        robot_from_camera.apply(self.centroid_camera_m)
    }
}

/// Measures depth under masks. It keeps its memory, so that after the first masks nothing allocates.
#[derive(Clone, Debug, Default)]
pub struct DepthMeter {
    depths_m: Vec<f32>,
}

impl DepthMeter {
    /// A meter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Measures the depth under a mask of the depth image's size.
    ///
    /// # Errors
    /// When there is nothing to measure: never a place that means nothing.
    pub fn measure(
        &mut self,
        mask: &Bitmap,
        depth: &DepthImage<'_>,
        intrinsics: &Intrinsics,
    ) -> Result<MaskDepth, NoDepth> {
        let (mask_size, depth_size) = (
            (mask.width(), mask.height()),
            (depth.width_px(), depth.height_px()),
        );
        if mask_size != depth_size {
            return Err(NoDepth::Sizes {
                mask: mask_size,
                depth: depth_size,
            });
        }
        let mut area_px = 0_u64;
        self.depths_m.clear();
        for (x, y) in inside(mask) {
            area_px += 1;
            self.depths_m.extend(depth.depth_m(x, y));
        }
        if area_px == 0 {
            return Err(NoDepth::EmptyMask);
        }
        let valid_px = self.depths_m.len();
        let median_m = median(&mut self.depths_m).ok_or(NoDepth::NotMeasured { area_px })?;
        for depth_m in &mut self.depths_m {
            *depth_m = (*depth_m - median_m).abs();
        }
        let mad_m = median(&mut self.depths_m).unwrap_or_default();
        let most_m = (MOST_DEVIATIONS * DEVIATION_OF_MAD * mad_m).max(LEAST_SHARE * median_m);
        let [focal_x_px, focal_y_px] = intrinsics.focal_px();
        let centre = intrinsics.centre();
        let (mut surface_px, mut sum) = (0_u64, [0.0_f64; 3]);
        for (x, y) in inside(mask) {
            let measured = depth.depth_m(x, y);
            let Some(depth_m) = measured.filter(|depth_m| (depth_m - median_m).abs() <= most_m)
            else {
                continue;
            };
            let depth_m = f64::from(depth_m);
            surface_px += 1;
            sum[0] += (x as f64 - centre.x_px) / focal_x_px * depth_m;
            sum[1] += (y as f64 - centre.y_px) / focal_y_px * depth_m;
            sum[2] += depth_m;
        }
        // Never without pixels: half of them are no farther from the median than the median deviation.
        Ok(MaskDepth {
            median_m,
            mad_m,
            valid_ratio: valid_px as f64 / area_px as f64,
            surface_px,
            centroid_camera_m: sum.map(|sum| sum / surface_px as f64),
        })
    }
}

/// The middle of these values, or of an even number the mean of the two in the middle; the values are put
/// in another order. None if there are none.
fn median(values: &mut [f32]) -> Option<f32> {
    let (count, middle) = (values.len(), values.len() / 2);
    if count == 0 {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    let lower = below.iter().copied().max_by(f32::total_cmp);
    match lower {
        Some(lower) if count.is_multiple_of(2) => Some(lower + (upper - lower) / 2.0),
        _ => Some(upper),
    }
}

/// Why there is no depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoDepth {
    /// The mask has no pixel.
    EmptyMask,
    /// The depth of none of its pixels was measured.
    NotMeasured {
        /// Pixels of the mask.
        area_px: u64,
    },
    /// Mask and depth image have different sizes.
    Sizes {
        /// Columns and rows of the mask.
        mask: (usize, usize),
        /// Columns and rows of the depth image.
        depth: (usize, usize),
    },
}

impl fmt::Display for NoDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyMask => write!(f, "the mask is empty; prompt again"),
            Self::NotMeasured { area_px } => write!(
                f,
                "none of the mask's {area_px} pixels has a depth; move the camera, or look from another side"
            ),
            Self::Sizes { mask, depth } => write!(
                f,
                "the mask has {}x{} pixels, but the depth image {}x{}; register the depth to the frame",
                mask.0, mask.1, depth.0, depth.1
            ),
        }
    }
}

impl std::error::Error for NoDepth {}
