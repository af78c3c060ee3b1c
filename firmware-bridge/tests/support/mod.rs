//! Messages by chance, the limits of every field among them.

use std::f32::consts::{FRAC_PI_2, PI};

use fastrand::Rng;
use fixate_bridge::message::*;

/// Any value of a list of codes.
fn one_of<T: Copy>(random: &mut Rng, values: &[T]) -> T {
    values[random.usize(..values.len())]
}

/// Between the ends; often an end, or zero.
fn between(random: &mut Rng, low: f32, high: f32) -> f32 {
    match random.u8(..8) {
        0 => low,
        1 => high,
        2 => 0.0f32.clamp(low, high),
        _ => (low + random.f32() * (high - low)).clamp(low, high),
    }
}

/// From 0 to the end; often an end.
fn up_to(random: &mut Rng, high: u32) -> u32 {
    match random.u8(..8) {
        0 => 0,
        1 => high,
        _ => random.u32(..=high),
    }
}

fn optional<T>(random: &mut Rng, value: T) -> Option<T> {
    random.bool().then_some(value)
}

/// Any message that may be sent.
pub(crate) fn message(random: &mut Rng) -> Message {
    match one_of(random, Kind::ALL) {
        Kind::Hello => hello(random).into(),
        Kind::ClockPing => ClockPing {
            ping: random.u16(..),
            ping_time_us: random.u64(..),
        }
        .into(),
        Kind::ClockPong => pong(random).into(),
        Kind::GazeSample => gaze(random).into(),
        Kind::ImuSample => ImuSample {
            device_time_us: random.u32(..),
            angular_rate_rad_s: std::array::from_fn(|_| between(random, -100.0, 100.0)),
            acceleration_m_s2: std::array::from_fn(|_| between(random, -2000.0, 2000.0)),
        }
        .into(),
        Kind::FrameStrobe => FrameStrobe {
            exposure_start_us: random.u32(..),
            exposure_us: up_to(random, 10_000_000),
            frame_number: random.u32(..),
            camera: random.u8(..),
        }
        .into(),
        Kind::GraspPoint => grasp(random).into(),
        Kind::Trigger => Trigger {
            device_time_us: random.u32(..),
            source: one_of(random, TriggerSource::ALL),
            edge: one_of(random, Edge::ALL),
            count: random.u16(..),
        }
        .into(),
        Kind::Health => health(random).into(),
        Kind::MaskSummary => mask(random).into(),
        Kind::Configuration => Configuration {
            gaze_hz: up_to(random, 2000) as u16,
            imu_hz: up_to(random, 8000) as u16,
            health_period_ms: random.u16(..),
            strobes: random.bool(),
        }
        .into(),
        kind => panic!("{} has no generator", kind.name()),
    }
}

fn hello(random: &mut Rng) -> Hello {
    let oldest_version = random.u8(1..);
    Hello {
        role: one_of(random, Role::ALL),
        oldest_version,
        newest_version: random.u8(oldest_version..),
        schema: random.u32(..),
        identity: random.u64(..),
        build: random.u32(..),
    }
}

fn pong(random: &mut Rng) -> ClockPong {
    let received_us = random.u32(..);
    ClockPong {
        ping: random.u16(..),
        ping_time_us: random.u64(..),
        received_us,
        sent_us: received_us.wrapping_add(up_to(random, ClockPong::MAX_TURNAROUND_US)),
    }
}

fn gaze(random: &mut Rng) -> GazeSample {
    let point = if random.bool() {
        let (x_px, y_px) = (
            between(random, -65536.0, 65536.0),
            between(random, -65536.0, 65536.0),
        );
        GazePoint::Pixel { x_px, y_px }
    } else {
        let (yaw_rad, pitch_rad) = (
            between(random, -PI, PI),
            between(random, -FRAC_PI_2, FRAC_PI_2),
        );
        GazePoint::Direction { yaw_rad, pitch_rad }
    };
    let confidence = up_to(random, 1000) as u16;
    GazeSample {
        device_time_us: random.u32(..),
        state: one_of(random, GazeState::ALL),
        confidence_permille: optional(random, confidence),
        point,
    }
}

fn grasp(random: &mut Rng) -> GraspPoint {
    let opening = up_to(random, 2000) as u16;
    GraspPoint {
        device_time_us: random.u32(..),
        x_px: between(random, -65536.0, 65536.0),
        y_px: between(random, -65536.0, 65536.0),
        closing_angle_rad: between(random, -PI, PI),
        opening_mm: optional(random, opening),
    }
}

fn health(random: &mut Rng) -> Health {
    let temperature = random.i16(i16::MIN + 1..);
    Health {
        device_time_us: random.u32(..),
        uptime_s: random.u32(..),
        received: random.u32(..),
        damaged: random.u32(..),
        missed: random.u32(..),
        outbox_dropped: random.u32(..),
        masks_received: random.u32(..),
        load_permille: up_to(random, 1000) as u16,
        temperature_centi_celsius: optional(random, temperature),
    }
}

fn mask(random: &mut Rng) -> MaskSummary {
    let answer = if random.u8(..4) == 0 {
        Answer::None(one_of(random, NoneReason::ALL))
    } else {
        let (left, top) = (up_to(random, 65_535), up_to(random, 65_535));
        let (width, height) = (random.u32(1..=65_536 - left), random.u32(1..=65_536 - top));
        let (width, height) = (width.min(65_535), height.min(65_535));
        let major_axis_px = between(random, 0.0, 100_000.0);
        let shape = MaskShape {
            left_px: left as u16,
            top_px: top as u16,
            width_px: width as u16,
            height_px: height as u16,
            area_px: random.u32(1..=width * height),
            centroid_x_px: between(random, left as f32, (left + width) as f32),
            centroid_y_px: between(random, top as f32, (top + height) as f32),
            major_axis_px,
            minor_axis_px: between(random, 0.0, major_axis_px),
            axis_angle_rad: between(random, -FRAC_PI_2, FRAC_PI_2),
            score_permille: up_to(random, 1000) as u16,
            touches_border: random.bool(),
        };
        Answer::Mask {
            kind: one_of(random, AnswerKind::ALL),
            mask_age_us: random.u32(..),
            shape,
        }
    };
    MaskSummary {
        prompt_time_us: random.u32(..),
        in_time: random.bool(),
        answer,
    }
}
