//! Why a source gave no frame.

use std::{fmt, io};

use crate::frame::FrameError;

/// Why a source gave no frame: which source, where in it, what is wrong, what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceError {
    /// It cannot be opened, or not be read further.
    Io {
        /// File, folder or stream.
        name: String,
        /// Bytes read before.
        position_bytes: u64,
        /// What the operating system says.
        error: io::Error,
    },
    /// There is not a single frame in it.
    NoFrames {
        /// File or folder.
        name: String,
        /// What was looked for.
        wanted: &'static str,
    },
    /// It is not what it should be.
    Format {
        /// File or stream.
        name: String,
        /// Where, bytes from the start.
        position_bytes: u64,
        /// What is wrong, with the value, and the remedy.
        reason: String,
    },
    /// It ends within a frame.
    Truncated {
        /// File or stream.
        name: String,
        /// Which frame, from 0.
        frame: u64,
        /// Where it ends, bytes from the start.
        position_bytes: u64,
    },
    /// One image is damaged, or of a kind that is not read. The others may be whole.
    Image {
        /// File or stream.
        name: String,
        /// Which frame, from 0.
        frame: u64,
        /// What is wrong, and the remedy.
        reason: String,
    },
    /// A frame whose size no frame has.
    Frame {
        /// File or stream.
        name: String,
        /// What is wrong.
        error: FrameError,
    },
    /// A recording that cannot be read.
    #[cfg(feature = "recording")]
    Recording {
        /// File or stream.
        name: String,
        /// What is wrong.
        error: crate::recording::RecordingError,
    },
    /// A camera that is not there, or gives nothing.
    Camera {
        /// Its number, from 0.
        index: u32,
        /// What the system says.
        reason: String,
    },
    /// The feature that reads it was not built in.
    NotBuilt {
        /// File, folder or camera.
        name: String,
        /// The feature of this crate.
        feature: &'static str,
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                name,
                position_bytes: 0,
                error,
            } => write!(f, "{name}: {error}; check the path and its permissions"),
            Self::Io {
                name,
                position_bytes,
                error,
            } => write!(
                f,
                "{name}: {error} after {position_bytes} bytes; check the disk or the connection"
            ),
            Self::NoFrames { name, wanted } => {
                write!(f, "{name}: there is no frame in it; give {wanted}")
            }
            Self::Format {
                name,
                position_bytes,
                reason,
            } => write!(f, "{name}: at byte {position_bytes}, {reason}"),
            Self::Truncated {
                name,
                frame,
                position_bytes,
            } => write!(
                f,
                "{name}: it breaks off at byte {position_bytes}, within frame {frame}; copy it again, or use the frames before"
            ),
            Self::Image {
                name,
                frame,
                reason,
            } => write!(f, "{name}: frame {frame} {reason}"),
            Self::Frame { name, error } => write!(f, "{name}: {error}"),
            #[cfg(feature = "recording")]
            Self::Recording { name, error } => write!(f, "{name}: {error}"),
            Self::Camera { index, reason } => write!(
                f,
                "camera {index}: {reason}; check that it is plugged in, free, and that you may use it"
            ),
            Self::NotBuilt { name, feature } => write!(
                f,
                "{name}: this build cannot read it; build fixate with the feature {feature}"
            ),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Frame { error, .. } => Some(error),
            #[cfg(feature = "recording")]
            Self::Recording { error, .. } => Some(error),
            _ => None,
        }
    }
}
