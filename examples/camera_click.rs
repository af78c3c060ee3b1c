//! A frame from a camera, a folder of images, a video or a recording; a click; a mask as a PNG.
//!
//! ```sh
//! cargo run --release --example camera_click -- FOLDER|FILE.y4m|FILE.mjpeg|FILE.mcap|camera:N X Y MASK.png
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example tells what it found"
)]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use fixate::bundle::Bundle;
use fixate::prompt::{MultimaskOutput, Prompt};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use fixate::source::{FrameBuffer, FrameRate, Source, Supply};
use image::GrayImage;

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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, x_px, y_px, out] = &arguments[..] else {
        return Err("give FOLDER|FILE|camera:N X Y MASK.png".into());
    };
    let prompt = Prompt::point(x_px.parse()?, y_px.parse()?);

    let mut source = open(source)?;
    let mut buffer = FrameBuffer::new();
    if source.next_into(&mut buffer)? == Supply::Ended {
        return Err("the source has no frame".into());
    }
    let frame = buffer.frame()?;
    // A prompt off the frame is an error that says where the frame ends.
    prompt.check(frame.width_px(), frame.height_px())?;

    let mut segmenter = Segmenter::new(&Bundle::builtin()?, SegmenterOptions::default())?;
    let keyframe = segmenter.encode(&frame)?;
    let mut candidates = segmenter.segment(&keyframe, &prompt, MultimaskOutput::Auto)?;
    // There is time for a closer look: masks of what is small in the frame become finer.
    let mut masks = Vec::new();
    segmenter.look_closer_into(&frame, &keyframe, &prompt, &mut candidates, &mut masks)?;
    let (Some(best), Some(mask)) = (candidates.first(), masks.first()) else {
        return Err("no mask".into());
    };

    let white = mask.bytes().iter().map(|inside| inside * 255).collect();
    let picture = GrayImage::from_raw(frame.width_px(), frame.height_px(), white);
    picture.ok_or("a mask has its frame's size")?.save(out)?;
    println!(
        "{}x{} frame of {} us: {} pixels, predicted IoU {:.2}, written to {out}",
        frame.width_px(),
        frame.height_px(),
        frame.capture_time_us(),
        mask.area(),
        best.predicted_iou
    );
    Ok(())
}

fn open(name: &str) -> Result<Box<dyn Source>, Box<dyn Error>> {
    match name.strip_prefix("camera:") {
        Some(index) => camera(index.parse()?),
        None => Ok(fixate::source::open(Path::new(name), FrameRate::default())?),
    }
}

#[cfg(feature = "camera")]
fn camera(index: u32) -> Result<Box<dyn Source>, Box<dyn Error>> {
    use fixate::source::{CameraRequest, CameraSource};

    let start = std::time::Instant::now();
    let now_us = move || i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
    let camera = CameraSource::open(index, CameraRequest::default(), now_us)?;
    Ok(Box::new(camera))
}

#[cfg(not(feature = "camera"))]
fn camera(_: u32) -> Result<Box<dyn Source>, Box<dyn Error>> {
    Err("cameras need --features camera".into())
}
