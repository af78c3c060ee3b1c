//! What a session saw.

use crate::decoder::Counters;
use crate::message::Kind;

/// Counts since the session's start; all wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// Bytes that came.
    pub bytes_received: u64,
    /// Bytes that were made to be sent.
    pub bytes_sent: u64,
    /// What the decoder saw.
    pub link: Counters,
    /// Messages that came, by the place of their kind in [`Kind::ALL`].
    pub by_kind: [u32; Kind::ALL.len()],
    /// Messages that came before the handshake and were not given on.
    pub early: u32,
    /// Pings answered.
    pub pings_answered: u32,
    /// Pings never answered.
    pub pings_lost: u32,
    /// Exchanges from which the clock learnt nothing.
    pub exchanges_refused: u32,
    /// The shortest round trip without the device's own time, microseconds; `None` before the first.
    pub shortest_round_trip_us: Option<u64>,
    /// How much faster the host's clock runs than the device's, parts per million.
    pub drift_ppm: Option<f64>,
    /// How often the device's clock began anew, the first time included.
    pub clock_restarts: u32,
}

impl Statistics {
    /// Messages of one kind that came.
    pub fn received(&self, kind: Kind) -> u32 {
        Kind::ALL
            .iter()
            .zip(self.by_kind)
            .find(|&(&other, _)| other == kind)
            .map_or(0, |(_, count)| count)
    }

    pub(super) fn count(&mut self, kind: Kind) {
        for (count, _) in self
            .by_kind
            .iter_mut()
            .zip(Kind::ALL)
            .filter(|&(_, &other)| other == kind)
        {
            *count = count.wrapping_add(1);
        }
    }
}
