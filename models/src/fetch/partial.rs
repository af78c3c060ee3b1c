//! A download that is not complete: the bytes that came, and what they are the beginning of.
//!
//! `NAME.part` holds the bytes, `NAME.part.source` the address and the server's validator for them,
//! one a line. Bytes whose source is another, or unknown, are dropped.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::FetchError;
use crate::hashed_file;

/// An open download. It is locked as long as it lives.
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    note: PathBuf,
    digest: Sha256,
    length: u64,
    /// The server's validator of the bytes, if they can be the beginning of a download from `url`.
    validator: Option<String>,
}

impl Partial {
    /// Opens the download that becomes `target`, and reads what is there of it.
    pub(super) fn open(target: &Path, url: &str) -> Result<Self, FetchError> {
        let path = with_suffix(target, ".part");
        let note = with_suffix(target, ".part.source");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(|error| failed(&path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy { path }),
            // Some network drives know no locks; then nobody else is looked for.
            Err(TryLockError::Error(_)) => {}
        }
        let validator = fs::read_to_string(&note).ok().and_then(|text| {
            let (noted, validator) = text.split_once('\n')?;
            (noted == url).then(|| validator.trim_end().to_owned())
        });
        let mut partial = Self {
            file,
            path,
            note,
            digest: Sha256::new(),
            length: 0,
            validator,
        };
        match partial.validator {
            Some(_) => partial.read_existing()?,
            None => partial.restart()?,
        }
        Ok(partial)
    }

    /// Bytes that are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What the server must still have for more bytes to fit behind those that are there.
    pub(super) fn validator(&self) -> Option<&str> {
        self.validator
            .as_deref()
            .filter(|validator| self.length > 0 && !validator.is_empty())
    }

    /// Drops all bytes.
    pub(super) fn restart(&mut self) -> Result<(), FetchError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|error| failed(&self.path, error))?;
        self.digest = Sha256::new();
        self.length = 0;
        Ok(())
    }

    /// Notes what the bytes to come are the beginning of.
    pub(super) fn note(&mut self, url: &str, validator: &str) -> Result<(), FetchError> {
        let text = format!("{url}\n{validator}\n");
        fs::write(&self.note, text).map_err(|error| failed(&self.note, error))?;
        self.validator = Some(validator.to_owned());
        Ok(())
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| failed(&self.path, error))?;
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// SHA-256 of all bytes.
    pub(super) fn sha256(&self) -> String {
        hashed_file::hexadecimal(&self.digest.clone().finalize())
    }

    /// Waits until the bytes are on the disk, and gives them their name.
    pub(super) fn publish(self, target: &Path) -> Result<(), FetchError> {
        let synced = self.file.sync_all();
        synced.map_err(|error| failed(&self.path, error))?;
        fs::rename(&self.path, target).map_err(|error| failed(target, error))?;
        // Without the bytes, the note says nothing.
        let _ = fs::remove_file(&self.note);
        Ok(())
    }

    /// Removes everything.
    pub(super) fn discard(self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(&self.note);
    }

    fn read_existing(&mut self) -> Result<(), FetchError> {
        let read = hashed_file::read_into(&mut self.digest, &mut self.file);
        self.length = read.map_err(|error| failed(&self.path, error))?;
        Ok(())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The operating system failed at a file.
pub(super) fn failed(path: &Path, error: io::Error) -> FetchError {
    FetchError::File {
        path: path.to_owned(),
        error,
    }
}
