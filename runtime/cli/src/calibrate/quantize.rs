//! `fixate calibrate quantize`: an int8 encoder of an f32 one.

use super::images;
use crate::arguments::SceneStyle;
use crate::failure::Failure;
use crate::{print_json, print_line};
use clap::{Args, ValueEnum};
use fixate::bundle::Bundle;
use fixate_calibration::quantize::{
    Goal, QuantizeOptions, Quantized, Target, quantize, read_record, reproduce,
};
use fixate_calibration::range::RangeMethod;
use fixate_calibration::record::{Record, Verdict};
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::PathBuf;

/// Numbers beyond either end that percentiles leave out.
const PERCENTILE: f64 = 1e-4;

#[derive(Debug, Args)]
pub(crate) struct Quantize {
    /// A folder with bundle.toml and an encoder in f32.
    bundle: PathBuf,
    /// What it is calibrated on: scenes, drawn without end; a folder of images, best with NAME_masks as for `eval`; or
    /// a file .mcap, .y4m or .mjpeg.
    #[arg(long, value_name = "scenes|DIR|FILE", required_unless_present = "from")]
    images: Option<PathBuf>,
    /// Folder of the bundle that is written, with calibration.json, report.md and report.svg.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Images at most; a third of them is held out to tell what is lost on others.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    count: u32,
    /// What the scenes are.
    #[arg(long, value_enum, default_value_t = SceneStyle::Flat)]
    style: SceneStyle,
    /// How the range of each value is chosen.
    #[arg(long, value_enum, default_value_t = Range::Mse)]
    range: Range,
    /// What it is made for. ONNX Runtime on processors needs other integers than TensorRT takes.
    #[arg(long, value_enum, default_value_t = Engine::Cpu)]
    target: Engine,
    /// Points of mIoU that may be lost; layers that cost more stay in float.
    #[arg(long, value_name = "POINTS", default_value_t = 0.5, value_parser = positive)]
    max_loss: f64,
    /// Keep as much in float as this speed-up allows, estimated by multiply-adds, whatever is lost.
    #[arg(long, value_name = "FACTOR", conflicts_with = "max_loss", value_parser = positive)]
    speed: Option<f64>,
    /// A layer, or the beginning of layers' names, that stays in float. Repeat for more.
    #[arg(long, value_name = "NAME")]
    keep_float: Vec<String>,
    /// Leave channels of values between layers in the ranges that they have.
    #[arg(long)]
    no_equalize: bool,
    /// Weights of 7 bits, for x86 processors without VNNI, whose sums would saturate.
    #[arg(long)]
    reduce_range: bool,
    /// Name it before the bundle's other encoders: it then runs where nobody asks for a precision, on processors that
    /// are faster with bytes.
    #[arg(long)]
    preferred: bool,
    /// Threads of the encoder.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Make the encoder of this calibration.json again, byte for byte, without images.
    #[arg(long, value_name = "FILE", conflicts_with = "images")]
    from: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Range {
    /// All that was seen.
    Minmax,
    /// All but one in ten thousand at each end.
    Percentile,
    /// What tells most of the distribution.
    Entropy,
    /// The least squared error.
    Mse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Cpu,
    Tensorrt,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    layers: usize,
    quantised_layers: usize,
    quantised_share: f64,
    calibration: &'a Verdict,
    held_out: &'a Verdict,
    encoder_bytes: usize,
}

/// Runs the command.
pub(super) fn run(arguments: &Quantize, json: bool) -> Result<(), Failure> {
    let bundle = Bundle::open(&arguments.bundle).map_err(Failure::of)?;
    let quantized = match &arguments.from {
        Some(path) => {
            let record = read_record(path).map_err(Failure::of)?;
            let onnx = reproduce(&bundle, &record).map_err(Failure::of)?;
            Quantized::new(onnx, record)
        }
        None => calibrated(&bundle, arguments)?,
    };
    let (from, out) = (&arguments.bundle, &arguments.out);
    fixate_calibration::bundle::write(from, out, &quantized, arguments.preferred)
        .map_err(Failure::of)?;
    let record = &quantized.record;
    let report = Report {
        layers: record.layers.len(),
        quantised_layers: record.layers.iter().filter(|layer| layer.quantised).count(),
        quantised_share: record.quantised_share(),
        calibration: &record.calibration,
        held_out: &record.held_out,
        encoder_bytes: quantized.onnx.len(),
    };
    if json {
        return print_json(&report);
    }
    tell(&report, record);
    print_line(format_args!(
        "look at {}",
        arguments.out.join("report.md").display()
    ));
    Ok(())
}

fn calibrated(bundle: &Bundle, arguments: &Quantize) -> Result<Quantized, Failure> {
    let mut options = QuantizeOptions::default();
    options.target = match arguments.target {
        Engine::Cpu => Target::Cpu,
        Engine::Tensorrt => Target::TensorRt,
    };
    options.method = match arguments.range {
        Range::Minmax => RangeMethod::MinMax,
        Range::Percentile => RangeMethod::Percentile(PERCENTILE),
        Range::Entropy => RangeMethod::Entropy,
        Range::Mse => RangeMethod::Mse,
    };
    options.goal = match arguments.speed {
        Some(factor) => Goal::Speed(factor),
        None => Goal::MaxLoss(arguments.max_loss),
    };
    options.keep_float = arguments.keep_float.clone();
    options.equalize = !arguments.no_equalize;
    options.reduce_range = arguments.reduce_range;
    options.threads = usize::from(arguments.threads);
    // Clap asks for it where there is no record.
    let source = arguments.images.clone().unwrap_or_default();
    options.source = source.display().to_string();
    let progress = ProgressBar::new_spinner();
    progress.set_message("reads images");
    let (calibration, held_out) = images::read(&source, arguments.count as usize, arguments.style)?;
    let quantized = quantize(
        bundle,
        &calibration,
        &held_out,
        &options,
        &mut |step, done, all| {
            progress.set_length(all as u64);
            progress.set_position(done as u64);
            progress.set_message(step);
        },
    );
    progress.finish_and_clear();
    quantized.map_err(Failure::of)
}

fn tell(report: &Report<'_>, record: &Record) {
    print_line(format_args!(
        "{} of {} layers in int8, {:.1} % of the multiply-adds, {:.1} MB",
        report.quantised_layers,
        report.layers,
        100.0 * report.quantised_share,
        report.encoder_bytes as f64 / 1e6
    ));
    for (name, verdict) in [
        ("calibration", &record.calibration),
        ("held out", &record.held_out),
    ] {
        let miou = match (verdict.miou, verdict.miou_f32) {
            (Some(miou), Some(float)) => format!(
                "; mIoU {miou:.4}, of f32 {float:.4}, {:.2} ± {:.2} points lost",
                verdict.lost_points(),
                100.0 * verdict.miou_error.unwrap_or(0.0)
            ),
            _ => String::new(),
        };
        print_line(format_args!(
            "{name:<12} {} prompts: mask IoU with f32 {:.4}{miou}",
            verdict.prompts, verdict.iou_with_f32
        ));
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("give a number above 0".to_owned()),
    }
}
