//! Tensors of a safetensors file, read one at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::{CheckpointError, ElementType, Listing, Location, TensorInfo};

/// What the format itself allows.
const MAX_HEADER_BYTES: u64 = 100_000_000;

pub(super) struct Header {
    pub(super) tensors: Listing,
    pub(super) metadata: BTreeMap<String, String>,
}

/// Reads the header and leaves the file open for [`read`].
pub(super) fn read_header(file: &mut File) -> Result<Header, CheckpointError> {
    let malformed = |reason: String| CheckpointError::Safetensors(reason);
    let file_length = file.metadata()?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_BYTES.min(file_length.saturating_sub(8)) {
        return Err(malformed(format!("it claims {length} bytes")));
    }
    let mut header = Vec::new();
    file.by_ref().take(length).read_to_end(&mut header)?;
    let header: Metadata =
        serde_json::from_slice(&header).map_err(|error| malformed(error.to_string()))?;
    let data_start = 8 + length;
    if header.data_len() as u64 != file_length - data_start {
        let found = file_length - data_start;
        return Err(malformed(format!(
            "{} bytes of data, but {found}",
            header.data_len()
        )));
    }
    let mut tensors = Vec::new();
    for (name, info) in header.tensors() {
        let element_type = match info.dtype {
            Dtype::F32 => ElementType::F32,
            Dtype::F16 => ElementType::F16,
            Dtype::BF16 => ElementType::Bf16,
            Dtype::I64 => ElementType::I64,
            other => {
                return Err(CheckpointError::ElementType {
                    name,
                    found: format!("{other:?}"),
                });
            }
        };
        let offset = data_start + info.data_offsets.0 as u64;
        let info = TensorInfo {
            shape: info.shape.clone(),
            element_type,
        };
        tensors.push((name, info, Location { entry: 0, offset }));
    }
    let metadata = header.metadata().clone().unwrap_or_default();
    Ok(Header {
        tensors,
        metadata: metadata.into_iter().collect(),
    })
}

/// Reads bytes that the header promises, which are no more than the file has.
pub(super) fn read(
    file: &mut File,
    location: &Location,
    length: usize,
) -> Result<Vec<u8>, CheckpointError> {
    file.seek(SeekFrom::Start(location.offset))?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
