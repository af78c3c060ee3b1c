//! The motion of the picture when a camera turns, from its gyroscope.

use super::error::GyroError;
use super::generators::Matrix9;
use super::intrinsics::Intrinsics;
use super::rotation::{crossing, exponential, transposed};
use super::uncertain::Motion;
use crate::geometry::{Homography, product};
use std::collections::VecDeque;

/// Samples kept: five seconds at 200 Hz, one at 1 kHz.
const MOST_SAMPLES: usize = 1024;
/// Between samples further apart than this the rate is not known, microseconds.
const LONGEST_GAP_US: i64 = 50_000;
/// The first or last rate holds this long beyond its sample, microseconds.
const LONGEST_HOLD_US: i64 = 12_000;

#[derive(Clone, Copy, Debug)]
struct Sample {
    time_us: i64,
    rate_rad_s: [f64; 3],
}

/// How far a gyroscope and the assumption that the camera only turns are off.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GyroNoise {
    /// Constant error of the rate about each axis, rad/s.
    pub bias_rad_s: f64,
    /// Error of the angle whatever the time: clocks, lens, readout; rad.
    pub angle_rad: f64,
    /// By how much directions to things change because the camera also moves: speed over distance,
    /// rad/s.
    pub parallax_rad_s: f64,
}

impl Default for GyroNoise {
    /// A calibrated consumer sensor on a head: 0.3 deg/s, 0.1 deg, and 7 cm/s at 1 m.
    fn default() -> Self {
        Self {
            bias_rad_s: 0.005,
            angle_rad: 0.002,
            parallax_rad_s: 0.07,
        }
    }
}

/// The latest samples of a gyroscope at the camera.
#[derive(Clone, Debug)]
pub struct GyroTrack {
    samples: VecDeque<Sample>,
}

impl Default for GyroTrack {
    fn default() -> Self {
        Self::new()
    }
}

impl GyroTrack {
    /// No samples yet. Allocates here and never again.
    #[must_use]
    pub fn new() -> Self {
        Self {
            samples: VecDeque::with_capacity(MOST_SAMPLES),
        }
    }

    /// Takes a sample; the oldest goes when there are too many. `rate_rad_s` is the camera's angular
    /// velocity about its own axes (x right, y down, z forward), `time_us` of the host's monotonic
    /// clock.
    ///
    /// # Errors
    /// When a rate is not finite, or the sample is not later than the one before.
    pub fn push(&mut self, time_us: i64, rate_rad_s: [f64; 3]) -> Result<(), GyroError> {
        if !rate_rad_s.iter().all(|rate| rate.is_finite()) {
            return Err(GyroError::NotFinite { rate_rad_s });
        }
        if let Some(newest) = self.samples.back()
            && time_us <= newest.time_us
        {
            return Err(GyroError::NotLater {
                newest_us: newest.time_us,
                found_us: time_us,
            });
        }
        if self.samples.len() == MOST_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            time_us,
            rate_rad_s,
        });
        Ok(())
    }

    /// Forgets all samples, as after a clock change.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// The rotation that takes directions in the camera's coordinates at `source_us` to those at
    /// `target_us`, row after row. The rate is linear between samples.
    ///
    /// # Errors
    /// When the samples do not cover the time.
    pub fn rotation(&self, source_us: i64, target_us: i64) -> Result<[[f64; 3]; 3], GyroError> {
        let not_covered = GyroError::NotCovered {
            from_us: source_us,
            to_us: target_us,
        };
        let (from_us, to_us) = (source_us.min(target_us), source_us.max(target_us));
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return Err(not_covered);
        };
        if from_us < first.time_us.saturating_sub(LONGEST_HOLD_US)
            || to_us > last.time_us.saturating_add(LONGEST_HOLD_US)
        {
            return Err(not_covered);
        }
        // world_from_camera grows by exp(rate dt) on the right; what is wanted is its inverse.
        let mut from_to = *Homography::IDENTITY.rows();
        let mut begin_us = from_us;
        while begin_us < to_us {
            let next = self
                .samples
                .partition_point(|sample| sample.time_us <= begin_us);
            let end_us = self
                .samples
                .get(next)
                .map_or(to_us, |sample| sample.time_us.min(to_us));
            let rate = self.mean_rate(next, begin_us, end_us).ok_or(not_covered)?;
            let seconds = (end_us - begin_us) as f64 * 1e-6;
            from_to = product(&from_to, &exponential(rate.map(|rate| rate * seconds)));
            begin_us = end_us;
        }
        Ok(if source_us <= target_us {
            transposed(&from_to)
        } else {
            from_to
        })
    }

    /// The motion of the picture between two times if the camera only turned: H = K R K^-1.
    ///
    /// # Errors
    /// When the samples do not cover the time.
    ///
    /// Source: Hartley and Zisserman, *Multiple View Geometry in Computer Vision*, 2nd edition, 8.4.
    pub fn motion(
        &self,
        source_us: i64,
        target_us: i64,
        intrinsics: &Intrinsics,
        noise: &GyroNoise,
    ) -> Result<Motion, GyroError> {
        let rotation = self.rotation(source_us, target_us)?;
        let k = intrinsics.pixel_from_plane();
        // A rotation has determinant 1: never an error.
        let rotation = Homography::new(rotation).unwrap_or_default();
        let map = k.after(&rotation).after(&k.inverse());
        let seconds = (target_us - source_us).unsigned_abs() as f64 * 1e-6;
        let angle = (noise.bias_rad_s * seconds).hypot(noise.angle_rad);
        // A wrong angle about an axis is a generator of rotations; K moves it into pixels.
        let mut covariance = Matrix9::zeros();
        for axis in 0..3 {
            let mut unit = [0.0; 3];
            unit[axis] = angle;
            let entries = crossing(unit);
            let column = nalgebra::SVector::<f64, 9>::from_fn(|i, _| entries[i / 3][i % 3]);
            covariance += column * column.transpose();
        }
        let turned = Motion::new(Homography::IDENTITY, covariance, 0.0).in_coordinates(&k, 1.0);
        let misfit_px = noise.parallax_rad_s * seconds * intrinsics.longest_focal_px();
        let exact = Motion::new(map, Matrix9::zeros(), misfit_px);
        Ok(turned.after(&exact))
    }

    /// The mean rate from one time to another between the samples `next - 1` and `next`.
    fn mean_rate(&self, next: usize, begin_us: i64, end_us: i64) -> Option<[f64; 3]> {
        let before = next
            .checked_sub(1)
            .and_then(|index| self.samples.get(index));
        match (before, self.samples.get(next)) {
            (Some(before), Some(after)) => {
                let gap_us = after.time_us - before.time_us;
                if gap_us > LONGEST_GAP_US {
                    return None;
                }
                let middle_us = (begin_us - before.time_us + end_us - before.time_us) as f64 / 2.0;
                let share = middle_us / gap_us as f64;
                Some(std::array::from_fn(|axis| {
                    let (low, high) = (before.rate_rad_s[axis], after.rate_rad_s[axis]);
                    low + (high - low) * share
                }))
            }
            (Some(only), None) | (None, Some(only)) => Some(only.rate_rad_s),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    fn turning(rate_rad_s: [f64; 3], samples: i64) -> GyroTrack {
        let mut track = GyroTrack::new();
        for index in 0..samples {
            track.push(index * 5000, rate_rad_s).unwrap();
        }
        track
    }

    #[test]
    fn a_camera_that_turns_right_sees_things_go_left() {
        // About y, which points down: to the right.
        let track = turning([0.0, 0.5, 0.0], 100);
        let intrinsics = Intrinsics::new(300.0, 300.0, 160.0, 120.0).unwrap();
        let motion = track
            .motion(10_000, 210_000, &intrinsics, &GyroNoise::default())
            .unwrap();
        let moved = motion
            .target_from_source()
            .apply(Point::new(160.0, 120.0))
            .unwrap();
        assert!(
            (moved.x_px - (160.0 - 300.0 * 0.1_f64.tan())).abs() < 1e-9,
            "{moved:?}"
        );
        let back = track
            .motion(210_000, 10_000, &intrinsics, &GyroNoise::default())
            .unwrap();
        let returned = back.target_from_source().apply(moved).unwrap();
        assert!(returned.distance_px(Point::new(160.0, 120.0)) < 1e-9);
        assert!(motion.deviation_px(Point::new(160.0, 120.0)) > 300.0 * 0.07 * 0.2);
    }

    #[test]
    fn parts_of_the_way_make_the_whole() {
        let mut track = GyroTrack::new();
        for index in 0..60 {
            let t = index as f64 * 0.005;
            track
                .push(index * 5000, [0.3 * t, 1.0 - t, 0.2 + 4.0 * t * t])
                .unwrap();
        }
        let whole = track.rotation(3_333, 250_001).unwrap();
        let first = track.rotation(3_333, 101_017).unwrap();
        let second = track.rotation(101_017, 250_001).unwrap();
        let both = product(&second, &first);
        for (a, b) in whole.iter().flatten().zip(both.iter().flatten()) {
            assert!((a - b).abs() < 1e-6, "{whole:?} {both:?}");
        }
    }

    #[test]
    fn bad_samples_and_uncovered_times_are_refused() {
        let mut track = turning([0.0; 3], 10);
        assert!(matches!(
            track.push(50_000, [0.0, f64::NAN, 0.0]),
            Err(GyroError::NotFinite { .. })
        ));
        assert!(matches!(
            track.push(45_000, [0.0; 3]),
            Err(GyroError::NotLater { .. })
        ));
        assert!(track.rotation(0, 57_000).is_ok());
        assert!(track.rotation(0, 58_000).is_err());
        assert!(track.rotation(-13_000, 0).is_err());
        assert!(GyroTrack::new().rotation(0, 0).is_err());
        assert!(track.rotation(i64::MIN, i64::MAX).is_err());
        track.push(145_000, [0.0; 3]).unwrap();
        assert!(matches!(
            track.rotation(0, 100_000),
            Err(GyroError::NotCovered { .. })
        ));
        track.clear();
        assert!(track.push(0, [0.0; 3]).is_ok());
    }

    #[test]
    fn the_oldest_samples_go_first() {
        let track = turning([0.1, 0.2, 0.3], 2000);
        assert_eq!(track.samples.len(), MOST_SAMPLES);
        assert!(track.rotation(0, 1000).is_err());
        assert!(track.rotation(1999 * 5000 - 1_000_000, 1999 * 5000).is_ok());
    }
}
