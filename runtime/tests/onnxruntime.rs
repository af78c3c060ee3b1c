//! What is ONNX Runtime's alone: providers that are missing, the self-check, and what is kept between runs.
//!
//! `ORT_DYLIB_PATH` must name its library. What only a GPU shows is not tried here.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::Path;

use fixate::bundle::{Bundle, BundleError, Precision};
use fixate::encoder::{Backend, EncoderError, ExecutionProvider, OnnxRuntimeOptions};
use fixate::frame::{Frame, PixelFormat};
use fixate::segmenter::{Segmenter, SegmenterError, SegmenterOptions};
use prost::Message;
use sha2::{Digest, Sha256};
use toml::{Table, Value};
use tract_onnx::pb::ModelProto;

const F32: i32 = 1;

/// Writes the default model into a folder, with a second encoder that is called int8: the one in f32 after a change to
/// the scales, in f32, of its last kernel that has many.
fn bundle_with(folder: &Path, change: fn(&mut [u8])) -> Bundle {
    let builtin = Bundle::builtin().unwrap();
    let entry = builtin.choose_encoder(None).unwrap();
    let onnx = builtin.encoder(entry).unwrap();
    let mut model = ModelProto::decode(&*onnx).unwrap();
    let tensors = &mut model.graph.as_mut().unwrap().initializer;
    let mut weights = tensors.iter_mut().rev();
    let weights =
        weights.find(|tensor| tensor.data_type == F32 && tensor.raw_data.len() >= 4 * 128);
    change(&mut weights.unwrap().raw_data);
    let changed = model.encode_to_vec();
    fs::write(folder.join(&entry.file), &*onnx).unwrap();
    fs::write(folder.join("encoder.int8.onnx"), &changed).unwrap();
    let weights = builtin.encoder_weights(entry).unwrap().unwrap();
    fs::write(folder.join(weights.path), &*weights.contents).unwrap();
    fs::write(
        folder.join(&builtin.manifest().decoder.file),
        &*builtin.decoder().unwrap(),
    )
    .unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/default/bundle.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let digest: String = Sha256::digest(&changed)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut manifest: Table = toml::from_str(&manifest).unwrap();
    let encoders = manifest["encoder"].as_array_mut().unwrap();
    // The default model has one of its own.
    encoders.retain(|entry| entry["precision"].as_str() == Some("f32"));
    let mut second = encoders[0].clone();
    for (key, value) in [
        ("file", "encoder.int8.onnx"),
        ("precision", "int8"),
        ("sha256", &digest),
    ] {
        second[key] = Value::String(value.to_owned());
    }
    encoders.push(second);
    let manifest = toml::to_string(&manifest).unwrap();
    fs::write(folder.join("bundle.toml"), manifest).unwrap();
    Bundle::open(folder).unwrap()
}

fn options(change: impl FnOnce(&mut OnnxRuntimeOptions)) -> SegmenterOptions {
    let mut onnxruntime = OnnxRuntimeOptions::default();
    change(&mut onnxruntime);
    let mut options = SegmenterOptions::default();
    options.backend = Backend::OnnxRuntime(onnxruntime);
    options
}

fn load(bundle: &Bundle, options: &SegmenterOptions) -> Result<Segmenter, SegmenterError> {
    let segmenter = Segmenter::new(bundle, options.clone());
    if let Err(SegmenterError::Encoder(error @ EncoderError::Library { .. })) = &segmenter {
        panic!("this test needs ONNX Runtime: {error}");
    }
    segmenter
}

fn self_check_refusal(bundle: &Bundle, options: &SegmenterOptions) -> String {
    match load(bundle, options).err() {
        Some(SegmenterError::Encoder(EncoderError::SelfCheck(reason))) => reason,
        other => panic!("{other:?}"),
    }
}

/// Files in a folder and in those in it.
fn files(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    files
}

#[test]
fn a_missing_provider_is_an_error_and_nobody_else_computes() {
    use ExecutionProvider::{Cpu, Cuda, TensorRt};
    let bundle = Bundle::builtin().unwrap();
    for (providers, missing) in [
        (vec![Cuda], "cuda"),
        (vec![TensorRt], "tensorrt"),
        (vec![Cuda, Cpu], "cuda"),
        (vec![TensorRt, Cuda], "tensorrt"),
        (vec![], "any"),
    ] {
        let options = options(|onnxruntime| onnxruntime.providers = providers);
        match load(&bundle, &options).err() {
            Some(SegmenterError::Encoder(EncoderError::Provider { provider, .. })) => {
                assert_eq!(provider, missing);
            }
            other => panic!("{missing}: {other:?}"),
        }
    }
}

#[test]
fn precisions_that_nobody_makes_are_refused() {
    let bundle = Bundle::builtin().unwrap();
    let mut options = options(|_| ());
    options.precision = Some(Precision::F16);
    let error = load(&bundle, &options).err().unwrap();
    let expected = SegmenterError::Bundle(BundleError::Precision {
        wanted: Precision::F16,
        available: bundle
            .manifest()
            .encoders
            .iter()
            .map(|entry| entry.precision)
            .collect(),
    });
    assert_eq!(error, expected);
}

#[test]
fn the_default_model_passes_its_self_check_once() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bundle = bundle_with(folder.path(), |weights| weights.fill(0));
    let options = options(|onnxruntime| onnxruntime.cache = Some(cache.path().to_owned()));
    let mut segmenter = load(&bundle, &options).unwrap();
    let frame = Frame::contiguous(PixelFormat::Gray8, 4, 4, &[90; 16], 0).unwrap();
    segmenter.encode(&frame).unwrap();
    let kept = files(cache.path());
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].starts_with("self-check-"), "{kept:?}");
    load(&bundle, &options).unwrap();
    assert_eq!(files(cache.path()), kept);
    // What one encoder has passed does not count for another.
    let mut other = options;
    other.precision = Some(Precision::Int8);
    self_check_refusal(&bundle, &other);
    assert_eq!(files(cache.path()), kept);
}

#[test]
fn an_encoder_whose_masks_are_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // The signs of a kernel are turned.
    let bundle = bundle_with(folder.path(), |weights| {
        weights
            .iter_mut()
            .skip(3)
            .step_by(4)
            .for_each(|byte| *byte ^= 0x80);
    });
    let mut options = options(|_| ());
    load(&bundle, &options).unwrap();
    options.precision = Some(Precision::Int8);
    let reason = self_check_refusal(&bundle, &options);
    assert!(reason.contains("IoU of 0."), "{reason}");
    if let Backend::OnnxRuntime(onnxruntime) = &mut options.backend {
        onnxruntime.self_check = false;
    }
    load(&bundle, &options).unwrap();
}

#[test]
fn an_encoder_that_gives_nan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle_with(folder.path(), |weights| {
        weights[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    let mut options = options(|_| ());
    options.precision = Some(Precision::Int8);
    let reason = self_check_refusal(&bundle, &options);
    assert!(reason.contains("not finite"), "{reason}");
}
