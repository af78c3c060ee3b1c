//! `fixate model fetch`: downloads a file of a model.

use crate::failure::Failure;
use crate::{print_json, print_line};
use clap::Args;
use fixate_models::fetch::{Source, fetch, models_folder};
use fixate_models::known::KNOWN_MODELS;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// Name of a known model, or the address of a file.
    #[arg(value_name = "NAME|URL")]
    pub(crate) source: String,
    /// SHA-256 that the file must have [default: the known one, if there is one].
    #[arg(long, value_name = "DIGITS")]
    pub(crate) sha256: Option<String>,
    /// Folder for the file [default: FIXATE_MODELS, or fixate/models in the user's data folder].
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    name: String,
    file: String,
    bytes: u64,
    sha256: String,
    /// Whether the SHA-256 was known before.
    verified: bool,
    /// Bytes that were there already.
    bytes_before: u64,
}

pub(crate) fn run(arguments: &Fetch, json: bool) -> Result<(), Failure> {
    if let Some(model) = KNOWN_MODELS
        .iter()
        .find(|model| model.name == arguments.source)
        && known(model.name).is_none()
    {
        let reason = match model.files {
            [] if model.source.starts_with("http") => "offers no file of fixed contents",
            [] => "comes with fixate; there is nothing to fetch",
            _ => "offers its files at no fixed address",
        };
        return Err(Failure::Failed(format!(
            "{} {reason}; see {}",
            model.name, model.source
        )));
    }
    let source = Source::find(&arguments.source, arguments.sha256.as_deref(), known);
    let source = source.map_err(Failure::of)?;
    let folder = match &arguments.out {
        Some(folder) => folder.clone(),
        None => models_folder().map_err(Failure::of)?,
    };
    let bar = ProgressBar::new(0);
    // The template is a constant that the tests run.
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta}")
    {
        bar.set_style(style);
    }
    let report = fetch(&source, &folder, &mut |done, total| {
        bar.set_length(total.unwrap_or(done));
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report.map_err(Failure::of)?;
    if json {
        return print_json(&Report {
            name: source.name,
            file: report.path.display().to_string(),
            bytes: report.bytes,
            sha256: report.sha256,
            verified: report.verified,
            bytes_before: report.bytes_before,
        });
    }
    print_line(format_args!(
        "{}: {} bytes, SHA-256 {}",
        report.path.display(),
        report.bytes,
        report.sha256
    ));
    if !report.verified {
        print_line(format_args!(
            "nothing was known to compare it with; give --sha256 the next time"
        ));
    }
    Ok(())
}

/// The file of a known model that can be had by its address alone.
fn known(name: &str) -> Option<Source> {
    let model = KNOWN_MODELS.iter().find(|model| model.name == name)?;
    let file = model.files.iter().find(|file| file.url.is_some())?;
    Source::new(model.name, file.url?, file.sha256).ok()
}
