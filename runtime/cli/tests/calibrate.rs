//! Models fitted to a machine, from the command line.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/default");
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/scene.jpg");

fn fixate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fixate"));
    command.args(arguments).current_dir(folder);
    command
        .env("FIXATE_CACHE", folder.join("cache"))
        .output()
        .unwrap()
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = fixate(folder, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_default_model_gets_an_int8_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Layers that take long to judge stay in float, for the test's time alone.
    let quantize = [
        "calibrate",
        "quantize",
        BUNDLE,
        "--images",
        "scenes",
        "--count",
        "3",
        "--max-loss",
        "5",
    ];
    let kept = [
        "--keep-float",
        "/context",
        "--keep-float",
        "/coarse",
        "--keep-float",
        "/middle",
        "--out",
        "int8",
    ];
    let told = report(folder, &[&quantize[..], &kept].concat());
    assert_eq!(told["layers"], 64);
    assert!(told["quantised_layers"].as_u64().unwrap() > 3, "{told}");
    assert!(
        told["held_out"]["iou_with_f32"].as_f64().unwrap() > 0.9,
        "{told}"
    );
    for file in [
        "calibration.json",
        "report.md",
        "report.svg",
        "encoder.onnx",
        "encoder.int8.onnx",
        "encoder.weights",
    ] {
        assert!(folder.join("int8").join(file).is_file(), "{file}");
    }
    let verified = report(folder, &["model", "verify", "int8"]);
    assert_eq!(verified["ok"], true, "{verified}");

    // The record alone gives the same file.
    let again = [
        "calibrate",
        "quantize",
        BUNDLE,
        "--from",
        "int8/calibration.json",
        "--out",
        "again",
    ];
    report(folder, &again);
    let read = |bundle: &str| fs::read(folder.join(bundle).join("encoder.int8.onnx")).unwrap();
    assert!(read("int8") == read("again"));

    // One look: closer ones choose among many masks, and a pixel more or less may change which.
    let areas = |arguments: &[&str]| -> Vec<f64> {
        let segment = [
            "segment",
            IMAGE,
            "--point",
            "320,350",
            "--model",
            "int8",
            "--close-look",
            "never",
            "--out",
            "out",
        ];
        let told = report(folder, &[&segment[..], arguments].concat());
        let candidates = told["candidates"].as_array().unwrap();
        candidates
            .iter()
            .map(|candidate| candidate["area"].as_f64().unwrap())
            .collect()
    };
    let expected = areas(&["--precision", "int8"]);
    assert_ne!(expected, areas(&["--precision", "f32"]));
    // Integers in another engine are the same integers.
    #[cfg(feature = "onnxruntime")]
    for (found, expected) in areas(&["--precision", "int8", "--backend", "onnxruntime"])
        .iter()
        .zip(&expected)
    {
        assert!(
            (found - expected).abs() <= 0.02 * expected,
            "{found} {expected}"
        );
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, status, words) in [
        (&["--out", "o"][..], 2, "--images"),
        (
            &["--images", "scenes", "--max-loss", "0", "--out", "o"],
            2,
            "above 0",
        ),
        (&["--images", "nowhere", "--out", "o"], 2, "scenes"),
        (&["--from", "nowhere.json", "--out", "o"], 1, "nowhere.json"),
    ] {
        let output = fixate(
            folder.path(),
            &[&["calibrate", "quantize", BUNDLE][..], arguments].concat(),
        );
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(words), "{told}");
    }
}
