//! `fixate model list`: models that are known, and those that are installed.

use crate::failure::Failure;
use crate::{print_json, print_line};
use fixate::bundle::Bundle;
use fixate_models::fetch::models_folder;
use fixate_models::known::{KNOWN_MODELS, KnownFile};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// What `--json` prints.
#[derive(Serialize)]
struct List {
    known: Vec<Known>,
    folder: Option<PathBuf>,
    installed: Vec<Installed>,
}

#[derive(Serialize)]
struct Known {
    name: &'static str,
    title: &'static str,
    license: &'static str,
    commercial_use: bool,
    source: &'static str,
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    file: &'static str,
    url: Option<&'static str>,
    bytes: Option<u64>,
    sha256: Option<&'static str>,
}

#[derive(Serialize)]
struct Installed {
    folder: PathBuf,
    model: Option<String>,
    license: Option<String>,
    error: Option<String>,
}

pub(crate) fn run(json: bool) -> Result<(), Failure> {
    let folder = models_folder().ok();
    let list = List {
        known: KNOWN_MODELS
            .iter()
            .map(|model| Known {
                name: model.name,
                title: model.title,
                license: model.license,
                commercial_use: model.commercial_use,
                source: model.source,
                files: model.files.iter().map(file).collect(),
            })
            .collect(),
        installed: match &folder {
            Some(folder) => installed(folder)?,
            None => Vec::new(),
        },
        folder,
    };
    if json {
        return print_json(&list);
    }
    tell(&list);
    Ok(())
}

fn file(file: &KnownFile) -> File {
    File {
        file: file.name,
        url: file.url,
        bytes: file.size_bytes,
        sha256: file.sha256,
    }
}

/// The bundles in a folder, by name; none if there is no such folder.
fn installed(folder: &Path) -> Result<Vec<Installed>, Failure> {
    let failed = |error: io::Error| Failure::file(folder, error);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if !path.join("bundle.toml").is_file() {
            continue;
        }
        let manifest = Bundle::read_manifest(&path);
        found.push(Installed {
            model: manifest
                .as_ref()
                .ok()
                .map(|manifest| format!("{} {}", manifest.name, manifest.version)),
            license: manifest.as_ref().ok().and_then(|m| m.license.clone()),
            error: manifest.err().map(|error| error.to_string()),
            folder: path,
        });
    }
    found.sort_by(|left, right| left.folder.cmp(&right.folder));
    Ok(found)
}

fn tell(list: &List) {
    for model in &list.known {
        let use_note = match model.commercial_use {
            true => "",
            false => ", NOT for commercial use",
        };
        print_line(format_args!(
            "{:<20} {} ({}{use_note}), {}",
            model.name, model.title, model.license, model.source
        ));
        for file in &model.files {
            let size = file
                .bytes
                .map_or(String::new(), |bytes| format!(", {bytes} bytes"));
            let hash = file
                .sha256
                .map_or(String::new(), |hash| format!(", SHA-256 {hash}"));
            print_line(format_args!("{:<20} {}{size}{hash}", "", file.file));
        }
    }
    match &list.folder {
        None => print_line(format_args!(
            "no folder for installed models; set FIXATE_MODELS"
        )),
        Some(folder) if list.installed.is_empty() => {
            print_line(format_args!("none installed in {}", folder.display()));
        }
        Some(folder) => print_line(format_args!("installed in {}:", folder.display())),
    }
    for bundle in &list.installed {
        let name = bundle
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        match (&bundle.model, &bundle.error) {
            (Some(model), _) => print_line(format_args!(
                "{name:<20} {model} ({})",
                bundle.license.as_deref().unwrap_or("licence not stated")
            )),
            (None, error) => print_line(format_args!(
                "{name:<20} cannot be used: {}",
                error.as_deref().unwrap_or_default()
            )),
        }
    }
}
