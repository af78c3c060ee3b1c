//! A library that is none of ONNX Runtime's, and what comes after it. In a process of its own, which can try one only.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use fixate::bundle::Precision;
use fixate::encoder::{EncoderError, OnnxRuntimeEncoder, OnnxRuntimeGraph, OnnxRuntimeOptions};

#[test]
fn after_a_library_that_cannot_be_loaded_none_is() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["first.so", "second.so"].map(|name| folder.path().join(name));
    for (file, words) in [
        (&files[0], "first.so"),
        (&files[0], "first.so"),
        (&files[1], "can try no second one"),
    ] {
        std::fs::write(file, "no library").unwrap();
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
        options.library = Some(file.clone());
        let error = OnnxRuntimeEncoder::new(graph, &options).err().unwrap();
        assert!(matches!(error, EncoderError::Library { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}
