//! A camera's pictures, looks and prompts in; masks by their deadlines out.

use std::ffi::c_char;

use fixate::decoder::CachePrecision;
use fixate::engine::{Drawn, EngineError};
use fixate::motion::Intrinsics;
use fixate::segmenter::SegmenterOptions;
use fixate::session::{MaskPixels, Session, SessionError, SessionModel, now_us};
use fixate::tasks::grasp::DepthMeter;

use crate::handle::{Exclusive, Registry};
use crate::model::{decoder_precision, open_bundle, path, precision, segmenter_failure};
use crate::stats::fixate_stats;
use crate::status::{
    FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_MODEL, FIXATE_ERROR_PROMPT, FIXATE_ERROR_STOPPED,
    FIXATE_ERROR_SYSTEM, Failure, guarded,
};
use crate::versioned::{Versioned, read, write};

pub mod options;
pub mod pushing;
pub mod reading;

use options::{fixate_session_options, session_options};

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
    drawn: Option<Drawn>,
    meter: DepthMeter,
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
        let mut model = SegmenterOptions::default();
        model.threads = from.encoder_threads as usize;
        model.precision = precision(from.precision)?;
        if from.half_cache != 0 {
            model.cache = CachePrecision::Half;
        }
        model.products = decoder_precision(from.decoder_precision)?;
        // SAFETY: the caller promises NULL or a string.
        let bundle = open_bundle(unsafe { path(bundle, "bundle")? }.as_deref())?;
        let model = SessionModel::of_bundle(&bundle, model).map_err(failure)?;
        let state = State {
            session: Session::start(model, &options).map_err(failure)?,
            intrinsics: options.engine.intrinsics,
            reader: Exclusive::new(Reader {
                pixels: MaskPixels::new(),
                has_mask: false,
                drawn: None,
                meter: DepthMeter::new(),
            }),
        };
        let handle = SESSIONS.insert(state);
        // SAFETY: not NULL, and the caller promises a handle there.
        unsafe { session.write(handle) };
        Ok(())
    })
}

/// Stops all threads of a session, and waits for them, and for the releases of lent frames, at most as long as
/// its options say; `left`, if not NULL, gets how many threads did not end. From a release callback it does not wait
/// for that callback. Whoever waits for an answer goes on with `FIXATE_ERROR_STOPPED`; answers that are
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

/// Stops a session as `fixate_session_stop` does, and frees it after the calls that use it; NULL is nothing to free.
/// May be called from a release callback.
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
