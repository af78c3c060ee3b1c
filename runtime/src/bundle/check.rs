//! Every file of a bundle compared with its checksum, damaged or not.

use std::path::Path;

use super::files::{MAX_DECODER_BYTES, MAX_ENCODER_BYTES, MAX_WEIGHTS_BYTES};
use super::{Bundle, BundleError, Source};

/// A file of a bundle, compared with what the manifest says of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileCheck {
    /// Path in the bundle's folder.
    pub file: String,
    /// The checksum that the manifest says, in lower-case hexadecimal.
    pub sha256: String,
    /// Its length in bytes, or what is wrong with it.
    pub result: Result<u64, BundleError>,
}

impl Bundle {
    /// Compares every file of the bundle in a folder with its checksum, and goes on after one that is damaged; without
    /// a folder, those of the model that comes with the library. First the encoders' files, last the decoder's.
    ///
    /// # Errors
    /// If the manifest cannot be understood, or the library was built without its model.
    pub fn check_files(folder: Option<&Path>) -> Result<Vec<FileCheck>, BundleError> {
        let source = match folder {
            Some(folder) => Source::Folder(folder.to_owned()),
            None => Source::builtin()?,
        };
        let manifest = source.manifest()?;
        let mut files = Vec::new();
        for encoder in manifest.encoders {
            files.push((encoder.file, MAX_ENCODER_BYTES, encoder.sha256));
            if let (Some(file), Some(sha256)) = (encoder.weights, encoder.weights_sha256) {
                files.push((file, MAX_WEIGHTS_BYTES, sha256));
            }
        }
        let decoder = manifest.decoder;
        files.push((decoder.file, MAX_DECODER_BYTES, decoder.sha256));
        let check = |(file, most, sha256): (String, u64, String)| FileCheck {
            result: source
                .read_verified(&file, most, &sha256)
                .map(|contents| contents.len() as u64),
            file,
            sha256,
        };
        Ok(files.into_iter().map(check).collect())
    }
}
