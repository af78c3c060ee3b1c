//! A segmenter's answers, read by its caller.

use std::ffi::c_char;

use fixate::mask::Bitmap;
use fixate::segmenter::Candidate;
use fixate::tasks::grasp::DepthMeter;

use super::{SEGMENTERS, fixate_segmenter, no_image};
use crate::camera::fixate_camera;
use crate::depth::fixate_depth;
use crate::grasp::{fixate_grasp, measured};
use crate::mask::{fixate_candidate, write_bitmap, write_logits, write_rle};
use crate::status::{FIXATE_ERROR_MODEL, FIXATE_ERROR_NOTHING, Failure, guarded};
use crate::versioned::{Versioned, write};

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
                index: found.index as u32,
                predicted_iou: found.predicted_iou,
                stability: found.stability,
                area_px: bitmap.area(),
                box_px: bitmap.bounding_box().map(|side| side as u32),
                logits_size: [found.logits.width as u32, found.logits.height as u32],
                ..fixate_candidate::initial()
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

/// Measures a candidate's mask; else as `fixate_session_measure`, with depth of the image's size.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, `_FRAME`, `_ARGUMENT`, or
/// `_NOTHING` if there is no such candidate or its mask is empty.
///
/// # Safety
/// `depth` and `camera` are NULL or point to initialised structs; the depth image's data is readable; `grasp` points
/// to an initialised struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_segmenter_measure(
    segmenter: *mut fixate_segmenter,
    position: usize,
    depth: *const fixate_depth,
    camera: *const fixate_camera,
    grasp: *mut fixate_grasp,
) -> i32 {
    guarded(|| {
        let mut meter = DepthMeter::new();
        let found = with_bitmap(segmenter, position, |_, mask| {
            // SAFETY: the caller's promises about both.
            unsafe { measured(mask, depth, camera, &mut meter) }
        })?;
        // SAFETY: the caller promises an initialised struct.
        unsafe { write(grasp, &found) }
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

fn no_candidate(position: usize, count: usize) -> Failure {
    Failure::new(
        FIXATE_ERROR_NOTHING,
        format_args!("there is no candidate {position}, the newest answer has {count}"),
    )
}
