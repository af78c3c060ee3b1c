//! A camera's pictures, looks and prompts in; masks by their deadlines out.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use fixate::engine::{EngineError, FrameId};
use fixate::mask::Bitmap;
use fixate::motion::Intrinsics;
use fixate::segmenter::SegmenterOptions;
use fixate::session::{MaskPixels, Session, SessionError, SessionModel, now_us};

use crate::answer::{fixate_answer, fixate_stats};
use crate::frame::{fixate_frame, fixate_release, view};
use crate::handle::{Exclusive, Registry};
use crate::inputs::{fixate_gaze, fixate_session_options, gaze_sample, session_options};
use crate::mask::{write_bitmap, write_logits, write_rle};
use crate::prompt::{copy, fixate_prompt};
use crate::segmenter::{open_bundle, path, precision, segmenter_failure};
use crate::status::{
    FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_FRAME, FIXATE_ERROR_MODEL, FIXATE_ERROR_NOTHING,
    FIXATE_ERROR_PROMPT, FIXATE_ERROR_STOPPED, FIXATE_ERROR_SYSTEM, Failure, guarded,
};
use crate::versioned::{Versioned, read, write};

/// A running session. Any thread may push; answers are for one reader at a time, others wait.
pub struct fixate_session {
    _private: [u8; 0],
}

struct State {
    session: Session,
    intrinsics: Option<Intrinsics>,
    reader: Exclusive<Reader>,
}

/// The newest answer taken.
struct Reader {
    pixels: MaskPixels,
    has_mask: bool,
}

static SESSIONS: Registry<State> = Registry::new("fixate_session");

/// Microseconds of the clock that frames, gaze and inertial samples are stamped with: on Linux
/// `CLOCK_MONOTONIC`.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_now_us() -> i64 {
    now_us()
}

/// Loads the model of a bundle's folder (UTF-8; NULL for the model that is built into the library), warms
/// it up, starts the threads and writes the handle to `session`, to be freed with `fixate_session_free`.
/// `options` may be NULL. Takes some tenths of a second to some seconds.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_ARGUMENT`, `_MODEL` or `_SYSTEM`.
///
/// # Safety
/// `bundle` is NULL or a string with a NUL at its end, `options` is NULL or points to initialised
/// options, `session` points to a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_create(
    bundle: *const c_char,
    options: *const fixate_session_options,
    session: *mut *mut fixate_session,
) -> i32 {
    guarded(|| {
        if session.is_null() {
            return Err(Failure::null("session"));
        }
        let from = match options.is_null() {
            true => fixate_session_options::initial(),
            // SAFETY: the caller promises initialised options.
            false => unsafe { read(options)? },
        };
        let options = session_options(&from)?;
        if !(1..=256).contains(&from.encoder_threads) {
            return Err(Failure::new(
                FIXATE_ERROR_ARGUMENT,
                format_args!(
                    "fixate_session_options.encoder_threads is {}, not 1 to 256",
                    from.encoder_threads
                ),
            ));
        }
        let mut model = SegmenterOptions::default();
        model.threads = from.encoder_threads as usize;
        model.precision = precision(from.precision)?;
        if from.half_cache != 0 {
            model.cache = fixate::decoder::CachePrecision::Half;
        }
        // SAFETY: the caller promises NULL or a string.
        let bundle = open_bundle(unsafe { path(bundle, "bundle")? }.as_deref())?;
        let model = SessionModel::of_bundle(&bundle, model).map_err(failure)?;
        let state = State {
            session: Session::start(model, &options).map_err(failure)?,
            intrinsics: options.engine.intrinsics,
            reader: Exclusive::new(Reader {
                pixels: MaskPixels::new(),
                has_mask: false,
            }),
        };
        let handle = SESSIONS.insert(state);
        // SAFETY: not NULL, and the caller promises a handle there.
        unsafe { session.write(handle) };
        Ok(())
    })
}

/// Stops all threads of a session, and waits for them at most some seconds; `left`, if not NULL, gets how
/// many did not end. Whoever waits for an answer goes on with `FIXATE_ERROR_STOPPED`; answers that are
/// there can still be taken. The second time it does nothing.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `_HANDLE`.
///
/// # Safety
/// `left` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_stop(
    session: *mut fixate_session,
    left: *mut usize,
) -> i32 {
    guarded(|| {
        let count = SESSIONS.find(session)?.session.stop();
        if !left.is_null() {
            // SAFETY: the caller promises a `size_t` there.
            unsafe { left.write(count) };
        }
        Ok(())
    })
}

/// Stops a session and frees it, after the calls that use it; NULL is nothing to free.
///
/// Returns `FIXATE_OK`, or `FIXATE_ERROR_HANDLE` for one that was freed already.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_session_free(session: *mut fixate_session) -> i32 {
    guarded(|| {
        if let Some(state) = SESSIONS.remove(session)? {
            // Whoever waits for an answer holds it, too.
            state.session.stop();
        }
        Ok(())
    })
}

/// Takes a frame whose capture time is later than that of the one before; `id`, if not NULL, gets its
/// number. Its pixels are copied; after that, whatever this returns, `release` is called with `context`,
/// unless it is NULL. Never waits for other threads' work.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_HANDLE`, `_ARGUMENT`, `_FRAME`, `_STOPPED` or
/// `_SYSTEM`.
///
/// # Safety
/// `frame` points to an initialised frame whose planes are readable until `release` is called; `id` is
/// NULL or points to a `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_push_frame(
    session: *mut fixate_session,
    frame: *const fixate_frame,
    release: fixate_release,
    context: *mut c_void,
    id: *mut u64,
) -> i32 {
    let status = guarded(|| {
        let state = SESSIONS.find(session)?;
        // SAFETY: the caller promises an initialised frame.
        let frame = unsafe { read(frame)? };
        // SAFETY: its planes are readable until `release`, which is called below.
        let frame = unsafe { view(&frame)? };
        let found = state.session.push_frame(&frame).map_err(|error| {
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
    });
    if let Some(release) = release {
        // SAFETY: the caller hands this function over to be called once.
        unsafe { release(context) };
    }
    status
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
        let frame = (frame != 0).then_some(FrameId(frame));
        let budget_us = (budget_us != 0).then_some(budget_us);
        let accepted = state
            .session
            .push_prompt(frame, &prompt, budget_us)
            .map_err(failure)?;
        if !id.is_null() {
            // SAFETY: the caller promises a `uint64_t` there.
            unsafe { id.write(accepted.prompt.0) };
        }
        Ok(())
    })
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

/// Takes the oldest answer that nobody took, and with it its mask, which `fixate_session_bitmap`, `_rle` and
/// `_logits` then read. Does not wait.
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
        with_mask(session, |pixels| {
            let found: &Bitmap = &pixels.bitmap;
            // SAFETY: the caller promises so much room.
            unsafe { write_bitmap(found, bitmap, stride_bytes, size_bytes) }
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
        with_mask(session, |pixels| {
            // SAFETY: the caller promises so much room, and NULL or a `size_t`.
            unsafe { write_rle(&pixels.bitmap, text, capacity, length) }
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
        with_mask(session, |pixels| {
            // SAFETY: the caller promises so much room.
            unsafe { write_logits(&pixels.logits.values, logits, capacity) }
        })
    })
}

/// Writes what a session has done so far.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE` or `_HANDLE`.
///
/// # Safety
/// `stats` points to initialised statistics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_stats(
    session: *mut fixate_session,
    stats: *mut fixate_stats,
) -> i32 {
    guarded(|| {
        let found = fixate_stats::of(&SESSIONS.find(session)?.session.stats());
        // SAFETY: the caller promises initialised statistics.
        unsafe { write(stats, &found) }
    })
}

/// Calls `job` with the mask of the newest answer taken.
fn with_mask(
    session: *mut fixate_session,
    job: impl FnOnce(&MaskPixels) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let state = SESSIONS.find(session)?;
    state.reader.with(|reader| match reader.has_mask {
        true => job(&reader.pixels),
        false => Err(Failure::new(
            FIXATE_ERROR_NOTHING,
            "the newest answer has no mask, or none was taken yet",
        )),
    })
}

fn failure(error: SessionError) -> Failure {
    match error {
        SessionError::Model(error) => segmenter_failure(*error),
        error => Failure::new(status_of(&error), error),
    }
}

/// What kind of thing has failed.
fn status_of(error: &SessionError) -> i32 {
    match error {
        SessionError::Stopped => FIXATE_ERROR_STOPPED,
        SessionError::Threads(_) | SessionError::NoBuffer => FIXATE_ERROR_SYSTEM,
        SessionError::Shape(_)
        | SessionError::MaskPrompt
        | SessionError::NeverPushed { .. }
        | SessionError::Refused(EngineError::Prompt(_) | EngineError::UnknownFrame { .. }) => {
            FIXATE_ERROR_PROMPT
        }
        SessionError::Refused(_) => FIXATE_ERROR_ARGUMENT,
        _ => FIXATE_ERROR_MODEL,
    }
}
