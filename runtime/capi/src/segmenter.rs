//! One model, one image at a time.

use std::ffi::{CStr, c_char};
use std::path::{Path, PathBuf};

use fixate::bundle::{Bundle, Precision};
use fixate::decoder::{CachePrecision, DecoderError, Keyframe};
use fixate::mask::{Bitmap, MaskUpsampler};
use fixate::segmenter::{Candidate, Segmenter, SegmenterError, SegmenterOptions};

use crate::frame::{fixate_frame, view};
use crate::handle::{Exclusive, Registry};
use crate::mask::{fixate_candidate, write_bitmap, write_logits, write_rle};
use crate::prompt::{copy, fixate_prompt, multimask};
use crate::status::{
    FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_FRAME, FIXATE_ERROR_MODEL, FIXATE_ERROR_NOTHING,
    FIXATE_ERROR_PROMPT, FIXATE_ERROR_SYSTEM, Failure, guarded,
};
use crate::versioned::{Versioned, init, read, write};

/// The bundle's first encoder in f32, else its first.
pub const FIXATE_PRECISION_ANY: u32 = 0;
/// 32-bit floating point.
pub const FIXATE_PRECISION_F32: u32 = 1;
/// 16-bit floating point.
pub const FIXATE_PRECISION_F16: u32 = 2;
/// 8-bit integers.
pub const FIXATE_PRECISION_INT8: u32 = 3;

/// A loaded model with an image. One thread uses it at a time; others wait.
pub struct fixate_segmenter {
    _private: [u8; 0],
}

/// How a model is run.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_segmenter_options {
    /// `sizeof(fixate_segmenter_options)`.
    pub struct_size: u32,
    /// Threads that compute, the caller's included; 1 to 256.
    pub threads: u32,
    /// A `FIXATE_PRECISION_` number: which of the bundle's encoders.
    pub precision: u32,
    /// Not 0: half the memory for an image's products, at a cost of some thousandths in the logits.
    pub half_cache: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_segmenter_options {
    const NAME: &'static str = "fixate_segmenter_options";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, half_cache) + size_of::<u32>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            threads: 1,
            precision: FIXATE_PRECISION_ANY,
            half_cache: 0,
        }
    }
}

struct State {
    segmenter: Segmenter,
    keyframe: Option<Keyframe>,
    candidates: Vec<Candidate>,
    /// The candidates' masks at the image's size, made when they are asked for.
    bitmaps: Vec<Option<Bitmap>>,
    upsampler: MaskUpsampler,
}

static SEGMENTERS: Registry<Exclusive<State>> = Registry::new("fixate_segmenter");

/// Writes initial values: one thread. `struct_size` is `sizeof(fixate_segmenter_options)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `options` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_options_init(
    options: *mut fixate_segmenter_options,
    struct_size: u32,
) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(options, struct_size) })
}

/// Loads the model of a bundle's folder (UTF-8; NULL for the model that is built into the library) and
/// writes its handle to `segmenter`, to be freed with `fixate_segmenter_free`. `options` may be NULL.
/// Takes a tenth of a second to some seconds.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_ARGUMENT`, `_MODEL` or `_SYSTEM`.
///
/// # Safety
/// `bundle` is NULL or a string with a NUL at its end, `options` is NULL or points to initialised
/// options, `segmenter` points to a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_create(
    bundle: *const c_char,
    options: *const fixate_segmenter_options,
    segmenter: *mut *mut fixate_segmenter,
) -> i32 {
    guarded(|| {
        if segmenter.is_null() {
            return Err(Failure::null("segmenter"));
        }
        let options = match options.is_null() {
            true => fixate_segmenter_options::initial(),
            // SAFETY: the caller promises initialised options.
            false => unsafe { read(options)? },
        };
        // SAFETY: the caller promises NULL or a string.
        let bundle = open_bundle(unsafe { path(bundle, "bundle")? }.as_deref())?;
        let state = State {
            segmenter: Segmenter::new(&bundle, segmenter_options(&options)?)
                .map_err(segmenter_failure)?,
            keyframe: None,
            candidates: Vec::new(),
            bitmaps: Vec::new(),
            upsampler: MaskUpsampler::new(),
        };
        let handle = SEGMENTERS.insert(Exclusive::new(state));
        // SAFETY: not NULL, and the caller promises a handle there.
        unsafe { segmenter.write(handle) };
        Ok(())
    })
}

/// Frees a segmenter, after the calls that use it; NULL is nothing to free.
///
/// Returns `FIXATE_OK`, or `FIXATE_ERROR_HANDLE` for one that was freed already.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_segmenter_free(segmenter: *mut fixate_segmenter) -> i32 {
    guarded(|| SEGMENTERS.remove(segmenter).map(drop))
}

/// Encodes an image, which is read only during this call; what was answered on the image before is
/// forgotten.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`,
/// `_REENTRANT` or `_MODEL`; after the last there is no image.
///
/// # Safety
/// `frame` points to an initialised frame whose planes are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_set_image(
    segmenter: *mut fixate_segmenter,
    frame: *const fixate_frame,
) -> i32 {
    guarded(|| {
        let object = SEGMENTERS.find(segmenter)?;
        // SAFETY: the caller promises an initialised frame.
        let frame = unsafe { read(frame)? };
        // SAFETY: its planes are readable during this call.
        let frame = unsafe { view(&frame)? };
        object.with(|state| {
            state.candidates.clear();
            state.bitmaps.clear();
            let mut keyframe = match state.keyframe.take() {
                Some(mut keyframe) => {
                    let encoded = state.segmenter.encode_into(&frame, &mut keyframe);
                    encoded.map(|()| keyframe)
                }
                None => state.segmenter.encode(&frame),
            }
            .map_err(segmenter_failure)?;
            keyframe.capture_time_us = frame.capture_time_us();
            state.keyframe = Some(keyframe);
            Ok(())
        })
    })
}

/// Answers a prompt in pixels of the newest image; `count`, if not NULL, gets the number of candidates,
/// best first. `multimask` is a `FIXATE_MULTIMASK_` number.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_PROMPT`,
/// `_REENTRANT`, `_MODEL`, or `_NOTHING` if there is no image yet. The candidates of before stay unless
/// it is `FIXATE_OK`.
///
/// # Safety
/// `prompt` points to an initialised prompt whose points and mask are readable; `count` is NULL or
/// points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_segment(
    segmenter: *mut fixate_segmenter,
    prompt: *const fixate_prompt,
    multimask_output: u32,
    count: *mut usize,
) -> i32 {
    guarded(|| {
        let object = SEGMENTERS.find(segmenter)?;
        // SAFETY: the caller promises an initialised prompt.
        let prompt = unsafe { read(prompt)? };
        // SAFETY: its points and mask are readable during this call.
        let prompt = unsafe { copy(&prompt)? };
        let multimask_output = multimask(multimask_output)?;
        let found = object.with(|state| {
            let keyframe = state.keyframe.as_ref().ok_or_else(no_image)?;
            let placement = &keyframe.placement;
            let (width, height) = (placement.image_width_px, placement.image_height_px);
            let mut prompt = prompt;
            prompt
                .clip(width, height)
                .map_err(Failure::of(FIXATE_ERROR_PROMPT))?;
            let candidates = &mut state.candidates;
            state
                .segmenter
                .segment_into(keyframe, &prompt, multimask_output, candidates)
                .map_err(segmenter_failure)?;
            state.bitmaps.clear();
            state.bitmaps.resize(candidates.len(), None);
            Ok(candidates.len())
        })?;
        if !count.is_null() {
            // SAFETY: the caller promises a `size_t` there.
            unsafe { count.write(found) };
        }
        Ok(())
    })
}

/// Writes what is known of the candidate of this position, best first.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, or `_NOTHING` if
/// there is no such candidate.
///
/// # Safety
/// `candidate` points to an initialised candidate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_candidate(
    segmenter: *mut fixate_segmenter,
    position: usize,
    candidate: *mut fixate_candidate,
) -> i32 {
    guarded(|| {
        let found = with_bitmap(segmenter, position, |found, bitmap| {
            Ok(fixate_candidate {
                struct_size: 0,
                index: found.index as u32,
                predicted_iou: found.predicted_iou,
                stability: found.stability,
                area_px: bitmap.area(),
                box_px: bitmap.bounding_box().map(|side| side as u32),
                logits_size: [found.logits.width as u32, found.logits.height as u32],
            })
        })?;
        // SAFETY: the caller promises an initialised candidate.
        unsafe { write(candidate, &found) }
    })
}

/// Writes a candidate's mask at the image's size: 255 inside and 0 outside, rows `stride_bytes` apart,
/// into the `size_bytes` of `bitmap`. What lies between the rows is left alone.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_ARGUMENT`, `_BUFFER`, `_REENTRANT`, or
/// `_NOTHING` if there is no such candidate.
///
/// # Safety
/// `bitmap` has room for `size_bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_bitmap(
    segmenter: *mut fixate_segmenter,
    position: usize,
    bitmap: *mut u8,
    stride_bytes: usize,
    size_bytes: usize,
) -> i32 {
    guarded(|| {
        with_bitmap(segmenter, position, |_, found| {
            // SAFETY: the caller promises so much room.
            unsafe { write_bitmap(found, bitmap, stride_bytes, size_bytes) }
        })
    })
}

/// Writes a candidate's mask as the compressed run lengths of COCO (columns first), with a NUL at the
/// end. `length`, if not NULL, gets the bytes of the text without the NUL, whether or not it fits.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is
/// no such candidate.
///
/// # Safety
/// `text` has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_rle(
    segmenter: *mut fixate_segmenter,
    position: usize,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    guarded(|| {
        with_bitmap(segmenter, position, |_, bitmap| {
            // SAFETY: the caller promises so much room, and NULL or a `size_t`.
            unsafe { write_rle(bitmap, text, capacity, length) }
        })
    })
}

/// Writes a candidate's low-resolution logits, row by row; `fixate_candidate.logits_size` says how many.
/// They are the mask of a prompt that refines this answer.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is
/// no such candidate.
///
/// # Safety
/// `logits` has room for `capacity` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_logits(
    segmenter: *mut fixate_segmenter,
    position: usize,
    logits: *mut f32,
    capacity: usize,
) -> i32 {
    guarded(|| {
        let object = SEGMENTERS.find(segmenter)?;
        object.with(|state| {
            let found = state.candidates.get(position);
            let found = found.ok_or_else(|| no_candidate(position, state.candidates.len()))?;
            // SAFETY: the caller promises so much room.
            unsafe { write_logits(&found.logits.values, logits, capacity) }
        })
    })
}

/// Calls `job` with a candidate and its mask.
fn with_bitmap<R>(
    segmenter: *mut fixate_segmenter,
    position: usize,
    job: impl FnOnce(&Candidate, &Bitmap) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let object = SEGMENTERS.find(segmenter)?;
    object.with(|state| {
        let keyframe = state.keyframe.as_ref().ok_or_else(no_image)?;
        let count = state.candidates.len();
        let candidate = state.candidates.get(position);
        let candidate = candidate.ok_or_else(|| no_candidate(position, count))?;
        let slot = state.bitmaps.get_mut(position);
        let slot = slot.ok_or_else(|| no_candidate(position, count))?;
        let bitmap = match slot {
            Some(bitmap) => bitmap,
            None => {
                let mut bitmap = Bitmap::new(0, 0);
                state
                    .upsampler
                    .bitmap_into(candidate.logits.view(), &keyframe.placement, &mut bitmap)
                    .map_err(Failure::of(FIXATE_ERROR_MODEL))?;
                slot.insert(bitmap)
            }
        };
        job(candidate, bitmap)
    })
}

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

fn segmenter_options(options: &fixate_segmenter_options) -> Result<SegmenterOptions, Failure> {
    let mut chosen = SegmenterOptions::default();
    if !(1..=256).contains(&options.threads) {
        return Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!(
                "fixate_segmenter_options.threads is {}, not 1 to 256",
                options.threads
            ),
        ));
    }
    chosen.threads = options.threads as usize;
    chosen.precision = precision(options.precision)?;
    if options.half_cache != 0 {
        chosen.cache = CachePrecision::Half;
    }
    Ok(chosen)
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

/// What kind of thing has failed.
pub(crate) fn segmenter_failure(error: SegmenterError) -> Failure {
    let status = match &error {
        SegmenterError::Threads(_) => FIXATE_ERROR_SYSTEM,
        SegmenterError::Preprocess(_) => FIXATE_ERROR_FRAME,
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

fn no_image() -> Failure {
    Failure::new(
        FIXATE_ERROR_NOTHING,
        "there is no image; call fixate_segmenter_set_image first",
    )
}

fn no_candidate(position: usize, count: usize) -> Failure {
    Failure::new(
        FIXATE_ERROR_NOTHING,
        format_args!("there is no candidate {position}, the newest answer has {count}"),
    )
}
