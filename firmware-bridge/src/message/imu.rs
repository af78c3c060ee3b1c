//! How the camera moves.

use super::error::in_range;
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

/// One sample of an inertial sensor, in the sensor's axes; the calibration turns them into the camera's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImuSample {
    /// The middle of the sensor's integration time, device clock.
    pub device_time_us: u32,
    /// Angular rate about x, y, z, right-handed, at most 100 rad/s.
    pub angular_rate_rad_s: [f32; 3],
    /// Specific force along x, y, z (9.81 upwards at rest), at most 2000 m/s^2.
    pub acceleration_m_s2: [f32; 3],
}

impl Payload for ImuSample {
    const KIND: Kind = Kind::ImuSample;
    const LAYOUT: &'static [Field] = &[
        field(
            "device_time_us",
            Wire::U32,
            "middle of the integration time, device clock, wraps",
        ),
        field(
            "angular_rate_x_rad_s",
            Wire::F32,
            "about x, right-handed, -100 to 100",
        ),
        field("angular_rate_y_rad_s", Wire::F32, "about y"),
        field("angular_rate_z_rad_s", Wire::F32, "about z"),
        field(
            "acceleration_x_m_s2",
            Wire::F32,
            "specific force along x, -2000 to 2000",
        ),
        field("acceleration_y_m_s2", Wire::F32, "along y"),
        field("acceleration_z_m_s2", Wire::F32, "along z"),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            device_time_us: reader.u32(),
            angular_rate_rad_s: [reader.f32(), reader.f32(), reader.f32()],
            acceleration_m_s2: [reader.f32(), reader.f32(), reader.f32()],
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.device_time_us);
        for value in self.angular_rate_rad_s {
            writer.f32(value);
        }
        for value in self.acceleration_m_s2 {
            writer.f32(value);
        }
    }

    fn check(&self) -> Result<(), FieldError> {
        let rates = [
            "angular_rate_x_rad_s",
            "angular_rate_y_rad_s",
            "angular_rate_z_rad_s",
        ];
        for (field, value) in rates.into_iter().zip(self.angular_rate_rad_s) {
            in_range(field, value, -100.0, 100.0)?;
        }
        let accelerations = [
            "acceleration_x_m_s2",
            "acceleration_y_m_s2",
            "acceleration_z_m_s2",
        ];
        for (field, value) in accelerations.into_iter().zip(self.acceleration_m_s2) {
            in_range(field, value, -2000.0, 2000.0)?;
        }
        Ok(())
    }
}
