//! Whether the eye rests or jumps.

use serde::{Deserialize, Serialize};

use super::window::{Line, Window};

/// How fixations are told from saccades.
///
/// Source of both: Salvucci and Goldberg, "Identifying Fixations and Saccades in Eye-Tracking
/// Protocols", ETRA 2000.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Detection {
    /// I-VT: the eye jumps where it is fast.
    Velocity(Velocity),
    /// I-DT: the eye rests where samples lie close together for some time.
    Dispersion(Dispersion),
}

impl Default for Detection {
    fn default() -> Self {
        Self::Velocity(Velocity::default())
    }
}

/// I-VT's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Velocity {
    /// Above this speed the eye jumps, rad/s. Usual: 30 deg/s.
    pub saccade_rad_s: f64,
    /// The speed is that of a line through this long a time, microseconds; longer is later and takes
    /// more noise.
    pub window_us: i64,
    /// The speed must also be so many times what the samples' noise alone makes of it.
    pub noise_factor: f64,
}

impl Default for Velocity {
    fn default() -> Self {
        Self {
            saccade_rad_s: 30_f64.to_radians(),
            window_us: 50_000,
            noise_factor: 3.5,
        }
    }
}

/// I-DT's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dispersion {
    /// Width plus height of the box around a fixation's samples is at most this, rad. Usual: 1 to 1.5
    /// deg. White noise of s makes about 7 s of it.
    pub largest_rad: f64,
    /// Over this long a time, microseconds. Usual: 100 to 200 ms.
    pub window_us: i64,
}

impl Default for Dispersion {
    fn default() -> Self {
        Self {
            largest_rad: 1.5_f64.to_radians(),
            window_us: 100_000,
        }
    }
}

/// What the latest samples say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Resting,
    Jumping,
    /// Too few samples yet.
    Unknown,
}

impl Detection {
    /// The time over which samples are judged, microseconds.
    pub(super) fn window_us(&self) -> i64 {
        match self {
            Self::Velocity(options) => options.window_us,
            Self::Dispersion(options) => options.window_us,
        }
    }

    /// Judges the samples up to `now_us`; `noise_px` is the standard deviation of single ones.
    pub(super) fn judge(
        &self,
        window: &Window,
        now_us: i64,
        px_per_rad: f64,
        noise_px: f64,
    ) -> Verdict {
        let since_us = now_us.saturating_sub(self.window_us());
        match self {
            Self::Velocity(options) => match window.line(since_us) {
                Some(line) if line.count >= 3 => {
                    if options.is_jump(&line, px_per_rad, noise_px) {
                        Verdict::Jumping
                    } else {
                        Verdict::Resting
                    }
                }
                _ => Verdict::Unknown,
            },
            Self::Dispersion(options) => {
                if window.dispersion_px(since_us) > options.largest_rad * px_per_rad {
                    return Verdict::Jumping;
                }
                // Together for less than the shortest fixation says nothing yet; a quarter less
                // forgives samples that do not fall on the window's edge.
                let oldest_us = window.since(since_us).last().map_or(now_us, |s| s.time_us);
                if now_us - oldest_us >= options.window_us - options.window_us / 4 {
                    Verdict::Resting
                } else {
                    Verdict::Unknown
                }
            }
        }
    }
}

impl Velocity {
    fn is_jump(&self, line: &Line, px_per_rad: f64, noise_px: f64) -> bool {
        let speed_px_s = line.speed_px_s();
        speed_px_s > self.saccade_rad_s * px_per_rad
            && speed_px_s > self.noise_factor * line.speed_error_px_s(noise_px)
    }
}
