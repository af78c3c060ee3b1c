//! ONNX Runtime's library, loaded once in a process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use super::super::EncoderError;
use crate::graph::guarded;

/// The environment variable that names the library, as for other users of it.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// What the library is called where the system looks for it.
const NAME: &str = if cfg!(windows) {
    "onnxruntime.dll"
} else if cfg!(target_vendor = "apple") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

/// What came of loading the library.
enum State {
    Untried,
    Loaded(PathBuf),
    /// What is behind `ort` cannot try again: its global state is then neither empty nor filled.
    Failed(PathBuf, String),
}

static STATE: Mutex<State> = Mutex::new(State::Untried);

/// Loads the library, unless it is loaded already.
pub(super) fn load(asked: Option<&Path>) -> Result<(), EncoderError> {
    let path = find(asked)?;
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let reason = match &*state {
        State::Loaded(before) if *before == path => return Ok(()),
        State::Loaded(before) => format!(
            "this process has loaded {}, and can load no second one",
            before.display()
        ),
        State::Failed(before, reason) if *before == path => reason.clone(),
        State::Failed(before, reason) => format!(
            "this process has tried {} before, and can try no second one ({reason})",
            before.display()
        ),
        State::Untried => match guarded(|reason| reason, || start(&path)) {
            Ok(()) => {
                *state = State::Loaded(path);
                return Ok(());
            }
            Err(reason) => {
                *state = State::Failed(path.clone(), reason.clone());
                reason
            }
        },
    };
    Err(EncoderError::Library { path, reason })
}

fn start(path: &Path) -> Result<(), String> {
    let environment = ort::init_from(path)
        .map_err(|error| error.to_string())?
        .with_name("fixate")
        .with_telemetry(false)
        .with_logger(Arc::new(
            |level, _: &str, _: &str, place: &str, message: &str| {
                log::log!(target: "onnxruntime", level_of(level), "{message} ({place})");
            },
        ));
    environment.commit();
    let environment = Environment::current().map_err(|error| error.to_string())?;
    environment.set_log_level(LogLevel::Warning);
    log::info!("{}, {}", path.display(), ort::info());
    Ok(())
}

fn level_of(level: LogLevel) -> log::Level {
    match level {
        LogLevel::Verbose => log::Level::Trace,
        LogLevel::Info => log::Level::Debug,
        // What it warns of concerns its own optimisations, not the result.
        LogLevel::Warning => log::Level::Info,
        LogLevel::Error | LogLevel::Fatal => log::Level::Error,
    }
}

/// The library's file: the one that is asked for, else the one that the environment names, else a name that the system
/// looks for.
fn find(asked: Option<&Path>) -> Result<PathBuf, EncoderError> {
    let variable = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let named = asked
        .map(Path::to_owned)
        .or_else(|| variable.map(PathBuf::from));
    let Some(path) = named else {
        return Ok(NAME.into());
    };
    let missing = |reason: String| EncoderError::Library {
        path: path.clone(),
        reason,
    };
    let file = if path.is_dir() {
        in_folder(&path).ok_or_else(|| missing(format!("no {NAME} lies in this folder")))?
    } else {
        path.clone()
    };
    file.canonicalize()
        .map_err(|error| missing(error.to_string()))
}

/// The library in a folder, such as Python's package `onnxruntime/capi`, which adds its version to the name.
fn in_folder(folder: &Path) -> Option<PathBuf> {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| {
            name == NAME
                || name
                    .strip_prefix(NAME)
                    .is_some_and(|rest| rest.starts_with('.'))
                || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
        })
    };
    let files = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    // The shortest name, so that `libonnxruntime.so` goes before what it links to.
    let libraries = files.map(|file| file.path()).filter(is_library);
    libraries.min_by_key(|path| path.as_os_str().len())
}
