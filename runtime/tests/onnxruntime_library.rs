//! ONNX Runtime's library, found or refused. In a process of its own, which can load one library only.
//!
//! `ORT_DYLIB_PATH` must name the library.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::{Path, PathBuf};

use fixate::bundle::Precision;
use fixate::encoder::{EncoderError, OnnxRuntimeEncoder, OnnxRuntimeGraph, OnnxRuntimeOptions};

fn load(library: Option<&Path>) -> Result<OnnxRuntimeEncoder, EncoderError> {
    let graph = OnnxRuntimeGraph {
        onnx: include_bytes!("data/tiny_encoder.onnx")[..].into(),
        input: "image".to_owned(),
        output: "image_embeddings".to_owned(),
        input_size_px: 8,
        embedding_shape: [2, 2, 2],
        threads: 1,
        weights: None,
        precision: Precision::F32,
    };
    let mut options = OnnxRuntimeOptions::default();
    options.library = library.map(Path::to_owned);
    OnnxRuntimeEncoder::new(graph, &options)
}

fn refusal(library: &Path) -> String {
    let error = load(Some(library)).err().unwrap();
    assert!(matches!(error, EncoderError::Library { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("ORT_DYLIB_PATH"), "{text}");
    assert!(text.contains(&*library.to_string_lossy()), "{text}");
    text
}

#[test]
fn libraries_are_found_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    refusal(&folder.join("missing.so"));
    let text = refusal(folder);
    assert!(text.contains("lies in this folder"), "{text}");

    // What is not there does not stand in the way of the right one.
    let variable = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let library = variable.expect("ORT_DYLIB_PATH must name ONNX Runtime's library for this test");
    load(None).unwrap();
    load(Some(&library)).unwrap();
    load(Some(library.canonicalize().unwrap().parent().unwrap())).unwrap();
    let other = folder.join("other.so");
    fs::write(&other, "").unwrap();
    let text = refusal(&other);
    assert!(text.contains("can load no second one"), "{text}");
}
