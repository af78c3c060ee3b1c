//! `fixate bench`: the time of each stage, on this machine.

mod variants;
mod yardstick;

use crate::arguments::Bench;
use crate::failure::Failure;
use crate::model;
use fixate::decoder::ProductPrecision;
use fixate::frame::{Frame, PixelFormat};
use fixate::prompt::{MultimaskOutput, Prompt};
use fixate_scenes::flat;
use indicatif::ProgressBar;
use serde::Serialize;
use std::time::Duration;
use variants::Variants;
use yardstick::{Yardstick, gmac_per_s};

/// Runs of each kind of decode.
const MOST_VARIANT_RUNS: usize = 400;

/// Decodes that are not counted.
const WARM_UP_DECODES: u32 = 20;

/// Width and height of the image that is encoded.
const IMAGE: (usize, usize) = (640, 480);

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    backend: String,
    threads: usize,
    /// Of the bundle's encoders, the one that ran.
    encoder_precision: String,
    decoder_precision: &'static str,
    encoder: Distribution,
    cache: Distribution,
    decoder: Distribution,
    /// Kinds of decodes, of SAM's decoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    variants: Option<Variants>,
    /// A plain f32 matrix product of 256 x 256 x 256 on one thread, the machine's yardstick:
    /// multiply-adds in 10^9 a second, in the same run.
    matrix_product_gmac_per_s: f64,
    /// As many such products as take as long as a decode, after every decode.
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix_products: Option<Distribution>,
}

#[derive(Debug, Serialize)]
struct Distribution {
    min_ms: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
    runs: usize,
}

impl Distribution {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |quantile: f64| {
            let index = (quantile * times.len() as f64).ceil() as usize;
            times[index.clamp(1, times.len()) - 1].as_secs_f64() * 1e3
        };
        Self {
            min_ms: at(0.0),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: at(1.0),
            runs: times.len(),
        }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Bench, json: bool) -> Result<(), Failure> {
    let bundle = model::bundle(&arguments.model)?;
    let (mut segmenter, model) = model::open(&arguments.model)?;
    let scene = flat::draw(1, IMAGE.0, IMAGE.1);
    let frame = Frame::contiguous(
        PixelFormat::Rgb8,
        IMAGE.0 as u32,
        IMAGE.1 as u32,
        &scene.rgb,
        0,
    )
    .map_err(Failure::of)?;
    let progress = ProgressBar::new(u64::from(arguments.runs) + 1);
    let (mut encoder, mut cache, mut decoder) = (Vec::new(), Vec::new(), Vec::new());
    let (mut products, mut candidates) = (Vec::new(), Vec::new());
    let (mut yardstick, mut repeats, mut beside) = (Yardstick::new(), 1, Vec::new());
    yardstick.multiply(1);
    // The first run warms up and is not counted.
    for run in 0..=arguments.runs {
        let keyframe = segmenter.encode(&frame).map_err(Failure::of)?;
        let counted = run > 0;
        if counted {
            let times = segmenter.times();
            encoder.push(times.encode);
            cache.push(times.cache);
        }
        let decodes = match counted {
            true => arguments.decodes,
            false => arguments.decodes.min(WARM_UP_DECODES),
        };
        for decode in 0..decodes {
            let x = (decode * 31 % 600) as f32 + 20.0;
            let prompt = Prompt::point(x, 240.0);
            segmenter
                .segment_into(&keyframe, &prompt, MultimaskOutput::Auto, &mut candidates)
                .map_err(Failure::of)?;
            if !counted {
                let decodes = segmenter.times().decode.as_secs_f64();
                let product = yardstick.multiply(1).as_secs_f64();
                repeats = (decodes / product).round().max(1.0) as u32;
                continue;
            }
            decoder.push(segmenter.times().decode);
            if arguments.yardstick {
                beside.push(yardstick.multiply(repeats));
            }
        }
        products.push(yardstick.multiply(1));
        progress.inc(1);
    }
    let options = model::options(&arguments.model)?;
    let mut keyframe = segmenter.encode(&frame).map_err(Failure::of)?;
    let variants = variants::measure(
        &bundle,
        &mut keyframe,
        &options,
        decoder.len().min(MOST_VARIANT_RUNS),
    )?;
    progress.finish_and_clear();
    let product = Distribution::of(products).p50_ms;
    let ran = &segmenter.identity().encoder_sha256;
    let mut encoders = bundle.manifest().encoders.iter();
    let ran = encoders.find(|entry| entry.sha256 == *ran);
    let report = Report {
        model,
        backend: arguments.model.backend.to_string(),
        threads: usize::from(arguments.model.threads),
        encoder_precision: ran.map_or_else(String::new, |entry| entry.precision.to_string()),
        decoder_precision: match options.products_here() {
            ProductPrecision::Codes => "int16",
            _ => "f32",
        },
        encoder: Distribution::of(encoder),
        cache: Distribution::of(cache),
        decoder: Distribution::of(decoder),
        variants,
        matrix_product_gmac_per_s: gmac_per_s(product),
        matrix_products: arguments.yardstick.then(|| Distribution::of(beside)),
    };
    if json {
        return crate::print_json(&report);
    }
    let threads = report.threads;
    crate::print_line(format_args!(
        "{} on {}, on {threads} thread(s), encoder in {}, decoder in {}, milliseconds",
        report.model, report.backend, report.encoder_precision, report.decoder_precision
    ));
    crate::print_line(format_args!(
        "                  min     p50     p99   p99.9     max    runs"
    ));
    let mut rows = vec![
        ("encoder", &report.encoder),
        ("cache", &report.cache),
        ("decoder", &report.decoder),
    ];
    if let Some(products) = &report.matrix_products {
        rows.push(("  products", products));
    }
    if let Some(variants) = &report.variants {
        rows.extend([
            ("  four masks", &variants.four_masks),
            ("  single mask", &variants.single_mask),
            ("  refinement", &variants.refinement),
            ("  quarter of it", &variants.quarter_window),
            ("  each of 64", &variants.batch_of_64_each),
        ]);
    }
    for (label, times) in rows {
        let Distribution {
            min_ms,
            p50_ms,
            p99_ms,
            p999_ms,
            max_ms,
            runs,
        } = times;
        crate::print_line(format_args!(
            "{label:<15} {min_ms:>7.3} {p50_ms:>7.3} {p99_ms:>7.3} {p999_ms:>7.3} {max_ms:>7.3} {runs:>7}"
        ));
    }
    crate::print_line(format_args!(
        "yardstick: a plain f32 matrix product makes {:.1} G multiply-adds a second on one thread",
        report.matrix_product_gmac_per_s
    ));
    Ok(())
}
