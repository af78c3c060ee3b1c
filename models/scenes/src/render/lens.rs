//! From points to pixels and back: a pinhole with radial distortion.

use glam::{Vec2, Vec3};

/// Steps of the fixed-point iteration that undoes the distortion; enough for the distortions drawn.
const UNDISTORT_STEPS: usize = 12;

/// Intrinsics as OpenCV has them, with two radial coefficients. Pixel (0, 0) has its centre at (0, 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intrinsics {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Focal length, pixels, in both directions.
    pub focal_px: f32,
    /// Principal point, pixels.
    pub centre_px: Vec2,
    /// Radial coefficients k1 and k2.
    pub radial: [f32; 2],
}

impl Intrinsics {
    /// A camera of `width` by `height` pixels whose rows span `field_rad` radians.
    pub fn new(width: usize, height: usize, field_rad: f32, radial: [f32; 2]) -> Self {
        Self {
            width,
            height,
            focal_px: width as f32 / 2.0 / libm::tanf(field_rad / 2.0),
            centre_px: Vec2::new(width as f32 - 1.0, height as f32 - 1.0) / 2.0,
            radial,
        }
    }

    /// Undistorted image coordinates (x / z, y / z) to pixels.
    pub fn pixel_from_plane(&self, plane: Vec2) -> Vec2 {
        let square = plane.length_squared();
        let factor = 1.0 + square * (self.radial[0] + square * self.radial[1]);
        plane * factor * self.focal_px + self.centre_px
    }

    /// A point in camera coordinates to pixels; nothing behind the camera.
    pub fn project(&self, point: Vec3) -> Option<Vec2> {
        (point.z > 1e-3).then(|| self.pixel_from_plane(point.truncate() / point.z))
    }

    /// Pixels to undistorted image coordinates (x / z, y / z).
    pub fn plane_from_pixel(&self, pixel: Vec2) -> Vec2 {
        let distorted = (pixel - self.centre_px) / self.focal_px;
        let mut plane = distorted;
        for _ in 0..UNDISTORT_STEPS {
            let square = plane.length_squared();
            plane = distorted / (1.0 + square * (self.radial[0] + square * self.radial[1]));
        }
        plane
    }

    /// Undistorted coordinates of every pixel, row by row.
    pub fn planes(&self) -> Vec<Vec2> {
        (0..self.width * self.height)
            .map(|index| {
                let (x, y) = (index % self.width, index / self.width);
                self.plane_from_pixel(Vec2::new(x as f32, y as f32))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distortion_is_undone() {
        for radial in [[0.0, 0.0], [-0.12, 0.02], [0.08, 0.0]] {
            let camera = Intrinsics::new(640, 480, 1.4, radial);
            for pixel in [Vec2::ZERO, Vec2::new(639.0, 479.0), Vec2::new(200.0, 401.0)] {
                let back = camera.pixel_from_plane(camera.plane_from_pixel(pixel));
                assert!((back - pixel).length() < 0.01, "{radial:?} {pixel} {back}");
            }
        }
    }
}
