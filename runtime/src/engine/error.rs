//! Why an input was refused.

use std::fmt;

use super::gaze::GazeError;
use super::names::{FrameId, JobId, KeyframeId};
use crate::motion::GyroError;
use crate::prompt::PromptError;

/// Why an input was refused. It is then as if it had never come, except that it is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum EngineError {
    /// The frame was not captured after the one before.
    FrameNotLater {
        /// Of the frame before.
        newest_us: i64,
        /// Of this frame.
        found_us: i64,
    },
    /// The frame's number is not larger than that of the one before.
    FrameNumber {
        /// Of the frame before.
        newest: FrameId,
        /// Of this frame.
        found: FrameId,
    },
    /// Something was captured later than now, by more than clocks may differ. Taken in, it would make
    /// all that follows too old.
    FromFuture {
        /// What it is.
        name: &'static str,
        /// Now.
        now_us: i64,
        /// Of its capture.
        found_us: i64,
    },
    /// A side of the frame is zero.
    FrameSize {
        /// As given.
        width_px: u32,
        /// As given.
        height_px: u32,
    },
    /// The frame's sharpness is NaN, infinite or negative.
    Sharpness {
        /// As given.
        value: f32,
    },
    /// The prompt names a frame that is not among the latest.
    UnknownFrame {
        /// As given.
        found: FrameId,
        /// The newest frame, if there is one.
        newest: Option<FrameId>,
    },
    /// The prompt means nothing on its frame.
    Prompt(PromptError),
    /// The prompt leaves no time.
    Budget {
        /// As given.
        budget_us: i64,
    },
    /// The gaze sample means nothing.
    Gaze(GazeError),
    /// The gyroscope's sample means nothing.
    Gyro(GyroError),
    /// A report of an encoding that is not running.
    UnknownKeyframe {
        /// As given.
        found: KeyframeId,
    },
    /// A report of a job that is not running.
    UnknownJob {
        /// As given.
        found: JobId,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameNotLater {
                newest_us,
                found_us,
            } => write!(
                f,
                "the frame was captured at {found_us} us, but the one before at {newest_us} us; give frames in order, or make a new engine after a clock change"
            ),
            Self::FrameNumber { newest, found } => write!(
                f,
                "the frame has number {}, but the one before {}; count frames upwards",
                found.0, newest.0
            ),
            Self::FromFuture {
                name,
                now_us,
                found_us,
            } => write!(
                f,
                "the {name} was captured at {found_us} us, but now is {now_us} us; stamp it with the host's monotonic clock"
            ),
            Self::FrameSize {
                width_px,
                height_px,
            } => write!(
                f,
                "the frame has {width_px}x{height_px} pixels; give sides of at least 1"
            ),
            Self::Sharpness { value } => write!(
                f,
                "the frame's sharpness is {value}; give a finite number of at least 0, or none"
            ),
            Self::UnknownFrame { found, newest } => match newest {
                Some(newest) => write!(
                    f,
                    "the prompt is on frame {}, but only the latest frames up to {} are known; prompt on one of them",
                    found.0, newest.0
                ),
                None => write!(
                    f,
                    "the prompt is on frame {}, but there is no frame yet; give a frame first",
                    found.0
                ),
            },
            Self::Prompt(error) => error.fmt(f),
            Self::Budget { budget_us } => write!(
                f,
                "the prompt's budget is {budget_us} us; give at least 1, or none for the usual one"
            ),
            Self::Gaze(error) => error.fmt(f),
            Self::Gyro(error) => error.fmt(f),
            Self::UnknownKeyframe { found } => write!(
                f,
                "keyframe {} is not being encoded; report every job once",
                found.0
            ),
            Self::UnknownJob { found } => {
                write!(f, "job {} is not running; report every job once", found.0)
            }
        }
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Prompt(error) => Some(error),
            Self::Gaze(error) => Some(error),
            Self::Gyro(error) => Some(error),
            _ => None,
        }
    }
}
