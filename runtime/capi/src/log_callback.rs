//! The library's log lines, for those who want them.

use std::ffi::{CString, c_char, c_void};
use std::sync::{PoisonError, RwLock};

use log::{LevelFilter, Log, Metadata, Record};

use crate::status::{FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_SYSTEM, Failure, guarded};

/// Nothing is logged.
pub const FIXATE_LOG_OFF: u32 = 0;
/// What went wrong and was not returned to anybody.
pub const FIXATE_LOG_ERROR: u32 = 1;
/// What may be a mistake.
pub const FIXATE_LOG_WARN: u32 = 2;
/// What was loaded and started, and how.
pub const FIXATE_LOG_INFO: u32 = 3;
/// What helps those who look for a mistake.
pub const FIXATE_LOG_DEBUG: u32 = 4;

/// Gets a log line: its `FIXATE_LOG_` level, its text (UTF-8 with a NUL, gone when the function
/// returns), and the `context` that was given with the function. Any thread may call it, several at a
/// time; it must not end the thread or jump out.
pub type fixate_log_callback =
    Option<unsafe extern "C" fn(level: u32, text: *const c_char, context: *mut c_void)>;

#[derive(Clone, Copy)]
struct Sink {
    callback: unsafe extern "C" fn(u32, *const c_char, *mut c_void),
    context: *mut c_void,
}

// SAFETY: the caller promises that any thread may call the function with its context.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

static SINK: RwLock<Option<Sink>> = RwLock::new(None);

struct ToSink;

impl Log for ToSink {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Copied out, so that the callback may set another.
        let sink = *SINK.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sink) = sink else { return };
        let text = record.args().to_string().replace('\0', " ");
        let Ok(text) = CString::new(text) else { return };
        // SAFETY: the caller of `fixate_set_log_callback` promises that it may be called so.
        unsafe { (sink.callback)(record.level() as u32, text.as_ptr(), sink.context) };
    }

    fn flush(&self) {}
}

/// Sends log lines up to `level` (a `FIXATE_LOG_` number) to `callback`, from now on and instead of the
/// one before; NULL ends it. A line that is being logged may still reach the callback of before: keep
/// its context until no call of this library runs.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_ARGUMENT` for an unknown level, or `FIXATE_ERROR_SYSTEM` if a
/// Rust program around this library logs elsewhere already.
///
/// # Safety
/// Any thread may call `callback` with `context` until it is replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_set_log_callback(
    callback: fixate_log_callback,
    context: *mut c_void,
    level: u32,
) -> i32 {
    guarded(|| {
        let filter = match level {
            FIXATE_LOG_OFF => LevelFilter::Off,
            FIXATE_LOG_ERROR => LevelFilter::Error,
            FIXATE_LOG_WARN => LevelFilter::Warn,
            FIXATE_LOG_INFO => LevelFilter::Info,
            FIXATE_LOG_DEBUG => LevelFilter::Debug,
            other => {
                return Err(Failure::new(
                    FIXATE_ERROR_ARGUMENT,
                    format_args!("log level {other} is none of FIXATE_LOG_OFF to _DEBUG"),
                ));
            }
        };
        let sink = callback.map(|callback| Sink { callback, context });
        let mut current = SINK.write().unwrap_or_else(PoisonError::into_inner);
        static OURS: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
        if !OURS.get_or_init(|| log::set_logger(&ToSink).is_ok()) {
            return Err(Failure::new(
                FIXATE_ERROR_SYSTEM,
                "this program logs elsewhere already; read its log",
            ));
        }
        log::set_max_level(match sink {
            Some(_) => filter,
            None => LevelFilter::Off,
        });
        *current = sink;
        Ok(())
    })
}
