//! What a user says of ONNX files.

use fixate::bundle::PaddingPoint;
use fixate::preprocess::{InputSpec, ResizeRule};

use super::super::ImportError;
use crate::signature::EncoderSignature;

/// What bundles may have.
const MAX_SIDE_PX: usize = 8192;
const MAX_EMBEDDING_SIDE: usize = 4096;
const MAX_EMBEDDING_LENGTH: usize = 1 << 26;

/// What graphs do not tell, or tell wrongly. Whatever is none is taken from the family that the graphs are
/// recognised as.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OnnxOverrides {
    /// Side in pixels of the encoder's square input, for graphs that take any.
    pub input_size_px: Option<usize>,
    /// How images are fitted into it.
    pub resize: Option<ResizeRule>,
    /// Subtracted from R, G, B in 0..=255.
    pub mean: Option<[f32; 3]>,
    /// Divides what is left.
    pub std: Option<[f32; 3]>,
    /// Channels, rows and columns of an embedding, for graphs that are silent.
    pub embedding_shape: Option<[usize; 3]>,
    /// Side in pixels of the square that the decoder's coordinates are given in.
    pub coordinate_size_px: Option<u32>,
    /// When a point of label -1 ends the points.
    pub padding_point: Option<PaddingPoint>,
}

/// What the encoder is fed.
pub(super) fn input_spec(
    signature: &EncoderSignature,
    overrides: &OnnxOverrides,
) -> Result<InputSpec, ImportError> {
    let found = signature.input_size_px;
    let size_px = u32::try_from(found).ok().filter(|_| found <= MAX_SIDE_PX);
    Ok(InputSpec {
        size_px: size_px.ok_or_else(|| {
            option(
                "input-size",
                found.to_string(),
                "an encoder of at most 8192 pixels a side",
            )
        })?,
        resize: overrides.resize.unwrap_or(match signature.stretch {
            true => ResizeRule::Stretch,
            false => ResizeRule::LongestSide,
        }),
        mean: overrides.mean.unwrap_or(signature.mean),
        std: overrides.std.unwrap_or(signature.std),
    })
}

fn option(field: &'static str, found: String, expected: &'static str) -> ImportError {
    ImportError::Option {
        field,
        found,
        expected,
    }
}

/// Checks what goes into the manifest as it is.
pub(super) fn check(overrides: &OnnxOverrides) -> Result<(), ImportError> {
    let sizes = [
        ("input-size", overrides.input_size_px),
        (
            "coordinate-size",
            overrides.coordinate_size_px.map(|size| size as usize),
        ),
    ];
    for (field, size) in sizes {
        if let Some(size) = size
            && !(1..=MAX_SIDE_PX).contains(&size)
        {
            return Err(option(field, size.to_string(), "1 to 8192"));
        }
    }
    if let Some(mean) = overrides.mean
        && !mean.iter().all(|mean| mean.is_finite())
    {
        return Err(option("mean", format!("{mean:?}"), "finite numbers"));
    }
    if let Some(std) = overrides.std
        && !std.iter().all(|std| std.is_finite() && *std > 0.0)
    {
        return Err(option("std", format!("{std:?}"), "positive numbers"));
    }
    Ok(())
}

/// Checks what goes into the manifest as it is.
pub(super) fn check_embedding_shape(shape: [usize; 3]) -> Result<(), ImportError> {
    let sides = shape.iter();
    if sides
        .clone()
        .all(|side| (1..=MAX_EMBEDDING_SIDE).contains(side))
        && sides.product::<usize>() <= MAX_EMBEDDING_LENGTH
    {
        return Ok(());
    }
    let expected = "three sides of 1 to 4096, at most 67108864 values";
    Err(option("embedding-shape", format!("{shape:?}"), expected))
}
