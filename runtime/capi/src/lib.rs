//! fixate for C: what `include/fixate.h` declares.
//!
//! 1. [`status`]: numbers that functions return, and the text behind the newest one.
//! 2. [`versioned`]: structs that may grow without breaking old callers.
//! 3. [`handle`]: names of objects, which are looked up and never followed.
//! 4. [`log_callback`]: the library's log lines.
//! 5. [`model`]: bundles and their encoders.
//! 6. [`frame`], [`lent`], [`prompt`], [`gaze`], [`camera`], [`depth`]: what goes in.
//! 7. [`mask`], [`answer`], [`grasp`], [`stats`]: what comes out.
//! 8. [`segmenter`]: one model, one image at a time.
//! 9. [`session`]: a camera's pictures, looks and prompts in, masks by their deadlines out.
//!
//! Nothing here panics into C, nothing of C's is believed: NULL, unknown numbers, sizes and handles
//! are errors in every build. What cannot be checked is that pointers point to what they say, for as
//! long as they say.

pub mod answer;
pub mod camera;
pub mod depth;
pub mod frame;
pub mod gaze;
pub mod grasp;
pub mod handle;
pub mod lent;
pub mod log_callback;
pub mod mask;
pub mod model;
pub mod prompt;
pub mod segmenter;
pub mod session;
pub mod stats;
pub mod status;
pub mod versioned;

/// Changes when a caller has to be compiled again: functions leave or mean something else. New
/// functions and longer structs do not change it.
pub const FIXATE_ABI_VERSION: u32 = 1;

/// The header's version is `MAJOR.MINOR.PATCH`, as of semantic versioning; `fixate_version` tells the library's.
pub const FIXATE_VERSION_MAJOR: u32 = 0;
/// See `FIXATE_VERSION_MAJOR`.
pub const FIXATE_VERSION_MINOR: u32 = 1;
/// See `FIXATE_VERSION_MAJOR`.
pub const FIXATE_VERSION_PATCH: u32 = 0;

// The generator of the header reads numbers alone.
const _: () = {
    const fn is(text: &str, number: u32) -> bool {
        matches!(u32::from_str_radix(text, 10), Ok(found) if found == number)
    }
    assert!(is(env!("CARGO_PKG_VERSION_MAJOR"), FIXATE_VERSION_MAJOR));
    assert!(is(env!("CARGO_PKG_VERSION_MINOR"), FIXATE_VERSION_MINOR));
    assert!(is(env!("CARGO_PKG_VERSION_PATCH"), FIXATE_VERSION_PATCH));
};

/// The `FIXATE_ABI_VERSION` of the library that runs; compare it with the header's.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_abi_version() -> u32 {
    FIXATE_ABI_VERSION
}

/// The version of the library that runs, such as "0.1.0": static, never freed.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_version() -> *const std::ffi::c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
