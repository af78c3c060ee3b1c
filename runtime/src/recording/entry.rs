//! What stands in the engine's channel.

use serde::{Deserialize, Serialize};

use super::error::RecordingError;
use crate::engine::{Answer, EngineOptions, Event};

/// The version of what entries look like; files of another one are refused. A test compares the bytes of
/// a recording with those of this version.
pub const FORMAT: u32 = 2;

/// One entry of the engine's channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would allocate on the threads that are recorded"
)]
#[non_exhaustive]
pub enum Entry {
    /// The options of the engine, before it was told anything; always the first.
    Began(EngineOptions),
    /// A call of the engine.
    Event(Event),
    /// An answer that the engine gave with the event before.
    Answer(Answer),
    /// So many entries are missing here, because they came faster than they could be written. What
    /// comes after does not follow from what stands before.
    Lost(u64),
}

impl Entry {
    /// Its time, microseconds of the host's monotonic clock; none for what has none.
    #[must_use]
    pub fn time_us(&self) -> Option<i64> {
        match self {
            Self::Event(event) => event.now_us(),
            Self::Answer(answer) => Some(answer.answered_us),
            Self::Began(_) | Self::Lost(_) => None,
        }
    }

    /// The entry's bytes, in place of those in `bytes`.
    pub(super) fn write_into(&self, bytes: &mut Vec<u8>) -> Result<(), RecordingError> {
        bytes.clear();
        let taken = std::mem::take(bytes);
        *bytes = postcard::to_extend(self, taken).map_err(|error| RecordingError::Entry {
            reason: error.to_string(),
        })?;
        Ok(())
    }

    /// The entry of these bytes, all of them.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RecordingError> {
        let entry = |reason: String| RecordingError::Entry { reason };
        let (found, rest) =
            postcard::take_from_bytes(bytes).map_err(|error| entry(error.to_string()))?;
        if rest.is_empty() {
            Ok(found)
        } else {
            Err(entry(format!("{} bytes are left over", rest.len())))
        }
    }
}
