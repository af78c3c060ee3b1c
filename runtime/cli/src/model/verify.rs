//! `fixate model verify`: whether a bundle is whole, and runs.

use crate::arguments::BundleArgument;
use crate::failure::Failure;
use crate::{print_json, print_line};
use fixate::bundle::{Bundle, Precision};
use fixate::frame::{Frame, PixelFormat};
use fixate::prompt::{MultimaskOutput, Prompt, PromptBox};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use image::{Rgb, RgbImage};
use serde::Serialize;

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    ok: bool,
    files: Vec<File>,
    encoders: Vec<Encoder>,
}

#[derive(Serialize)]
struct File {
    file: String,
    bytes: Option<u64>,
    sha256: String,
    error: Option<String>,
}

/// What came of an encoder with the decoder.
#[derive(Serialize)]
struct Encoder {
    file: String,
    precision: String,
    /// Kinds of prompts that were answered with finite masks.
    prompts: Vec<&'static str>,
    error: Option<String>,
}

pub(crate) fn run(arguments: &BundleArgument, json: bool) -> Result<(), Failure> {
    let folder = arguments.bundle.as_deref();
    let checks = Bundle::check_files(folder).map_err(Failure::of)?;
    let files: Vec<File> = checks
        .into_iter()
        .map(|check| File {
            file: check.file,
            bytes: check.result.as_ref().ok().copied(),
            sha256: check.sha256,
            error: check.result.err().map(|error| error.to_string()),
        })
        .collect();
    let mut encoders = Vec::new();
    if files.iter().all(|file| file.error.is_none()) {
        let bundle = match folder {
            Some(folder) => Bundle::open(folder),
            None => Bundle::builtin(),
        };
        let bundle = bundle.map_err(Failure::of)?;
        for entry in &bundle.manifest().encoders {
            let answered = answer(&bundle, entry.precision);
            encoders.push(Encoder {
                file: entry.file.clone(),
                precision: entry.precision.to_string(),
                error: answered.as_ref().err().map(ToString::to_string),
                prompts: answered.unwrap_or_default(),
            });
        }
    }
    let damaged = files.iter().find_map(|file| file.error.clone());
    let failed = encoders.iter().find_map(|encoder| {
        let error = encoder.error.as_ref()?;
        Some(format!("{} does not run: {error}", encoder.file))
    });
    let wrong = damaged.or(failed);
    let report = Report {
        ok: wrong.is_none(),
        files,
        encoders,
    };
    if json {
        print_json(&report)?;
    } else {
        tell(&report);
    }
    wrong.map_or(Ok(()), |wrong| Err(Failure::Failed(wrong)))
}

fn tell(report: &Report) {
    for file in &report.files {
        match (file.bytes, &file.error) {
            (Some(bytes), None) => print_line(format_args!(
                "{}: {bytes} bytes, as in bundle.toml",
                file.file
            )),
            _ => print_line(format_args!("{}: DAMAGED", file.file)),
        }
    }
    for encoder in &report.encoders {
        let (file, precision) = (&encoder.file, &encoder.precision);
        match &encoder.error {
            None => print_line(format_args!(
                "{file} ({precision}) and the decoder answer {} on a synthetic image",
                encoder.prompts.join(", ")
            )),
            Some(_) => print_line(format_args!("{file} ({precision}): DOES NOT RUN")),
        }
    }
}

/// The kinds of prompts that are answered on a synthetic image; the decoder itself refuses what is not finite.
fn answer(bundle: &Bundle, precision: Precision) -> Result<Vec<&'static str>, Failure> {
    let mut options = SegmenterOptions::default();
    options.precision = Some(precision);
    let mut segmenter = Segmenter::new(bundle, options).map_err(Failure::of)?;
    let image = synthetic_image();
    let (width, height) = image.dimensions();
    let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, image.as_raw(), 0)
        .map_err(Failure::of)?;
    let keyframe = segmenter.encode(&frame).map_err(Failure::of)?;
    let mut prompt = Prompt::point(64.0, 48.0);
    let mut segment = |prompt: &Prompt| {
        let answers = segmenter.segment(&keyframe, prompt, MultimaskOutput::Never);
        answers.map_err(Failure::of)
    };
    let answers = segment(&prompt)?;
    let mut answered = vec!["points"];
    let bounds = PromptBox {
        x0_px: 32.0,
        y0_px: 16.0,
        x1_px: 96.0,
        y1_px: 80.0,
    };
    segment(&Prompt::bounds(bounds))?;
    answered.push("boxes");
    if bundle.manifest().decoder.kind.takes_masks()
        && let Some(best) = answers.into_iter().next()
    {
        prompt.mask = Some(best.logits);
        segment(&prompt)?;
        answered.push("masks");
    }
    Ok(answered)
}

/// A bright disc on a dark slope.
fn synthetic_image() -> RgbImage {
    RgbImage::from_fn(128, 96, |x, y| {
        let (right, down) = (x.abs_diff(64), y.abs_diff(48));
        match right * right + down * down < 28 * 28 {
            true => Rgb([230, 190, 60]),
            false => Rgb([20 + x as u8 / 2, 40, 60 + y as u8 / 2]),
        }
    })
}
