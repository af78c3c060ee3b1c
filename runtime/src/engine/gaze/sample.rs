//! What an eye tracker gives.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::geometry::{Homography, Point};
use crate::motion::Intrinsics;

/// Where the eyes point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GazePosition {
    /// In pixels of the frame.
    Frame(Point),
    /// In pixels of the tracker's own scene camera; a calibration tells where that is in the frame.
    Tracker(Point),
}

/// One sample of an eye tracker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GazeSample {
    /// When the eyes were seen, microseconds of the host's monotonic clock. A constant delay that the
    /// tracker does not report is taken off later, as an option of the tracker.
    pub time_us: i64,
    /// Where they point.
    pub position: GazePosition,
    /// Whether the tracker calls the sample valid (worn, eyes found). False in a blink; the position
    /// means nothing then.
    pub valid: bool,
    /// How sure the tracker is, 0..=1, if it says so.
    pub confidence: Option<f32>,
}

impl GazeSample {
    /// A valid sample in pixels of the frame.
    #[must_use]
    pub fn at(time_us: i64, x_px: f64, y_px: f64) -> Self {
        Self {
            time_us,
            position: GazePosition::Frame(Point::new(x_px, y_px)),
            valid: true,
            confidence: None,
        }
    }

    /// A valid sample from a direction in the camera's coordinates (x right, y down, z forward; any
    /// length); none for one that does not point forward.
    #[must_use]
    pub fn towards(time_us: i64, [x, y, z]: [f64; 3], intrinsics: &Intrinsics) -> Option<Self> {
        let forward = z > 0.0 && (x / z).is_finite() && (y / z).is_finite();
        let point = forward.then(|| Point::new(x / z, y / z))?;
        let pixel = intrinsics.pixel_from_plane().apply(point)?;
        Some(Self::at(time_us, pixel.x_px, pixel.y_px))
    }

    /// A sample without a gaze: eyes shut, or tracker not worn.
    #[must_use]
    pub fn missing(time_us: i64) -> Self {
        Self {
            valid: false,
            ..Self::at(time_us, 0.0, 0.0)
        }
    }

    /// The gaze in pixels of the frame; none where the calibration has no image of it.
    pub(super) fn in_frame(&self, frame_from_tracker: &Homography) -> Option<Point> {
        match self.position {
            GazePosition::Frame(point) => Some(point),
            GazePosition::Tracker(point) => frame_from_tracker.apply(point),
        }
    }
}

/// Why a gaze sample was refused. It is then as if it had never come, except that it is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GazeError {
    /// The sample is not later than the one before.
    NotLater {
        /// Of the sample before.
        newest_us: i64,
        /// Of this sample.
        found_us: i64,
    },
    /// A coordinate is NaN or infinite in a sample called valid.
    NotFinite {
        /// As given.
        point: Point,
    },
    /// The confidence is not between 0 and 1.
    Confidence {
        /// As given.
        value: f32,
    },
}

impl fmt::Display for GazeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLater {
                newest_us,
                found_us,
            } => write!(
                f,
                "the gaze sample is of {found_us} us, but the one before of {newest_us} us; give samples in order, or reset after a clock change"
            ),
            Self::NotFinite { point } => write!(
                f,
                "the gaze is ({}, {}) in a sample called valid; give finite pixels, or call it invalid",
                point.x_px, point.y_px
            ),
            Self::Confidence { value } => write!(
                f,
                "the gaze sample's confidence is {value}; give 0 to 1, or none"
            ),
        }
    }
}

impl std::error::Error for GazeError {}
