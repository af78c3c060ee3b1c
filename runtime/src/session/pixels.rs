//! Frames that outlive the camera's buffer.

use crate::engine::FrameId;
use crate::frame::{Frame, FrameError};
use crate::source::FrameBuffer;

/// A frame with pixels of its own, and the name that the engine knows it by.
pub(super) struct OwnFrame {
    pub(super) id: FrameId,
    buffer: FrameBuffer,
}

impl OwnFrame {
    /// A frame without pixels, to be filled.
    pub(super) fn empty() -> Self {
        Self {
            id: FrameId(0),
            buffer: FrameBuffer::new(),
        }
    }

    /// Becomes a copy of `frame`. Allocates for the first frame of a size.
    ///
    /// # Errors
    /// When the frame's size does not fit this machine's addresses without padding.
    pub(super) fn copy_from(&mut self, id: FrameId, frame: &Frame<'_>) -> Result<(), FrameError> {
        self.id = id;
        self.buffer.copy_from(frame)
    }

    /// The frame.
    ///
    /// # Errors
    /// Before it was filled.
    pub(super) fn view(&self) -> Result<Frame<'_>, FrameError> {
        self.buffer.frame()
    }
}
