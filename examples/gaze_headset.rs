//! A headset's camera, gyroscope and eye tracker in; the mask of what is looked at out, on the newest frame, by its
//! deadline.
//!
//! ```sh
//! cargo run --release --example gaze_headset -- [SECONDS]
//! ```
//!
//! The three devices are a procedural scene here: put yours in the places of the threads that push.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example tells what it found"
)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use fixate::bundle::Bundle;
use fixate::engine::gaze::GazeSample;
use fixate::frame::{Frame, PixelFormat};
use fixate::segmenter::SegmenterOptions;
use fixate::session::{MaskPixels, Session, SessionModel, SessionOptions, now_us};
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};

const WIDTH_PX: usize = 640;
const HEIGHT_PX: usize = 480;
const FRAME_US: i64 = 33_333;
const GAZE_HZ: f64 = 120.0;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let seconds: f64 = std::env::args().nth(1).unwrap_or("3".to_owned()).parse()?;
    let scene = Scene::new(
        11,
        &Options {
            width: WIDTH_PX,
            height: HEIGHT_PX,
            duration_s: seconds + 1.0,
            quality: Quality::Fast,
            held_out: false,
        },
    );
    // Drawn before, so that drawing does not disturb what is measured.
    let mut photographer = scene.photographer();
    let count = (seconds * 1e6) as i64 / FRAME_US;
    let pictures: Vec<Vec<u8>> = (0..count)
        .map(|index| photographer.frame((index * FRAME_US) as f64 * 1e-6).rgb)
        .collect();

    let model = SessionModel::of_bundle(&Bundle::builtin()?, SegmenterOptions::default())?;
    let mut options = SessionOptions::default();
    options.expected_size_px = (WIDTH_PX as u32, HEIGHT_PX as u32);
    options.engine.budget_us = 10_000;
    let session = Session::start(model, &options)?;

    let start_us = now_us();
    let end_us = start_us + count * FRAME_US;
    std::thread::scope(|scope| {
        scope.spawn(|| film(&session, &pictures, start_us));
        scope.spawn(|| look(&session, &scene, start_us, end_us));
        let mut pixels = MaskPixels::new();
        let mut told_us = 0;
        while now_us() < end_us {
            let within = Duration::from_millis(100);
            let Some(given) = session.wait_answer(within, &mut pixels) else {
                continue;
            };
            // Here the mask would be shown. `pixels.bitmap` is as large as the newest frame.
            if now_us() - told_us > 500_000 {
                told_us = now_us();
                println!(
                    "{:?}: {} pixels, keyframe {:?} us old, after {} us{}",
                    given.answer.kind,
                    if given.has_pixels {
                        pixels.bitmap.area()
                    } else {
                        0
                    },
                    given.answer.mask_age_us,
                    given.latency_us(),
                    if given.in_time() { "" } else { ", too late" }
                );
            }
        }
    });
    session.stop();
    let stats = session.stats();
    println!(
        "{} answers in time, {} too late; {} fresh, {} propagated, {} held, {} none; p99.9 {:.1} ms",
        stats.in_time,
        stats.missed,
        stats.engine.fresh,
        stats.engine.propagated,
        stats.engine.held,
        stats.engine.none,
        stats.latency_ms.p999_ms
    );
    Ok(())
}

fn wait_until(time_us: i64) {
    let left_us = time_us - now_us();
    std::thread::sleep(Duration::from_micros(
        u64::try_from(left_us).unwrap_or_default(),
    ));
}

fn film(session: &Session, pictures: &[Vec<u8>], start_us: i64) {
    for (index, rgb) in pictures.iter().enumerate() {
        let capture_us = start_us + index as i64 * FRAME_US;
        wait_until(capture_us);
        let size = (WIDTH_PX as u32, HEIGHT_PX as u32);
        let frame = Frame::contiguous(PixelFormat::Rgb8, size.0, size.1, rgb, capture_us);
        let pushed = frame.map_err(|error| error.to_string()).and_then(|frame| {
            session
                .push_frame(&frame)
                .map_err(|error| error.to_string())
        });
        if let Err(error) = pushed {
            eprintln!("frame {index} was not taken: {error}");
        }
    }
}

fn look(session: &Session, scene: &Scene, start_us: i64, end_us: i64) {
    for sample in scene.gaze(GAZE_HZ) {
        let time_us = start_us.saturating_add_unsigned(sample.time_us);
        if time_us >= end_us {
            break;
        }
        wait_until(time_us);
        let turn = scene.inertial(sample.time_us as f64 * 1e-6).gyro;
        let rate_rad_s = [turn.x, turn.y, turn.z].map(f64::from);
        let gaze = match sample.valid {
            true => GazeSample::at(time_us, sample.pixel.x.into(), sample.pixel.y.into()),
            false => GazeSample::missing(time_us),
        };
        // Before the first frame there is nothing to look at.
        let _ = session.push_imu(time_us, rate_rad_s);
        let _ = session.push_gaze(&gaze);
    }
}
