//! Writing `bundle.toml`.

use std::io::{self, Write};

use fixate::bundle::{OnnxDecoderSpec, PaddingPoint};
use fixate::preprocess::{InputSpec, ResizeRule};
use serde::Serialize;

use super::{
    DECODER_FILE, ENCODER_FILE, ImportError, ImportOptions, ONNX_DECODER_FILE, WEIGHTS_FILE,
};

/// What bundles may have.
const MAX_TEXT_BYTES: usize = 200;

/// An encoder that was written.
pub(super) struct EncoderFile {
    /// Of the graph and its weights.
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// None if the weights are in the graph's file.
    pub(super) weights_sha256: Option<String>,
    /// Name of the graph's input.
    pub(super) input: String,
    /// Name of the graph's output.
    pub(super) output: String,
}

/// A decoder that was written.
pub(super) struct DecoderFile {
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// None for SAM's weights as safetensors.
    pub(super) onnx: Option<OnnxDecoderSpec>,
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
    size: u32,
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
    input: String,
    output: String,
}

#[derive(Serialize)]
struct Decoder {
    kind: &'static str,
    file: &'static str,
    sha256: String,
    #[serde(flatten)]
    onnx: Option<OnnxDecoder>,
}

#[derive(Serialize)]
struct OnnxDecoder {
    #[serde(skip_serializing_if = "Option::is_none")]
    coordinate_size: Option<u32>,
    padding_point: &'static str,
    inputs: Inputs,
    outputs: Outputs,
}

#[derive(Serialize)]
struct Inputs {
    embedding: String,
    points: String,
    labels: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_mask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_size: Option<String>,
}

#[derive(Serialize)]
struct Outputs {
    logits: String,
    predicted_iou: String,
}

impl<'a> Manifest<'a> {
    pub(super) fn new(
        options: &'a ImportOptions,
        input: InputSpec,
        embedding_shape: [usize; 3],
        encoder: EncoderFile,
        decoder: DecoderFile,
    ) -> Self {
        Self {
            format: 1,
            name: &options.name,
            version: &options.version,
            license: options.license.as_deref(),
            input: Input {
                size: input.size_px,
                resize: match input.resize {
                    ResizeRule::Stretch => "stretch",
                    _ => "longest-side",
                },
                pad: "zero-after-normalise",
                mean: input.mean.map(decimal),
                std: input.std.map(decimal),
                layout: "nchw",
            },
            embedding: Embedding {
                shape: embedding_shape,
            },
            encoder: [Encoder {
                file: ENCODER_FILE,
                precision: "f32",
                sha256: encoder.sha256,
                weights: encoder.weights_sha256.as_ref().map(|_| WEIGHTS_FILE),
                weights_sha256: encoder.weights_sha256,
                input: encoder.input,
                output: encoder.output,
            }],
            decoder: match decoder.onnx {
                None => Decoder {
                    kind: "sam",
                    file: DECODER_FILE,
                    sha256: decoder.sha256,
                    onnx: None,
                },
                Some(spec) => Decoder {
                    kind: "onnx",
                    file: ONNX_DECODER_FILE,
                    sha256: decoder.sha256,
                    onnx: Some(OnnxDecoder::new(spec)),
                },
            },
        }
    }

    pub(super) fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        file.write_all(text.as_bytes())
    }
}

impl OnnxDecoder {
    fn new(spec: OnnxDecoderSpec) -> Self {
        let (inputs, outputs) = (spec.inputs, spec.outputs);
        Self {
            coordinate_size: spec.coordinate_size_px,
            padding_point: match spec.padding_point {
                PaddingPoint::Never => "never",
                _ => "without-box",
            },
            inputs: Inputs {
                embedding: inputs.embedding,
                points: inputs.points,
                labels: inputs.labels,
                mask: inputs.mask,
                has_mask: inputs.has_mask,
                image_size: inputs.image_size,
            },
            outputs: Outputs {
                logits: outputs.logits,
                predicted_iou: outputs.predicted_iou,
            },
        }
    }
}

/// The shortest decimal that is read back as the same f32.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
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
