//! How an engine decides.

use serde::{Deserialize, Serialize};

use super::choice::ChoiceOptions;
use super::gaze::GazeOptions;
use super::keyframes::KeyframeOptions;
use super::ladder::LadderOptions;
use crate::motion::Intrinsics;

/// How an engine decides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EngineOptions {
    /// From a prompt's arrival to its answer, where the prompt says nothing else; microseconds.
    pub budget_us: i64,
    /// How gaze becomes fixations.
    pub gaze: GazeOptions,
    /// Prompts made of one fixation are at least so far apart, microseconds; 0 prompts with every
    /// sample.
    pub gaze_interval_us: i64,
    /// A fixation with a smaller spread becomes one point, rad.
    pub gaze_point_rad: f64,
    /// A fixation with a larger spread becomes a box; between the two, several points; rad.
    pub gaze_box_rad: f64,
    /// The camera, so that a gyroscope tells how the picture turns under the gaze.
    pub intrinsics: Option<Intrinsics>,
    /// When to encode.
    pub keyframes: KeyframeOptions,
    /// What can be done in time.
    pub ladder: LadderOptions,
    /// Which candidate to show.
    pub choice: ChoiceOptions,
    /// Where no decoding is in time, one is begun all the same if the last answer is of another thing, or
    /// was decoded so long ago: later prompts are answered with its mask, moved; microseconds.
    pub late_decode_us: i64,
    /// Answers whose keyframe is older, and not the newest, are neither moved nor held; microseconds.
    pub oldest_mask_us: i64,
    /// After so many failures in a row the encoder rests ...
    pub encoder_failures: u32,
    /// ... for so long, microseconds.
    pub encoder_rest_us: i64,
    /// An encoder that takes longer hangs, microseconds.
    pub encoder_watchdog_us: i64,
    /// A decoder that takes longer hangs, microseconds.
    pub decoder_watchdog_us: i64,
    /// Without a frame for so long, the camera has stalled: answers say so; microseconds.
    pub camera_stall_us: i64,
    /// Without a frame for so long, prompts get none; microseconds.
    pub camera_lost_us: i64,
    /// What comes in may be captured so much later than now: by how much clocks differ; microseconds.
    pub clock_difference_us: i64,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            budget_us: 10_000,
            gaze: GazeOptions::default(),
            gaze_interval_us: 0,
            gaze_point_rad: 0.5_f64.to_radians(),
            gaze_box_rad: 1.5_f64.to_radians(),
            intrinsics: None,
            keyframes: KeyframeOptions::default(),
            ladder: LadderOptions::default(),
            choice: ChoiceOptions::default(),
            late_decode_us: 150_000,
            oldest_mask_us: 3_000_000,
            encoder_failures: 3,
            encoder_rest_us: 1_000_000,
            encoder_watchdog_us: 5_000_000,
            decoder_watchdog_us: 1_000_000,
            camera_stall_us: 200_000,
            camera_lost_us: 2_000_000,
            clock_difference_us: 20_000,
        }
    }
}
