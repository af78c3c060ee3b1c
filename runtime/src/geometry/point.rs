//! Points with their uncertainty, and boxes.

use serde::{Deserialize, Serialize};

/// A point in pixels of a named image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// To the right; the centre of the first column is 0.
    pub x_px: f64,
    /// Down; the centre of the first row is 0.
    pub y_px: f64,
}

impl Point {
    /// A point.
    #[must_use]
    pub fn new(x_px: f64, y_px: f64) -> Self {
        Self { x_px, y_px }
    }

    /// Whether neither coordinate is NaN or infinite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.x_px.is_finite() && self.y_px.is_finite()
    }

    /// Distance in pixels.
    #[must_use]
    pub fn distance_px(self, other: Self) -> f64 {
        (self.x_px - other.x_px).hypot(self.y_px - other.y_px)
    }
}

/// A box in pixels: the points with `x0_px <= x <= x1_px` and `y0_px <= y <= y1_px`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Left.
    pub x0_px: f64,
    /// Top.
    pub y0_px: f64,
    /// Right.
    pub x1_px: f64,
    /// Bottom.
    pub y1_px: f64,
}

impl Bounds {
    /// What an image of this size covers: half a pixel more than its pixels' centres.
    #[must_use]
    pub fn of_image(width_px: u32, height_px: u32) -> Self {
        Self {
            x0_px: -0.5,
            y0_px: -0.5,
            x1_px: f64::from(width_px) - 0.5,
            y1_px: f64::from(height_px) - 0.5,
        }
    }

    /// Whether the point lies inside or on the edge.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        (self.x0_px..=self.x1_px).contains(&point.x_px)
            && (self.y0_px..=self.y1_px).contains(&point.y_px)
    }

    /// Top left, top right, bottom right, bottom left.
    #[must_use]
    pub fn corners(&self) -> [Point; 4] {
        [
            Point::new(self.x0_px, self.y0_px),
            Point::new(self.x1_px, self.y0_px),
            Point::new(self.x1_px, self.y1_px),
            Point::new(self.x0_px, self.y1_px),
        ]
    }
}

/// How uncertain a point is: the covariance of its coordinates, square pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Covariance {
    /// Variance of x.
    pub xx_px2: f64,
    /// Covariance of x and y.
    pub xy_px2: f64,
    /// Variance of y.
    pub yy_px2: f64,
}

impl Covariance {
    /// The same standard deviation in every direction.
    #[must_use]
    pub fn isotropic(deviation_px: f64) -> Self {
        Self {
            xx_px2: deviation_px * deviation_px,
            xy_px2: 0.0,
            yy_px2: deviation_px * deviation_px,
        }
    }

    /// The covariance after a map with this Jacobian (rows: target; columns: source): J C J^T.
    #[must_use]
    pub fn pushed(&self, jacobian: [[f64; 2]; 2]) -> Self {
        let [[a, b], [c, d]] = jacobian;
        let Self {
            xx_px2,
            xy_px2,
            yy_px2,
        } = *self;
        Self {
            xx_px2: a * a * xx_px2 + 2.0 * a * b * xy_px2 + b * b * yy_px2,
            xy_px2: a * c * xx_px2 + (a * d + b * c) * xy_px2 + b * d * yy_px2,
            yy_px2: c * c * xx_px2 + 2.0 * c * d * xy_px2 + d * d * yy_px2,
        }
    }

    /// Of the sum of two independent errors.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            xx_px2: self.xx_px2 + other.xx_px2,
            xy_px2: self.xy_px2 + other.xy_px2,
            yy_px2: self.yy_px2 + other.yy_px2,
        }
    }

    /// Standard deviation in the direction in which it is largest, pixels.
    #[must_use]
    pub fn largest_deviation_px(&self) -> f64 {
        let half_sum = (self.xx_px2 + self.yy_px2) / 2.0;
        let half_difference = (self.xx_px2 - self.yy_px2) / 2.0;
        (half_sum + half_difference.hypot(self.xy_px2)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_covers_its_pixels_whole() {
        let bounds = Bounds::of_image(640, 480);
        assert!(bounds.contains(Point::new(-0.5, 479.5)));
        assert!(!bounds.contains(Point::new(-0.6, 0.0)));
        assert!(!bounds.contains(Point::new(f64::NAN, 0.0)));
        assert_eq!(bounds.corners()[2], Point::new(639.5, 479.5));
    }

    #[test]
    fn a_covariance_turns_with_its_axes() {
        let long = Covariance {
            xx_px2: 9.0,
            xy_px2: 0.0,
            yy_px2: 1.0,
        };
        let turned = long.pushed([[0.0, -1.0], [1.0, 0.0]]);
        assert_eq!((turned.xx_px2, turned.yy_px2), (1.0, 9.0));
        let (sin, cos) = 0.7_f64.sin_cos();
        let turned = long.pushed([[cos, -sin], [sin, cos]]);
        assert!((turned.largest_deviation_px() - 3.0).abs() < 1e-12);
        assert_eq!(Covariance::isotropic(2.0).largest_deviation_px(), 2.0);
        let sum = long.plus(&Covariance::isotropic(4.0));
        assert_eq!(sum.largest_deviation_px(), 5.0);
    }
}
