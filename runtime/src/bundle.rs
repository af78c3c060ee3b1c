//! A model on disk: manifest, encoder, decoder and their checksums.
//!
//! A bundle is data from strangers. Names of files stay inside its folder, sizes are bounded before
//! anything is read, and every byte that is used has the checksum that the manifest says.

mod builtin;
mod check;
mod error;
mod files;
mod manifest;
mod onnx_decoder;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::preprocess::InputSpec;

pub use check::FileCheck;
pub use error::BundleError;
pub(crate) use files::sha256;
use files::{MAX_DECODER_BYTES, MAX_ENCODER_BYTES, MAX_MANIFEST_BYTES, MAX_WEIGHTS_BYTES};
pub use manifest::{Answers, DecoderEntry, DecoderKind, EncoderEntry, Manifest, Precision};
pub use onnx_decoder::{DecoderInputs, DecoderOutputs, OnnxDecoderSpec, PaddingPoint};

/// A model that was opened, its checksums verified.
#[derive(Clone, Debug)]
pub struct Bundle {
    manifest: Manifest,
    source: Source,
}

/// A file of weights beside a graph that is too large for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightsFile {
    /// Where it lies, without links; its name alone if it is built into the library.
    pub path: PathBuf,
    /// Its contents.
    pub contents: Arc<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Source {
    Folder(PathBuf),
    /// Names and contents of the files built into the library.
    BuiltIn(&'static [(&'static str, &'static [u8])]),
}

impl Source {
    fn builtin() -> Result<Self, BundleError> {
        match builtin::FILES {
            [] => Err(BundleError::NoBuiltInModel),
            files => Ok(Self::BuiltIn(files)),
        }
    }

    /// The contents of a file that is at most `most` bytes long.
    fn read(&self, name: &str, most: u64) -> Result<Cow<'static, [u8]>, BundleError> {
        match self {
            Self::Folder(folder) => files::read(folder, name, most).map(Cow::Owned),
            Self::BuiltIn(files) => files
                .iter()
                .find(|(file, _)| *file == name)
                .map(|(_, contents)| Cow::Borrowed(*contents))
                .ok_or_else(|| BundleError::NotBuiltIn {
                    file: name.to_owned(),
                }),
        }
    }

    fn manifest(&self) -> Result<Manifest, BundleError> {
        Manifest::parse(&self.read(manifest::FILE_NAME, MAX_MANIFEST_BYTES)?)
    }

    fn read_verified(
        &self,
        name: &str,
        most: u64,
        sha256: &str,
    ) -> Result<Cow<'static, [u8]>, BundleError> {
        let contents = self.read(name, most)?;
        let found = files::sha256(&contents);
        if found != sha256 {
            return Err(BundleError::Checksum {
                file: name.to_owned(),
                expected: sha256.to_owned(),
                found,
            });
        }
        Ok(contents)
    }
}

impl Bundle {
    /// Opens the bundle in a folder and verifies every file in it.
    ///
    /// # Errors
    /// If the manifest cannot be understood, a file is missing, too large or outside the folder, or
    /// a checksum is wrong.
    pub fn open(folder: &Path) -> Result<Self, BundleError> {
        Self::load(Source::Folder(folder.to_owned()))
    }

    /// The model that comes with the library.
    ///
    /// # Errors
    /// If the library was built without the feature `default-model`.
    pub fn builtin() -> Result<Self, BundleError> {
        Self::load(Source::builtin()?)
    }

    /// Reads the manifest of the bundle in a folder, and no other file.
    ///
    /// # Errors
    /// If it is missing or cannot be understood.
    pub fn read_manifest(folder: &Path) -> Result<Manifest, BundleError> {
        Source::Folder(folder.to_owned()).manifest()
    }

    fn load(source: Source) -> Result<Self, BundleError> {
        let bundle = Self {
            manifest: source.manifest()?,
            source,
        };
        bundle.decoder()?;
        for encoder in &bundle.manifest.encoders {
            bundle.encoder(encoder)?;
            bundle.encoder_weights(encoder)?;
        }
        Ok(bundle)
    }

    /// What the manifest says.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the encoders expect.
    #[must_use]
    pub fn input_spec(&self) -> InputSpec {
        self.manifest.input
    }

    /// The encoder of a precision; without one, the first in f32, else the first.
    ///
    /// # Errors
    /// If the bundle has none of that precision.
    pub fn choose_encoder(
        &self,
        precision: Option<Precision>,
    ) -> Result<&EncoderEntry, BundleError> {
        let encoders = &self.manifest.encoders;
        let find = |wanted| encoders.iter().find(|encoder| encoder.precision == wanted);
        let chosen = match precision {
            Some(precision) => find(precision),
            None => find(Precision::F32).or_else(|| encoders.first()),
        };
        chosen.ok_or_else(|| BundleError::Precision {
            wanted: precision.unwrap_or(Precision::F32),
            available: encoders.iter().map(|encoder| encoder.precision).collect(),
        })
    }

    /// The encoder to be run on tract where nobody asks for a precision: the manifest's first, but one in f32, if there is
    /// one, where the first is in int8 and this processor computes no faster with bytes
    /// ([`bytes_are_faster`](crate::encoder::bytes_are_faster)).
    ///
    /// # Errors
    /// Never for a bundle that opened: it has an encoder.
    pub fn preferred_encoder(&self, bytes_are_faster: bool) -> Result<&EncoderEntry, BundleError> {
        match self.manifest.encoders.first() {
            Some(first) if bytes_are_faster || first.precision != Precision::Int8 => Ok(first),
            _ => self.choose_encoder(None),
        }
    }

    /// The bytes of one of the manifest's encoders, verified as they are read.
    ///
    /// # Errors
    /// If the file has changed since the bundle was opened.
    pub fn encoder(&self, entry: &EncoderEntry) -> Result<Cow<'static, [u8]>, BundleError> {
        self.source
            .read_verified(&entry.file, MAX_ENCODER_BYTES, &entry.sha256)
    }

    /// The weights of one of the manifest's encoders if they are a file of their own, verified as they are read.
    ///
    /// # Errors
    /// If the file has changed since the bundle was opened.
    pub fn encoder_weights(
        &self,
        entry: &EncoderEntry,
    ) -> Result<Option<WeightsFile>, BundleError> {
        let (Some(name), Some(sha256)) = (&entry.weights, &entry.weights_sha256) else {
            return Ok(None);
        };
        let contents = self.source.read_verified(name, MAX_WEIGHTS_BYTES, sha256)?;
        let path = match &self.source {
            Source::Folder(folder) => {
                let path = folder.join(name);
                let reason = |error: std::io::Error| error.to_string();
                path.canonicalize().map_err(|error| BundleError::Read {
                    file: path,
                    reason: reason(error),
                })?
            }
            Source::BuiltIn(_) => PathBuf::from(name),
        };
        Ok(Some(WeightsFile {
            path,
            contents: Arc::new(contents.into_owned()),
        }))
    }

    /// The bytes of the decoder's weights, verified as they are read.
    ///
    /// # Errors
    /// If the file has changed since the bundle was opened.
    pub fn decoder(&self) -> Result<Cow<'static, [u8]>, BundleError> {
        let entry = &self.manifest.decoder;
        self.source
            .read_verified(&entry.file, MAX_DECODER_BYTES, &entry.sha256)
    }
}

#[cfg(test)]
mod tests;
