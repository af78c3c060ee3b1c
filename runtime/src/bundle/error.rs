//! Why a bundle cannot be used.

use std::fmt;
use std::path::PathBuf;

use super::Precision;

/// Why a bundle cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BundleError {
    /// The library was built without its model.
    NoBuiltInModel,
    /// The manifest of the built-in model names a file that was not built in.
    NotBuiltIn {
        /// Its name.
        file: String,
    },
    /// A file cannot be read.
    Read {
        /// Where it should be.
        file: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// A file's name leads out of the bundle's folder.
    Path {
        /// The name in the manifest.
        file: String,
    },
    /// A name is that of a folder or a device.
    NotAFile {
        /// The name in the manifest.
        file: String,
    },
    /// A file is larger than any model's.
    TooLarge {
        /// Its name.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The limit.
        most: u64,
    },
    /// A file is not the one that the manifest describes.
    Checksum {
        /// Its name.
        file: String,
        /// SHA-256 in the manifest.
        expected: String,
        /// SHA-256 of the file.
        found: String,
    },
    /// The manifest's format is of another time.
    Format {
        /// Its number.
        found: i64,
    },
    /// The manifest is malformed, lacks a field or has one too many.
    Manifest(String),
    /// A value in the manifest cannot be used.
    Value {
        /// Where it stands.
        field: &'static str,
        /// What it is.
        found: String,
        /// What can be used.
        expected: &'static str,
    },
    /// There is no encoder of the wanted precision.
    Precision {
        /// What was asked for.
        wanted: Precision,
        /// What the bundle has.
        available: Vec<Precision>,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBuiltInModel => write!(
                f,
                "the library was built without a model; name a bundle, or build with the feature default-model"
            ),
            Self::NotBuiltIn { file } => {
                write!(f, "{file} was not built into the library; build it again")
            }
            Self::Read { file, reason } => write!(f, "{} cannot be read: {reason}", file.display()),
            Self::Path { file } => write!(
                f,
                "{file:?} does not name a file inside the bundle; use a relative path without .."
            ),
            Self::NotAFile { file } => write!(f, "{file} is not a file"),
            Self::TooLarge { file, size, most } => {
                write!(f, "{file} has {size} bytes; at most {most} are read")
            }
            Self::Checksum {
                file,
                expected,
                found,
            } => write!(
                f,
                "{file} is damaged or of another bundle: its SHA-256 is {found}, bundle.toml says {expected}; fetch the bundle again"
            ),
            Self::Format { found } => write!(
                f,
                "bundle.toml has format {found}, this version reads format 1; use a matching version of fixate"
            ),
            Self::Manifest(reason) => write!(f, "bundle.toml cannot be understood: {reason}"),
            Self::Value {
                field,
                found,
                expected,
            } => {
                write!(f, "bundle.toml has {field} = {found}; expected {expected}")
            }
            Self::Precision { wanted, available } => {
                let available: Vec<String> = available.iter().map(Precision::to_string).collect();
                write!(
                    f,
                    "the bundle has no {wanted} encoder; it has {}",
                    available.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for BundleError {}
