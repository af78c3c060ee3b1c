//! What a decoder saw.

use super::{Dropped, Received};

/// Counts since the decoder's start. All wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages given.
    pub received: u32,
    /// Frames with broken stuffing, header or checksum.
    pub damaged: u32,
    /// Frames longer than the buffer.
    pub overlong: u32,
    /// Intact frames of another version.
    pub wrong_version: u32,
    /// Intact frames that are no message.
    pub refused: u32,
    /// Intact frames that came before.
    pub duplicates: u32,
    /// Frames that the gaps between sequence numbers show as lost, damaged ones among them.
    pub missed: u32,
    /// New starts of the sender.
    pub restarts: u32,
}

impl Counters {
    pub(super) const ZERO: Self = Self {
        received: 0,
        damaged: 0,
        overlong: 0,
        wrong_version: 0,
        refused: 0,
        duplicates: 0,
        missed: 0,
        restarts: 0,
    };

    pub(super) fn count(&mut self, result: &Result<Received, Dropped>) {
        let counter = match result {
            Ok(_) => &mut self.received,
            Err(Dropped::Damaged) => &mut self.damaged,
            Err(Dropped::Overlong) => &mut self.overlong,
            Err(Dropped::WrongVersion(_)) => &mut self.wrong_version,
            Err(Dropped::Duplicate(_)) => &mut self.duplicates,
            Err(Dropped::Refused(_)) => &mut self.refused,
        };
        *counter = counter.wrapping_add(1);
    }
}
