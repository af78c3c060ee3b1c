//! Why a recording cannot be written or read.

use std::{fmt, io};

use super::entry::FORMAT;

/// Why a recording cannot be written or read. A file's name is the caller's to add.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordingError {
    /// The operating system refused to read or write.
    Io(io::Error),
    /// The file ends before the recording does. All that stands before was given.
    Truncated {
        /// Where it ends, bytes from its start.
        position_bytes: u64,
    },
    /// The bytes are no MCAP file, or have been changed.
    Damaged {
        /// How far it was read, bytes from its start.
        position_bytes: u64,
        /// What is wrong.
        reason: String,
    },
    /// There is no channel of an engine in the file.
    NoEngine,
    /// The engine's channel is of another version.
    Format {
        /// As the file says.
        found: String,
    },
    /// The engine's channel does not begin with the engine's options.
    NoBeginning,
    /// An entry of the engine's channel cannot be read or written.
    Entry {
        /// What is wrong.
        reason: String,
    },
    /// A frame, a JPEG or a mask cannot be written.
    Image {
        /// What is wrong.
        reason: String,
    },
    /// The writer of the format refused.
    Writer {
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}; check the path, its permissions and the disk"),
            Self::Truncated { position_bytes } => write!(
                f,
                "the recording breaks off at byte {position_bytes}; what stands before it can be used, or copy the file again"
            ),
            Self::Damaged {
                position_bytes,
                reason,
            } => write!(
                f,
                "not an MCAP file, or a damaged one ({reason}, up to byte {position_bytes}); copy it again"
            ),
            Self::NoEngine => write!(
                f,
                "the file has no channel /fixate/engine; give one that `fixate record` wrote"
            ),
            Self::Format { found } => write!(
                f,
                "the recording is of format {found}, but this fixate reads format {FORMAT}; replay it with the version that wrote it"
            ),
            Self::NoBeginning => write!(
                f,
                "the recording does not begin with the engine's options, so its start is missing; record again"
            ),
            Self::Entry { reason } => write!(
                f,
                "an entry of /fixate/engine makes no sense ({reason}); copy the file again, or replay it with the version that wrote it"
            ),
            Self::Image { reason } => write!(f, "an image cannot be recorded: {reason}"),
            Self::Writer { reason } => {
                write!(f, "the recording cannot be written: {reason}")
            }
        }
    }
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for RecordingError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
