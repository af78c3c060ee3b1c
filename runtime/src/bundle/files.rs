//! Reading the files of a bundle's folder.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use super::BundleError;

pub(super) const MAX_MANIFEST_BYTES: u64 = 64 << 10;
/// The most that one ONNX file can hold.
pub(super) const MAX_ENCODER_BYTES: u64 = 2 << 30;
/// SAM's largest encoder has 2.5 GB in f32.
pub(super) const MAX_WEIGHTS_BYTES: u64 = 8 << 30;
/// SAM's decoder has 16 MB in f32.
pub(super) const MAX_DECODER_BYTES: u64 = 1 << 30;

/// Whether a name is a path down into the bundle's folder.
pub(super) fn is_inside(name: &str) -> bool {
    let mut components = Path::new(name).components();
    !name.is_empty()
        && !name.contains(['\\', ':', '\0'])
        && components.all(|component| matches!(component, Component::Normal(_)))
}

/// Reads a file of at most `most` bytes. Links must not lead out of the folder.
pub(super) fn read(folder: &Path, name: &str, most: u64) -> Result<Vec<u8>, BundleError> {
    let outside = || BundleError::Path {
        file: name.to_owned(),
    };
    let unreadable = |error: std::io::Error| BundleError::Read {
        file: folder.join(name),
        reason: error.to_string(),
    };
    if !is_inside(name) {
        return Err(outside());
    }
    let root = folder.canonicalize().map_err(unreadable)?;
    let path = root.join(name).canonicalize().map_err(unreadable)?;
    if !path.starts_with(&root) {
        return Err(outside());
    }
    let file = File::open(&path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let too_large = |size| BundleError::TooLarge {
        file: name.to_owned(),
        size,
        most,
    };
    if !metadata.is_file() {
        return Err(BundleError::NotAFile {
            file: name.to_owned(),
        });
    }
    if metadata.len() > most {
        return Err(too_large(metadata.len()));
    }
    let mut contents = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // The file may have grown since it was measured.
    file.take(most + 1)
        .read_to_end(&mut contents)
        .map_err(unreadable)?;
    if contents.len() as u64 > most {
        return Err(too_large(contents.len() as u64));
    }
    Ok(contents)
}

/// The SHA-256 of some bytes, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
