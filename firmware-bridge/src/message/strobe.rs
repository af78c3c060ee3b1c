//! When a frame was exposed.

use super::error::at_most;
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

/// One exposure, as the camera's strobe line showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameStrobe {
    /// When the exposure began, device clock.
    pub exposure_start_us: u32,
    /// How long it lasted, at most 10 s.
    pub exposure_us: u32,
    /// Counts the exposures of this camera, from the device's start.
    pub frame_number: u32,
    /// Which camera, if there are several.
    pub camera: u8,
}

impl Payload for FrameStrobe {
    const KIND: Kind = Kind::FrameStrobe;
    const LAYOUT: &'static [Field] = &[
        field(
            "exposure_start_us",
            Wire::U32,
            "when the exposure began, device clock, wraps",
        ),
        field("exposure_us", Wire::U32, "its length, at most 10 s"),
        field("frame_number", Wire::U32, "counts this camera's exposures"),
        field("camera", Wire::U8, "which camera"),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            exposure_start_us: reader.u32(),
            exposure_us: reader.u32(),
            frame_number: reader.u32(),
            camera: reader.u8(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.exposure_start_us);
        writer.u32(self.exposure_us);
        writer.u32(self.frame_number);
        writer.u8(self.camera);
    }

    fn check(&self) -> Result<(), FieldError> {
        at_most("exposure_us", self.exposure_us, 10_000_000)
    }
}
