//! An encoder whose weights are bytes in a file beside it, which its int8 twin shares.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[allow(dead_code, reason = "shared with other tests")]
mod model;

use std::fs;

use fixate::bundle::{Bundle, Precision};
use fixate::encoder::{Encoder, TractEncoder, TractOptions};
use fixate_calibration::QuantizeError;
use fixate_calibration::images::CalibrationImage;
use fixate_calibration::quantize::{Goal, QuantizeOptions, Quantized, quantize, reproduce};
use half::f16;
use prost::Message;
use tempfile::TempDir;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{AttributeProto, ModelProto, StringStringEntryProto, TensorProto};

/// The small encoder, its kernels as bytes in a file: the graph and that file.
fn with_bytes_beside() -> (ModelProto, Vec<u8>) {
    let mut model = model::model(model::Change::Nothing);
    let graph = model.graph.as_mut().unwrap();
    let mut file = vec![0; 3];
    for node in graph.node.iter_mut().filter(|node| node.op_type == "Cast") {
        let stored = graph.initializer.iter();
        let index = stored
            .clone()
            .position(|tensor| tensor.name == node.input[0]);
        let tensor = &mut graph.initializer[index.unwrap()];
        let values: Vec<f32> = tensor
            .raw_data
            .chunks(2)
            .map(|bytes| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32())
            .collect();
        let each = values.len() / tensor.dims[0] as usize;
        let scale_of =
            |channel: &[f32]| channel.iter().fold(0.0f32, |most, v| most.max(v.abs())) / 127.0;
        let scales: Vec<f32> = values.chunks(each).map(scale_of).collect();
        let bytes = values.iter().enumerate();
        let bytes: Vec<u8> = bytes
            .map(|(index, value)| (value / scales[index / each]).round() as i8 as u8)
            .collect();
        let entry = |key: &str, value: String| StringStringEntryProto {
            key: key.to_owned(),
            value,
        };
        tensor.external_data = vec![
            entry("location", model::WEIGHTS_FILE.to_owned()),
            entry("offset", file.len().to_string()),
            entry("length", bytes.len().to_string()),
        ];
        tensor.data_location = Some(DataLocation::External as i32);
        tensor.data_type = DataType::Int8 as i32;
        tensor.raw_data.clear();
        file.extend(bytes);
        let name = format!("{}_scale", tensor.name);
        let scales = TensorProto {
            name: name.clone(),
            data_type: DataType::Float as i32,
            dims: vec![scales.len() as i64],
            raw_data: scales
                .iter()
                .flat_map(|scale| scale.to_le_bytes())
                .collect(),
            ..TensorProto::default()
        };
        graph.initializer.push(scales);
        node.op_type = "DequantizeLinear".to_owned();
        node.input.push(name);
        node.attribute = vec![AttributeProto {
            name: "axis".to_owned(),
            r#type: AttributeType::Int as i32,
            ..AttributeProto::default()
        }];
    }
    (model, file)
}

fn bundle() -> TempDir {
    let (model, file) = with_bytes_beside();
    model::written(&model, Some(&file))
}

fn quantized(bundle: &Bundle, equalize: bool) -> Result<Quantized, QuantizeError> {
    let image = |index: u8| CalibrationImage {
        name: format!("image {index}"),
        width_px: 16,
        height_px: 16,
        rgb: (0..=255u8)
            .cycle()
            .map(|byte| byte.wrapping_mul(37 + 2 * index))
            .take(768)
            .collect(),
        objects: Vec::new(),
    };
    let mut options = QuantizeOptions::default();
    options.goal = Goal::MaxLoss(100.0);
    options.equalize = equalize;
    quantize(
        bundle,
        &[image(0), image(1)],
        &[image(2)],
        &options,
        &mut |_, _, _| (),
    )
}

/// Names of weights of layers, and whether they lie beside the graph.
fn kernels(onnx: &[u8]) -> Vec<(String, bool)> {
    let graph = ModelProto::decode(onnx).unwrap().graph.unwrap();
    let kernels = graph
        .initializer
        .iter()
        .filter(|tensor| tensor.dims.len() == 4);
    kernels
        .map(|tensor| {
            (
                tensor.name.clone(),
                tensor.data_location == Some(DataLocation::External as i32),
            )
        })
        .collect()
}

fn embedding(bundle: &Bundle, precision: Precision) -> Vec<f32> {
    let entry = bundle.choose_encoder(Some(precision)).unwrap();
    let options = TractOptions {
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: model::SIZE_PX,
        embedding_shape: model::EMBEDDING,
        threads: 1,
        weights: bundle.encoder_weights(entry).unwrap(),
    };
    let mut encoder = TractEncoder::new(&bundle.encoder(entry).unwrap(), &options).unwrap();
    let input: Vec<f32> = (0..3 * model::SIZE_PX * model::SIZE_PX)
        .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
        .collect();
    let mut embedding = vec![0.0; model::EMBEDDING.iter().product()];
    encoder.encode_into(&input, &mut embedding).unwrap();
    embedding
}

#[test]
fn both_encoders_share_the_bytes() {
    let (folder, out) = (bundle(), tempfile::tempdir().unwrap());
    let bundle = Bundle::open(folder.path()).unwrap();
    let quantized = quantized(&bundle, false).unwrap();
    // Those of the first and the last layer, too, which stay in float.
    let kernels = kernels(&quantized.onnx);
    assert_eq!(kernels.len(), 5);
    assert!(kernels.iter().all(|(_, beside)| *beside), "{kernels:?}");
    assert_eq!(
        reproduce(&bundle, &quantized.record).unwrap(),
        quantized.onnx
    );

    let written =
        fixate_calibration::bundle::write(folder.path(), out.path(), &quantized, true).unwrap();
    let weights = written
        .manifest()
        .encoders
        .iter()
        .map(|entry| entry.weights.as_deref());
    assert_eq!(weights.collect::<Vec<_>>(), [Some(model::WEIGHTS_FILE); 2]);
    assert_eq!(
        embedding(&written, Precision::F32),
        embedding(&bundle, Precision::F32)
    );
    let (float, integers) = (
        embedding(&written, Precision::F32),
        embedding(&written, Precision::Int8),
    );
    let strength: f32 = float.iter().map(|value| value * value).sum();
    let error: f32 = float
        .iter()
        .zip(&integers)
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    assert!(
        error > 0.0 && error < 0.01 * strength,
        "{error} of {strength}"
    );
}

#[test]
fn bytes_that_are_no_longer_the_same_are_the_graphs_own() {
    let (folder, out) = (bundle(), tempfile::tempdir().unwrap());
    let bundle = Bundle::open(folder.path()).unwrap();
    let quantized = quantized(&bundle, true).unwrap();
    // Between the second and the third, channels are evened out: a kernel's own channels differ by their scales alone then,
    // but not the channels that it takes.
    let own = |layer: &str| {
        let kernels = kernels(&quantized.onnx).into_iter();
        let mut kernels = kernels.filter(|(name, _)| name.starts_with(layer));
        !kernels.next().unwrap().1
    };
    assert!(own("w_third"));
    assert!(!own("w_second") && !own("w_fourth"));
    let written =
        fixate_calibration::bundle::write(folder.path(), out.path(), &quantized, false).unwrap();
    let values = embedding(&written, Precision::Int8);
    assert!(values.iter().all(|value| value.is_finite()));

    // Where nothing of the file is used, the manifest does not name it.
    let inline = model::changed(model::Change::Nothing);
    let inline = Bundle::open(inline.path()).unwrap();
    let quantized = self::quantized(&inline, false).unwrap();
    let written =
        fixate_calibration::bundle::write(folder.path(), out.path(), &quantized, false).unwrap();
    let int8 = written.choose_encoder(Some(Precision::Int8)).unwrap();
    assert_eq!(int8.weights, None);
    let values = embedding(&written, Precision::Int8);
    assert!(values.iter().all(|value| value.is_finite()));
}

#[test]
fn files_that_do_not_fit_the_graph_are_told() {
    let (model, file) = with_bytes_beside();
    let change = |key: &str, value: &str| {
        let mut model = model.clone();
        let graph = model.graph.as_mut().unwrap();
        let mut tensors = graph.initializer.iter_mut();
        let tensor = tensors
            .find(|tensor| !tensor.external_data.is_empty())
            .unwrap();
        let mut entries = tensor.external_data.iter_mut();
        entries.find(|entry| entry.key == key).unwrap().value = value.to_owned();
        model
    };
    for (model, words) in [
        (change("location", "elsewhere"), "\"elsewhere\""),
        (
            change("location", "../encoder.weights"),
            "which bundle.toml does not name",
        ),
        (change("offset", "1000000"), "behind the end"),
        (change("length", "18446744073709551615"), "behind the end"),
        (change("length", "many"), "no number"),
    ] {
        let folder = model::written(&model, Some(&file));
        let bundle = Bundle::open(folder.path()).unwrap();
        let error = quantized(&bundle, false).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let folder = model::written(&model, None);
    let bundle = Bundle::open(folder.path()).unwrap();
    let error = quantized(&bundle, false).unwrap_err().to_string();
    assert!(error.contains("does not name"), "{error}");
    fs::metadata(folder.path().join(model::WEIGHTS_FILE)).unwrap_err();
}
