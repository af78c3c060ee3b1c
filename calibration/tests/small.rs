//! A small encoder, quantised from end to end.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[allow(dead_code, reason = "shared with other tests")]
mod model;

use fixate::bundle::{Bundle, Precision};
use fixate::encoder::{Encoder, TractEncoder, TractOptions};
use fixate::mask::Bitmap;
use fixate_calibration::QuantizeError;
use fixate_calibration::images::CalibrationImage;
use fixate_calibration::quantize::{Goal, QuantizeOptions, Quantized, Target, quantize, reproduce};
use fixate_calibration::range::{Integers, RangeMethod};
use fixate_calibration::record::Record;
use prost::Message;
use tract_onnx::pb::{ModelProto, NodeProto};

/// Images of noise, some of whose pixels are said to be an object.
fn images(count: usize, seed: u32, objects: bool) -> Vec<CalibrationImage> {
    let image = |index: usize| {
        let mut state = seed + index as u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let object = Bitmap::from_fn(16, 16, |x, y| (3..9).contains(&x) && (4..12).contains(&y));
        CalibrationImage {
            name: format!("noise {index}"),
            width_px: 16,
            height_px: 16,
            rgb: (0..16 * 16 * 3).map(|_| byte()).collect(),
            objects: if objects { vec![object] } else { Vec::new() },
        }
    };
    (0..count).map(image).collect()
}

fn quantized(
    bundle: &Bundle,
    change: impl FnOnce(&mut QuantizeOptions),
) -> Result<Quantized, QuantizeError> {
    let mut options = QuantizeOptions::default();
    options.goal = Goal::MaxLoss(100.0);
    options.source = "noise".to_owned();
    change(&mut options);
    quantize(
        bundle,
        &images(4, 7, false),
        &images(2, 99, false),
        &options,
        &mut |_, _, _| (),
    )
}

fn nodes(onnx: &[u8]) -> Vec<NodeProto> {
    ModelProto::decode(onnx).unwrap().graph.unwrap().node
}

/// Nodes of an operator.
fn count(onnx: &[u8], operator: &str) -> usize {
    nodes(onnx)
        .iter()
        .filter(|node| node.op_type == operator)
        .count()
}

fn embedding(onnx: &[u8], input: &[f32]) -> Vec<f32> {
    let options = TractOptions {
        input: "image".to_owned(),
        output: "image_embeddings".to_owned(),
        input_size_px: model::SIZE_PX,
        embedding_shape: model::EMBEDDING,
        threads: 1,
        weights: None,
    };
    let mut encoder = TractEncoder::new(onnx, &options).unwrap();
    let mut embedding = vec![0.0; model::EMBEDDING.iter().product()];
    encoder.encode_into(input, &mut embedding).unwrap();
    embedding
}

#[test]
fn integers_give_nearly_what_floats_give() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    let source = bundle
        .encoder(bundle.choose_encoder(None).unwrap())
        .unwrap();
    let input: Vec<f32> = (0..3 * model::SIZE_PX * model::SIZE_PX)
        .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
        .collect();
    let expected = embedding(&source, &input);
    let strength = expected.iter().map(|value| value * value).sum::<f32>();
    for target in [Target::Cpu, Target::TensorRt] {
        let quantized = quantized(&bundle, |options| options.target = target).unwrap();
        let found = embedding(&quantized.onnx, &input);
        let error = found
            .iter()
            .zip(&expected)
            .map(|(found, expected)| (found - expected).powi(2))
            .sum::<f32>();
        assert!(error > 0.0, "{target:?}: nothing was quantised");
        assert!(error < 0.01 * strength, "{target:?}: {error} of {strength}");
        // What was judged is what was written, by an arithmetic of its own.
        assert!(quantized.record.calibration.iou_with_f32 > 0.9);
        assert_eq!(quantized.record.calibration.prompts, 4 * 9);
    }
}

#[test]
fn channels_are_evened_out_and_nothing_else_changes() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    let Quantized { onnx, record, .. } = quantized(&bundle, |_| ()).unwrap();
    // What another convolution alone takes; not what an addition takes, too.
    let values: Vec<&String> = record.equalized.keys().collect();
    assert_eq!(values, ["fourth_relu", "second"]);
    let divisors = &record.equalized["second"];
    assert_eq!(divisors.len(), 32);
    assert!(
        divisors.iter().any(|divisor| (divisor - 1.0).abs() > 0.01),
        "{divisors:?}"
    );
    // A record without them makes another encoder, of which f32 is the same.
    let mut plain = record.clone();
    plain.equalized.clear();
    assert_ne!(reproduce(&bundle, &plain).unwrap(), onnx);
    let mut nothing = record.clone();
    nothing
        .layers
        .iter_mut()
        .for_each(|layer| layer.quantised = false);
    let input: Vec<f32> = (0..3 * model::SIZE_PX * model::SIZE_PX)
        .map(|i| ((i * 53) % 97) as f32 / 48.0 - 1.0)
        .collect();
    let source = bundle
        .encoder(bundle.choose_encoder(None).unwrap())
        .unwrap();
    let expected = embedding(&source, &input);
    let found = embedding(&reproduce(&bundle, &nothing).unwrap(), &input);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
    let mut wrong = record;
    wrong
        .equalized
        .insert("second".to_owned(), vec![1.0, f32::NAN]);
    assert!(matches!(
        reproduce(&bundle, &wrong),
        Err(QuantizeError::Record(_))
    ));
    let without = quantized(&bundle, |options| options.equalize = false).unwrap();
    assert!(without.record.equalized.is_empty());
}

#[test]
fn processors_get_integers_from_end_to_end() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    let Quantized { onnx, record, .. } = quantized(&bundle, |_| ()).unwrap();
    // All convolutions but the first, whose channels are too few, and the last; their inputs and outputs, and those of the addition between them.
    let states: Vec<bool> = record.layers.iter().map(|layer| layer.quantised).collect();
    assert_eq!(states, [false, true, true, true, false]);
    let values: Vec<&str> = record.values.keys().map(String::as_str).collect();
    assert_eq!(
        values,
        ["added_relu", "first_relu", "fourth_relu", "second", "third"]
    );
    assert!(
        record
            .values
            .values()
            .all(|range| range.integers == Integers::Unsigned)
    );
    for relu in ["first_relu", "added_relu", "fourth_relu"] {
        assert_eq!(record.values[relu].zero_point, 0, "{relu}");
    }
    assert_eq!(count(&onnx, "QuantizeLinear"), 5);
    // A weight and a bias for each layer, and the values.
    assert_eq!(count(&onnx, "DequantizeLinear"), 5 + 3 + 3);
    assert_eq!(count(&onnx, "Cast"), 0);
    let of_value = |name: &str| {
        let all = nodes(&onnx);
        let takers = all
            .iter()
            .filter(|node| node.input.iter().any(|input| input == name));
        takers.map(|node| node.op_type.clone()).collect::<Vec<_>>()
    };
    // Nobody takes what is not rounded, and the ReLU stands between a convolution and its rounding.
    assert_eq!(of_value("first"), ["Relu"]);
    assert_eq!(of_value("first_relu"), ["QuantizeLinear"]);
}

#[test]
fn tensorrt_gets_symmetric_integers_and_additions_in_float() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    let quantized = quantized(&bundle, |options| options.target = Target::TensorRt).unwrap();
    let record = &quantized.record;
    assert!(record.layers.iter().all(|layer| layer.quantised));
    assert!(
        record
            .values
            .values()
            .all(|range| range.integers == Integers::Symmetric && range.zero_point == 0)
    );
    let all = nodes(&quantized.onnx);
    let addition = all.iter().find(|node| node.op_type == "Add").unwrap();
    assert!(
        addition.input.iter().any(|input| input == "third"),
        "{addition:?}"
    );
    // Biases stay in float.
    assert_eq!(
        count(&quantized.onnx, "DequantizeLinear"),
        record.values.len() + 5
    );
}

#[test]
fn weights_have_a_scale_for_each_channel_and_no_more_bits_than_asked_for() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    for (reduce_range, most) in [(false, 127), (true, 63)] {
        let quantized = quantized(&bundle, |options| options.reduce_range = reduce_range).unwrap();
        assert_eq!(quantized.record.greatest_weight, most);
        let graph = ModelProto::decode(&*quantized.onnx).unwrap().graph.unwrap();
        let weights = graph
            .initializer
            .iter()
            .filter(|tensor| tensor.name.starts_with("w") && tensor.name.ends_with("/quantized"));
        let mut tensors = 0;
        for tensor in weights {
            tensors += 1;
            let channels = tensor.dims[0] as usize;
            for channel in tensor.raw_data.chunks(tensor.raw_data.len() / channels) {
                let greatest = channel
                    .iter()
                    .map(|byte| (*byte as i8).unsigned_abs())
                    .max();
                assert_eq!(greatest, Some(most as u8), "{}", tensor.name);
            }
        }
        assert_eq!(tensors, 3);
    }
}

#[test]
fn a_record_makes_the_same_bytes_again() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    for method in [
        RangeMethod::MinMax,
        RangeMethod::Percentile(1e-3),
        RangeMethod::Entropy,
        RangeMethod::Mse,
    ] {
        let quantized = quantized(&bundle, |options| options.method = method).unwrap();
        let record = Record::parse(&quantized.record.to_json()).unwrap();
        assert_eq!(record, quantized.record);
        assert_eq!(reproduce(&bundle, &record).unwrap(), quantized.onnx);
        let mut other = record;
        other.encoder_sha256.replace_range(..1, "x");
        assert!(matches!(
            reproduce(&bundle, &other),
            Err(QuantizeError::Record(_))
        ));
    }
    for text in ["", "{}", "{\"format\":2}"] {
        assert!(
            matches!(Record::parse(text), Err(QuantizeError::Record(_))),
            "{text}"
        );
    }
}

#[test]
fn what_is_wanted_in_float_stays_there() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    let states = |quantized: &Quantized| -> Vec<bool> {
        quantized
            .record
            .layers
            .iter()
            .map(|layer| layer.quantised)
            .collect()
    };
    let first = quantized(&bundle, |options| {
        options.keep_float = vec!["conv_sec".to_owned()]
    })
    .unwrap();
    assert_eq!(states(&first), [false, false, true, true, false]);
    // As fast as asked for and no faster: what hurts most comes back to float.
    let slow = quantized(&bundle, |options| options.goal = Goal::Speed(1.01)).unwrap();
    let quantised = states(&slow).iter().filter(|quantised| **quantised).count();
    assert!((1..3).contains(&quantised), "{quantised}");
    let fast = quantized(&bundle, |options| options.goal = Goal::Speed(3.1)).unwrap_err();
    assert!(matches!(fast, QuantizeError::Speed { .. }), "{fast}");
}

#[test]
fn a_loss_that_nothing_keeps_to_is_refused() {
    let folder = model::bundle();
    let bundle = Bundle::open(folder.path()).unwrap();
    let mut options = QuantizeOptions::default();
    // Better than f32 by more than there is.
    options.goal = Goal::MaxLoss(-101.0);
    let (calibration, held_out) = (images(2, 7, true), images(1, 99, true));
    let refused = quantize(
        &bundle,
        &calibration,
        &held_out,
        &options,
        &mut |_, _, _| (),
    );
    assert!(
        matches!(refused, Err(QuantizeError::Goal { .. })),
        "{refused:?}"
    );
    let refused = quantize(&bundle, &calibration, &[], &options, &mut |_, _, _| ());
    assert!(matches!(refused, Err(QuantizeError::Images { found: 2 })));
}

#[test]
fn the_bundle_has_both_encoders_and_the_report() {
    let (folder, out) = (model::bundle(), tempfile::tempdir().unwrap());
    let bundle = Bundle::open(folder.path()).unwrap();
    let quantized = quantized(&bundle, |_| ()).unwrap();
    let out = out.path().join("deep/int8");
    // A second time over the first, and onto itself.
    for from in [folder.path(), folder.path(), &out] {
        let written = fixate_calibration::bundle::write(from, &out, &quantized, false).unwrap();
        let precisions: Vec<Precision> = written
            .manifest()
            .encoders
            .iter()
            .map(|entry| entry.precision)
            .collect();
        assert_eq!(precisions, [Precision::F32, Precision::Int8]);
        let entry = written.choose_encoder(Some(Precision::Int8)).unwrap();
        assert_eq!(*written.encoder(entry).unwrap(), *quantized.onnx);
        assert_eq!(entry.calibration.as_deref(), Some("calibration.json"));
        assert_eq!(written.manifest().input, bundle.manifest().input);
        assert_eq!(written.manifest().decoder, bundle.manifest().decoder);
    }
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(
        Record::parse(&read("calibration.json")).unwrap(),
        quantized.record
    );
    let (table, plot) = (read("report.md"), read("report.svg"));
    for name in [
        "conv_first",
        "conv_second",
        "conv_third",
        "conv_fourth",
        "conv_last",
    ] {
        assert!(table.contains(name), "{table}");
        assert!(plot.contains(name), "{plot}");
    }
}

#[test]
fn graphs_that_cannot_be_quantised_are_told() {
    for (change, words) in [
        (model::Change::OldOperators, "operator set is 11"),
        (model::Change::NoLayers, "no convolution"),
        (model::Change::Quantised, "quantises already"),
    ] {
        let folder = model::changed(change);
        let bundle = Bundle::open(folder.path()).unwrap();
        let error = quantized(&bundle, |_| ()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
