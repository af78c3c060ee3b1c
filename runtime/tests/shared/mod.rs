//! Finds the reference files that lie beside the repository.
#![expect(clippy::print_stderr, reason = "a skipped test must be seen")]

use std::path::{Path, PathBuf};

/// The path of a reference file. None, with a line that says so, where the files are not there;
/// continuous integration must have them.
pub(crate) fn file(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing, and CI must have it",
        path.display()
    );
    eprintln!("SKIPPED: {} is missing", path.display());
    None
}
