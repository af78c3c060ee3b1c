//! A folder that takes another's place when everything in it is written.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A new folder beside the output. It is removed if it is not published.
pub(crate) struct Staging {
    folder: PathBuf,
    output: PathBuf,
    files: Vec<String>,
}

/// Why a folder cannot take another's place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StagingError {
    /// The output is no folder and cannot become one.
    Output {
        /// The output.
        path: PathBuf,
    },
    /// The output holds something that would be lost.
    Occupied {
        /// What it is.
        path: PathBuf,
    },
    /// A file or folder cannot be written.
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The output was moved away, and could be neither replaced nor moved back.
    Stranded {
        /// Where the former output is.
        folder: PathBuf,
    },
}

impl fmt::Display for StagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output { path } => {
                write!(f, "{} is not a folder; name a new one", path.display())
            }
            Self::Occupied { path } => write!(
                f,
                "{} would be lost; name a new folder, or move it away",
                path.display()
            ),
            Self::Write { path, reason } => {
                write!(f, "{} cannot be written: {reason}", path.display())
            }
            Self::Stranded { folder } => write!(
                f,
                "the folder could not be replaced; the former one is now {}, move it back by hand",
                folder.display()
            ),
        }
    }
}

impl std::error::Error for StagingError {}

impl Staging {
    /// Makes the folder, if the output may be replaced: it does not exist, is empty, or has only
    /// `files`.
    pub(crate) fn new(output: &Path, files: &[&str]) -> Result<Self, StagingError> {
        let files: Vec<String> = files.iter().map(|name| (*name).to_owned()).collect();
        check_replaceable(output, &files)?;
        let folder = beside(output, "writing")?;
        let create = fs::create_dir(&folder);
        create.map_err(|error| write_error(output, &error))?;
        Ok(Self {
            folder,
            output: output.to_owned(),
            files,
        })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts the folder in the place of the output.
    pub(crate) fn publish(self) -> Result<(), StagingError> {
        // Others may have written there in the meantime.
        check_replaceable(&self.output, &self.files)?;
        let failed = |error: io::Error| write_error(&self.output, &error);
        if !self.output.exists() {
            return fs::rename(&self.folder, &self.output).map_err(failed);
        }
        // No folder can be renamed onto one with files in it.
        let old = beside(&self.output, "replaced")?;
        fs::rename(&self.output, &old).map_err(failed)?;
        if let Err(error) = fs::rename(&self.folder, &self.output) {
            return match fs::rename(&old, &self.output) {
                Ok(()) => Err(failed(error)),
                Err(_) => Err(StagingError::Stranded { folder: old }),
            };
        }
        // All is done; an old folder that cannot be removed does not undo it.
        let _ = fs::remove_dir_all(&old);
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // There is none after it was published.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A hidden name in the same folder, so that a rename is all it takes, which no other writer uses.
fn beside(output: &Path, purpose: &str) -> Result<PathBuf, StagingError> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = output.file_name().ok_or_else(|| StagingError::Output {
        path: output.to_owned(),
    })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    hidden.push(format!(".{purpose}-{}-{count}", std::process::id()));
    Ok(output.with_file_name(hidden))
}

/// Checks that nothing is lost when the output is replaced.
fn check_replaceable(output: &Path, files: &[String]) -> Result<(), StagingError> {
    let failed = |error: io::Error| write_error(output, &error);
    match fs::symlink_metadata(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(StagingError::Output {
                path: output.to_owned(),
            });
        }
        Ok(_) => {}
    }
    for entry in fs::read_dir(output).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !files.iter().any(|name| entry.file_name() == **name) {
            return Err(StagingError::Occupied { path: entry.path() });
        }
    }
    Ok(())
}

fn write_error(path: &Path, error: &io::Error) -> StagingError {
    StagingError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
