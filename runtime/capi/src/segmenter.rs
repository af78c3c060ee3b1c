//! One model, one image at a time.

use std::ffi::c_char;

use fixate::decoder::{CachePrecision, Keyframe};
use fixate::mask::{Bitmap, MaskUpsampler};
use fixate::prompt::Prompt;
use fixate::segmenter::{Candidate, Segmenter, SegmenterOptions};

use crate::frame::{fixate_frame, view};
use crate::handle::{Exclusive, Registry};
use crate::model::{
    FIXATE_DECODER_PRECISION_ANY, FIXATE_PRECISION_ANY, decoder_precision, open_bundle, path,
    precision, segmenter_failure,
};
use crate::prompt::{copy, fixate_prompt, multimask};
use crate::status::{
    FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_NOTHING, FIXATE_ERROR_PROMPT, Failure, guarded,
};
use crate::versioned::{Versioned, init, read};

pub mod reading;

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
    /// A `FIXATE_DECODER_PRECISION_` number: in what the decoder computes most of its products for a prompt.
    pub decoder_precision: u32,
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
            decoder_precision: FIXATE_DECODER_PRECISION_ANY,
        }
    }
}

struct State {
    segmenter: Segmenter,
    keyframe: Option<Keyframe>,
    /// What was asked of it last.
    prompt: Option<Prompt>,
    /// Whether its answer was looked at closer.
    looked: bool,
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
            prompt: None,
            looked: false,
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

/// Encodes an image, which is read only during this call and takes as long as the encoder; what was answered
/// on the image before is forgotten.
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
            state.prompt = None;
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

/// Decodes the answers to a prompt in pixels of the newest image; `count`, if not NULL, gets the number of candidates,
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
            (state.prompt, state.looked) = (Some(prompt), false);
            Ok(candidates.len())
        })?;
        if !count.is_null() {
            // SAFETY: the caller promises a `size_t` there.
            unsafe { count.write(found) };
        }
        Ok(())
    })
}

/// Looks closer at the candidates of the newest prompt. `frame` is the one that the image was set from, and is read
/// only during this call. Masks at the image's size become finer where the thing is small in the image; for one click,
/// small things that the image as a whole does not show well take the place of candidates that are unlikely or there
/// twice, and their index is that of a mask of the look that found them. Edges of masks at the image's size move to
/// where its colours change. The number of candidates stays, and so do the logits and stability of those that stay; for
/// one click, the predicted IoU of each is then how far all looks agree with it. Takes as long as setting an image and
/// asking, up to five times; once more on the same answer does nothing.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`, `_REENTRANT`, `_MODEL`,
/// or `_NOTHING` if nothing was asked of the image yet. The candidates of before stay unless it is `FIXATE_OK`.
///
/// # Safety
/// `frame` points to an initialised frame whose planes are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_look_closer(
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
            let keyframe = state.keyframe.as_ref().ok_or_else(no_image)?;
            let prompt = state.prompt.as_ref().ok_or_else(nothing_asked)?;
            if state.looked {
                return Ok(());
            }
            let (candidates, mut masks) = (&mut state.candidates, Vec::new());
            state
                .segmenter
                .look_closer_into(&frame, keyframe, prompt, candidates, &mut masks)
                .map_err(segmenter_failure)?;
            state.bitmaps.clear();
            state.bitmaps.extend(masks.into_iter().map(Some));
            state.looked = true;
            Ok(())
        })
    })
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
    chosen.products = decoder_precision(options.decoder_precision)?;
    Ok(chosen)
}

fn no_image() -> Failure {
    Failure::new(
        FIXATE_ERROR_NOTHING,
        "there is no image; call fixate_segmenter_set_image first",
    )
}

fn nothing_asked() -> Failure {
    Failure::new(
        FIXATE_ERROR_NOTHING,
        "nothing was asked of this image; call fixate_segmenter_segment first",
    )
}
