//! Where a person looks.

use core::f32::consts::{FRAC_PI_2, PI};

use super::codes::codes;
use super::error::{at_most, in_range};
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

codes! {
    /// Whether the tracker saw an eye that looks.
    GazeState {
        /// It did.
        Tracked = 0,
        /// The eyes were closed.
        Blink = 1,
        /// The tracker is worn, but lost the eyes.
        Lost = 2,
        /// Nobody wears the tracker.
        NotWorn = 3,
    }
}

/// A gaze point, in what the tracker measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GazePoint {
    /// A pixel of the scene camera, which may lie off the frame; the first pixel's centre is (0.5, 0.5).
    Pixel {
        /// To the right, from -65536 to 65536.
        x_px: f32,
        /// Downwards, from -65536 to 65536.
        y_px: f32,
    },
    /// A direction from the scene camera or the centre of the pupils, as the calibration says.
    Direction {
        /// Turned to the right of straight ahead, from -pi to pi.
        yaw_rad: f32,
        /// Then turned up, from -pi/2 to pi/2.
        pitch_rad: f32,
    },
}

/// One sample of an eye tracker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GazeSample {
    /// When the eye was looked at, not when the sample was sent; device clock.
    pub device_time_us: u32,
    /// Whether it means anything. The point of a sample that is not tracked is the last one or zero.
    pub state: GazeState,
    /// The tracker's own confidence, 0 to 1000; `None` if it has none, as many have.
    pub confidence_permille: Option<u16>,
    /// Where.
    pub point: GazePoint,
}

/// How "no confidence" is written.
const NO_CONFIDENCE: u16 = u16::MAX;

impl Payload for GazeSample {
    const KIND: Kind = Kind::GazeSample;
    const LAYOUT: &'static [Field] = &[
        field(
            "device_time_us",
            Wire::U32,
            "when the eye was looked at, device clock, wraps",
        ),
        field("point", Wire::U8, "0 pixel, 1 direction"),
        field("state", Wire::U8, "0 tracked, 1 blink, 2 lost, 3 not worn"),
        field(
            "confidence_permille",
            Wire::U16,
            "0 to 1000; 65535 the tracker has none",
        ),
        field(
            "x",
            Wire::F32,
            "pixel: to the right, -65536 to 65536; direction: yaw to the right, rad, -pi to pi",
        ),
        field(
            "y",
            Wire::F32,
            "pixel: downwards, -65536 to 65536; direction: pitch upwards, rad, -pi/2 to pi/2",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let device_time_us = reader.u32();
        let (point, state, confidence) = (reader.u8(), reader.u8(), reader.u16());
        let (x, y) = (reader.f32(), reader.f32());
        Ok(Self {
            device_time_us,
            state: GazeState::from_code(state).ok_or(FieldError::UnknownCode("state", state))?,
            confidence_permille: (confidence != NO_CONFIDENCE).then_some(confidence),
            point: match point {
                0 => GazePoint::Pixel { x_px: x, y_px: y },
                1 => GazePoint::Direction {
                    yaw_rad: x,
                    pitch_rad: y,
                },
                code => return Err(FieldError::UnknownCode("point", code)),
            },
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let (point, x, y) = match self.point {
            GazePoint::Pixel { x_px, y_px } => (0, x_px, y_px),
            GazePoint::Direction { yaw_rad, pitch_rad } => (1, yaw_rad, pitch_rad),
        };
        writer.u32(self.device_time_us);
        writer.u8(point);
        writer.u8(self.state.code());
        writer.u16(self.confidence_permille.unwrap_or(NO_CONFIDENCE));
        writer.f32(x);
        writer.f32(y);
    }

    fn check(&self) -> Result<(), FieldError> {
        if let Some(confidence) = self.confidence_permille {
            at_most("confidence_permille", confidence.into(), 1000)?;
        }
        let (x, y, x_limit, y_limit) = match self.point {
            GazePoint::Pixel { x_px, y_px } => (x_px, y_px, 65536.0, 65536.0),
            GazePoint::Direction { yaw_rad, pitch_rad } => (yaw_rad, pitch_rad, PI, FRAC_PI_2),
        };
        in_range("x", x, -x_limit, x_limit)?;
        in_range("y", y, -y_limit, y_limit)
    }
}
