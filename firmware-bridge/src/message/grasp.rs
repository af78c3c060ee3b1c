//! Where a robot wants to reach.

use core::f32::consts::PI;

use super::error::{at_most, in_range};
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

/// A prompt from a gripper: the point that its jaws would close around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraspPoint {
    /// When the point was chosen, device clock; it lies in the frame of that time.
    pub device_time_us: u32,
    /// To the right, pixels of the camera, from -65536 to 65536.
    pub x_px: f32,
    /// Downwards, pixels of the camera, from -65536 to 65536.
    pub y_px: f32,
    /// How the jaws close, from the image's x axis towards its y axis, from -pi to pi.
    pub closing_angle_rad: f32,
    /// How far the jaws are open, at most 2000; `None` if the gripper does not know.
    pub opening_mm: Option<u16>,
}

/// How "no opening" is written.
const NO_OPENING: u16 = u16::MAX;

impl Payload for GraspPoint {
    const KIND: Kind = Kind::GraspPoint;
    const LAYOUT: &'static [Field] = &[
        field(
            "device_time_us",
            Wire::U32,
            "when the point was chosen, device clock, wraps",
        ),
        field("x_px", Wire::F32, "to the right, -65536 to 65536"),
        field("y_px", Wire::F32, "downwards, -65536 to 65536"),
        field(
            "closing_angle_rad",
            Wire::F32,
            "from the image's x axis towards its y axis, -pi to pi",
        ),
        field("opening_mm", Wire::U16, "0 to 2000; 65535 not known"),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            device_time_us: reader.u32(),
            x_px: reader.f32(),
            y_px: reader.f32(),
            closing_angle_rad: reader.f32(),
            opening_mm: Some(reader.u16()).filter(|&opening| opening != NO_OPENING),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.device_time_us);
        writer.f32(self.x_px);
        writer.f32(self.y_px);
        writer.f32(self.closing_angle_rad);
        writer.u16(self.opening_mm.unwrap_or(NO_OPENING));
    }

    fn check(&self) -> Result<(), FieldError> {
        in_range("x_px", self.x_px, -65536.0, 65536.0)?;
        in_range("y_px", self.y_px, -65536.0, 65536.0)?;
        in_range("closing_angle_rad", self.closing_angle_rad, -PI, PI)?;
        match self.opening_mm {
            Some(opening) => at_most("opening_mm", opening.into(), 2000),
            None => Ok(()),
        }
    }
}
