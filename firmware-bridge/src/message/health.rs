//! How the device fares.

use super::error::at_most;
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

/// Counters since the device's start. Each wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When this was true, device clock.
    pub device_time_us: u32,
    /// Seconds since the start.
    pub uptime_s: u32,
    /// Messages that the device received.
    pub received: u32,
    /// Frames that came damaged.
    pub damaged: u32,
    /// Messages that the sequence numbers show as missing.
    pub missed: u32,
    /// Messages that the device could not send because its outbox was full.
    pub outbox_dropped: u32,
    /// Mask summaries among those received.
    pub masks_received: u32,
    /// Share of its time that the processor is busy, 0 to 1000.
    pub load_permille: u16,
    /// Temperature of the chip, hundredths of a degree Celsius; `None` if it has no sensor.
    pub temperature_centi_celsius: Option<i16>,
}

/// How "no temperature" is written.
const NO_TEMPERATURE: i16 = i16::MIN;

impl Payload for Health {
    const KIND: Kind = Kind::Health;
    const LAYOUT: &'static [Field] = &[
        field(
            "device_time_us",
            Wire::U32,
            "when this was true, device clock, wraps",
        ),
        field("uptime_s", Wire::U32, "seconds since the start"),
        field("received", Wire::U32, "messages received"),
        field("damaged", Wire::U32, "frames that came damaged"),
        field("missed", Wire::U32, "messages that never came"),
        field(
            "outbox_dropped",
            Wire::U32,
            "messages that found the outbox full",
        ),
        field("masks_received", Wire::U32, "mask summaries received"),
        field(
            "load_permille",
            Wire::U16,
            "processor's busy share, 0 to 1000",
        ),
        field(
            "temperature_centi_celsius",
            Wire::I16,
            "0.01 degree Celsius; -32768 no sensor",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            device_time_us: reader.u32(),
            uptime_s: reader.u32(),
            received: reader.u32(),
            damaged: reader.u32(),
            missed: reader.u32(),
            outbox_dropped: reader.u32(),
            masks_received: reader.u32(),
            load_permille: reader.u16(),
            temperature_centi_celsius: Some(reader.i16()).filter(|&value| value != NO_TEMPERATURE),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.device_time_us);
        writer.u32(self.uptime_s);
        writer.u32(self.received);
        writer.u32(self.damaged);
        writer.u32(self.missed);
        writer.u32(self.outbox_dropped);
        writer.u32(self.masks_received);
        writer.u16(self.load_permille);
        writer.i16(self.temperature_centi_celsius.unwrap_or(NO_TEMPERATURE));
    }

    fn check(&self) -> Result<(), FieldError> {
        at_most("load_permille", self.load_permille.into(), 1000)?;
        // Would come back as "no sensor".
        if self.temperature_centi_celsius == Some(NO_TEMPERATURE) {
            return Err(FieldError::OutOfRange("temperature_centi_celsius"));
        }
        Ok(())
    }
}
