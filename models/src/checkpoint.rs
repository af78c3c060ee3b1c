//! Tensors by name, from PyTorch's zip files (`.pt`, `.pth`) or from safetensors.
//!
//! Opening reads only the list of tensors; each tensor is read when it is asked for.

mod error;
mod safetensors_file;
mod zip_file;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use half::{bf16, f16};

pub use crate::pickle::ElementType;
pub use error::CheckpointError;

/// What is known of a tensor before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Length of each dimension; elements are in row-major order.
    pub shape: Vec<usize>,
    /// What the elements are.
    pub element_type: ElementType,
}

impl TensorInfo {
    /// Bytes of all elements. Does not overflow for a tensor of an open checkpoint.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.element_type.size_bytes()
    }
}

/// A file with tensors.
#[derive(Debug)]
pub struct Checkpoint {
    tensors: BTreeMap<String, (TensorInfo, Location)>,
    metadata: BTreeMap<String, String>,
    source: Source,
}

/// Where the bytes of a tensor begin.
#[derive(Clone, Debug)]
struct Location {
    /// Index of the entry in a zip file; 0 in a safetensors file, which has none.
    entry: usize,
    offset: u64,
}

/// Tensors in the order of the file.
type Listing = Vec<(String, TensorInfo, Location)>;

#[derive(Debug)]
enum Source {
    Zip(zip_file::ZipFile),
    Safetensors(File),
}

impl Checkpoint {
    /// Opens a checkpoint of either kind. Names lose a leading `module.`, which training on several
    /// devices leaves there.
    ///
    /// # Errors
    /// If the file cannot be read, is of another kind, is cut short, or asks for anything but
    /// tensors.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let mut file = File::open(path)?;
        let mut start = [0; 4];
        let count = file.read(&mut start)?;
        file.rewind()?;
        let mut metadata = BTreeMap::new();
        let (tensors, source) = if start[..count].starts_with(b"PK") {
            let (tensors, archive) = zip_file::open(file)?;
            (tensors, Source::Zip(archive))
        } else if path
            .extension()
            .is_some_and(|extension| extension == "safetensors")
        {
            let header = safetensors_file::read_header(&mut file)?;
            metadata = header.metadata;
            (header.tensors, Source::Safetensors(file))
        } else {
            return Err(CheckpointError::Kind);
        };
        let mut by_name = BTreeMap::new();
        for (name, info, location) in tensors {
            let name = name
                .strip_prefix("module.")
                .map(str::to_owned)
                .unwrap_or(name);
            if by_name.insert(name.clone(), (info, location)).is_some() {
                return Err(CheckpointError::Duplicate { name });
            }
        }
        Ok(Self {
            tensors: by_name,
            metadata,
            source,
        })
    }

    /// Names and descriptions of the tensors, in alphabetical order.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo)> {
        self.tensors
            .iter()
            .map(|(name, (info, _))| (name.as_str(), info))
    }

    /// Notes that a safetensors file carries beside its tensors.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The description of one tensor.
    #[must_use]
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(name).map(|(info, _)| info)
    }

    /// Reads the elements of a tensor as they are in the file, little-endian.
    ///
    /// # Errors
    /// If there is no such tensor or the file cannot be read.
    pub fn read_bytes(&mut self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        let Some((info, location)) = self.tensors.get(name) else {
            return Err(CheckpointError::Missing {
                name: name.to_owned(),
            });
        };
        match &mut self.source {
            Source::Zip(archive) => archive.read(location, info.size_bytes()),
            Source::Safetensors(file) => safetensors_file::read(file, location, info.size_bytes()),
        }
    }

    /// Reads the elements of a tensor of any floating-point type as f32.
    ///
    /// # Errors
    /// If there is no such tensor, it holds integers, or the file cannot be read.
    pub fn read_f32(&mut self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let bytes = self.read_bytes(name)?;
        let pairs = bytes.as_chunks::<2>().0.iter();
        match self.info(name).map(|info| info.element_type) {
            Some(ElementType::F32) => {
                let fours = bytes.as_chunks::<4>().0.iter();
                Ok(fours.map(|bytes| f32::from_le_bytes(*bytes)).collect())
            }
            Some(ElementType::F16) => Ok(pairs
                .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
                .collect()),
            Some(ElementType::Bf16) => Ok(pairs
                .map(|bytes| bf16::from_le_bytes(*bytes).to_f32())
                .collect()),
            Some(ElementType::I64) | None => Err(CheckpointError::NotFloatingPoint {
                name: name.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
