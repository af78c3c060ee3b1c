//! From a bundle to ONNX files that other engines run.
//!
//! `encoder.onnx` is the bundle's own. `decoder.onnx` is built from SAM's weights with the signature
//! that the reference implementation's exporter gives it, opset 17:
//!
//! | input | shape | |
//! |-|-|-|
//! | `image_embeddings` | `[1, C, h, w]` | |
//! | `point_coords` | `[1, N, 2]` | x first, pixels of the square that prompts were trained in |
//! | `point_labels` | `[1, N]` | -1 padding, 0 background, 1 foreground, 2 and 3 a box's corners |
//! | `mask_input` | `[1, 1, 4h, 4w]` | logits of an earlier answer |
//! | `has_mask_input` | `[1]` | 1 if there is such a mask, else 0 |
//! | `orig_im_size` | `[2]` | height and width of the image |
//!
//! | output | shape | |
//! |-|-|-|
//! | `masks` | `[1, K, H, W]` | logits of every pixel of the image |
//! | `iou_predictions` | `[1, K]` | |
//! | `low_res_masks` | `[1, K, 4h, 4w]` | |
//!
//! All are f32. Whoever gives points without a box appends a point (0, 0) of label -1, as for every
//! decoder of this signature.

mod decoder;
mod error;
mod image_size;
mod layers;
mod mask_head;
mod prompt_encoder;
mod transformer;

use std::io::{self, Write};
use std::path::Path;

use fixate::bundle::{Bundle, DecoderKind};
use fixate::decoder::Decoder;
use fixate::preprocess::InputSpec;

use crate::hashed_file::HashedFile;
use crate::onnx;
use crate::staging::Staging;

pub use error::ExportError;

const ENCODER_FILE: &str = "encoder.onnx";
const DECODER_FILE: &str = "decoder.onnx";

/// How a bundle is exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Whether the decoder gives one mask rather than all: mask 0 for three points or more, padding
    /// included, else the best of the others.
    pub return_single_mask: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// The encoder, its weights if they are a file of their own, and the decoder.
    pub files: Vec<ExportedFile>,
    /// Side in pixels of the encoder's input.
    pub input_size_px: u32,
    /// Side in pixels of the square that the decoder's points are given in.
    pub coordinate_size_px: u32,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedFile {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Of its contents, in lower-case hexadecimal.
    pub sha256: String,
}

/// Writes `encoder.onnx`, the file of its weights if it has one, and `decoder.onnx` into the folder
/// `output`, which may be an older export; its parent must exist. The encoder is the bundle's first
/// in f32, or its first; a decoder that is an ONNX graph is copied.
///
/// # Errors
/// If a file of the bundle cannot be read, its decoder does not fit, `output` holds anything but an
/// older export, or a file cannot be written. The folder is then as it was.
pub fn export_bundle(
    bundle: &Bundle,
    output: &Path,
    options: &ExportOptions,
) -> Result<ExportReport, ExportError> {
    let manifest = bundle.manifest();
    let entry = bundle.choose_encoder(None)?;
    let weights_name = match &entry.weights {
        Some(path) => Some(weights_name(path)?),
        None => None,
    };
    let stored = bundle.decoder()?;
    let input_size_px = manifest.input.size_px;
    let (decoder, coordinate_size_px) = match &manifest.decoder.kind {
        DecoderKind::Onnx(_) if options.return_single_mask => return Err(ExportError::SingleMask),
        DecoderKind::Onnx(spec) => (stored, spec.coordinate_size_px.unwrap_or(input_size_px)),
        _ => {
            let shape = Some(manifest.embedding_shape);
            let (onnx, size_px) = sam_decoder(&stored, manifest.input, options, shape)?;
            (onnx.into(), size_px)
        }
    };

    let names: Vec<&str> = [ENCODER_FILE, DECODER_FILE]
        .into_iter()
        .chain(weights_name)
        .collect();
    let staging = Staging::new(output, &names)?;
    let mut files = vec![write(&staging, ENCODER_FILE, &bundle.encoder(entry)?)?];
    if let (Some(name), Some(weights)) = (weights_name, bundle.encoder_weights(entry)?) {
        files.push(write(&staging, name, &weights.contents)?);
    }
    files.push(write(&staging, DECODER_FILE, &decoder)?);
    staging.publish()?;
    Ok(ExportReport {
        files,
        input_size_px,
        coordinate_size_px,
    })
}

/// The contents of `decoder.onnx` for SAM's weights, given as a bundle has them
/// (`decoder.safetensors`), behind an encoder with this input.
///
/// # Errors
/// If these are not the weights of a SAM decoder.
pub fn export_decoder(
    weights: &[u8],
    input: InputSpec,
    options: &ExportOptions,
) -> Result<Vec<u8>, ExportError> {
    sam_decoder(weights, input, options, None).map(|(onnx, _)| onnx)
}

/// The graph's file, and the side of the square of its points; `shape` is that of the embeddings
/// that it is to take.
fn sam_decoder(
    weights: &[u8],
    input: InputSpec,
    options: &ExportOptions,
    shape: Option<[usize; 3]>,
) -> Result<(Vec<u8>, u32), ExportError> {
    let (graph, decoder) = decoder::graph(weights, input, options.return_single_mask)?;
    let found = decoder.embedding_shape();
    if let Some(bundle) = shape
        && bundle != found
    {
        let decoder = found;
        return Err(ExportError::Parts { bundle, decoder });
    }
    let mut onnx = Vec::new();
    onnx::write(&graph, &mut onnx, None, &mut |values: &Vec<f32>| {
        Ok::<_, io::Error>(values.clone())
    })?;
    // Decoders with a larger side do not load.
    let size_px = u32::try_from(decoder.input_size_px()).unwrap_or(u32::MAX);
    Ok((onnx, size_px))
}

/// The name that an encoder's graph knows its weights by, which lie beside it in the bundle.
fn weights_name(path: &str) -> Result<&str, ExportError> {
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    name.filter(|name| ![ENCODER_FILE, DECODER_FILE].contains(name))
        .ok_or_else(|| ExportError::WeightsName {
            found: path.to_owned(),
        })
}

fn write(staging: &Staging, name: &str, contents: &[u8]) -> Result<ExportedFile, ExportError> {
    let mut file = HashedFile::create(&staging.file(name))?;
    file.write_all(contents)?;
    Ok(ExportedFile {
        name: name.to_owned(),
        bytes: file.length(),
        sha256: file.finish()?,
    })
}

#[cfg(test)]
mod tests;
