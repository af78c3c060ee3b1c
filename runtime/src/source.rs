//! What gives frames: files, recordings, cameras, and programs that push them.
//!
//! A [`Source`] fills a buffer that its caller owns and gives again, so that a stream of one size
//! allocates once. What needs more than the standard library is behind a feature: a program that pushes
//! its own frames carries no image decoder.
//!
//! 1. [`FrameBuffer`]: the pixels of one frame, used again for the next.
//! 2. [`Source`], [`Supply`], [`SourceError`]: the contract.
//! 3. [`FrameRate`]: capture times of files that have none.
//! 4. [`PushedFrames`]: frames that another thread pushes; the newest wins.
//! 5. [`Y4mSource`]: uncompressed video.
//! 6. Feature `source-files`: [`read_image`], [`FolderSource`], [`MjpegSource`].
//! 7. Feature `recording`: [`McapSource`].
//! 8. Feature `camera`: `CameraSource`.
//! 9. [`open`]: whichever of them fits a path.

mod buffer;
#[cfg(feature = "camera")]
mod camera;
mod error;
#[cfg(feature = "source-files")]
mod folder;
#[cfg(feature = "source-files")]
mod image_file;
#[cfg(feature = "recording")]
mod mcap;
#[cfg(feature = "source-files")]
mod mjpeg;
#[cfg(feature = "source-files")]
mod natural;
mod open;
mod pushed;
mod rate;
mod y4m;

pub use buffer::FrameBuffer;
#[cfg(feature = "camera")]
pub use camera::{CameraRequest, CameraSource};
pub use error::SourceError;
#[cfg(feature = "source-files")]
pub use folder::FolderSource;
#[cfg(feature = "source-files")]
pub use image_file::{ImageFileError, UnreadableImage, decode_image, read_image};
#[cfg(feature = "recording")]
pub use mcap::McapSource;
#[cfg(feature = "source-files")]
pub use mjpeg::MjpegSource;
pub use open::open;
pub use pushed::{FramePusher, PushCounters, PushedFrames, pushed_frames};
pub use rate::FrameRate;
pub use y4m::Y4mSource;

/// What came of asking a [`Source`] for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Supply {
    /// The buffer holds the next frame.
    Frame,
    /// The stream is over, now and from now on. The buffer is as it was.
    Ended,
}

/// Gives frames in the order of their capture.
pub trait Source: Send {
    /// Waits for the next frame and fills the buffer with it.
    ///
    /// Capture times never run backwards. Those of files begin at 0, or are the ones that the file holds;
    /// those of live sources are of the host's monotonic clock.
    ///
    /// # Errors
    /// When there is no frame although the stream is not over. The buffer's content then means nothing.
    /// Asked again, the source goes on with what follows, or is over where nothing can follow: an error is
    /// told once.
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError>;

    /// Whether frames come when they are captured. If not they are there at once, and the caller waits
    /// as their capture times say, if it wants to.
    fn is_live(&self) -> bool {
        false
    }
}
