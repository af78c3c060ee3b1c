//! A session's answers, read by its caller.

use std::ffi::c_char;
use std::time::Duration;

use fixate::session::SessionError;

use super::{Reader, SESSIONS, failure, fixate_session};
use crate::answer::{fixate_answer, session_candidate};
use crate::camera::fixate_camera;
use crate::depth::fixate_depth;
use crate::grasp::{fixate_grasp, measured};
use crate::mask::{fixate_candidate, write_bitmap, write_logits, write_rle};
use crate::status::{FIXATE_ERROR_NOTHING, Failure, guarded};
use crate::versioned::{read, write};

/// Takes the oldest answer that nobody took, and with it its mask, which `fixate_session_bitmap`, `_rle`,
/// `_logits`, `_candidate` and `_measure` then read. Waits for no answer, but for others who read.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, `_STOPPED`, or `_NOTHING` if
/// there is no answer.
///
/// # Safety
/// `answer` points to an initialised answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_poll_answer(
    session: *mut fixate_session,
    answer: *mut fixate_answer,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    guarded(|| unsafe { take_answer(session, 0, answer) })
}

/// The same, waiting for an answer at most `within_us` microseconds, or until the session stops.
///
/// Returns as `fixate_session_poll_answer`.
///
/// # Safety
/// `answer` points to an initialised answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_wait_answer(
    session: *mut fixate_session,
    within_us: u64,
    answer: *mut fixate_answer,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    guarded(|| unsafe { take_answer(session, within_us, answer) })
}

/// # Safety
/// `answer` is NULL or points to an initialised answer.
unsafe fn take_answer(
    session: *mut fixate_session,
    within_us: u64,
    answer: *mut fixate_answer,
) -> Result<(), Failure> {
    let state = SESSIONS.find(session)?;
    // What cannot be written must not be taken.
    // SAFETY: the caller promises an initialised answer.
    unsafe { read(answer)? };
    let given = state.reader.with(|reader| {
        let within = Duration::from_micros(within_us);
        let given = state.session.wait_answer(within, &mut reader.pixels);
        let given = given.ok_or_else(|| match state.session.is_stopped() {
            true => failure(SessionError::Stopped),
            false => Failure::new(FIXATE_ERROR_NOTHING, "there is no answer yet"),
        })?;
        reader.has_mask = given.has_pixels;
        reader.drawn = given.answer.drawn;
        Ok(fixate_answer::of(&given, &reader.pixels))
    })?;
    // SAFETY: the caller promises an initialised answer.
    unsafe { write(answer, &given) }
}

/// Writes the mask of the newest answer taken, as large as its frame: 255 inside and 0 outside, rows
/// `stride_bytes` apart, into the `size_bytes` of `bitmap`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_ARGUMENT`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there
/// is no mask.
///
/// # Safety
/// `bitmap` has room for `size_bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_bitmap(
    session: *mut fixate_session,
    bitmap: *mut u8,
    stride_bytes: usize,
    size_bytes: usize,
) -> i32 {
    guarded(|| {
        with_mask(session, |reader| {
            // SAFETY: the caller promises so much room.
            unsafe { write_bitmap(&reader.pixels.bitmap, bitmap, stride_bytes, size_bytes) }
        })
    })
}

/// Writes the mask of the newest answer taken as the compressed run lengths of COCO, with a NUL at the end.
/// `length`, if not NULL, gets the bytes of the text without the NUL, whether or not it fits.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is no mask.
///
/// # Safety
/// `text` has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_rle(
    session: *mut fixate_session,
    text: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    guarded(|| {
        with_mask(session, |reader| {
            // SAFETY: the caller promises so much room, and NULL or a `size_t`.
            unsafe { write_rle(&reader.pixels.bitmap, text, capacity, length) }
        })
    })
}

/// Writes the low-resolution logits of the newest answer taken, row by row; `fixate_answer.logits_size` says
/// how many.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_BUFFER`, `_REENTRANT`, or `_NOTHING` if there is no mask.
///
/// # Safety
/// `logits` has room for `capacity` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_logits(
    session: *mut fixate_session,
    logits: *mut f32,
    capacity: usize,
) -> i32 {
    guarded(|| {
        with_mask(session, |reader| {
            // SAFETY: the caller promises so much room.
            unsafe { write_logits(&reader.pixels.logits.values, logits, capacity) }
        })
    })
}

/// Writes what is known of one of the masks that the newest answer taken was chosen from, in the model's order:
/// `fixate_answer.candidate_count` says how many, `.shown` which one its mask is. Areas and boxes are of the
/// keyframe, to the model's own resolution; the pixels of those that are not shown are not kept.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, or `_NOTHING` if there is no
/// such candidate.
///
/// # Safety
/// `candidate` points to an initialised candidate.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_candidate(
    session: *mut fixate_session,
    position: usize,
    candidate: *mut fixate_candidate,
) -> i32 {
    guarded(|| {
        let found = with_mask(session, |reader| {
            let drawn = reader.drawn.as_ref();
            let known = drawn.and_then(|drawn| drawn.candidates.at(position));
            let found = known.map(|known| session_candidate(known, &reader.pixels));
            found.ok_or_else(|| {
                Failure::new(
                    FIXATE_ERROR_NOTHING,
                    format_args!("the newest answer has no candidate {position}"),
                )
            })
        })?;
        // SAFETY: the caller promises an initialised candidate.
        unsafe { write(candidate, &found) }
    })
}

/// Measures the mask of the newest answer taken: its place, axes and width in the picture, and with a `depth` image
/// of the answer's frame how far the thing is, and where in space. `depth` may be NULL; `camera` may be NULL then,
/// too.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_REENTRANT`, `_FRAME` for a depth image that
/// is none, `_ARGUMENT` for one of another size than the mask or a camera that cannot be, or `_NOTHING` if there is
/// no mask or it is empty.
///
/// # Safety
/// `depth` and `camera` are NULL or point to initialised structs; the depth image's data is readable; `grasp` points
/// to an initialised struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_measure(
    session: *mut fixate_session,
    depth: *const fixate_depth,
    camera: *const fixate_camera,
    grasp: *mut fixate_grasp,
) -> i32 {
    guarded(|| {
        let found = with_mask(session, |reader| {
            let (mask, meter) = (&reader.pixels.bitmap, &mut reader.meter);
            // SAFETY: the caller's promises about both.
            unsafe { measured(mask, depth, camera, meter) }
        })?;
        // SAFETY: the caller promises an initialised struct.
        unsafe { write(grasp, &found) }
    })
}

/// Calls `job` with the newest answer taken, if it has a mask.
fn with_mask<R>(
    session: *mut fixate_session,
    job: impl FnOnce(&mut Reader) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let state = SESSIONS.find(session)?;
    state.reader.with(|reader| match reader.has_mask {
        true => job(reader),
        false => Err(Failure::new(
            FIXATE_ERROR_NOTHING,
            "the newest answer has no mask, or none was taken yet",
        )),
    })
}
