//! The One Euro filter.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::geometry::{Homography, Point};

/// How a [`OneEuro`] filter smooths.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OneEuroOptions {
    /// Cutoff at rest, Hz: lower is smoother and later.
    pub least_cutoff_hz: f64,
    /// By how many Hz the cutoff rises per pixel/s of speed: higher is faster in motion.
    pub cutoff_hz_per_px_s: f64,
    /// Cutoff of the speed's own smoothing, Hz.
    pub speed_cutoff_hz: f64,
}

impl Default for OneEuroOptions {
    /// For gaze of about 1 degree of noise at about 900 pixels per radian.
    fn default() -> Self {
        Self {
            least_cutoff_hz: 1.5,
            cutoff_hz_per_px_s: 0.01,
            speed_cutoff_hz: 1.0,
        }
    }
}

/// Smooths a point: a low pass whose cutoff rises with the point's speed.
///
/// Source: Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
/// Input in Interactive Systems", CHI 2012.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneEuro {
    options: OneEuroOptions,
    state: Option<State>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    time_us: i64,
    point: Point,
    speed_px_s: [f64; 2],
}

impl OneEuro {
    /// A filter that has seen nothing.
    #[must_use]
    pub fn new(options: OneEuroOptions) -> Self {
        Self {
            options,
            state: None,
        }
    }

    /// Forgets all points, as at the start of a fixation.
    pub fn reset(&mut self) {
        self.state = None;
    }

    /// Moves what is remembered with the picture.
    pub fn carry(&mut self, now_from_before: &Homography) {
        if let Some(state) = &mut self.state {
            match now_from_before.apply(state.point) {
                Some(point) => state.point = point,
                None => self.state = None,
            }
        }
    }

    /// Takes a point and gives the smoothed one. A point that is not later than the one before
    /// changes nothing.
    pub fn push(&mut self, time_us: i64, point: Point) -> Point {
        let Some(before) = self.state else {
            self.state = Some(State {
                time_us,
                point,
                speed_px_s: [0.0; 2],
            });
            return point;
        };
        let seconds = time_us.saturating_sub(before.time_us) as f64 * 1e-6;
        if seconds <= 0.0 {
            return before.point;
        }
        let share = |cutoff_hz: f64| {
            let angle = TAU * cutoff_hz * seconds;
            angle / (angle + 1.0)
        };
        let speed_share = share(self.options.speed_cutoff_hz);
        let raw = [
            (point.x_px - before.point.x_px) / seconds,
            (point.y_px - before.point.y_px) / seconds,
        ];
        let speed_px_s = [0, 1].map(|axis| {
            before.speed_px_s[axis] + speed_share * (raw[axis] - before.speed_px_s[axis])
        });
        // One cutoff for both axes, so that smoothing does not depend on the direction.
        let cutoff_hz = self.options.least_cutoff_hz
            + self.options.cutoff_hz_per_px_s * speed_px_s[0].hypot(speed_px_s[1]);
        let position_share = share(cutoff_hz);
        let smoothed = Point::new(
            before.point.x_px + position_share * (point.x_px - before.point.x_px),
            before.point.y_px + position_share * (point.y_px - before.point.y_px),
        );
        self.state = Some(State {
            time_us,
            point: smoothed,
            speed_px_s,
        });
        smoothed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_at_rest_shrinks_and_motion_is_followed() {
        let mut filter = OneEuro::new(OneEuroOptions::default());
        let mut late = 0.0_f64;
        for index in 0..400_i64 {
            let noise = if index % 2 == 0 { 10.0 } else { -10.0 };
            let smoothed = filter.push(index * 8_000, Point::new(100.0 + noise, 50.0));
            if index > 100 {
                late = late.max((smoothed.x_px - 100.0).abs());
            }
        }
        assert!(late < 5.0, "{late}");
        filter.reset();
        let mut smoothed = Point::default();
        for index in 0..200 {
            smoothed = filter.push(index * 8_000, Point::new(4.0 * index as f64, 0.0));
        }
        // 500 px/s: less than a twelfth of a second late.
        assert!(796.0 - smoothed.x_px < 40.0, "{smoothed:?}");
    }

    #[test]
    fn time_that_stands_still_changes_nothing() {
        let mut filter = OneEuro::new(OneEuroOptions::default());
        let first = filter.push(5, Point::new(1.0, 2.0));
        assert_eq!(filter.push(5, Point::new(9.0, 9.0)), first);
        filter.carry(&Homography::translation(3.0, 4.0));
        assert_eq!(filter.push(4, Point::new(9.0, 9.0)), Point::new(4.0, 6.0));
    }
}
