//! Opening the model that a command works with.

use crate::arguments::ModelArguments;
use crate::failure::Failure;
use etcetera::BaseStrategy;
use fixate::bundle::Bundle;
use fixate::encoder::{Backend, ExecutionProvider};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::time::Duration;

/// The bundle named, or the one that comes with fixate.
pub(crate) fn bundle(arguments: &ModelArguments) -> Result<Bundle, Failure> {
    match &arguments.model {
        Some(folder) => Bundle::open(folder).map_err(Failure::of),
        None => Bundle::builtin().map_err(Failure::of),
    }
}

/// How it is run.
pub(crate) fn options(arguments: &ModelArguments) -> Result<SegmenterOptions, Failure> {
    let mut options = SegmenterOptions::default();
    options.threads = usize::from(arguments.threads);
    options.precision = arguments.precision.map(Into::into);
    options.products = arguments.decoder_precision.map(Into::into);
    options.backend = arguments.backend.clone();
    match &mut options.backend {
        Backend::OnnxRuntime(onnxruntime) => {
            onnxruntime.library = arguments.onnxruntime_library.clone();
            onnxruntime.device = arguments.device;
            onnxruntime.self_check = !arguments.no_self_check;
            onnxruntime.cache = caches();
        }
        _ if arguments.onnxruntime_library.is_some() => {
            let reason = "--onnxruntime-library is of use only with --backend onnxruntime";
            return Err(Failure::Usage(reason.to_owned()));
        }
        _ if arguments.device != 0 => {
            let reason = "--device is of use only with --backend onnxruntime; for tract:cuda, CUDA_VISIBLE_DEVICES chooses";
            return Err(Failure::Usage(reason.to_owned()));
        }
        Backend::TractCuda(cuda) => cuda.self_check = !arguments.no_self_check,
        _ => {}
    }
    Ok(options)
}

/// The model loaded, and its name with its version.
pub(crate) fn open(arguments: &ModelArguments) -> Result<(Segmenter, String), Failure> {
    let bundle = bundle(arguments)?;
    let name = format!("{} {}", bundle.manifest().name, bundle.manifest().version);
    let options = options(arguments)?;
    let segmenter = while_loading(&options.backend.clone(), || {
        Segmenter::new(&bundle, options)
    });
    Ok((segmenter.map_err(Failure::of)?, name))
}

/// Does something that may take minutes, and shows that it has not stopped.
pub(crate) fn while_loading<T>(backend: &Backend, load: impl FnOnce() -> T) -> T {
    let builds = match backend {
        Backend::OnnxRuntime(options) => options.providers.contains(&ExecutionProvider::TensorRt),
        _ => false,
    };
    if !builds {
        return load();
    }
    let progress = ProgressBar::new_spinner();
    progress.set_message(
        "TensorRT loads its engine; the first time it builds one, which takes minutes",
    );
    progress.enable_steady_tick(Duration::from_millis(200));
    let loaded = load();
    progress.finish_and_clear();
    loaded
}

/// The folder for what can be made again: the environment variable `FIXATE_CACHE`, or `fixate` in the platform's folder
/// for a user's caches.
fn caches() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("FIXATE_CACHE").filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    let folders = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(folders.cache_dir().join("fixate"))
}
