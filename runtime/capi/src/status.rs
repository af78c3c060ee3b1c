//! What functions return.

use std::cell::RefCell;
use std::ffi::c_char;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// It worked.
pub const FIXATE_OK: i32 = 0;
/// A pointer that must not be NULL is.
pub const FIXATE_ERROR_NULL: i32 = -1;
/// A struct's `struct_size` is smaller than the first release's: it was not initialised.
pub const FIXATE_ERROR_STRUCT_SIZE: i32 = -2;
/// A handle is of another kind, was freed, or never was one.
pub const FIXATE_ERROR_HANDLE: i32 = -3;
/// A number is none of those that are defined, or out of its range.
pub const FIXATE_ERROR_ARGUMENT: i32 = -4;
/// A frame's size, strides or planes do not fit each other.
pub const FIXATE_ERROR_FRAME: i32 = -5;
/// A prompt means nothing on the image.
pub const FIXATE_ERROR_PROMPT: i32 = -6;
/// A model cannot be loaded, or has failed.
pub const FIXATE_ERROR_MODEL: i32 = -7;
/// A buffer is too small; the length needed was written where the function says.
pub const FIXATE_ERROR_BUFFER: i32 = -8;
/// There is nothing there yet.
pub const FIXATE_ERROR_NOTHING: i32 = -9;
/// The object was stopped.
pub const FIXATE_ERROR_STOPPED: i32 = -10;
/// Called from a callback out of a call on the same object.
pub const FIXATE_ERROR_REENTRANT: i32 = -11;
/// The system gives no more of something: memory, threads.
pub const FIXATE_ERROR_SYSTEM: i32 = -12;
/// A mistake in the library; please report its text.
pub const FIXATE_ERROR_INTERNAL: i32 = -13;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Why a call did nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    status: i32,
    message: String,
}

impl Failure {
    #[cfg(test)]
    pub(crate) fn status(&self) -> i32 {
        self.status
    }

    pub(crate) fn new(status: i32, message: impl Display) -> Self {
        Self {
            status,
            message: message.to_string(),
        }
    }

    /// For `map_err`.
    pub(crate) fn of<E: Display>(status: i32) -> impl Fn(E) -> Self {
        move |error| Self::new(status, error)
    }

    pub(crate) fn null(name: &str) -> Self {
        Self::new(FIXATE_ERROR_NULL, format_args!("{name} is NULL"))
    }
}

/// Runs a function's body; its failure, or its panic, becomes a status, and the text behind it this
/// thread's newest.
pub(crate) fn guarded(body: impl FnOnce() -> Result<(), Failure>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no text");
        Err(Failure::new(
            FIXATE_ERROR_INTERNAL,
            format_args!("a mistake in fixate, please report it: {text}"),
        ))
    });
    match result {
        Ok(()) => FIXATE_OK,
        Err(Failure { status, message }) => {
            // While a thread ends, its texts are gone.
            let _ = LAST.try_with(|last| last.replace(message));
            status
        }
    }
}

/// Copies the text behind this thread's newest error into `buffer`, as UTF-8 with a NUL at its end,
/// cut off after `capacity` bytes. `length`, if not NULL, gets the bytes of the whole text without
/// the NUL. `buffer` may be NULL if `capacity` is 0.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, or `FIXATE_ERROR_BUFFER` if the text was cut off; the
/// newest error stays what it was.
///
/// # Safety
/// `buffer` has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_last_error(
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    let text = LAST.try_with(|last| last.borrow().clone());
    let text = text.unwrap_or_default();
    if !length.is_null() {
        // SAFETY: the caller promises that it points to a `size_t`.
        unsafe { length.write(text.len()) };
    }
    if capacity == 0 {
        return match text.is_empty() {
            true => FIXATE_OK,
            false => FIXATE_ERROR_BUFFER,
        };
    }
    if buffer.is_null() {
        return FIXATE_ERROR_NULL;
    }
    let room = text.len().min(capacity - 1);
    // A character is not cut in two.
    let kept = (0..=room).rev().find(|at| text.is_char_boundary(*at));
    let kept = kept.unwrap_or(0);
    // SAFETY: the caller promises room for `capacity` bytes, and `kept` is less.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast::<u8>(), kept);
        buffer.add(kept).write(0);
    }
    match kept == text.len() {
        true => FIXATE_OK,
        false => FIXATE_ERROR_BUFFER,
    }
}
