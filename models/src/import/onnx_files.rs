//! From the ONNX files of others to a bundle.

mod decoder;
mod overrides;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use fixate::bundle::Bundle;
use fixate::preprocess::InputSpec;
use fixate::segmenter::{Segmenter, SegmenterError, SegmenterOptions};

use super::external_data::Inlined;
use super::manifest::{self, EncoderFile, Manifest};
use super::{ENCODER_FILE, ImportError, ImportOptions, WEIGHTS_FILE, write_manifest};
use crate::hashed_file::HashedFile;
use crate::staging::Staging;
use decoder::DecoderSource;
pub use overrides::OnnxOverrides;

use crate::signature::{
    EncoderSignature, GraphSignature, SignatureError, recognise_decoder, recognise_encoder,
};

/// What was imported from ONNX files.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OnnxImportReport {
    /// Name of the encoder's family.
    pub encoder_family: &'static str,
    /// Name of the decoder's family.
    pub decoder_family: &'static str,
    /// What the encoder is fed.
    pub input: InputSpec,
    /// Channels, rows and columns of an embedding.
    pub embedding_shape: [usize; 3],
    /// Whether the decoder refines masks of earlier answers.
    pub mask_prompts: bool,
    /// Bytes of the files that were written, the manifest aside.
    pub bundle_bytes: u64,
    /// Whether the encoder's weights are in a file of their own.
    pub external_weights: bool,
}

/// Writes the bundle of an ONNX encoder and its decoder, an ONNX graph too or a checkpoint of SAM's decoder, into the
/// folder `output`, which may be an older import; its parent must exist. `progress` is called with the bytes that are
/// done, and all there are. Both are loaded before the bundle takes its place.
///
/// # Errors
/// If a file cannot be read, is of no known family or of one that cannot be run, an override cannot be used, the two do
/// not fit each other or do not load, `output` holds anything but an older import, or a file cannot be written. The
/// folder is then as it was.
pub fn import_onnx(
    encoder: &Path,
    decoder: &Path,
    output: &Path,
    options: &ImportOptions,
    overrides: &OnnxOverrides,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<OnnxImportReport, ImportError> {
    manifest::check(options)?;
    overrides::check(overrides)?;
    let graph = read_signature(encoder)?;
    let signature =
        recognise_encoder(&graph, overrides.input_size_px).map_err(
            |error| match recognise_decoder(&graph) {
                Ok(_) => ImportError::Swapped,
                Err(_) => signature_error(encoder, error),
            },
        )?;
    let input = overrides::input_spec(&signature, overrides)?;
    let source = DecoderSource::open(decoder)?;
    let stated = graph.output_shape(&signature.output);
    let taken = source.embedding_shape();
    if let (Some(encoder), Some(decoder)) = (stated, taken)
        && encoder != decoder
    {
        return Err(ImportError::Parts { encoder, decoder });
    }
    let known = overrides.embedding_shape.or(stated).or(taken);
    let embedding_shape = known.ok_or(ImportError::EmbeddingShape)?;
    overrides::check_embedding_shape(embedding_shape)?;

    let staging = Staging::new(output, &super::FILES)?;
    let total = file_length(encoder)?.saturating_add(file_length(decoder)?);
    let mut done = 0;
    let mut advance = |bytes| {
        done += bytes;
        progress(done, done.max(total));
    };
    let encoder_file = write_encoder(encoder, &graph, &signature, &staging, &mut advance)?;
    let (decoder_family, decoder_file) = source.write(
        &signature,
        embedding_shape,
        overrides,
        &staging,
        &mut advance,
    )?;
    let report = OnnxImportReport {
        encoder_family: signature.family,
        decoder_family,
        input,
        embedding_shape,
        mask_prompts: decoder_file
            .onnx
            .as_ref()
            .is_none_or(|spec| spec.inputs.mask.is_some()),
        bundle_bytes: encoder_file.bytes + decoder_file.bytes,
        external_weights: encoder_file.weights_sha256.is_some(),
    };
    let manifest = Manifest::new(options, input, embedding_shape, encoder_file, decoder_file);
    write_manifest(&manifest, &staging)?;
    let bundle = Bundle::open(staging.folder())
        .map_err(|error| ImportError::Load(SegmenterError::Bundle(error)))?;
    Segmenter::new(&bundle, SegmenterOptions::default()).map_err(ImportError::Load)?;
    staging.publish()?;
    Ok(report)
}

fn write_encoder(
    path: &Path,
    graph: &GraphSignature,
    signature: &EncoderSignature,
    staging: &Staging,
    advance: &mut dyn FnMut(u64),
) -> Result<EncoderFile, ImportError> {
    let mut file = HashedFile::create(&staging.file(ENCODER_FILE))?;
    let mut weights = None;
    if graph.external_weights {
        let mut inlined = Inlined::open(path)?;
        let mut target = HashedFile::create(&staging.file(WEIGHTS_FILE))?;
        inlined.gather(WEIGHTS_FILE, &mut target, advance)?;
        file.write_all(&inlined.into_graph())?;
        weights = Some(target);
    } else {
        copy(&mut File::open(path)?, &mut file, advance)?;
    }
    Ok(EncoderFile {
        bytes: file.length() + weights.as_ref().map_or(0, HashedFile::length),
        sha256: file.finish()?,
        weights_sha256: weights.map(HashedFile::finish).transpose()?,
        input: signature.input.clone(),
        output: signature.output.clone(),
    })
}

/// Copies piece by piece; `advance` is called with the bytes of each.
pub(super) fn copy(
    source: &mut dyn Read,
    target: &mut dyn Write,
    advance: &mut dyn FnMut(u64),
) -> io::Result<u64> {
    let mut piece = vec![0; 1 << 20];
    let mut total = 0;
    loop {
        let count = match source.read(&mut piece) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        target.write_all(&piece[..count])?;
        total += count as u64;
        advance(count as u64);
    }
}

fn read_signature(path: &Path) -> Result<GraphSignature, ImportError> {
    GraphSignature::read(path).map_err(|error| signature_error(path, error))
}

fn signature_error(path: &Path, error: SignatureError) -> ImportError {
    let path = path.to_owned();
    ImportError::Signature { path, error }
}

fn file_length(path: &Path) -> Result<u64, ImportError> {
    Ok(fs::metadata(path)?.len())
}

#[cfg(test)]
mod tests;
