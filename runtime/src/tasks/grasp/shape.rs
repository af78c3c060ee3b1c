//! What a gripper asks of a mask.

use crate::geometry::{Bounds, Point};
use crate::mask::Bitmap;
use crate::motion::Intrinsics;

/// A mask's size, place and directions. Pixels count as squares, so that a rectangle along the picture's
/// sides has its exact length and width.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MaskShape {
    /// Pixels in it.
    pub area_px: u64,
    /// The smallest box around its pixels' squares.
    pub bounds: Bounds,
    /// The mean of its pixels; may lie outside of the mask.
    pub centroid: Point,
    /// The pixel of the mask (x, y) from which the squared distances to all others add up to the least,
    /// which is the one nearest to the centroid; of equals the first in reading order.
    pub medoid: (usize, usize),
    /// How long and wide it is, and in which directions.
    pub axes: PrincipalAxes,
    /// Whether it touches the picture's edge, so that the thing may go on beyond it.
    pub touches_border: bool,
}

/// The directions in which a mask is longest and narrowest: eigenvectors of its pixels' covariance.
/// Neither means anything for a disk or a square, whose deviations are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PrincipalAxes {
    /// Unit vector (x, y) along the mask; x is not negative.
    pub major: [f64; 2],
    /// Unit vector (x, y) across it, a quarter turn from x towards y.
    pub minor: [f64; 2],
    /// Standard deviation of the mask along it.
    pub major_deviation_px: f64,
    /// Standard deviation of the mask across it.
    pub minor_deviation_px: f64,
    /// From one end to the other along it.
    pub length_px: f64,
    /// From one side to the other across it: how far a gripper must open at least.
    pub width_px: f64,
}

impl PrincipalAxes {
    /// The length of something flat at this depth, metres.
    #[must_use]
    pub fn length_m(&self, depth_m: f64, intrinsics: &Intrinsics) -> f64 {
        metres(self.major, self.length_px, depth_m, intrinsics)
    }

    /// The width of something flat at this depth, metres.
    #[must_use]
    pub fn width_m(&self, depth_m: f64, intrinsics: &Intrinsics) -> f64 {
        metres(self.minor, self.width_px, depth_m, intrinsics)
    }
}

fn metres([x, y]: [f64; 2], length_px: f64, depth_m: f64, intrinsics: &Intrinsics) -> f64 {
    let [focal_x_px, focal_y_px] = intrinsics.focal_px();
    length_px * depth_m * (x / focal_x_px).hypot(y / focal_y_px)
}

impl MaskShape {
    /// Measures a mask; none if it is empty. Allocates nothing.
    #[must_use]
    pub fn of(mask: &Bitmap) -> Option<Self> {
        let [left, top, width, height] = mask.bounding_box();
        if width == 0 {
            return None;
        }
        // Relative to the box, so that a mask elsewhere has the same shape to the last bit.
        let moments = Moments::of(inside(mask).map(|(x, y)| (x - left, y - top)));
        let centre = moments.centre();
        let (major, major_deviation_px, minor_deviation_px) = moments.axes();
        let minor = [-major[1], major[0]];
        let (mut medoid, mut nearest) = ((0, 0), f64::INFINITY);
        let (mut along, mut across) = (Range::EMPTY, Range::EMPTY);
        for (x, y) in inside(mask) {
            let (dx, dy) = (
                (x - left) as f64 - centre.x_px,
                (y - top) as f64 - centre.y_px,
            );
            let squared = dx * dx + dy * dy;
            if squared < nearest {
                (medoid, nearest) = ((x, y), squared);
            }
            along.include(dx * major[0] + dy * major[1]);
            across.include(dx * minor[0] + dy * minor[1]);
        }
        // A pixel's square, seen along a direction.
        let square_px = major[0].abs() + major[1].abs();
        let edge = |pixels: usize| pixels as f64 - 0.5;
        Some(Self {
            area_px: moments.count,
            bounds: Bounds {
                x0_px: edge(left),
                y0_px: edge(top),
                x1_px: edge(left + width),
                y1_px: edge(top + height),
            },
            centroid: Point::new(centre.x_px + left as f64, centre.y_px + top as f64),
            medoid,
            axes: PrincipalAxes {
                major,
                minor,
                major_deviation_px,
                minor_deviation_px,
                length_px: along.length() + square_px,
                width_px: across.length() + square_px,
            },
            touches_border: left == 0
                || top == 0
                || left + width == mask.width()
                || top + height == mask.height(),
        })
    }
}

/// The mask's pixels (x, y) in reading order.
pub(super) fn inside(mask: &Bitmap) -> impl Iterator<Item = (usize, usize)> {
    let [left, top, width, height] = mask.bounding_box();
    (top..top + height).flat_map(move |y| {
        let row = &mask.row(y)[left..left + width];
        let columns = row.iter().enumerate().filter(|(_, byte)| **byte != 0);
        columns.map(move |(x, _)| (left + x, y))
    })
}

/// Sums over pixels. They are whole numbers, and exact.
#[derive(Default)]
struct Moments {
    count: u64,
    x: u64,
    y: u64,
    xx: u128,
    xy: u128,
    yy: u128,
}

impl Moments {
    fn of(pixels: impl Iterator<Item = (usize, usize)>) -> Self {
        pixels.fold(Self::default(), |sums, (x, y)| {
            let (x, y) = (x as u64, y as u64);
            Self {
                count: sums.count + 1,
                x: sums.x + x,
                y: sums.y + y,
                xx: sums.xx + u128::from(x * x),
                xy: sums.xy + u128::from(x * y),
                yy: sums.yy + u128::from(y * y),
            }
        })
    }

    fn centre(&self) -> Point {
        let mean = |sum: u64| sum as f64 / self.count as f64;
        Point::new(mean(self.x), mean(self.y))
    }

    /// The major axis, and the standard deviations along and across it.
    fn axes(&self) -> ([f64; 2], f64, f64) {
        let count = u128::from(self.count);
        let covariance = |square: u128, a: u64, b: u64| {
            let product = u128::from(a) * u128::from(b);
            let exact = (count * square).cast_signed() - product.cast_signed();
            exact as f64 / (self.count as f64 * self.count as f64)
        };
        // A square of side 1 has a variance of its own.
        let xx = covariance(self.xx, self.x, self.x) + 1.0 / 12.0;
        let yy = covariance(self.yy, self.y, self.y) + 1.0 / 12.0;
        let xy = covariance(self.xy, self.x, self.y);
        let (half_sum, half_difference) = ((xx + yy) / 2.0, (xx - yy) / 2.0);
        let spread = half_difference.hypot(xy);
        // Between -90 and 90 degrees: the cosine is not negative.
        let angle_rad = xy.atan2(half_difference) / 2.0;
        let (sine, cosine) = angle_rad.sin_cos();
        let smaller = (half_sum - spread).max(0.0);
        ([cosine, sine], (half_sum + spread).sqrt(), smaller.sqrt())
    }
}

struct Range {
    least: f64,
    most: f64,
}

impl Range {
    const EMPTY: Self = Self {
        least: f64::INFINITY,
        most: f64::NEG_INFINITY,
    };

    fn include(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    fn length(&self) -> f64 {
        self.most - self.least
    }
}
