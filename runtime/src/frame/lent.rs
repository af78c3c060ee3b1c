//! Pixels that outlive the call that hands them over.

use super::{Frame, FrameError};

/// A picture in a buffer of somebody else's (a camera's, a pipeline's, a program's), lent so that nobody
/// copies it. As long as it lives nobody writes to the pixels; dropping it gives the buffer back.
pub trait LentFrame: Send + Sync {
    /// The picture, the same each time.
    ///
    /// # Errors
    /// When there is none.
    fn frame(&self) -> Result<Frame<'_>, FrameError>;
}
