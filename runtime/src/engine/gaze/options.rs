//! How gaze becomes fixations.

use serde::{Deserialize, Serialize};

use super::detection::Detection;
use super::one_euro::OneEuroOptions;
use crate::geometry::Homography;

/// How gaze becomes fixations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GazeOptions {
    /// From pixels of the tracker's scene camera to those of the frame.
    pub frame_from_tracker: Homography,
    /// The tracker's constant delay, taken off every sample's time, microseconds.
    pub delay_us: i64,
    /// Pixels of the frame for a radian: the camera's focal length.
    pub px_per_rad: f64,
    /// How fixations are told from saccades.
    pub detection: Detection,
    /// How a fixation's point is smoothed.
    pub smoothing: OneEuroOptions,
    /// Samples below this confidence count as invalid.
    pub least_confidence: f32,
    /// Fixations shorter than this are none, microseconds.
    pub shortest_fixation_us: i64,
    /// Without valid samples for longer than this a fixation ends, microseconds.
    pub longest_gap_us: i64,
    /// Without valid samples for longer than this it is no blink; microseconds.
    pub longest_blink_us: i64,
    /// So long after a blink samples are ignored, the lids are still moving; microseconds.
    pub after_blink_us: i64,
    /// A fixation so close to the one before goes on with it, rad ...
    pub merge_rad: f64,
    /// ... if so little time lies between, microseconds.
    pub merge_us: i64,
    /// After so long a fixation is a dwell, microseconds.
    pub dwell_us: i64,
    /// A fixation faster than this follows something, rad/s.
    pub pursuit_rad_s: f64,
    /// Single samples are never taken to be better than this (a standard deviation), rad.
    pub least_noise_rad: f64,
}

impl Default for GazeOptions {
    fn default() -> Self {
        Self {
            frame_from_tracker: Homography::IDENTITY,
            delay_us: 0,
            px_per_rad: 900.0,
            detection: Detection::default(),
            smoothing: OneEuroOptions::default(),
            least_confidence: 0.5,
            shortest_fixation_us: 100_000,
            longest_gap_us: 75_000,
            longest_blink_us: 500_000,
            after_blink_us: 20_000,
            merge_rad: 3_f64.to_radians(),
            merge_us: 100_000,
            dwell_us: 600_000,
            pursuit_rad_s: 3_f64.to_radians(),
            least_noise_rad: 0.1_f64.to_radians(),
        }
    }
}
