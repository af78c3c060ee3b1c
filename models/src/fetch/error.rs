//! Why a file cannot be fetched.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a file cannot be fetched.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchError {
    /// No model has this name.
    Name {
        /// The name.
        found: String,
    },
    /// A text is no address of a file.
    Address {
        /// The text.
        found: String,
    },
    /// A text is no SHA-256.
    Sha256 {
        /// The text.
        found: String,
    },
    /// The platform tells no folder for data.
    NoFolder,
    /// A file that would be lost has the name of the download.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another process is fetching the same file.
    Busy {
        /// What it has so far.
        path: PathBuf,
    },
    /// The server cannot be reached, or does not speak HTTP.
    Unreachable {
        /// The address, without what follows a question mark.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The server refuses.
    Status {
        /// The address, without what follows a question mark.
        url: String,
        /// HTTP's status code.
        status: u16,
    },
    /// The connection ended early; what came is kept.
    Interrupted {
        /// The address, without what follows a question mark.
        url: String,
        /// Bytes that are there.
        bytes: u64,
        /// What went wrong.
        reason: String,
    },
    /// There is more than any model has.
    TooLarge {
        /// The limit in bytes.
        most: u64,
    },
    /// The contents are not those that were asked for; they are not kept.
    Checksum {
        /// SHA-256 that was asked for.
        expected: String,
        /// SHA-256 of what came.
        found: String,
    },
    /// A file cannot be read or written.
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { found } => write!(
                f,
                "no model is known as {found:?}; give the address of a file, beginning with https://"
            ),
            Self::Address { found } => write!(
                f,
                "{found:?} is not the address of a file; it begins with https:// or http:// and ends in the file's name"
            ),
            Self::Sha256 { found } => {
                write!(f, "{found:?} is not a SHA-256; give 64 hexadecimal digits")
            }
            Self::NoFolder => {
                f.write_str("there is no folder for models; name one in FIXATE_MODELS")
            }
            Self::Exists { path } => write!(
                f,
                "{} is there already, and not known to be the same; give its SHA-256, or move it away",
                path.display()
            ),
            Self::Busy { path } => write!(
                f,
                "{} is being written by another process; wait for it",
                path.display()
            ),
            Self::Unreachable { url, reason } => write!(
                f,
                "{url} cannot be reached ({reason}); check the network and the address"
            ),
            Self::Status { url, status } => {
                write!(f, "{url} answers with status {status}; check the address")
            }
            Self::Interrupted { url, bytes, reason } => write!(
                f,
                "{url} was cut off after {bytes} bytes ({reason}); fetch it again to go on from there"
            ),
            Self::TooLarge { most } => {
                write!(f, "there are more than {most} bytes, which no model has")
            }
            Self::Checksum { expected, found } => write!(
                f,
                "the file's SHA-256 is {found}, not {expected}; it was not kept, check where it comes from"
            ),
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            _ => None,
        }
    }
}
