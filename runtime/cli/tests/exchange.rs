//! Models that leave for other engines, from the command line.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn fixate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = fixate(folder, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Fails with one line, which has these words.
fn refused(folder: &Path, arguments: &[&str], words: &str) {
    let output = fixate(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains(words), "{told}");
}

#[test]
fn the_shipped_model_is_exported_and_nothing_foreign_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let all = report(folder, &["model", "export", "-o", "onnx"]);
    assert_eq!(all["input_size"], all["coordinate_size"]);
    let files = all["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    for (file, name) in files.iter().zip(["encoder.onnx", "decoder.onnx"]) {
        assert_eq!(file["file"], name);
        let bytes = fs::metadata(folder.join("onnx").join(name)).unwrap().len();
        assert_eq!(file["bytes"], bytes);
    }
    // Again over the first, by name, with another decoder.
    let export = ["model", "export", "default", "-o", "onnx"];
    let single = report(folder, &[&export[..], &["--return-single-mask"]].concat());
    assert_eq!(single["files"][0], all["files"][0]);
    assert_ne!(single["files"][1]["sha256"], all["files"][1]["sha256"]);

    fs::write(folder.join("onnx/notes.txt"), "mine").unwrap();
    refused(folder, &export, "notes.txt would be lost");
    refused(
        folder,
        &["model", "export", "absent", "-o", "other"],
        "absent",
    );
    assert!(!folder.join("other").exists());
    assert_eq!(fixate(folder, &["model", "export"]).status.code(), Some(2));
}
