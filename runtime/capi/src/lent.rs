//! Frames whose buffers C lends.

use std::ffi::c_void;

use fixate::frame::{Frame, FrameError, LentFrame};

use crate::frame::fixate_release;

/// Calls a release function once, when it is dropped.
pub(crate) struct Release {
    function: fixate_release,
    context: *mut c_void,
}

impl Release {
    /// # Safety
    /// Any thread may call `function` with `context`, once.
    pub(crate) unsafe fn new(function: fixate_release, context: *mut c_void) -> Self {
        Self { function, context }
    }

    /// Whether there is a function to call.
    pub(crate) fn is_wanted(&self) -> bool {
        self.function.is_some()
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(function) = self.function {
            // SAFETY: the caller of `new` promised that any thread may, and nothing is dropped twice.
            unsafe { function(self.context) };
        }
    }
}

// SAFETY: the context goes from thread to thread, and is given to the function alone, as promised in `new`.
unsafe impl Send for Release {}
// SAFETY: nothing can be done with a shared one.
unsafe impl Sync for Release {}

/// A frame and what is called when it is not read any more.
pub(crate) struct Lent {
    frame: Frame<'static>,
    _release: Release,
}

impl Lent {
    /// # Safety
    /// The frame's planes stay readable until `release` is dropped.
    pub(crate) unsafe fn new(frame: Frame<'static>, release: Release) -> Self {
        Self {
            frame,
            _release: release,
        }
    }
}

impl LentFrame for Lent {
    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        Ok(self.frame)
    }
}
