//! Where models are installed.

use std::path::{Path, PathBuf};

/// The folder of installed models, which need not exist: `FIXATE_MODELS`, else in the platform's folder for data; none
/// if there is no such folder.
pub(crate) fn models_folder() -> Option<PathBuf> {
    if let Some(folder) = variable("FIXATE_MODELS") {
        return Some(folder);
    }
    let home = std::env::home_dir();
    let below_home = |path: &str| home.as_deref().map(|home| home.join(path));
    let data = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        below_home("Library/Application Support")
    } else {
        // As the XDG base directory specification has it, relative paths do not count.
        variable("XDG_DATA_HOME")
            .filter(|folder| folder.is_absolute())
            .or_else(|| below_home(".local/share"))
    };
    data.map(|folder| folder.join(Path::new("fixate").join("models")))
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
