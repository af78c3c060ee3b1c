//! What the tracker pretends to measure. `examples/demo_check.rs` knows these formulas, too.

use fixate_bridge::message::{FrameStrobe, GazePoint, GazeSample, GazeState, ImuSample};

/// A gaze that runs along a line of 200 pixels and jumps back; every hundredth sample is a blink.
pub fn gaze(number: u32, device_time_us: u32) -> GazeSample {
    let blink = number % 100 == 99;
    GazeSample {
        device_time_us,
        state: if blink {
            GazeState::Blink
        } else {
            GazeState::Tracked
        },
        confidence_permille: Some(if blink { 0 } else { 950 }),
        point: GazePoint::Pixel {
            x_px: 540.0 + (number % 200) as f32,
            y_px: 360.0,
        },
    }
}

/// A head that turns to and fro, upright.
pub fn imu(number: u32, device_time_us: u32) -> ImuSample {
    let turn = (number % 400) as f32 / 400.0;
    ImuSample {
        device_time_us,
        angular_rate_rad_s: [0.0, if turn < 0.5 { turn } else { 1.0 - turn }, 0.0],
        acceleration_m_s2: [0.0, -9.81, 0.0],
    }
}

/// An exposure of 8 ms.
pub fn strobe(number: u32, device_time_us: u32) -> FrameStrobe {
    FrameStrobe {
        exposure_start_us: device_time_us,
        exposure_us: 8_000,
        frame_number: number,
        camera: 0,
    }
}
