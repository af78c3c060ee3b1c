//! A fixation and the prompt made of it.

use crate::engine::shape::PromptShape;
use crate::geometry::{Covariance, Point};
use crate::prompt::{PointLabel, PromptBox, PromptPoint};

/// The eye resting on, or following, something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixation {
    /// When it began, microseconds.
    pub begin_us: i64,
    /// Its latest sample, microseconds.
    pub newest_us: i64,
    /// Where it is now, smoothed, pixels of the frame.
    pub point: Point,
    /// How far single samples lie from the fixation's line, and with that how uncertain the point is;
    /// square pixels.
    pub spread: Covariance,
    /// Speed at which it moves, rad/s; that of something followed, if it is above the pursuit
    /// threshold.
    pub speed_rad_s: f64,
    /// Whether the eye follows something.
    pub pursuit: bool,
}

impl Fixation {
    /// How long it has lasted, microseconds.
    #[must_use]
    pub fn duration_us(&self) -> i64 {
        self.newest_us.saturating_sub(self.begin_us).max(0)
    }

    /// The prompt for a frame of this size: one point while the spread is below `point_px`; up to
    /// `box_px` five points, one spread apart; above, a box of two spreads to each side. None if the
    /// fixation is off the frame. Points off the frame are left out, and the box is cut to it.
    #[must_use]
    pub fn prompt(
        &self,
        point_px: f64,
        box_px: f64,
        width_px: u32,
        height_px: u32,
    ) -> Option<PromptShape> {
        let (x, y) = (self.point.x_px as f32, self.point.y_px as f32);
        let on_frame = |x: f32, y: f32| {
            (0.0..f64::from(width_px)).contains(&f64::from(x))
                && (0.0..f64::from(height_px)).contains(&f64::from(y))
        };
        if !on_frame(x, y) {
            return None;
        }
        let point = |x_px, y_px| PromptPoint {
            x_px,
            y_px,
            label: PointLabel::Foreground,
        };
        let spread_px = self.spread.largest_deviation_px();
        let mut shape = PromptShape::point(x, y);
        if spread_px >= box_px {
            let (dx, dy) = (
                2.0 * self.spread.xx_px2.sqrt() as f32,
                2.0 * self.spread.yy_px2.sqrt() as f32,
            );
            let bounds = PromptBox {
                x0_px: x - dx.max(1.0),
                y0_px: y - dy.max(1.0),
                x1_px: x + dx.max(1.0),
                y1_px: y + dy.max(1.0),
            };
            shape = PromptShape::bounds(bounds.clipped(width_px, height_px));
        } else if spread_px >= point_px {
            let (dx, dy) = (
                self.spread.xx_px2.sqrt() as f32,
                self.spread.yy_px2.sqrt() as f32,
            );
            for (x, y) in [(x - dx, y), (x + dx, y), (x, y - dy), (x, y + dy)] {
                if on_frame(x, y) {
                    // Five points always fit.
                    let _ = shape.push(point(x, y));
                }
            }
        }
        Some(shape.with_spread(self.spread))
    }
}
