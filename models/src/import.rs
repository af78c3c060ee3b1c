//! From a checkpoint of SAM or MobileSAM, or ONNX files of their kin, to a bundle.
//!
//! The encoder of a checkpoint becomes an ONNX graph, its decoder a safetensors file; ONNX files are
//! taken as they are. `bundle.toml` says what they are. All of it is written beside the output and renamed into place at the end: a failure
//! leaves nothing behind, and no bundle is ever half overwritten.

mod error;
mod external_data;
mod manifest;
mod onnx_files;

use std::fs;
use std::path::Path;

use fixate::decoder::{Decoder, SamDecoder};
use fixate::preprocess::{InputSpec, ResizeRule};

use crate::architecture::{Architecture, ArchitectureError, INPUT, OUTPUT, Recipe};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::decoder::{DecoderFacts, write_decoder};
use crate::hashed_file::{self, HashedFile};
use crate::onnx::{self, ExternalData, Graph};
use crate::signature::{MEAN, STD};
use crate::staging::Staging;

pub use error::ImportError;
use manifest::{DecoderFile, EncoderFile, Manifest};
pub use onnx_files::{OnnxImportReport, OnnxOverrides, import_onnx};

const ENCODER_FILE: &str = "encoder.onnx";
const WEIGHTS_FILE: &str = "encoder.onnx.data";
const DECODER_FILE: &str = "decoder.safetensors";
const ONNX_DECODER_FILE: &str = "decoder.onnx";
const MANIFEST_FILE: &str = "bundle.toml";

/// All that an import may write, and a later one replace.
const FILES: [&str; 5] = [
    ENCODER_FILE,
    WEIGHTS_FILE,
    DECODER_FILE,
    ONNX_DECODER_FILE,
    MANIFEST_FILE,
];

/// Encoders with more weights than this have them in a second file: protobuf ends at 2 GiB, and many
/// readers before.
const MAX_INLINE_BYTES: u64 = 1 << 30;

/// What a checkpoint does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The bundle's name.
    pub name: String,
    /// The bundle's version.
    pub version: String,
    /// The model's licence, an SPDX expression.
    pub license: Option<String>,
    /// Side in pixels of a TinyViT's input; 1024 in MobileSAM. That of a ViT is in its checkpoint.
    pub image_size_px: usize,
}

impl ImportOptions {
    /// Options for a bundle of this name and version, without a licence, for MobileSAM's 1024 pixels.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            license: None,
            image_size_px: 1024,
        }
    }
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// The encoder that was recognised.
    pub architecture: Architecture,
    /// Numbers in the tensors of the checkpoint's encoder, those that are never used included.
    pub encoder_parameters: u64,
    /// Numbers in the tensors of its decoder.
    pub decoder_parameters: u64,
    /// Bytes of the files that were written, the manifest aside.
    pub bundle_bytes: u64,
    /// Whether the encoder's weights are in a file of their own.
    pub external_weights: bool,
}

/// Writes the bundle of a checkpoint (`.pt`, `.pth`, `.safetensors`) into the folder `output`, which
/// may be an older import; its parent must exist. `progress` is called with the bytes of weights that
/// are done, and all there are.
///
/// At no time is more of the encoder in memory than one tensor.
///
/// # Errors
/// If the checkpoint cannot be read, is not of SAM or MobileSAM, an option cannot be used, `output`
/// holds anything but an older import, or a file cannot be written. The folder is then as it was.
pub fn import_checkpoint(
    checkpoint: &Path,
    output: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ImportReport, ImportError> {
    import(checkpoint, output, options, progress, MAX_INLINE_BYTES)
}

fn import(
    path: &Path,
    output: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(u64, u64),
    max_inline_bytes: u64,
) -> Result<ImportReport, ImportError> {
    manifest::check(options)?;
    let mut checkpoint = Checkpoint::open(path)?;
    let file_bytes = fs::metadata(path).map_err(CheckpointError::Io)?.len();
    let architecture = Architecture::read(&checkpoint, options.image_size_px)?;
    let graph = architecture.graph();
    let (encoder_parameters, _) = count(&checkpoint, &["image_encoder."]);
    let (decoder_parameters, decoder_bytes) =
        count(&checkpoint, &["prompt_encoder.", "mask_decoder."]);
    let total = graph.constant_bytes().saturating_add(decoder_bytes);
    check_size(total, file_bytes)?;

    let staging = Staging::new(output, &FILES)?;
    let external_weights = graph.constant_bytes() > max_inline_bytes;
    let mut progress_of_weights = |done| progress(done, total);
    let encoder = write_encoder(
        &graph,
        &mut checkpoint,
        &staging,
        external_weights,
        &mut progress_of_weights,
    )?;
    let shape = architecture.embedding_shape();
    let facts = DecoderFacts {
        input_size_px: architecture.input_size_px(),
        embedding_size: shape[1],
        ..DecoderFacts::default()
    };
    let decoder = write_and_check_decoder(&mut checkpoint, facts, shape, &staging)?;
    let bundle_bytes = encoder.bytes + decoder.bytes;
    let input = InputSpec {
        // At most 8192.
        size_px: architecture.input_size_px() as u32,
        resize: ResizeRule::LongestSide,
        mean: MEAN,
        std: STD,
    };
    write_manifest(
        &Manifest::new(options, input, shape, encoder, decoder),
        &staging,
    )?;
    staging.publish()?;
    progress(total, total);
    Ok(ImportReport {
        architecture,
        encoder_parameters,
        decoder_parameters,
        bundle_bytes,
        external_weights,
    })
}

/// Writes the encoder's graph; `progress` is called with the bytes of weights that are done.
fn write_encoder(
    graph: &Graph<Recipe>,
    checkpoint: &mut Checkpoint,
    staging: &Staging,
    external_weights: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<EncoderFile, ImportError> {
    let mut file = HashedFile::create(&staging.file(ENCODER_FILE))?;
    let mut weights = match external_weights {
        true => Some(HashedFile::create(&staging.file(WEIGHTS_FILE))?),
        false => None,
    };
    let external = weights.as_mut().map(|file| ExternalData {
        name: WEIGHTS_FILE,
        file,
    });
    let mut done = 0;
    onnx::write(graph, &mut file, external, &mut |recipe| {
        let values = recipe.read(checkpoint)?;
        done += 4 * values.len() as u64;
        progress(done);
        Ok::<_, ImportError>(values)
    })?;
    Ok(EncoderFile {
        bytes: file.length() + weights.as_ref().map_or(0, HashedFile::length),
        sha256: file.finish()?,
        weights_sha256: weights.map(HashedFile::finish).transpose()?,
        input: INPUT.to_owned(),
        output: OUTPUT.to_owned(),
    })
}

fn write_manifest(manifest: &Manifest<'_>, staging: &Staging) -> Result<(), ImportError> {
    let mut file = HashedFile::create(&staging.file(MANIFEST_FILE))?;
    manifest.write(&mut file)?;
    file.finish()?;
    Ok(())
}

/// Writes the decoder, and loads it to see that it is SAM's and takes the encoder's embeddings.
fn write_and_check_decoder(
    checkpoint: &mut Checkpoint,
    facts: DecoderFacts,
    shape: [usize; 3],
    staging: &Staging,
) -> Result<DecoderFile, ImportError> {
    let path = staging.file(DECODER_FILE);
    write_decoder(checkpoint, facts, &path)?;
    let bytes = fs::read(&path)?;
    let found = SamDecoder::from_safetensors(&bytes)?.embedding_shape();
    if found != shape {
        return Err(ImportError::Parts {
            encoder: shape,
            decoder: found,
        });
    }
    Ok(DecoderFile {
        bytes: bytes.len() as u64,
        sha256: hashed_file::sha256(&bytes),
        onnx: None,
    })
}

/// Numbers and bytes of the tensors whose names begin so.
fn count(checkpoint: &Checkpoint, prefixes: &[&str]) -> (u64, u64) {
    let mut sums = (0_u64, 0_u64);
    for (name, info) in checkpoint.tensors() {
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            let bytes = info.size_bytes() as u64;
            let numbers = bytes / info.element_type.size_bytes() as u64;
            sums.0 = sums.0.saturating_add(numbers);
            sums.1 = sums.1.saturating_add(bytes);
        }
    }
    sums
}

/// Checks that what is to be written follows from what is there: tensors may share their bytes, and
/// tables are written out, so that a small hostile file could ask for any amount.
fn check_size(bytes: u64, file_bytes: u64) -> Result<(), ArchitectureError> {
    // Half precision doubles; the tables of the smallest models are as large as the rest.
    let most = file_bytes.saturating_mul(4).saturating_add(64 << 20);
    if bytes > most {
        return Err(ArchitectureError::TooLarge { bytes, most });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod tests_support;
