//! Exported decoders and encoders give what ours give: on tract, and in ONNX Runtime where Python has it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells, and fails"
)]

mod case;
mod model;
mod python;
#[allow(
    dead_code,
    reason = "shared with the tests against reference results, which need all of it"
)]
#[path = "../reference/mod.rs"]
mod reference;

use fixate::bundle::Bundle;
use fixate::decoder::{Decoder, OnnxDecoder, SamDecoder};
use fixate::encoder::{Encoder, TractEncoder, TractOptions};
use fixate_models::export::{ExportOptions, export_bundle};
use fixate_models::import::{ImportOptions, import_checkpoint};
use fixate_models::signature::{GraphSignature, recognise_decoder};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::konst::Const;

use case::{answer, case};
use model::Model;
use python::{TOLERANCE, check_with_onnx_runtime};
use reference::{difference, golden};

fn check_in_onnx_runtime(model: &Model) {
    let folder = tempfile::tempdir().unwrap();
    for (single, name) in [(false, "all.onnx"), (true, "single.onnx")] {
        let path = folder.path().join(name);
        std::fs::write(&path, model.onnx(single)).unwrap();
        let cases = model.cases();
        let cases = cases
            .iter()
            .flat_map(|(name, keyframe, prompt)| case(model, name, keyframe, prompt, single));
        check_with_onnx_runtime(&path, &cases.collect());
    }
}

#[test]
fn the_shipped_decoder_is_the_same_in_onnx_runtime() {
    check_in_onnx_runtime(&Model::builtin());
}

#[test]
fn the_decoder_of_mobile_sam_is_the_same_in_onnx_runtime() {
    if let Some(model) = Model::mobile_sam() {
        check_in_onnx_runtime(&model);
    }
}

/// The exported graph, recognised by its signature alone and run by tract, against our own decoder.
fn check_on_tract(model: &Model) {
    let onnx = model.onnx(false);
    let signature = GraphSignature::parse(&onnx).unwrap();
    let (family, spec) = recognise_decoder(&signature).unwrap();
    assert_eq!(family, "SAM");
    let size_px = model.input.size_px as usize;
    let mut graph = OnnxDecoder::new(&onnx, &spec, model.embedding.shape, size_px).unwrap();
    let mut own = SamDecoder::from_safetensors(&model.weights).unwrap();
    assert_eq!(graph.mask_size(), own.mask_size());
    for (name, keyframe, prompt) in model.cases() {
        if prompt.points.is_empty() && prompt.bounds.is_none() {
            // Such graphs are given a padding point then, as SAM's web demonstration does.
            continue;
        }
        let expected = answer(&mut own, &keyframe, &prompt);
        let found = answer(&mut graph, &keyframe, &prompt);
        assert_eq!(found.indices, expected.indices);
        let pairs = [
            (&found.logits, &expected.logits),
            (&found.predicted_iou, &expected.predicted_iou),
        ];
        for (found, expected) in pairs {
            let difference = difference(found, expected);
            let share = difference.largest / difference.deviation;
            println!("{name}: {share:.1e} of the deviation");
            assert!(share < TOLERANCE, "{name}: {share:.1e} of the deviation");
        }
    }
}

#[test]
fn the_shipped_decoder_is_the_same_on_tract() {
    check_on_tract(&Model::builtin());
}

#[test]
fn the_decoder_of_mobile_sam_is_the_same_on_tract() {
    if let Some(model) = Model::mobile_sam() {
        check_on_tract(&model);
    }
}

/// An exported encoder against tract, on noise.
fn check_encoder(bundle: &Bundle) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("onnx");
    let report = export_bundle(bundle, &output, &ExportOptions::default()).unwrap();
    let names: Vec<&str> = report.files.iter().map(|file| file.name.as_str()).collect();
    let entry = bundle.choose_encoder(None).unwrap();
    let weights = entry.weights.as_deref();
    let expected = ["encoder.onnx"].into_iter().chain(weights);
    assert_eq!(names, expected.chain(["decoder.onnx"]).collect::<Vec<_>>());
    assert_eq!(report.files[0].sha256, entry.sha256);
    let shape = bundle.manifest().embedding_shape;
    let size_px = bundle.input_spec().size_px as usize;
    let options = TractOptions {
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: size_px,
        embedding_shape: shape,
        threads: 1,
        weights: bundle.encoder_weights(entry).unwrap(),
    };
    let mut encoder = TractEncoder::new(&bundle.encoder(entry).unwrap(), &options).unwrap();
    let noise = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    let image: Vec<f32> = (0..3 * size_px * size_px).map(noise).collect();
    let mut embedding = vec![0.0; shape.iter().product()];
    encoder.encode_into(&image, &mut embedding).unwrap();
    let [channels, rows, columns] = shape;
    let cases = vec![
        (
            format!("noise/in/{}", entry.input),
            vec![1, 3, size_px, size_px],
            image,
        ),
        (
            format!("noise/out/{}", entry.output),
            vec![1, channels, rows, columns],
            embedding,
        ),
    ];
    check_with_onnx_runtime(&output.join("encoder.onnx"), &cases);
}

#[test]
fn the_shipped_encoder_is_the_same_in_onnx_runtime() {
    check_encoder(&Bundle::builtin().unwrap());
}

#[test]
fn the_imported_encoder_of_mobile_sam_is_the_same_in_onnx_runtime() {
    let Some(golden) = golden() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let options = ImportOptions::new("mobile_sam", "1");
    let checkpoint = golden.join("mobile_sam_random.pt");
    import_checkpoint(&checkpoint, &bundle, &options, &mut |_, _| ()).unwrap();
    check_encoder(&Bundle::open(&bundle).unwrap());
}

/// The whole graph, masks of the image's size among its outputs, where that size is fixed.
#[test]
fn masks_of_the_image_size_are_the_same_on_tract() {
    let model = Model::builtin();
    let onnx = model.onnx(false);
    let (name, keyframe, prompt) = model.cases().remove(1);
    let tensors = case(&model, name, &keyframe, &prompt, false);
    let tensor = |role: &str, wanted: &str| {
        let name = format!("{name}/{role}/{wanted}");
        let (_, shape, values) = tensors.iter().find(|(found, ..)| *found == name).unwrap();
        Tensor::from_shape(shape, values).unwrap()
    };
    let mut graph = tract_onnx::onnx().model_for_read(&mut &*onnx).unwrap();
    let size = graph.node_by_name("orig_im_size").unwrap().id;
    let constant = Const::new(tensor("in", "orig_im_size").into_arc_tensor()).unwrap();
    graph.node_mut(size).op = Box::new(constant);
    let inputs = [
        "image_embeddings",
        "point_coords",
        "point_labels",
        "mask_input",
        "has_mask_input",
    ];
    graph.set_input_names(inputs).unwrap();
    graph.select_outputs_by_name(["masks"]).unwrap();
    let inputs = inputs.map(|name| tensor("in", name));
    for (index, input) in inputs.iter().enumerate() {
        let fact = InferenceFact::dt_shape(f32::datum_type(), input.shape());
        graph.set_input_fact(index, fact).unwrap();
    }
    let plan = graph.into_optimized().unwrap().into_runnable().unwrap();
    let outputs = plan
        .run(inputs.into_iter().map(Into::into).collect())
        .unwrap();
    let expected = tensor("out", "masks");
    assert_eq!(outputs[0].shape(), expected.shape());
    let found = outputs[0].try_as_plain_ram().unwrap();
    let expected = expected.try_as_plain_ram().unwrap();
    let difference = difference(
        found.as_slice::<f32>().unwrap(),
        expected.as_slice::<f32>().unwrap(),
    );
    let share = difference.largest / difference.deviation;
    assert!(share < TOLERANCE, "{share:.1e} of the deviation");
}
