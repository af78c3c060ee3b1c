//! `fixate model import`: from a checkpoint, or from ONNX files, to a bundle.

use crate::arguments::{Import, Padding, Resize};
use crate::failure::Failure;
use crate::{print_json, print_line};
use fixate::bundle::PaddingPoint;
use fixate::preprocess::ResizeRule;
use fixate_models::import::{ImportOptions, OnnxOverrides, import_checkpoint, import_onnx};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::Path;

/// What `--json` prints of a checkpoint.
#[derive(Serialize)]
struct Report {
    model: String,
    architecture: String,
    encoder_parameters: u64,
    decoder_parameters: u64,
    bytes: u64,
}

/// What `--json` prints of ONNX files.
#[derive(Serialize)]
struct OnnxReport {
    model: String,
    encoder_family: &'static str,
    decoder_family: &'static str,
    input_size: u32,
    embedding: [usize; 3],
    prompts: Vec<&'static str>,
    bytes: u64,
}

pub(crate) fn run(arguments: &Import, json: bool) -> Result<(), Failure> {
    let onnx = arguments
        .model
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"));
    let name = match (&arguments.name, arguments.model.file_stem()) {
        (Some(name), _) => name.clone(),
        (None, Some(stem)) => stem.to_string_lossy().into_owned(),
        (None, None) => return Err(Failure::Usage("name a checkpoint file".to_owned())),
    };
    let mut options = ImportOptions::new(&name, &arguments.model_version);
    options.license.clone_from(&arguments.license);
    match (&arguments.decoder, onnx) {
        (Some(decoder), true) => from_onnx(arguments, decoder, &options, json),
        (None, true) => Err(Failure::Usage(
            "an ONNX encoder comes with its decoder; name both files".to_owned(),
        )),
        (None, false) => from_checkpoint(arguments, options, json),
        (Some(_), false) => Err(Failure::Usage(
            "a checkpoint has its own decoder; name an encoder that ends in .onnx to take another"
                .to_owned(),
        )),
    }
}

fn from_checkpoint(
    arguments: &Import,
    mut options: ImportOptions,
    json: bool,
) -> Result<(), Failure> {
    if arguments.overrides.any() {
        return Err(Failure::Usage(
            "a checkpoint tells all of that itself; leave out what is only for ONNX files"
                .to_owned(),
        ));
    }
    if let Some(size) = arguments.input_size {
        options.image_size_px = size;
    }
    let bar = progress_bar();
    let report = import_checkpoint(
        &arguments.model,
        &arguments.out,
        &options,
        &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        },
    );
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure::file(&arguments.model, error))?;
    let model = format!("{} {}", options.name, options.version);
    let architecture = report.architecture.to_string();
    if json {
        return print_json(&Report {
            model,
            architecture,
            encoder_parameters: report.encoder_parameters,
            decoder_parameters: report.decoder_parameters,
            bytes: report.bundle_bytes,
        });
    }
    print_line(format_args!("{model}: {architecture}"));
    print_line(format_args!(
        "{} parameters in the encoder, {} in the decoder, {} bytes in {}",
        report.encoder_parameters,
        report.decoder_parameters,
        report.bundle_bytes,
        arguments.out.display()
    ));
    Ok(())
}

fn from_onnx(
    arguments: &Import,
    decoder: &Path,
    options: &ImportOptions,
    json: bool,
) -> Result<(), Failure> {
    let given = &arguments.overrides;
    let mut overrides = OnnxOverrides::default();
    overrides.input_size_px = arguments.input_size;
    overrides.mean = given.mean;
    overrides.std = given.std;
    overrides.resize = given.resize.map(|resize| match resize {
        Resize::LongestSide => ResizeRule::LongestSide,
        Resize::Stretch => ResizeRule::Stretch,
    });
    overrides.embedding_shape = given.embedding_shape;
    overrides.coordinate_size_px = given.coordinate_size;
    overrides.padding_point = given.padding_point.map(|padding| match padding {
        Padding::WithoutBox => PaddingPoint::WithoutBox,
        Padding::Never => PaddingPoint::Never,
    });
    let bar = progress_bar();
    let report = import_onnx(
        &arguments.model,
        decoder,
        &arguments.out,
        options,
        &overrides,
        &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        },
    );
    bar.finish_and_clear();
    let report = report.map_err(Failure::of)?;
    let report = OnnxReport {
        model: format!("{} {}", options.name, options.version),
        encoder_family: report.encoder_family,
        decoder_family: report.decoder_family,
        input_size: report.input.size_px,
        embedding: report.embedding_shape,
        prompts: super::prompts(report.mask_prompts),
        bytes: report.bundle_bytes,
    };
    if json {
        return print_json(&report);
    }
    print_line(format_args!(
        "{}: encoder as of {}, decoder as of {}, input {size}x{size}, embedding {:?}",
        report.model,
        report.encoder_family,
        report.decoder_family,
        report.embedding,
        size = report.input_size,
    ));
    print_line(format_args!(
        "takes {}; {} bytes in {}",
        report.prompts.join(", "),
        report.bytes,
        arguments.out.display()
    ));
    Ok(())
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // The template is a constant that the tests run.
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}") {
        bar.set_style(style);
    }
    bar
}
