//! The exchange that relates two clocks; [`crate::clock`] makes times of it.

use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

/// Asks for the other end's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPing {
    /// Counts the sender's pings.
    pub ping: u16,
    /// The sender's time when it sent this, microseconds of its own clock.
    pub ping_time_us: u64,
}

impl Payload for ClockPing {
    const KIND: Kind = Kind::ClockPing;
    const LAYOUT: &'static [Field] = &[
        field("ping", Wire::U16, "counts the sender's pings, wraps"),
        field("ping_time_us", Wire::U64, "the sender's time of sending"),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            ping: reader.u16(),
            ping_time_us: reader.u64(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u16(self.ping);
        writer.u64(self.ping_time_us);
    }

    fn check(&self) -> Result<(), FieldError> {
        Ok(())
    }
}

/// Answers one ping. Number and time are echoed, so that an answer is never paired with another ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPong {
    /// The ping's number.
    pub ping: u16,
    /// The ping's time.
    pub ping_time_us: u64,
    /// When the ping was received, microseconds of the answering clock, wrapping.
    pub received_us: u32,
    /// When this was sent, microseconds of the answering clock, wrapping.
    pub sent_us: u32,
}

impl ClockPong {
    /// The longest time that an answer may take, microseconds: older ones say nothing about the clocks.
    pub const MAX_TURNAROUND_US: u32 = 1_000_000;
}

impl Payload for ClockPong {
    const KIND: Kind = Kind::ClockPong;
    const LAYOUT: &'static [Field] = &[
        field("ping", Wire::U16, "the ping's number"),
        field("ping_time_us", Wire::U64, "the ping's time"),
        field(
            "received_us",
            Wire::U32,
            "when the ping was received, the answering clock, wraps",
        ),
        field(
            "sent_us",
            Wire::U32,
            "when this was sent, the same clock; at most 1 s after `received_us`",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            ping: reader.u16(),
            ping_time_us: reader.u64(),
            received_us: reader.u32(),
            sent_us: reader.u32(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u16(self.ping);
        writer.u64(self.ping_time_us);
        writer.u32(self.received_us);
        writer.u32(self.sent_us);
    }

    fn check(&self) -> Result<(), FieldError> {
        super::error::at_most(
            "sent_us",
            self.sent_us.wrapping_sub(self.received_us),
            Self::MAX_TURNAROUND_US,
        )
    }
}
