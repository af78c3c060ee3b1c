//! Models: which bundle, which of its encoders, and what is wrong with them.

use std::ffi::{CStr, c_char};
use std::path::{Path, PathBuf};

use fixate::bundle::{Bundle, Precision};
use fixate::decoder::{DecoderError, ProductPrecision};
use fixate::segmenter::SegmenterError;

use crate::status::{
    FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_FRAME, FIXATE_ERROR_MODEL, FIXATE_ERROR_PROMPT,
    FIXATE_ERROR_SYSTEM, Failure,
};

/// The bundle's first encoder, but one in f32 where the first is in int8 and this processor is no faster with bytes.
pub const FIXATE_PRECISION_ANY: u32 = 0;
/// 32-bit floating point.
pub const FIXATE_PRECISION_F32: u32 = 1;
/// 16-bit floating point.
pub const FIXATE_PRECISION_F16: u32 = 2;
/// 8-bit integers.
pub const FIXATE_PRECISION_INT8: u32 = 3;

/// 16-bit codes on processors with instructions for them, 32-bit floating point on others.
pub const FIXATE_DECODER_PRECISION_ANY: u32 = 0;
/// 32-bit floating point.
pub const FIXATE_DECODER_PRECISION_F32: u32 = 1;
/// 16-bit codes, with sums of 32 bits, on x86-64 processors with VNNI, where they take less time; logits change by some
/// thousandths of their deviation. 32-bit floating point on others.
pub const FIXATE_DECODER_PRECISION_INT16: u32 = 2;

/// The model in a folder, or the one that is built in.
pub(crate) fn open_bundle(folder: Option<&Path>) -> Result<Bundle, Failure> {
    match folder {
        Some(folder) => Bundle::open(folder),
        None => Bundle::builtin(),
    }
    .map_err(Failure::of(FIXATE_ERROR_MODEL))
}

/// A path, or none for NULL.
///
/// # Safety
/// `text` is NULL or a string with a NUL at its end.
pub(crate) unsafe fn path(text: *const c_char, name: &str) -> Result<Option<PathBuf>, Failure> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller promises a string.
    let text = unsafe { CStr::from_ptr(text) };
    let text = text.to_str().map_err(|error| {
        Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("{name} is not UTF-8 after {} bytes", error.valid_up_to()),
        )
    })?;
    Ok(Some(PathBuf::from(text)))
}

/// A `FIXATE_PRECISION_` number.
pub(crate) fn precision(number: u32) -> Result<Option<Precision>, Failure> {
    match number {
        FIXATE_PRECISION_ANY => Ok(None),
        FIXATE_PRECISION_F32 => Ok(Some(Precision::F32)),
        FIXATE_PRECISION_F16 => Ok(Some(Precision::F16)),
        FIXATE_PRECISION_INT8 => Ok(Some(Precision::Int8)),
        other => Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("precision is {other}, none of FIXATE_PRECISION_*"),
        )),
    }
}

/// A `FIXATE_DECODER_PRECISION_` number.
pub(crate) fn decoder_precision(number: u32) -> Result<Option<ProductPrecision>, Failure> {
    match number {
        FIXATE_DECODER_PRECISION_ANY => Ok(None),
        FIXATE_DECODER_PRECISION_F32 => Ok(Some(ProductPrecision::Full)),
        FIXATE_DECODER_PRECISION_INT16 => Ok(Some(ProductPrecision::Codes)),
        other => Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("decoder_precision is {other}, none of FIXATE_DECODER_PRECISION_*"),
        )),
    }
}

/// What kind of thing has failed.
pub(crate) fn segmenter_failure(error: SegmenterError) -> Failure {
    let status = match &error {
        SegmenterError::Threads(_) => FIXATE_ERROR_SYSTEM,
        SegmenterError::Preprocess(_) | SegmenterError::OtherFrame { .. } => FIXATE_ERROR_FRAME,
        SegmenterError::Decoder(
            DecoderError::Prompt(_)
            | DecoderError::TooManyPoints { .. }
            | DecoderError::MaskSize { .. }
            | DecoderError::Lacks { .. },
        ) => FIXATE_ERROR_PROMPT,
        _ => FIXATE_ERROR_MODEL,
    };
    Failure::new(status, error)
}
