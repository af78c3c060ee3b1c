//! Writing `bundle.toml`.

use std::io::{self, Write};

use serde::Serialize;

use super::{DECODER_FILE, ENCODER_FILE, ImportError, ImportOptions, WEIGHTS_FILE};
use crate::architecture::{Architecture, INPUT, OUTPUT};

/// What bundles may have.
const MAX_TEXT_BYTES: usize = 200;

/// Of R, G, B in 0..=255, in SAM and MobileSAM alike.
const MEAN: [f64; 3] = [123.675, 116.28, 103.53];
const STANDARD_DEVIATION: [f64; 3] = [58.395, 57.12, 57.375];

/// An encoder that was written.
pub(super) struct EncoderFile {
    /// Of the graph and its weights.
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// None if the weights are in the graph's file.
    pub(super) weights_sha256: Option<String>,
}

/// A decoder that was written.
pub(super) struct DecoderFile {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// What a bundle says of itself.
#[derive(Serialize)]
pub(super) struct Manifest<'a> {
    format: u32,
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    input: Input,
    embedding: Embedding,
    encoder: [Encoder; 1],
    decoder: Decoder,
}

#[derive(Serialize)]
struct Input {
    size: usize,
    resize: &'static str,
    pad: &'static str,
    mean: [f64; 3],
    std: [f64; 3],
    layout: &'static str,
}

#[derive(Serialize)]
struct Embedding {
    shape: [usize; 3],
}

#[derive(Serialize)]
struct Encoder {
    file: &'static str,
    precision: &'static str,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights_sha256: Option<String>,
    input: &'static str,
    output: &'static str,
}

#[derive(Serialize)]
struct Decoder {
    kind: &'static str,
    file: &'static str,
    sha256: String,
}

impl<'a> Manifest<'a> {
    pub(super) fn new(
        options: &'a ImportOptions,
        architecture: &Architecture,
        encoder: EncoderFile,
        decoder: DecoderFile,
    ) -> Self {
        Self {
            format: 1,
            name: &options.name,
            version: &options.version,
            license: options.license.as_deref(),
            input: Input {
                size: architecture.input_size_px(),
                resize: "longest-side",
                pad: "zero-after-normalise",
                mean: MEAN,
                std: STANDARD_DEVIATION,
                layout: "nchw",
            },
            embedding: Embedding {
                shape: architecture.embedding_shape(),
            },
            encoder: [Encoder {
                file: ENCODER_FILE,
                precision: "f32",
                sha256: encoder.sha256,
                weights: encoder.weights_sha256.as_ref().map(|_| WEIGHTS_FILE),
                weights_sha256: encoder.weights_sha256,
                input: INPUT,
                output: OUTPUT,
            }],
            decoder: Decoder {
                kind: "sam",
                file: DECODER_FILE,
                sha256: decoder.sha256,
            },
        }
    }

    pub(super) fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        file.write_all(text.as_bytes())
    }
}

/// Checks what goes into a manifest as it is.
pub(super) fn check(options: &ImportOptions) -> Result<(), ImportError> {
    let license = options.license.as_deref().unwrap_or("none");
    for (field, text) in [
        ("name", options.name.as_str()),
        ("version", &options.version),
        ("license", license),
    ] {
        if text.is_empty() || text.len() > MAX_TEXT_BYTES || text.chars().any(char::is_control) {
            let found = text.chars().take(MAX_TEXT_BYTES).collect();
            return Err(ImportError::Text { field, found });
        }
    }
    Ok(())
}
