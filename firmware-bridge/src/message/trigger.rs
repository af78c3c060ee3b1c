//! Buttons and contacts.

use super::codes::codes;
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

codes! {
    /// What was pressed or touched.
    TriggerSource {
        /// A button on the device.
        Button = 0,
        /// A pedal.
        Pedal = 1,
        /// The gripper's jaws met something.
        Contact = 2,
        /// A signal from outside.
        External = 3,
    }
}

codes! {
    /// Which way it changed.
    Edge {
        /// Let go.
        Released = 0,
        /// Pressed, or in contact.
        Pressed = 1,
    }
}

/// A button or contact changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// When, after debouncing; device clock.
    pub device_time_us: u32,
    /// What.
    pub source: TriggerSource,
    /// Which way.
    pub edge: Edge,
    /// Counts the changes of this source, so that a lost one shows.
    pub count: u16,
}

impl Payload for Trigger {
    const KIND: Kind = Kind::Trigger;
    const LAYOUT: &'static [Field] = &[
        field("device_time_us", Wire::U32, "when, device clock, wraps"),
        field(
            "source",
            Wire::U8,
            "0 button, 1 pedal, 2 contact, 3 external",
        ),
        field("edge", Wire::U8, "0 released, 1 pressed"),
        field(
            "count",
            Wire::U16,
            "counts the changes of this source, wraps",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let device_time_us = reader.u32();
        let (source, edge) = (reader.u8(), reader.u8());
        Ok(Self {
            device_time_us,
            source: TriggerSource::from_code(source)
                .ok_or(FieldError::UnknownCode("source", source))?,
            edge: Edge::from_code(edge).ok_or(FieldError::UnknownCode("edge", edge))?,
            count: reader.u16(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.device_time_us);
        writer.u8(self.source.code());
        writer.u8(self.edge.code());
        writer.u16(self.count);
    }

    fn check(&self) -> Result<(), FieldError> {
        Ok(())
    }
}
