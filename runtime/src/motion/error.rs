//! Why there is no motion.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why pixels do not tell the motion between two frames. Not a mistake of the caller: a fact about the
/// pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Lost {
    /// The frames have different sizes.
    SizeChanged,
    /// The source has too little texture.
    TooFewCorners {
        /// Corners there.
        found: usize,
    },
    /// Too few corners were found again: a jump, blur, or another scene.
    TooFewTracked {
        /// Corners there.
        corners: usize,
        /// Of them, found again.
        tracked: usize,
    },
    /// What was found again does not move together.
    NoAgreement {
        /// Corners found again.
        tracked: usize,
        /// Of them, moving together.
        agreeing: usize,
    },
    /// Less than most of what was found again moves together, and not as the gyroscope turned: a thing
    /// that fills the view, or noise that stays on the sensor.
    AgainstGyro {
        /// How far the two differ at most in the picture, pixels.
        distance_px: f64,
    },
    /// The motion found turns the picture inside out or is known to no useful precision.
    Implausible {
        /// Standard deviation of the picture's centre in the target, pixels.
        deviation_px: f64,
    },
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeChanged => write!(f, "the frames have different sizes"),
            Self::TooFewCorners { found } => {
                write!(f, "the picture has too little texture: {found} corners")
            }
            Self::TooFewTracked { corners, tracked } => {
                write!(f, "of {corners} corners only {tracked} were found again")
            }
            Self::NoAgreement { tracked, agreeing } => {
                write!(
                    f,
                    "of {tracked} corners found again only {agreeing} move together"
                )
            }
            Self::AgainstGyro { distance_px } => write!(
                f,
                "what moves together differs by {distance_px:.1} px from how the gyroscope turned"
            ),
            Self::Implausible { deviation_px } => write!(
                f,
                "the motion found is implausible (the centre is known to {deviation_px:.1} px)"
            ),
        }
    }
}

/// Why a frame was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MotionError {
    /// The frame was not captured after the one before; it is ignored.
    NotLater {
        /// Of the frame before.
        newest_us: i64,
        /// Of this frame.
        found_us: i64,
    },
}

impl fmt::Display for MotionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLater {
                newest_us,
                found_us,
            } => write!(
                f,
                "the frame was captured at {found_us} us, but the one before at {newest_us} us; give frames in order, or reset after a clock change"
            ),
        }
    }
}

/// Why a chain of motions has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainError {
    /// A link does not begin where the chain ends; it is ignored.
    Gap {
        /// Where the chain ends.
        newest_us: i64,
        /// Where the link begins.
        found_us: i64,
    },
    /// The motion was lost on the way.
    Broken {
        /// The frame from which on nothing is known.
        since_us: i64,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap {
                newest_us,
                found_us,
            } => write!(
                f,
                "the motion begins at {found_us} us, but the chain ends at {newest_us} us; give every motion once, in order"
            ),
            Self::Broken { since_us } => write!(
                f,
                "the motion was lost after {since_us} us; start a chain from a newer keyframe"
            ),
        }
    }
}

/// Why gyroscope samples tell no rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GyroError {
    /// A rate is NaN or infinite; the sample is ignored.
    NotFinite {
        /// As given.
        rate_rad_s: [f64; 3],
    },
    /// The sample is not later than the one before; it is ignored.
    NotLater {
        /// Of the sample before.
        newest_us: i64,
        /// Of this sample.
        found_us: i64,
    },
    /// The samples do not reach over the time asked for, or have a gap in it.
    NotCovered {
        /// Beginning of the time asked for.
        from_us: i64,
        /// End of it.
        to_us: i64,
    },
}

impl fmt::Display for GyroError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { rate_rad_s } => write!(
                f,
                "the gyroscope's rate is {rate_rad_s:?} rad/s; give finite numbers"
            ),
            Self::NotLater {
                newest_us,
                found_us,
            } => write!(
                f,
                "the gyroscope's sample is of {found_us} us, but the one before of {newest_us} us; give samples in order, or clear after a clock change"
            ),
            Self::NotCovered { from_us, to_us } => write!(
                f,
                "the gyroscope's samples do not cover {from_us}..{to_us} us; push samples up to the newest frame's time, without gaps"
            ),
        }
    }
}

/// Why numbers are no intrinsics.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum IntrinsicsError {
    /// A number is not finite, or a focal length is not positive.
    Invalid {
        /// What it is.
        name: &'static str,
        /// As given.
        value: f64,
    },
}

impl fmt::Display for IntrinsicsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { name, value } => write!(
                f,
                "the camera's {name} is {value}; give pixels of the frame, focal lengths above 0"
            ),
        }
    }
}

impl std::error::Error for Lost {}
impl std::error::Error for MotionError {}
impl std::error::Error for ChainError {}
impl std::error::Error for GyroError {}
impl std::error::Error for IntrinsicsError {}
