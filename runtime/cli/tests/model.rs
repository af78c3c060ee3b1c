//! Models of other makes, from the command line.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The checkpoint of a small SAM; none, said aloud, where the shared files are absent, which CI does not accept.
#[allow(clippy::print_stderr)]
fn checkpoint() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/golden/sam_vit_small_random.pth");
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing",
        path.display()
    );
    eprintln!("skipped: {} is missing", path.display());
    None
}

#[test]
fn a_checkpoint_becomes_a_bundle_that_segments() {
    let Some(checkpoint) = checkpoint() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint.to_str().unwrap();
    let import = ["model", "import", checkpoint, "-o", "sam", "--json"];
    // Again, over the first.
    for _ in 0..2 {
        let output = fixate(folder.path(), &import);
        assert!(output.status.success(), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["model"], "sam_vit_small_random 1.0.0");
    }
    let image = image::RgbImage::from_fn(80, 60, |x, _| image::Rgb([x as u8 * 3, 90, 120]));
    image.save(folder.path().join("image.png")).unwrap();
    let segment = [
        "segment",
        "image.png",
        "--point",
        "40,30",
        "--model",
        "sam",
        "--json",
    ];
    let output = fixate(folder.path(), &segment);
    assert!(output.status.success(), "{output:?}");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["candidates"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_no_checkpoint_is_told_in_one_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.pt"), "not a model").unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    for file in ["notes.pt", "absent.pt", "folder"] {
        let output = fixate(folder.path(), &["model", "import", file, "-o", "bundle"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!folder.path().join("bundle").exists());
    }
    let usage = fixate(folder.path(), &["model", "import", "notes.pt"]);
    assert_eq!(usage.status.code(), Some(2), "{usage:?}");
}
