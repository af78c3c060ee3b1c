//! A folder that takes another's place when everything in it is written.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    DECODER_FILE, ENCODER_FILE, ImportError, MANIFEST_FILE, ONNX_DECODER_FILE, WEIGHTS_FILE,
};

/// A new folder beside the output. It is removed if it is not published.
pub(super) struct Staging {
    folder: PathBuf,
    output: PathBuf,
}

impl Staging {
    /// Makes the folder, if the output may be replaced.
    pub(super) fn new(output: &Path) -> Result<Self, ImportError> {
        check_replaceable(output)?;
        let folder = beside(output, "importing")?;
        let create = fs::create_dir(&folder);
        create.map_err(|error| write_error(output, &error))?;
        Ok(Self {
            folder,
            output: output.to_owned(),
        })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of a file in the folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts the folder in the place of the output.
    pub(super) fn publish(self) -> Result<(), ImportError> {
        // Others may have written there in the meantime.
        check_replaceable(&self.output)?;
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
                Err(_) => Err(ImportError::Stranded { folder: old }),
            };
        }
        // The import is done; an old folder that cannot be removed does not undo it.
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

/// A hidden name in the same folder, so that a rename is all it takes, which no other import uses.
fn beside(output: &Path, purpose: &str) -> Result<PathBuf, ImportError> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = output.file_name().ok_or_else(|| ImportError::Output {
        path: output.to_owned(),
    })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    hidden.push(format!(".{purpose}-{}-{count}", std::process::id()));
    Ok(output.with_file_name(hidden))
}

/// Checks that nothing is lost when the output is replaced: it does not exist, is empty, or has only
/// files that an import writes.
fn check_replaceable(output: &Path) -> Result<(), ImportError> {
    let failed = |error: io::Error| write_error(output, &error);
    match fs::symlink_metadata(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(ImportError::Output {
                path: output.to_owned(),
            });
        }
        Ok(_) => {}
    }
    for entry in fs::read_dir(output).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let ours = [
            ENCODER_FILE,
            WEIGHTS_FILE,
            DECODER_FILE,
            ONNX_DECODER_FILE,
            MANIFEST_FILE,
        ];
        if !ours.iter().any(|name| entry.file_name() == *name) {
            return Err(ImportError::Occupied { path: entry.path() });
        }
    }
    Ok(())
}

fn write_error(path: &Path, error: &io::Error) -> ImportError {
    ImportError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
