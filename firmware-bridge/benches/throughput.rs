//! Messages a second on one core: what a host decodes, and what a device encodes.
//!
//! `cargo bench -p fixate-bridge`; the target is a million decoded messages a second.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixate_bridge::clock::{ClockSync, Exchange};
use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;
use fixate_bridge::message::*;

const MESSAGES: usize = 4_300;

/// Ten seconds of a tracker: gaze and inertial samples at 200 Hz, strobes at 30 Hz.
fn messages() -> Vec<Message> {
    let message = |index: usize| {
        let device_time_us = index as u32 * 2_325;
        match index % 43 {
            0..20 => GazeSample {
                device_time_us,
                state: GazeState::Tracked,
                confidence_permille: Some(900),
                point: GazePoint::Pixel {
                    x_px: index as f32 * 0.3,
                    y_px: 400.0,
                },
            }
            .into(),
            20..40 => ImuSample {
                device_time_us,
                angular_rate_rad_s: [0.01, index as f32 * 1e-3, -0.2],
                acceleration_m_s2: [0.1, 9.8, 0.3],
            }
            .into(),
            _ => FrameStrobe {
                exposure_start_us: device_time_us,
                exposure_us: 8_000,
                frame_number: index as u32,
                camera: 0,
            }
            .into(),
        }
    };
    (0..MESSAGES).map(message).collect()
}

fn encoded(messages: &[Message]) -> Vec<u8> {
    let (mut encoder, mut stream) = (Encoder::new(1), Vec::new());
    for message in messages {
        let mut wire = [0; MAX_WIRE];
        let length = encoder.encode(message, &mut wire).expect("it fits");
        stream.extend_from_slice(&wire[..length]);
    }
    stream
}

fn link(criterion: &mut Criterion) {
    let messages = messages();
    let stream = encoded(&messages);
    let mut group = criterion.benchmark_group("link");
    group.throughput(Throughput::Elements(MESSAGES as u64));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let mut decoder = Decoder::new();
            let received = decoder
                .feed(black_box(&stream))
                .filter(Result::is_ok)
                .count();
            assert_eq!(received, MESSAGES);
        });
    });
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            let (mut encoder, mut wire) = (Encoder::new(1), [0; MAX_WIRE]);
            for message in black_box(&messages) {
                black_box(encoder.encode(message, &mut wire).expect("it fits"));
            }
        });
    });
    group.finish();
}

fn clock(criterion: &mut Criterion) {
    let mut sync: ClockSync = ClockSync::default();
    let mut exchange = Exchange {
        boot: 1,
        host_sent_us: 0,
        device_received_us: 300,
        device_sent_us: 400,
        host_received_us: 1_000,
    };
    let mut observe = |sync: &mut ClockSync| {
        exchange.host_sent_us += 100_000;
        exchange.host_received_us += 100_000 + exchange.host_sent_us / 100_000 % 7;
        exchange.device_received_us = exchange.device_received_us.wrapping_add(100_000);
        exchange.device_sent_us = exchange.device_sent_us.wrapping_add(100_000);
        let _ = black_box(sync.observe(&exchange));
        exchange.host_received_us = exchange.host_sent_us + 1_000;
        exchange.host_sent_us
    };
    let mut now = 0;
    (0..1_000).for_each(|_| now = observe(&mut sync));
    let mut group = criterion.benchmark_group("clock");
    group.bench_function("convert", |bencher| {
        bencher.iter(|| sync.host_from_device(1, black_box(now as u32), now));
    });
    group.bench_function("observe", |bencher| bencher.iter(|| observe(&mut sync)));
    group.finish();
}

criterion_group!(benches, link, clock);
criterion_main!(benches);
