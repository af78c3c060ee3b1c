//! Imported encoders against the public reference implementation.
//!
//! The golden embeddings are of an input that was normalised with random numbers, not with SAM's;
//! `data/make_encoder_references.py` tells how these were found. They are compared first, with all
//! that follows from them. The photograph as SAM normalises it is compared with results computed in
//! float64 by the implementation that the golden files confirm.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells, and fails"
)]

mod reference;

use std::path::Path;

use fixate::bundle::Bundle;
use fixate::decoder::{Decoded, Decoder, Embedding, Keyframe, MaskSelection, SamDecoder};
use fixate::frame::{Frame, PixelFormat};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use fixate_models::checkpoint::Checkpoint;
use fixate_models::import::{ImportOptions, import_checkpoint};
use tempfile::TempDir;
use tract_onnx::prelude::*;

use reference::{Reference, difference, golden, softened, truck};

/// Largest difference that counts as the same, as a share of the reference's standard deviation.
const TOLERANCE: f64 = 1e-3;

/// The decoders' random weights give attention scores in the thousands, which amplify rounding: from
/// image to masks, the reference's results in float32 are this far (root mean square, as a share of
/// the deviation) from those in float64. `data/make_encoder_references.py` prints it.
const REFERENCE_ROUNDING: f64 = 4.4e-3;

/// The same for predicted IoUs, as they are.
const REFERENCE_IOU_ROUNDING: f64 = 3.2e-2;

const SIZE: usize = 1024;
const EMBEDDING: [usize; 3] = [256, 64, 64];

/// A checkpoint with what is known of its results.
struct Golden {
    file: &'static str,
    name: &'static str,
    /// Inner stages of the reference, and the values of the graph that they are parts of.
    stages: &'static [(&'static str, &'static str)],
    prompts: usize,
}

const MOBILE_SAM: Golden = Golden {
    file: "mobile_sam_random.pt",
    name: "mobile_sam_random",
    stages: &[
        ("stage.patch_embed", "patch_embed.seq.2"),
        ("stage.layer0.stride16", "layers.1.tokens"),
        ("stage.layer1.stride16", "layers.2.tokens"),
        ("stage.layer2.stride16", "layers.3.tokens"),
        ("stage.layer3.stride16", "layers.3.blocks.1"),
    ],
    prompts: 7,
};

const SAM_VIT: Golden = Golden {
    file: "sam_vit_small_random.pth",
    name: "sam_vit_small_random",
    stages: &[],
    prompts: 2,
};

impl Golden {
    fn reference(&self, folder: &Path) -> Reference {
        Reference::open(&folder.join(format!("{}.safetensors", self.name)))
    }

    /// One of the files that lie beside this test.
    fn data(&self, what: &str) -> Checkpoint {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        Checkpoint::open(&folder.join(format!("{}_{what}.safetensors", self.name))).unwrap()
    }

    fn import(&self, folder: &Path) -> TempDir {
        let bundle = tempfile::tempdir().unwrap();
        let options = ImportOptions::new(self.name, "1.0.0");
        let mut last = (0, 0);
        let report = import_checkpoint(
            &folder.join(self.file),
            bundle.path(),
            &options,
            &mut |done, total| {
                assert!(last.0 <= done && done <= total);
                last = (done, total);
            },
        )
        .unwrap();
        assert_eq!(last.0, last.1);
        assert_eq!(report.architecture.embedding_shape(), EMBEDDING);
        println!("{}", report.architecture);
        bundle
    }
}

fn photograph(folder: &Path) -> image::RgbImage {
    image::open(folder.join("truck_resized.png"))
        .unwrap()
        .into_rgb8()
}

/// The input of the golden embeddings.
fn golden_input(folder: &Path, data: &Checkpoint) -> Vec<f32> {
    let numbers = |key: &str| -> [f64; 3] { serde_json::from_str(&data.metadata()[key]).unwrap() };
    let (mean, deviation) = (numbers("golden_mean"), numbers("golden_std"));
    let mut input = vec![0.0; 3 * SIZE * SIZE];
    for (x, y, pixel) in photograph(folder).enumerate_pixels() {
        for channel in 0..3 {
            let value = (f64::from(pixel[channel]) - mean[channel]) / deviation[channel];
            input[(channel * SIZE + y as usize) * SIZE + x as usize] = value as f32;
        }
    }
    input
}

/// What a graph computes for these of its values.
fn run(graph: &Path, input: &[f32], names: &[&str]) -> Vec<Vec<f32>> {
    let plan = tract_onnx::onnx()
        .model_for_path(graph)
        .unwrap()
        .with_outputs_by_name(names)
        .unwrap()
        .into_optimized()
        .unwrap()
        .into_runnable()
        .unwrap();
    let input = Tensor::from_shape(&[1, 3, SIZE, SIZE], input).unwrap();
    let outputs = plan.run(tvec!(input.into())).unwrap();
    let values = |output: &TValue| {
        let output = output.try_as_plain_ram().unwrap();
        output.as_slice::<f32>().unwrap().to_vec()
    };
    outputs.iter().map(values).collect()
}

/// The part of a value that the golden files have.
fn sampled(stage: &str, values: &[f32]) -> Vec<f32> {
    if stage == "stage.patch_embed" {
        every_eighth(values, 256)
    } else {
        values.iter().step_by(16).copied().collect()
    }
}

/// `[:, ::8, ::8]` of square planes.
fn every_eighth(values: &[f32], side: usize) -> Vec<f32> {
    let rows = values.chunks_exact(side).step_by(8);
    rows.flat_map(|row| row.iter().step_by(8).copied())
        .collect()
}

/// Checks that every value is the reference's.
fn check(what: &str, found: &[f32], expected: &[f32]) {
    let difference = difference(found, expected);
    let error = difference.largest / difference.deviation;
    println!("{what}: at most {error:.1e} of the deviation");
    assert!(error < TOLERANCE, "{what}: {error:.2e} of the deviation");
}

fn check_golden(golden_model: &Golden) {
    let Some(folder) = golden() else { return };
    let reference = golden_model.reference(&folder);
    let bundle = golden_model.import(&folder);
    let input = golden_input(&folder, &golden_model.data("encoder"));
    let stages = golden_model.stages.iter();
    let mut names: Vec<&str> = stages.clone().map(|(_, value)| *value).collect();
    names.push("image_embeddings");
    let mut values = run(&bundle.path().join("encoder.onnx"), &input, &names);
    let embedding = values.pop().unwrap();
    for ((stage, _), values) in stages.zip(&values) {
        check(stage, &sampled(stage, values), reference.values(stage));
    }
    check("embedding", &embedding, reference.values("truck.embedding"));

    let keyframe = Keyframe {
        embedding: Embedding {
            shape: EMBEDDING,
            values: embedding,
        },
        placement: truck(),
        capture_time_us: 0,
        prepared: None,
    };
    let bundle = Bundle::open(bundle.path()).unwrap();
    let decoder = bundle.decoder().unwrap();
    check_masks(&reference, &decoder, &keyframe, golden_model.prompts);
    let mut exact = golden_model.data("softened");
    check_softened_masks(&reference, &decoder, &keyframe, &mut exact);
}

/// All prompts with the weights as they are, which amplify rounding: by the mean error.
fn check_masks(reference: &Reference, decoder: &[u8], keyframe: &Keyframe, prompts: usize) {
    let mut decoder = SamDecoder::from_safetensors(decoder).unwrap();
    let mut decoded = Decoded::default();
    let (mut checked, mut worst, mut worst_iou, mut worst_full) = (0, 0f64, 0f64, 0f64);
    for name in reference.prompts.keys() {
        for (kind, selection) in [
            ("multi", MaskSelection::Multiple),
            ("single", MaskSelection::Single),
        ] {
            let result = |what: &str| format!("truck.{name}.{kind}.{what}");
            if !reference.tensors.contains_key(&result("iou")) {
                continue;
            }
            checked += 1;
            let prompt = reference.prompt(name);
            decoder
                .decode_into(keyframe, &prompt, selection, &mut decoded)
                .unwrap();
            let relative = |found: &[f32], what: &str| {
                let difference = difference(found, reference.values(&result(what)));
                difference.root_mean_square / difference.deviation
            };
            worst = worst.max(relative(&decoded.logits, "low_res"));
            let ious = reference.values(&result("iou"));
            worst_iou = worst_iou.max(difference(&decoded.predicted_iou, ious).largest);
            if reference.tensors.contains_key(&result("full0")) {
                let full = decoded.mask(0).to_image_logits(&truck()).unwrap();
                worst_full = worst_full.max(relative(&full, "full0"));
            }
        }
    }
    println!(
        "{checked} results: at most {worst:.1e} of the deviation (RMS), {worst_full:.1e} at the image's size; IoU {worst_iou:.1e}"
    );
    assert_eq!(checked, 2 * prompts);
    assert!(worst < REFERENCE_ROUNDING && worst_full < REFERENCE_ROUNDING);
    assert!(worst_iou < REFERENCE_IOU_ROUNDING);
}

/// The same with weights that do not amplify rounding: every value.
fn check_softened_masks(
    reference: &Reference,
    decoder: &[u8],
    keyframe: &Keyframe,
    exact: &mut Checkpoint,
) {
    let step: usize = exact.metadata()["step"].parse().unwrap();
    let divisor: f32 = exact.metadata()["query_divisor"].parse().unwrap();
    let mut decoder = SamDecoder::from_safetensors(&softened(decoder, divisor)).unwrap();
    let [width, height] = decoder.mask_size();
    let mut decoded = Decoded::default();
    for name in reference.prompts.keys() {
        let Ok(ious) = exact.read_f32(&format!("{name}.iou")) else {
            continue;
        };
        let prompt = reference.prompt(name);
        decoder
            .decode_into(keyframe, &prompt, MaskSelection::All, &mut decoded)
            .unwrap();
        let planes = decoded.logits.chunks_exact(width * height);
        let rows = planes.flat_map(|plane| plane.chunks_exact(width).step_by(step));
        let sampled = rows.flat_map(|row| row.iter().step_by(step).copied());
        let logits = exact.read_f32(&format!("{name}.low_res")).unwrap();
        check(name, &sampled.collect::<Vec<f32>>(), &logits);
        check(&format!("{name}, IoU"), &decoded.predicted_iou, &ious);
    }
}

/// The photograph, all the way through the bundle.
fn check_photograph(golden_model: &Golden) {
    let Some(folder) = golden() else { return };
    let bundle = golden_model.import(&folder);
    let bundle = Bundle::open(bundle.path()).unwrap();
    let mut segmenter = Segmenter::new(&bundle, SegmenterOptions::default()).unwrap();
    let image = photograph(&folder);
    let (width, height) = image.dimensions();
    let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, &image, 0).unwrap();
    let keyframe = segmenter.encode(&frame).unwrap();
    let expected = golden_model.data("encoder").read_f32("embedding").unwrap();
    let found = every_eighth(&keyframe.embedding.values, EMBEDDING[2]);
    check(golden_model.name, &found, &expected);
}

#[test]
fn mobile_sam_is_the_references() {
    check_golden(&MOBILE_SAM);
}

#[test]
fn sam_vit_is_the_references() {
    check_golden(&SAM_VIT);
}

#[test]
fn mobile_sam_encodes_a_photograph() {
    check_photograph(&MOBILE_SAM);
}

#[test]
fn sam_vit_encodes_a_photograph() {
    check_photograph(&SAM_VIT);
}
