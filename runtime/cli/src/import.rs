//! `fixate model import`: from a checkpoint to a bundle.

use crate::arguments::Import;
use crate::failure::Failure;
use crate::{print_json, print_line};
use fixate_models::import::{ImportOptions, import_checkpoint};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    model: String,
    architecture: String,
    encoder_parameters: u64,
    decoder_parameters: u64,
    bytes: u64,
}

pub(crate) fn run(arguments: &Import, json: bool) -> Result<(), Failure> {
    let name = match (&arguments.name, arguments.checkpoint.file_stem()) {
        (Some(name), _) => name.clone(),
        (None, Some(stem)) => stem.to_string_lossy().into_owned(),
        (None, None) => return Err(Failure::Usage("name a checkpoint file".to_owned())),
    };
    let mut options = ImportOptions::new(&name, &arguments.model_version);
    options.license.clone_from(&arguments.license);
    let bar = ProgressBar::new(0);
    // The template is a constant that the tests run.
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}") {
        bar.set_style(style);
    }
    let report = import_checkpoint(
        &arguments.checkpoint,
        &arguments.out,
        &options,
        &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        },
    );
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure::file(&arguments.checkpoint, error))?;
    let model = format!("{name} {}", options.version);
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
