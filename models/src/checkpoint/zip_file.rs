//! Tensors of a PyTorch zip file, read one at a time.
//!
//! `torch.save` writes `NAME/data.pkl`, which lists the tensors, and one entry `NAME/data/N` for
//! each storage. It compresses nothing; a compressed entry is refused, so that no entry can be
//! longer than the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};

use zip::{CompressionMethod, ZipArchive};

use crate::pickle::{TensorRecord, read_state_dictionary};

use super::{CheckpointError, Listing, Location, TensorInfo};

/// A list of tensors is far shorter; the bound keeps a hostile one from filling the memory.
const MAX_PICKLE_BYTES: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct ZipFile {
    archive: ZipArchive<BufReader<File>>,
}

pub(super) fn open(file: File) -> Result<(Listing, ZipFile), CheckpointError> {
    let archive = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    let mut file = ZipFile { archive };
    let folder = file.folder()?;
    if let Some(entry) = file.archive.index_for_name(&format!("{folder}byteorder")) {
        let order = file.read_entry(entry, 16)?;
        if order != b"little" {
            let reason = "the checkpoint was written by a big-endian machine";
            return Err(CheckpointError::ZipContents(reason.to_owned()));
        }
    }
    let entry = file.entry(&format!("{folder}data.pkl"))?;
    let pickle = file.read_entry(entry, MAX_PICKLE_BYTES)?;
    let mut entries = HashMap::new();
    let mut tensors = Vec::new();
    for (name, record) in read_state_dictionary(&pickle)? {
        let entry = match entries.get(&record.storage) {
            Some(entry) => *entry,
            None => {
                let entry = file.entry(&format!("{folder}data/{}", record.storage))?;
                entries.insert(record.storage.clone(), entry);
                entry
            }
        };
        let size_bytes = record.element_type.size_bytes();
        file.check_storage(entry, &record)?;
        let offset = (record.first * size_bytes) as u64;
        let info = TensorInfo {
            shape: record.shape,
            element_type: record.element_type,
        };
        tensors.push((name, info, Location { entry, offset }));
    }
    Ok((tensors, file))
}

fn unreadable(error: impl std::fmt::Display) -> CheckpointError {
    CheckpointError::Zip(error.to_string())
}

impl ZipFile {
    /// What stands before `data.pkl`.
    fn folder(&self) -> Result<String, CheckpointError> {
        for name in self.archive.file_names() {
            let name = name.map_err(unreadable)?;
            if let Some(folder) = name.strip_suffix("data.pkl")
                && (folder.is_empty() || folder.ends_with('/'))
            {
                return Ok(folder.to_owned());
            }
        }
        let reason = "the zip file has no data.pkl";
        Err(CheckpointError::ZipContents(reason.to_owned()))
    }

    fn entry(&self, name: &str) -> Result<usize, CheckpointError> {
        let missing = || CheckpointError::ZipContents(format!("the zip file has no {name}"));
        self.archive.index_for_name(name).ok_or_else(missing)
    }

    /// Checks that a storage is stored as it is and as long as its record says, so that every
    /// tensor in it is shorter than the file.
    fn check_storage(
        &mut self,
        entry: usize,
        record: &TensorRecord,
    ) -> Result<(), CheckpointError> {
        let found = self.stored_size(entry)?;
        let size_bytes = record.element_type.size_bytes() as u64;
        let expected = (record.storage_length as u64).saturating_mul(size_bytes);
        if found != expected {
            let storage = record.storage.clone();
            return Err(CheckpointError::StorageSize {
                storage,
                expected,
                found,
            });
        }
        Ok(())
    }

    fn stored_size(&mut self, entry: usize) -> Result<u64, CheckpointError> {
        let file = self.archive.by_index_raw(entry).map_err(unreadable)?;
        if file.compression() != CompressionMethod::Stored
            || file.encrypted()
            || file.size() != file.compressed_size()
        {
            let reason = "the zip file has a compressed or encrypted entry";
            return Err(CheckpointError::ZipContents(reason.to_owned()));
        }
        Ok(file.size())
    }

    fn read_entry(&mut self, entry: usize, most: u64) -> Result<Vec<u8>, CheckpointError> {
        let size = self.stored_size(entry)?;
        if size > most {
            let reason = format!("an entry has {size} bytes where at most {most} make sense");
            return Err(CheckpointError::ZipContents(reason));
        }
        let mut bytes = Vec::new();
        let file = self.archive.by_index(entry).map_err(unreadable)?;
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads part of a storage. Memory is taken as bytes arrive, however long the entry claims to
    /// be.
    pub(super) fn read(
        &mut self,
        location: &Location,
        length: usize,
    ) -> Result<Vec<u8>, CheckpointError> {
        let mut file = self.archive.by_index(location.entry).map_err(unreadable)?;
        io::copy(&mut file.by_ref().take(location.offset), &mut io::sink())?;
        let mut bytes = Vec::new();
        file.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() != length {
            return Err(CheckpointError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(bytes)
    }
}
