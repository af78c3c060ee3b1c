//! What the device sends, and how often.

use super::error::{at_most, flag};
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

/// From the host: what it wishes. From the device, in answer to each: what it will do, which may be less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Gaze samples a second, 0 (none) to 2000.
    pub gaze_hz: u16,
    /// Inertial samples a second, 0 (none) to 8000.
    pub imu_hz: u16,
    /// Milliseconds between health messages; 0 none.
    pub health_period_ms: u16,
    /// Whether strobes are sent.
    pub strobes: bool,
}

impl Payload for Configuration {
    const KIND: Kind = Kind::Configuration;
    const LAYOUT: &'static [Field] = &[
        field("gaze_hz", Wire::U16, "gaze samples a second, 0 to 2000"),
        field("imu_hz", Wire::U16, "inertial samples a second, 0 to 8000"),
        field(
            "health_period_ms",
            Wire::U16,
            "between health messages; 0 none",
        ),
        field("strobes", Wire::U8, "1 strobes are sent, 0 not"),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            gaze_hz: reader.u16(),
            imu_hz: reader.u16(),
            health_period_ms: reader.u16(),
            strobes: flag("strobes", reader.u8())?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u16(self.gaze_hz);
        writer.u16(self.imu_hz);
        writer.u16(self.health_period_ms);
        writer.u8(self.strobes.into());
    }

    fn check(&self) -> Result<(), FieldError> {
        at_most("gaze_hz", self.gaze_hz.into(), 2000)?;
        at_most("imu_hz", self.imu_hz.into(), 8000)
    }
}
