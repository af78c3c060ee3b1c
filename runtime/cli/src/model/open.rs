//! Opening the model that a command works with.

use crate::arguments::ModelArguments;
use crate::failure::Failure;
use fixate::bundle::Bundle;
use fixate::segmenter::{Segmenter, SegmenterOptions};

/// The bundle named, or the one that comes with fixate.
pub(crate) fn bundle(arguments: &ModelArguments) -> Result<Bundle, Failure> {
    match &arguments.model {
        Some(folder) => Bundle::open(folder).map_err(Failure::of),
        None => Bundle::builtin().map_err(Failure::of),
    }
}

/// The same, loaded; and its name with its version.
pub(crate) fn open(arguments: &ModelArguments) -> Result<(Segmenter, String), Failure> {
    let bundle = bundle(arguments)?;
    let name = format!("{} {}", bundle.manifest().name, bundle.manifest().version);
    let mut options = SegmenterOptions::default();
    options.threads = usize::from(arguments.threads);
    Ok((Segmenter::new(&bundle, options).map_err(Failure::of)?, name))
}
