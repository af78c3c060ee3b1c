//! Between C's messages and their bytes, field by field in the order of the wire.

use fixate_bridge::bytes::{Reader, Writer};
use fixate_bridge::message::{Kind, MAX_PAYLOAD, Message};

use crate::message::*;
use crate::status::{FIXATE_BRIDGE_ERROR_FIELD, FIXATE_BRIDGE_ERROR_KIND};

/// Copies the fields of each struct, in the order of the wire.
macro_rules! layouts {
    ($($kind:ident: $member:ident, $struct:ident { $($field:ident: $type:ident,)* })*) => {
        /// Writes the fields of this kind's member.
        fn write(kind: Kind, from: &fixate_bridge_payload, writer: &mut Writer<'_>) -> bool {
            match kind {
                $(Kind::$kind => {
                    // SAFETY: all members are numbers, which may have any bits.
                    let from: $struct = unsafe { from.$member };
                    $(writer.$type(from.$field as $type);)*
                    true
                })*
                _ => false,
            }
        }

        /// The member of this kind.
        fn read(kind: Kind, reader: &mut Reader<'_>) -> Option<fixate_bridge_payload> {
            match kind {
                $(Kind::$kind => Some(fixate_bridge_payload {
                    $member: $struct { $($field: reader.$type() as _,)* },
                }),)*
                _ => None,
            }
        }

        // As long as the protocol says, kind by kind.
        const _: () = {
            $(assert!(Kind::$kind.size() == 0 $(+ size_of::<$type>())*);)*
        };
    };
}

layouts! {
    Hello: hello, fixate_bridge_hello {
        role: u8, oldest_version: u8, newest_version: u8, schema: u32, identity: u64, build: u32,
    }
    ClockPing: clock_ping, fixate_bridge_clock_ping { ping: u16, ping_time_us: u64, }
    ClockPong: clock_pong, fixate_bridge_clock_pong {
        ping: u16, ping_time_us: u64, received_us: u32, sent_us: u32,
    }
    GazeSample: gaze_sample, fixate_bridge_gaze_sample {
        device_time_us: u32, point: u8, state: u8, confidence_permille: u16, x: f32, y: f32,
    }
    ImuSample: imu_sample, fixate_bridge_imu_sample {
        device_time_us: u32,
        angular_rate_x_rad_s: f32, angular_rate_y_rad_s: f32, angular_rate_z_rad_s: f32,
        acceleration_x_m_s2: f32, acceleration_y_m_s2: f32, acceleration_z_m_s2: f32,
    }
    FrameStrobe: frame_strobe, fixate_bridge_frame_strobe {
        exposure_start_us: u32, exposure_us: u32, frame_number: u32, camera: u8,
    }
    GraspPoint: grasp_point, fixate_bridge_grasp_point {
        device_time_us: u32, x_px: f32, y_px: f32, closing_angle_rad: f32, opening_mm: u16,
    }
    Trigger: trigger, fixate_bridge_trigger { device_time_us: u32, source: u8, edge: u8, count: u16, }
    Health: health, fixate_bridge_health {
        device_time_us: u32, uptime_s: u32, received: u32, damaged: u32, missed: u32, outbox_dropped: u32,
        masks_received: u32, load_permille: u16, temperature_centi_celsius: i16,
    }
    MaskSummary: mask_summary, fixate_bridge_mask_summary {
        prompt_time_us: u32, answer: u8, none_reason: u8, in_time: u8, touches_border: u8, mask_age_us: u32,
        left_px: u16, top_px: u16, width_px: u16, height_px: u16, area_px: u32,
        centroid_x_px: f32, centroid_y_px: f32, major_axis_px: f32, minor_axis_px: f32, axis_angle_rad: f32,
        score_permille: u16,
    }
    Configuration: configuration, fixate_bridge_configuration {
        gaze_hz: u16, imu_hz: u16, health_period_ms: u16, strobes: u8,
    }
}

/// C's message as the protocol has it, checked.
pub(crate) fn message(from: &fixate_bridge_message) -> Result<Message, i32> {
    let kind = Kind::from_code(from.kind).ok_or(FIXATE_BRIDGE_ERROR_KIND)?;
    let mut bytes = [0; MAX_PAYLOAD];
    let payload = bytes
        .get_mut(..kind.size())
        .ok_or(FIXATE_BRIDGE_ERROR_KIND)?;
    if !write(kind, &from.payload, &mut Writer::new(payload)) {
        return Err(FIXATE_BRIDGE_ERROR_KIND);
    }
    Message::parse(kind, payload).map_err(|_| FIXATE_BRIDGE_ERROR_FIELD)
}

/// The protocol's message as C has it; none for a kind that C does not know.
pub(crate) fn payload(from: &Message) -> Option<fixate_bridge_payload> {
    let mut bytes = [0; MAX_PAYLOAD];
    let length = from.emit(&mut bytes).ok()?;
    read(from.kind(), &mut Reader::new(bytes.get(..length)?))
}
