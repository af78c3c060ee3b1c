//! What goes into a session.

use std::ffi::c_void;

use fixate::engine::FrameId;
use fixate::prompt::Prompt;
use fixate::session::SessionError;

use super::{SESSIONS, State, failure, fixate_session, status_of};
use crate::camera::fixate_camera;
use crate::frame::{fixate_frame, fixate_release, view};
use crate::gaze::{fixate_gaze, gaze_sample};
use crate::grasp::{fixate_grasp_point, prompt};
use crate::lent::{Lent, Release};
use crate::prompt::{copy, fixate_prompt};
use crate::status::{FIXATE_ERROR_FRAME, Failure, guarded};
use crate::versioned::read;

/// Takes a frame whose capture time is later than that of the one before; `id`, if not NULL, gets its
/// number. Never waits for other threads' work.
///
/// Without `release` the pixels are copied. With it they are lent: nobody may write to them until `release` is
/// called with `context`, once, when the frame's motion is known and the encoder has its input or does not want
/// it. That is some milliseconds later, or as long as an encoding takes for a frame that waits for one;
/// `fixate_session_stop` and `_free` give all frames back. It is called on a thread of the session that holds no
/// lock and does nothing else, so that it may take its time and call any function; what it does delays other
/// releases alone. If this returns anything but `FIXATE_OK`, nothing is lent, and `release` was called on this
/// thread before it returned. 16 frames may be lent at a time; of more, `FIXATE_ERROR_SYSTEM`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`, `_STOPPED` or
/// `_SYSTEM`.
///
/// # Safety
/// `frame` points to an initialised frame whose planes are readable during the call, and with `release` until that
/// is called; any thread may call `release` with `context`; `id` is NULL or points to a `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_push_frame(
    session: *mut fixate_session,
    frame: *const fixate_frame,
    release: fixate_release,
    context: *mut c_void,
    id: *mut u64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller promises that any thread may call it.
        let release = unsafe { Release::new(release, context) };
        let state = SESSIONS.find(session)?;
        // SAFETY: the caller promises an initialised frame.
        let frame = unsafe { read(frame)? };
        // SAFETY: its planes are readable until `release`, or else during this call, after which nobody has it.
        let frame = unsafe { view(&frame)? };
        let pushed = if release.is_wanted() {
            // SAFETY: the planes are readable until `release` is called, which `Lent` does.
            let lent = unsafe { Lent::new(frame, release) };
            state.session.lend_frame(Box::new(lent))
        } else {
            state.session.push_frame(&frame)
        };
        let found = pushed.map_err(|error| {
            let status = match error {
                SessionError::Refused(_) => FIXATE_ERROR_FRAME,
                _ => status_of(&error),
            };
            Failure::new(status, error)
        })?;
        if !id.is_null() {
            // SAFETY: the caller promises a `uint64_t` there.
            unsafe { id.write(found.0) };
        }
        Ok(())
    })
}

/// Takes a sample of an eye tracker, later than the one before. While the eyes rest on, or follow,
/// something, it is a prompt; `prompt`, if not NULL, gets its number then, and 0 otherwise.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT` or `_STOPPED`.
///
/// # Safety
/// `gaze` points to an initialised sample; `prompt` is NULL or points to a `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_push_gaze(
    session: *mut fixate_session,
    gaze: *const fixate_gaze,
    prompt: *mut u64,
) -> i32 {
    guarded(|| {
        let state = SESSIONS.find(session)?;
        // SAFETY: the caller promises an initialised sample.
        let gaze = unsafe { read(gaze)? };
        let sample = gaze_sample(&gaze, state.intrinsics.as_ref())?;
        let outcome = state.session.push_gaze(&sample).map_err(failure)?;
        if !prompt.is_null() {
            let number = outcome.accepted.map_or(0, |accepted| accepted.prompt.0);
            // SAFETY: the caller promises a `uint64_t` there.
            unsafe { prompt.write(number) };
        }
        Ok(())
    })
}

/// Takes a sample of a gyroscope at the camera, later than the one before: `rate_rad_s` are three numbers,
/// the angular velocity about the camera's axes (x right, y down, z forward).
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE`, `_ARGUMENT` or `_STOPPED`.
///
/// # Safety
/// `rate_rad_s` points to three numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_push_imu(
    session: *mut fixate_session,
    time_us: i64,
    rate_rad_s: *const f64,
) -> i32 {
    guarded(|| {
        let state = SESSIONS.find(session)?;
        if rate_rad_s.is_null() {
            return Err(Failure::null("rate_rad_s"));
        }
        // SAFETY: the caller promises three numbers.
        let rate = unsafe { rate_rad_s.cast::<[f64; 3]>().read_unaligned() };
        state.session.push_imu(time_us, rate).map_err(failure)
    })
}

/// Takes a prompt of points, a box or both, in pixels of this frame, or of the newest if `frame` is 0; to be
/// answered within `budget_us` microseconds, or the usual time if that is 0. `id`, if not NULL, gets its
/// number.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_PROMPT` or `_STOPPED`.
///
/// # Safety
/// `prompt` points to an initialised prompt whose points are readable; `id` is NULL or points to a
/// `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_push_prompt(
    session: *mut fixate_session,
    frame: u64,
    prompt: *const fixate_prompt,
    budget_us: i64,
    id: *mut u64,
) -> i32 {
    guarded(|| {
        let state = SESSIONS.find(session)?;
        // SAFETY: the caller promises an initialised prompt.
        let prompt = unsafe { read(prompt)? };
        // SAFETY: its points are readable during this call.
        let prompt = unsafe { copy(&prompt)? };
        push(&state, frame, &prompt, budget_us, id)
    })
}

/// Takes a point that a robot wants to reach, as a prompt: a pixel of this frame, or of the newest if `frame` is
/// 0, or a position in the robot's coordinates, which `camera` brings there; it may be NULL for pixels. The rest is
/// as in `fixate_session_push_prompt`; `fixate_session_measure` then tells what a gripper asks of the answer.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_PROMPT` or `_STOPPED`.
///
/// # Safety
/// `point` points to an initialised point, `camera` is NULL or points to an initialised camera; `id` is NULL or
/// points to a `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_push_grasp(
    session: *mut fixate_session,
    frame: u64,
    point: *const fixate_grasp_point,
    camera: *const fixate_camera,
    budget_us: i64,
    id: *mut u64,
) -> i32 {
    guarded(|| {
        let state = SESSIONS.find(session)?;
        // SAFETY: the caller promises an initialised point, and NULL or an initialised camera.
        let prompt = unsafe { prompt(point, camera)? };
        push(&state, frame, &prompt, budget_us, id)
    })
}

/// Gives a prompt to the session, and its number to `id` unless that is NULL; it points to a `uint64_t` then.
fn push(
    state: &State,
    frame: u64,
    prompt: &Prompt,
    budget_us: i64,
    id: *mut u64,
) -> Result<(), Failure> {
    let frame = (frame != 0).then_some(FrameId(frame));
    let budget_us = (budget_us != 0).then_some(budget_us);
    let accepted = state
        .session
        .push_prompt(frame, prompt, budget_us)
        .map_err(failure)?;
    if !id.is_null() {
        // SAFETY: the callers' caller promises a `uint64_t` there.
        unsafe { id.write(accepted.prompt.0) };
    }
    Ok(())
}

/// Wants the next good frame encoded, whatever the motion.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_HANDLE` or `_STOPPED`.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_session_ask_keyframe(session: *mut fixate_session) -> i32 {
    guarded(|| {
        let state = SESSIONS.find(session)?;
        state.session.ask_keyframe().map_err(failure)
    })
}
