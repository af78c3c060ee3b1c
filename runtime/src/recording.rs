//! Recordings: what an engine was told and what it answered, with images, gaze and masks to look at, in
//! one MCAP file, robotics' log format (<https://mcap.dev>). Feature `recording`.
//!
//! Every call of an engine stands in the file bit for bit, so that a recording replays to the same
//! answers; the rest is for people, in schemas that public viewers show:
//!
//! | topic | schema | encoding |
//! |-|-|-|
//! | `/fixate/engine` | [`Entry`], options first | postcard |
//! | `/camera/image` | `foxglove.CompressedImage` | JSON |
//! | `/fixate/gaze`, `/fixate/imu`, `/fixate/answers`, `/fixate/masks` | `fixate.Gaze`, `fixate.Imu`, ... | JSON |
//! | `/fixate/gaze/annotations`, `/fixate/masks/annotations` | `foxglove.ImageAnnotations` | JSON |
//!
//! 1. [`Entry`]: one line of the engine's channel.
//! 2. [`Recorder`]: writes a recording.
//! 3. [`RecordingReader`]: reads the engine's channel, entry by entry, as far as the file goes.
//! 4. [`check`]: replays it and compares the answers, bit for bit.

mod channels;
mod check;
mod entry;
mod error;
mod messages;
mod reader;
mod recorder;
pub(crate) mod stream;

pub use check::{Disagreement, ReplayReport, check};
pub use entry::{Entry, FORMAT};
pub use error::RecordingError;
pub use reader::RecordingReader;
pub use recorder::{Recorder, RecorderOptions};
