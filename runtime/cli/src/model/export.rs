//! `fixate model export`: from a bundle to ONNX files.

use crate::failure::Failure;
use crate::{print_json, print_line};
use clap::Args;
use fixate::bundle::Bundle;
use fixate_models::export::{ExportOptions, export_bundle};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What stands for the model that comes with fixate.
const DEFAULT: &str = "default";

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A folder with bundle.toml, or `default`: the model that comes with fixate.
    #[arg(default_value = DEFAULT)]
    pub(crate) bundle: PathBuf,
    /// Folder for encoder.onnx and decoder.onnx; an earlier export there is replaced.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Let the decoder give the one mask that SAM would choose, not all of them.
    #[arg(long)]
    pub(crate) return_single_mask: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    model: String,
    /// Side of the encoder's input.
    input_size: u32,
    /// Side of the square of the decoder's points.
    coordinate_size: u32,
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    file: String,
    bytes: u64,
    sha256: String,
}

pub(crate) fn run(arguments: &Export, json: bool) -> Result<(), Failure> {
    let bundle = if arguments.bundle == Path::new(DEFAULT) {
        Bundle::builtin()
    } else {
        Bundle::open(&arguments.bundle)
    };
    let bundle = bundle.map_err(Failure::of)?;
    let mut options = ExportOptions::default();
    options.return_single_mask = arguments.return_single_mask;
    let report = export_bundle(&bundle, &arguments.out, &options).map_err(Failure::of)?;
    let manifest = bundle.manifest();
    let report = Report {
        model: format!("{} {}", manifest.name, manifest.version),
        input_size: report.input_size_px,
        coordinate_size: report.coordinate_size_px,
        files: report
            .files
            .into_iter()
            .map(|file| File {
                file: file.name,
                bytes: file.bytes,
                sha256: file.sha256,
            })
            .collect(),
    };
    if json {
        return print_json(&report);
    }
    print_line(format_args!(
        "{}: images of {side}x{side}, points in a square of {} pixels",
        report.model,
        report.coordinate_size,
        side = report.input_size
    ));
    for File { file, bytes, .. } in &report.files {
        let path = arguments.out.join(file);
        print_line(format_args!("{bytes:>12} bytes in {}", path.display()));
    }
    Ok(())
}
