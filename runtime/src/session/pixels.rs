//! Frames that outlive the call that pushed them.

use std::sync::Arc;

use crate::engine::FrameId;
use crate::frame::{Frame, FrameError, LentFrame};

/// A frame's pixels, wherever they are, and the name that the engine knows it by. Cloning it copies no
/// pixels.
#[derive(Clone)]
pub(super) struct HeldFrame {
    pub(super) id: FrameId,
    pixels: Arc<dyn LentFrame>,
}

impl HeldFrame {
    pub(super) fn new(id: FrameId, pixels: Arc<dyn LentFrame>) -> Self {
        Self { id, pixels }
    }

    /// The frame.
    ///
    /// # Errors
    /// When there are no pixels.
    pub(super) fn view(&self) -> Result<Frame<'_>, FrameError> {
        self.pixels.frame()
    }
}
