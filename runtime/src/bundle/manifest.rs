//! `bundle.toml`.

use std::fmt;

use serde::Deserialize;
use toml::{Table, Value};

use super::BundleError;
use super::files::is_inside;
use super::onnx_decoder::{DecoderInputs, DecoderOutputs, OnnxDecoderSpec, PaddingPoint};
use crate::preprocess::{InputSpec, ResizeRule};

/// Name of the manifest in the bundle's folder.
pub(super) const FILE_NAME: &str = "bundle.toml";

const FORMAT: i64 = 1;
const MAX_TEXT_LENGTH: usize = 200;
const MAX_ENCODERS: usize = 16;
const MAX_INPUT_SIZE_PX: u32 = 8192;
const MAX_EMBEDDING_SIDE: usize = 4096;
const MAX_EMBEDDING_LENGTH: usize = 1 << 26;

/// What a bundle says of itself; every value was checked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The model's name.
    pub name: String,
    /// The model's version.
    pub version: String,
    /// The model's licence, an SPDX expression; none if the manifest is silent.
    pub license: Option<String>,
    /// What the encoders expect.
    pub input: InputSpec,
    /// Channels, rows and columns of an embedding.
    pub embedding_shape: [usize; 3],
    /// At least one.
    pub encoders: Vec<EncoderEntry>,
    /// The decoder.
    pub decoder: DecoderEntry,
}

/// One of a bundle's encoders: the same model in some precision, an ONNX file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EncoderEntry {
    /// Path in the bundle's folder.
    pub file: String,
    /// What it computes in.
    pub precision: Precision,
    /// Of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Name of the graph's input.
    #[serde(default = "default_input")]
    pub input: String,
    /// Name of the graph's output.
    #[serde(default = "default_output")]
    pub output: String,
    /// Path in the bundle's folder of its weights, if they are a file of their own.
    pub weights: Option<String>,
    /// Of that file, in lower-case hexadecimal.
    pub weights_sha256: Option<String>,
    /// Path in the bundle's folder of the record of how it was quantised.
    pub calibration: Option<String>,
}

/// A bundle's decoder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "DecoderTable")]
#[non_exhaustive]
pub struct DecoderEntry {
    /// Path in the bundle's folder.
    pub file: String,
    /// Of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// What the file is.
    pub kind: DecoderKind,
    /// What becomes of its masks before they are answers.
    pub answers: Answers,
}

/// What becomes of a decoder's masks before they are answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answers {
    /// They are answers as they are: three to a single point, and mask 0 to whatever leaves no doubt, as SAM is trained.
    #[default]
    AsDecoded,
    /// They are fitted to their prompt, for models all of whose masks are trained with every kind of prompt. Those of a
    /// single point, but for the likeliest, are looked at again, each with the point and the box around it; those of a box
    /// with its best mask. Whatever leaves no doubt gets the one of all masks whose predicted IoU, times how well it agrees
    /// with the prompt, is largest; a box's ends where the box does.
    Fitted,
}

/// What a decoder's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecoderKind {
    /// SAM's weights as safetensors.
    Sam,
    /// A graph.
    Onnx(Box<OnnxDecoderSpec>),
}

impl DecoderKind {
    /// Whether masks of earlier answers are taken as prompts; points and boxes always are.
    #[must_use]
    pub fn takes_masks(&self) -> bool {
        match self {
            Self::Sam => true,
            Self::Onnx(spec) => spec.inputs.mask.is_some(),
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum DecoderTable {
    Sam(SamTable),
    Onnx(Box<OnnxTable>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SamTable {
    file: String,
    sha256: String,
    #[serde(default)]
    answers: Answers,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnnxTable {
    file: String,
    sha256: String,
    inputs: DecoderInputs,
    outputs: DecoderOutputs,
    coordinate_size: Option<u32>,
    #[serde(default)]
    padding_point: PaddingPoint,
    #[serde(default)]
    answers: Answers,
}

impl From<DecoderTable> for DecoderEntry {
    fn from(table: DecoderTable) -> Self {
        match table {
            DecoderTable::Sam(table) => Self {
                file: table.file,
                sha256: table.sha256,
                kind: DecoderKind::Sam,
                answers: table.answers,
            },
            DecoderTable::Onnx(table) => Self {
                file: table.file,
                sha256: table.sha256,
                kind: DecoderKind::Onnx(Box::new(OnnxDecoderSpec {
                    inputs: table.inputs,
                    outputs: table.outputs,
                    coordinate_size_px: table.coordinate_size,
                    padding_point: table.padding_point,
                })),
                answers: table.answers,
            },
        }
    }
}

fn default_input() -> String {
    "image".to_owned()
}

fn default_output() -> String {
    "image_embeddings".to_owned()
}

/// What an encoder computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Precision {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// 8-bit integers.
    Int8,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: i64,
    name: String,
    version: String,
    license: Option<String>,
    input: Input,
    embedding: Embedding,
    encoder: Vec<EncoderEntry>,
    decoder: DecoderEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    size: u32,
    resize: Resize,
    #[serde(rename = "pad")]
    _pad: Option<Pad>,
    mean: [f32; 3],
    std: [f32; 3],
    #[serde(rename = "layout")]
    _layout: Layout,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Resize {
    LongestSide,
    Stretch,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Pad {
    ZeroAfterNormalise,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Layout {
    Nchw,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Embedding {
    shape: [usize; 3],
}

impl Manifest {
    /// Reads and checks a manifest.
    pub(super) fn parse(text: &[u8]) -> Result<Self, BundleError> {
        let malformed = |reason: String| BundleError::Manifest(reason.trim().to_owned());
        let text = std::str::from_utf8(text).map_err(|error| malformed(error.to_string()))?;
        let table: Table = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        // First what makes the rest incomprehensible, so that it is not called unknown fields.
        match table.get("format").and_then(Value::as_integer) {
            Some(FORMAT) => {}
            Some(found) => return Err(BundleError::Format { found }),
            None => return Err(malformed("format is missing; write format = 1".to_owned())),
        }
        let file: File = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let manifest = Self {
            name: file.name,
            version: file.version,
            license: file.license,
            input: InputSpec {
                size_px: file.input.size,
                resize: match file.input.resize {
                    Resize::LongestSide => ResizeRule::LongestSide,
                    Resize::Stretch => ResizeRule::Stretch,
                },
                mean: file.input.mean,
                std: file.input.std,
            },
            embedding_shape: file.embedding.shape,
            encoders: file.encoder,
            decoder: file.decoder,
        };
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), BundleError> {
        let value = |field: &'static str, found: String, expected: &'static str| {
            Err(BundleError::Value {
                field,
                found,
                expected,
            })
        };
        let InputSpec {
            size_px, mean, std, ..
        } = self.input;
        if !(1..=MAX_INPUT_SIZE_PX).contains(&size_px) {
            return value("input.size", size_px.to_string(), "1 to 8192");
        }
        if !mean.iter().all(|mean| mean.is_finite()) {
            return value("input.mean", format!("{mean:?}"), "finite numbers");
        }
        if !std.iter().all(|std| std.is_finite() && *std > 0.0) {
            return value("input.std", format!("{std:?}"), "positive numbers");
        }
        let shape = self.embedding_shape;
        if !shape
            .iter()
            .all(|side| (1..=MAX_EMBEDDING_SIDE).contains(side))
            || shape.iter().product::<usize>() > MAX_EMBEDDING_LENGTH
        {
            let expected = "three sides of 1 to 4096, at most 67108864 values";
            return value("embedding.shape", format!("{shape:?}"), expected);
        }
        if !(1..=MAX_ENCODERS).contains(&self.encoders.len()) {
            return value(
                "encoder",
                format!("{} of them", self.encoders.len()),
                "1 to 16",
            );
        }
        let license = self.license.as_deref().unwrap_or("none");
        for (field, text) in [
            ("name", self.name.as_str()),
            ("version", &self.version),
            ("license", license),
        ] {
            self.check_text(field, text)?;
        }
        for encoder in &self.encoders {
            self.check_file("encoder.sha256", &encoder.file, &encoder.sha256)?;
            self.check_text("encoder.input", &encoder.input)?;
            self.check_text("encoder.output", &encoder.output)?;
            if let Some(file) = &encoder.weights {
                let sha256 = encoder.weights_sha256.as_deref().unwrap_or_default();
                self.check_file("encoder.weights_sha256", file, sha256)?;
            }
            if let Some(file) = &encoder.calibration
                && !is_inside(file)
            {
                return Err(BundleError::Path { file: file.clone() });
            }
        }
        if let DecoderKind::Onnx(spec) = &self.decoder.kind {
            for (field, name) in spec.names() {
                self.check_text(field, name)?;
            }
            if let Some(size) = spec.coordinate_size_px
                && !(1..=MAX_INPUT_SIZE_PX).contains(&size)
            {
                return value("decoder.coordinate_size", size.to_string(), "1 to 8192");
            }
        }
        self.check_file("decoder.sha256", &self.decoder.file, &self.decoder.sha256)
    }

    fn check_text(&self, field: &'static str, text: &str) -> Result<(), BundleError> {
        if text.is_empty() || text.len() > MAX_TEXT_LENGTH || text.chars().any(char::is_control) {
            let found = text.chars().take(MAX_TEXT_LENGTH).collect();
            let expected = "1 to 200 bytes of text on one line";
            return Err(BundleError::Value {
                field,
                found,
                expected,
            });
        }
        Ok(())
    }

    fn check_file(&self, field: &'static str, file: &str, sha256: &str) -> Result<(), BundleError> {
        if !is_inside(file) {
            return Err(BundleError::Path {
                file: file.to_owned(),
            });
        }
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if sha256.len() != 64 || !sha256.bytes().all(hexadecimal) {
            let found = sha256.chars().take(MAX_TEXT_LENGTH).collect();
            let expected = "64 digits of lower-case hexadecimal";
            return Err(BundleError::Value {
                field,
                found,
                expected,
            });
        }
        Ok(())
    }
}
