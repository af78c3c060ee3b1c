//! What parse and emit cost: instructions and stack, message by message, as a table on the serial line.
//!
//! Run in QEMU with `-icount shift=0`, in which an instruction takes a nanosecond of the board's time and the timer's tick
//! of 40 ns counts 40 of them; averaged over many messages.

#![no_std]
#![no_main]

#[path = "../board.rs"]
mod board;

use core::fmt::{self, Write};
use core::hint::black_box;
use core::panic::PanicInfo;

use board::Board;
use cortex_m_rt::entry;
use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;
use fixate_bridge::handshake;
use fixate_bridge::message::*;

/// Messages of a kind, enough that a tick is a hundredth of an instruction.
const MESSAGES: u32 = 4000;
/// Instructions in a tick of the timer.
const PER_TICK: u64 = 40;
/// Bytes of stack that are looked at.
const STACK: usize = 4096;
/// What nobody writes by chance.
const PAINT: u8 = 0xa5;

/// The serial line as a text.
struct Line<'a>(&'a mut Board);

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while !self.0.may_transmit() {}
            self.0.transmit(byte);
        }
        Ok(())
    }
}

fn messages() -> [Message; 11] {
    let shape = MaskShape {
        left_px: 100,
        top_px: 50,
        width_px: 200,
        height_px: 300,
        area_px: 40_000,
        centroid_x_px: 201.5,
        centroid_y_px: 180.25,
        major_axis_px: 310.0,
        minor_axis_px: 190.0,
        axis_angle_rad: 0.7,
        score_permille: 930,
        touches_border: false,
    };
    [
        handshake::hello(Role::Device, 77, 1).into(),
        ClockPing {
            ping: 3,
            ping_time_us: 1_000_000,
        }
        .into(),
        ClockPong {
            ping: 3,
            ping_time_us: 1_000_000,
            received_us: 500,
            sent_us: 700,
        }
        .into(),
        GazeSample {
            device_time_us: 1_000,
            state: GazeState::Tracked,
            confidence_permille: Some(900),
            point: GazePoint::Pixel {
                x_px: 640.5,
                y_px: 360.5,
            },
        }
        .into(),
        ImuSample {
            device_time_us: 1_000,
            angular_rate_rad_s: [0.1, -0.2, 0.3],
            acceleration_m_s2: [0.0, 9.81, 0.1],
        }
        .into(),
        FrameStrobe {
            exposure_start_us: 9,
            exposure_us: 8_000,
            frame_number: 5,
            camera: 0,
        }
        .into(),
        GraspPoint {
            device_time_us: 1_000,
            x_px: 300.0,
            y_px: 200.0,
            closing_angle_rad: 0.4,
            opening_mm: Some(80),
        }
        .into(),
        Trigger {
            device_time_us: 1_000,
            source: TriggerSource::Button,
            edge: Edge::Pressed,
            count: 4,
        }
        .into(),
        Health {
            device_time_us: 1_000,
            uptime_s: 60,
            received: 600,
            damaged: 0,
            missed: 0,
            outbox_dropped: 0,
            masks_received: 300,
            load_permille: 400,
            temperature_centi_celsius: Some(3150),
        }
        .into(),
        MaskSummary {
            prompt_time_us: 1_000,
            in_time: true,
            answer: Answer::Mask {
                kind: AnswerKind::Fresh,
                mask_age_us: 40_000,
                shape,
            },
        }
        .into(),
        Configuration {
            gaze_hz: 200,
            imu_hz: 200,
            health_period_ms: 1_000,
            strobes: true,
        }
        .into(),
    ]
}

#[inline(never)]
fn emit(encoder: &mut Encoder, message: &Message, wire: &mut [u8; MAX_WIRE]) -> usize {
    encoder.encode(message, wire).unwrap_or(0)
}

#[inline(never)]
fn parse(decoder: &mut Decoder, wire: &[u8]) -> usize {
    decoder.feed(wire).filter(Result::is_ok).count()
}

/// Ticks of the timer that a job takes, so many times.
fn ticks(board: &mut Board, mut job: impl FnMut()) -> u64 {
    let begun = board.now_ticks();
    for _ in 0..MESSAGES {
        job();
    }
    board.now_ticks() - begun
}

#[entry]
fn main() -> ! {
    let mut board = Board::start();
    let mut all = true;
    for message in &messages() {
        let (mut encoder, mut decoder, mut wire) = (Encoder::new(1), Decoder::new(), [0; MAX_WIRE]);
        let nothing = ticks(&mut board, || {
            black_box(&mut wire);
        });
        let sent = ticks(&mut board, || {
            black_box(emit(&mut encoder, black_box(message), &mut wire));
        });
        let mut parsed = 0;
        let both = ticks(&mut board, || {
            let length = emit(&mut encoder, black_box(message), &mut wire);
            parsed += parse(&mut decoder, wire.get(..length).unwrap_or_default());
        });
        all &= parsed == MESSAGES as usize;
        let each = |ticks: u64| ticks * PER_TICK / u64::from(MESSAGES);
        let emit_stack = board::stack_used::<STACK>(PAINT, || {
            black_box(emit(&mut encoder, black_box(message), &mut wire));
        });
        let parse_stack = board::stack_used::<STACK>(PAINT, || {
            black_box(parse(&mut decoder, black_box(&wire)));
        });
        let _ = writeln!(
            Line(&mut board),
            "| {} | {} | {emit_stack} | {} | {parse_stack} |",
            message.kind().name(),
            each(sent - nothing),
            each(both - sent),
        );
    }
    let _ = writeln!(
        Line(&mut board),
        "{}",
        if all { "all of them" } else { "some were lost" }
    );
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    loop {}
}
