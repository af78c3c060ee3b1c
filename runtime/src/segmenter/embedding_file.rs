//! Embeddings as safetensors files that say which model and image they belong to.

use std::collections::HashMap;
use std::fmt;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::bundle::sha256;
use crate::decoder::{Embedding, Keyframe};
use crate::frame::Frame;
use crate::preprocess::Placement;

/// Name of the tensor, `[1, channels, rows, columns]`.
const TENSOR: &str = "image_embeddings";

/// What tells one model's embeddings from another's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelIdentity {
    /// The bundle's name.
    pub name: String,
    /// The bundle's version.
    pub version: String,
    /// SHA-256 of the encoder's file.
    pub encoder_sha256: String,
}

impl ModelIdentity {
    fn entries(&self) -> [(&'static str, String); 3] {
        [
            ("model", self.name.clone()),
            ("version", self.version.clone()),
            ("encoder_sha256", self.encoder_sha256.clone()),
        ]
    }
}

/// What tells one image's embedding from another's: its size, and its pixels as packed RGB.
fn image_entries(frame: &Frame<'_>, placement: &Placement) -> Vec<(&'static str, String)> {
    let mut entries = Vec::from(placement_entries(placement));
    entries.push(("image_sha256", sha256(&frame.to_rgb8())));
    entries
}

fn placement_entries(placement: &Placement) -> [(&'static str, String); 5] {
    [
        ("image_width_px", placement.image_width_px.to_string()),
        ("image_height_px", placement.image_height_px.to_string()),
        ("resized_width_px", placement.resized_width_px.to_string()),
        ("resized_height_px", placement.resized_height_px.to_string()),
        ("input_size_px", placement.input_size_px.to_string()),
    ]
}

/// Writes a keyframe's embedding.
pub(super) fn write(
    identity: &ModelIdentity,
    shape: [usize; 3],
    keyframe: &Keyframe,
    frame: &Frame<'_>,
) -> Result<Vec<u8>, EmbeddingFileError> {
    let Embedding {
        shape: found,
        values,
    } = &keyframe.embedding;
    if *found != shape || values.len() != shape.iter().product::<usize>() {
        return Err(EmbeddingFileError::Shape {
            expected: shape,
            found: found.to_vec(),
        });
    }
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let [channels, rows, columns] = shape;
    let malformed = |error| EmbeddingFileError::Unreadable(format!("{error}"));
    let view =
        TensorView::new(Dtype::F32, vec![1, channels, rows, columns], &bytes).map_err(malformed)?;
    let mut metadata = HashMap::from([(
        "capture_time_us".to_owned(),
        keyframe.capture_time_us.to_string(),
    )]);
    let entries = identity
        .entries()
        .into_iter()
        .chain(image_entries(frame, &keyframe.placement));
    metadata.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    safetensors::serialize([(TENSOR, view)], Some(metadata)).map_err(malformed)
}

/// Reads a keyframe, which must be of this model and have this placement.
pub(super) fn read(
    identity: &ModelIdentity,
    shape: [usize; 3],
    placement: Placement,
    frame: &Frame<'_>,
    file: &[u8],
) -> Result<Keyframe, EmbeddingFileError> {
    let unreadable = |error| EmbeddingFileError::Unreadable(format!("{error}"));
    let (_, header) = SafeTensors::read_metadata(file).map_err(unreadable)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let entries = identity
        .entries()
        .into_iter()
        .chain(image_entries(frame, &placement));
    for (key, expected) in entries {
        let Some(found) = metadata.get(key) else {
            let reason = format!("it does not say its {key}");
            return Err(EmbeddingFileError::Unreadable(reason));
        };
        if *found != expected {
            return Err(EmbeddingFileError::Belonging {
                key,
                expected,
                found: found.clone(),
            });
        }
    }
    let time = metadata
        .get("capture_time_us")
        .and_then(|time| time.parse().ok());
    let capture_time_us = time.ok_or(EmbeddingFileError::CaptureTime)?;

    let file = SafeTensors::deserialize(file).map_err(unreadable)?;
    let tensor = file.tensor(TENSOR).map_err(unreadable)?;
    let [channels, rows, columns] = shape;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != [1, channels, rows, columns] {
        return Err(EmbeddingFileError::Shape {
            expected: shape,
            found: tensor.shape().to_vec(),
        });
    }
    let (values, _) = tensor.data().as_chunks();
    let values: Vec<f32> = values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    if !values.iter().all(|value| value.is_finite()) {
        return Err(EmbeddingFileError::NotFinite);
    }
    Ok(Keyframe {
        embedding: Embedding { shape, values },
        placement,
        capture_time_us,
        prepared: None,
    })
}

/// Why an embedding cannot be read from a file, or written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddingFileError {
    /// Not a safetensors file with an embedding, or a truncated one.
    Unreadable(String),
    /// The embedding is of another model or another image.
    Belonging {
        /// What differs.
        key: &'static str,
        /// What this model and image have.
        expected: String,
        /// What the file says.
        found: String,
    },
    /// The embedding has another shape or type than the model's.
    Shape {
        /// Channels, rows, columns, in f32.
        expected: [usize; 3],
        /// Its shape.
        found: Vec<usize>,
    },
    /// The file does not say when the frame was captured.
    CaptureTime,
    /// NaN or infinity.
    NotFinite,
}

impl fmt::Display for EmbeddingFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => {
                write!(
                    f,
                    "the embedding cannot be read ({reason}); encode the image again"
                )
            }
            Self::Belonging {
                key,
                expected,
                found,
            } => write!(
                f,
                "the embedding has {key} {found} and this image and model {expected}; encode the image again"
            ),
            Self::Shape { expected, found } => write!(
                f,
                "the embedding has shape {found:?} and this model needs f32 {expected:?}; encode the image again"
            ),
            Self::CaptureTime => write!(
                f,
                "the embedding does not say when its frame was captured; encode the image again"
            ),
            Self::NotFinite => write!(f, "the embedding is not finite; encode the image again"),
        }
    }
}

impl std::error::Error for EmbeddingFileError {}
