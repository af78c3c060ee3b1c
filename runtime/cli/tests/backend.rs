//! What encoders run on, chosen on the command line.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::process::{Command, Output};

#[cfg(feature = "onnxruntime")]
use serde_json::Value;

const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/scene.jpg");

fn segment(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fixate"));
    command.args([
        "--json", "segment", IMAGE, "--point", "320,350", "--out", ".",
    ]);
    command.args(arguments).current_dir(folder.path());
    command
        .env("FIXATE_CACHE", folder.path().join("cache"))
        .output()
        .unwrap()
}

fn refused(arguments: &[&str], status: i32, words: &str) {
    let output = segment(arguments);
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(words), "{told}");
}

#[test]
fn what_there_is_not_is_told() {
    refused(&["--backend", "gpu"], 2, "onnxruntime:tensorrt,cuda");
    refused(&["--backend", "onnxruntime:gpu"], 2, "onnxruntime:gpu");
    refused(
        &["--onnxruntime-library", "library"],
        2,
        "only with --backend onnxruntime",
    );
    refused(&["--device", "1"], 2, "only with --backend onnxruntime");
    refused(&["--backend", "tract:cpu"], 2, "tract:cuda");
    refused(&["--precision", "f16"], 1, "no f16 encoder; it has");
}

#[cfg(not(feature = "onnxruntime"))]
#[test]
fn a_backend_that_was_not_built_is_told() {
    refused(
        &["--backend", "onnxruntime"],
        1,
        "build it with --features onnxruntime",
    );
}

#[cfg(not(feature = "tract-cuda"))]
#[test]
fn a_gpu_that_was_not_built_for_is_told() {
    refused(
        &["--backend", "tract:cuda"],
        1,
        "build it with --features tract-cuda",
    );
}

#[cfg(feature = "onnxruntime")]
#[test]
fn onnxruntime_gives_the_masks_of_tract() {
    let areas = |arguments: &[&str]| -> Vec<f64> {
        let output = segment(arguments);
        assert!(
            output.status.success(),
            "ORT_DYLIB_PATH must name ONNX Runtime's library: {output:?}"
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let candidates = report["candidates"].as_array().unwrap();
        candidates
            .iter()
            .map(|candidate| candidate["area"].as_f64().unwrap())
            .collect()
    };
    let expected = areas(&["--precision", "f32"]);
    let found = areas(&["--backend", "onnxruntime"]);
    assert_eq!(expected.len(), 3);
    for (expected, found) in expected.iter().zip(&found) {
        assert!(
            (found - expected).abs() <= 0.01 * expected,
            "{found} {expected}"
        );
    }
}

#[cfg(feature = "onnxruntime")]
#[test]
fn a_library_or_provider_that_is_missing_is_told_in_one_line() {
    let missing = [
        "--backend",
        "onnxruntime",
        "--onnxruntime-library",
        "/nowhere/libonnxruntime.so",
    ];
    refused(&missing, 1, "ONNX Runtime cannot be used from /nowhere");
    refused(
        &["--backend", "onnxruntime:cuda"],
        1,
        "the execution provider cuda cannot be used",
    );
}

/// A library that calls itself ONNX Runtime, of a version that is too old.
#[cfg(all(feature = "onnxruntime", unix))]
#[test]
fn an_old_library_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("old.c"), folder.path().join("old.so"));
    let code = r#"
        static const void *api(unsigned version) { return 0; }
        static const char *version(void) { return "1.12.1"; }
        static const struct { const void *(*api)(unsigned); const char *(*version)(void); } base = { api, version };
        const void *OrtGetApiBase(void) { return &base; }
    "#;
    std::fs::write(&source, code).unwrap();
    let mut compiler = Command::new("cc");
    let compiler = compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source);
    assert!(compiler.status().unwrap().success());
    let library = library.to_str().unwrap();
    refused(
        &["--backend", "onnxruntime", "--onnxruntime-library", library],
        1,
        "'1.12.1'",
    );
}
