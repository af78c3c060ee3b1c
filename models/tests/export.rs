//! Exported decoders and encoders give what ours give: on tract, and in ONNX Runtime where Python has it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells, and fails"
)]

#[allow(
    dead_code,
    reason = "shared with the tests against reference results, which need all of it"
)]
mod reference;

use std::path::Path;
use std::process::Command;

use fixate::bundle::Bundle;
use fixate::decoder::{
    Decoded, Decoder, Embedding, Keyframe, MaskSelection, OnnxDecoder, SamDecoder,
};
use fixate::encoder::{Encoder, TractEncoder, TractOptions};
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::MaskLogits;
use fixate::preprocess::{InputSpec, Placement, ResizeRule};
use fixate::prompt::{PointLabel, Prompt, PromptBox, PromptPoint};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use fixate_models::checkpoint::Checkpoint;
use fixate_models::decoder::{DecoderFacts, write_decoder};
use fixate_models::export::{ExportOptions, export_bundle, export_decoder};
use fixate_models::import::{ImportOptions, import_checkpoint};
use fixate_models::signature::{GraphSignature, recognise_decoder};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use reference::{Reference, difference, golden, softened};

/// Largest difference that counts as the same, as a share of the deviation.
const TOLERANCE: f64 = 1e-3;

/// Whether `export/check.py` can be run; if not, said aloud, which CI does not accept.
fn python_can_check() -> bool {
    let imports = ["-c", "import numpy, onnx, onnxruntime"];
    let found = Command::new("python3").args(imports).output();
    if found.is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "python3 with onnx and onnxruntime is missing"
    );
    println!("skipped: python3 with onnx and onnxruntime is missing");
    false
}

/// Named tensors of some shape.
type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

fn check_with_onnx_runtime(onnx: &Path, cases: &Tensors) {
    if !python_can_check() {
        return;
    }
    let file = onnx.with_extension("cases.safetensors");
    let bytes = |values: &[f32]| -> Vec<u8> {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        bytes.collect()
    };
    let stored: Vec<_> = cases.iter().map(|(.., values)| bytes(values)).collect();
    let views = cases.iter().zip(&stored).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.unwrap())
    });
    safetensors::serialize_to_file(views, None, &file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/check.py");
    let output = Command::new("python3")
        .arg(script)
        .args([onnx, &file])
        .arg(TOLERANCE.to_string())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{output:?}");
    println!("{told}");
}

/// A decoder, and an embedding for it.
struct Model {
    weights: Vec<u8>,
    input: InputSpec,
    embedding: Embedding,
}

impl Model {
    /// The one that comes with fixate, with what it makes of a disk.
    fn builtin() -> Self {
        let bundle = Bundle::builtin().unwrap();
        let (width, height) = (160_u32, 120_u32);
        let inside = |x: u32, y: u32| x.abs_diff(90).pow(2) + y.abs_diff(60).pow(2) < 900;
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|i| match inside(i % width, i / width) {
                true => [220, 60, 40],
                false => [30, 60, 80],
            })
            .collect();
        let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, &pixels, 0).unwrap();
        let mut segmenter = Segmenter::new(&bundle, SegmenterOptions::default()).unwrap();
        Self {
            weights: bundle.decoder().unwrap().into_owned(),
            input: bundle.input_spec(),
            embedding: segmenter.encode(&frame).unwrap().embedding,
        }
    }

    /// MobileSAM's architecture with weights that do not amplify rounding, and a reference embedding.
    fn mobile_sam() -> Option<Self> {
        let folder = golden()?;
        let mut checkpoint = Checkpoint::open(&folder.join("mobile_sam_random.pt")).unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("decoder.safetensors");
        write_decoder(&mut checkpoint, DecoderFacts::default(), &path).unwrap();
        let reference = Reference::open(&folder.join("mobile_sam_random.safetensors"));
        let (shape, values) = reference.tensors["truck.embedding"].clone();
        Some(Self {
            weights: softened(&std::fs::read(path).unwrap(), 64.0),
            input: InputSpec {
                size_px: 1024,
                resize: ResizeRule::LongestSide,
                mean: [123.675, 116.28, 103.53],
                std: [58.395, 57.12, 57.375],
            },
            embedding: Embedding {
                shape: [shape[1], shape[2], shape[3]],
                values,
            },
        })
    }

    fn keyframe(&self, width_px: u32, height_px: u32) -> Keyframe {
        Keyframe {
            embedding: self.embedding.clone(),
            placement: self.input.placement(width_px, height_px),
            capture_time_us: 0,
            prepared: None,
        }
    }

    /// Prompts of every kind, on images of different sizes.
    fn cases(&self) -> Vec<(&'static str, Keyframe, Prompt)> {
        let point = |x_px, y_px, label| PromptPoint { x_px, y_px, label };
        let one = Prompt::point(75.0, 50.0);
        let several = Prompt {
            points: vec![
                point(90.0, 60.5, PointLabel::Foreground),
                point(20.0, 100.0, PointLabel::Background),
                point(0.0, 0.0, PointLabel::Background),
                point(60.0, 40.0, PointLabel::Foreground),
            ],
            ..Prompt::default()
        };
        let bounds = Prompt::bounds(PromptBox {
            x0_px: 30.0,
            y0_px: 20.0,
            x1_px: 110.5,
            y1_px: 95.0,
        });
        let both = Prompt {
            bounds: bounds.bounds,
            ..several.clone()
        };
        let side = 4 * self.embedding.shape[1];
        let logit = |i: usize| 8.0 - ((i % side) as f32 / 9.0 - (i / side) as f32 / 13.0).abs();
        let mask = MaskLogits {
            width: side,
            height: side,
            values: (0..side * side).map(logit).collect(),
        };
        let refined = Prompt {
            mask: Some(mask),
            ..one.clone()
        };
        let mask_alone = Prompt {
            points: Vec::new(),
            ..refined.clone()
        };
        vec![
            ("one point", self.keyframe(160, 120), one),
            ("several points", self.keyframe(101, 211), several),
            ("box", self.keyframe(300, 200), bounds),
            ("box and points", self.keyframe(120, 120), both),
            ("point and mask", self.keyframe(1201, 97), refined),
            ("mask", self.keyframe(97, 401), mask_alone),
        ]
    }

    fn onnx(&self, single_mask: bool) -> Vec<u8> {
        let mut options = ExportOptions::default();
        options.return_single_mask = single_mask;
        export_decoder(&self.weights, self.input, &options).unwrap()
    }
}

/// What our own decoder answers, all masks.
fn answer(decoder: &mut dyn Decoder, keyframe: &Keyframe, prompt: &Prompt) -> Decoded {
    let mut decoded = Decoded::default();
    decoder
        .decode_into(keyframe, prompt, MaskSelection::All, &mut decoded)
        .unwrap();
    decoded
}

/// Points and labels as graphs with SAM's signature take them.
fn put_points(prompt: &Prompt, placement: &Placement) -> (Vec<f32>, Vec<f32>) {
    let (mut points, mut labels) = (Vec::new(), Vec::new());
    let mut put = |(x, y): (f32, f32), label: f32| {
        points.extend([x, y]);
        labels.push(label);
    };
    for point in &prompt.points {
        let foreground = point.label == PointLabel::Foreground;
        let place = placement.input_from_image(point.x_px, point.y_px);
        put(place, f32::from(u8::from(foreground)));
    }
    if let Some(bounds) = &prompt.bounds {
        put(placement.input_from_image(bounds.x0_px, bounds.y0_px), 2.0);
        put(placement.input_from_image(bounds.x1_px, bounds.y1_px), 3.0);
    } else if !prompt.points.is_empty() {
        put((0.0, 0.0), -1.0);
    }
    (points, labels)
}

/// One case for `check.py`: inputs, and what our own decoder answers.
fn case(model: &Model, name: &str, keyframe: &Keyframe, prompt: &Prompt, single: bool) -> Tensors {
    let mut decoder = SamDecoder::from_safetensors(&model.weights).unwrap();
    let decoded = answer(&mut decoder, keyframe, prompt);
    let placement = &keyframe.placement;
    let (points, labels) = put_points(prompt, placement);
    let [channels, rows, columns] = keyframe.embedding.shape;
    let no_mask = vec![0.0; decoded.width * decoded.height];
    let mask = prompt
        .mask
        .as_ref()
        .map_or(no_mask, |mask| mask.values.clone());
    let image = [placement.image_height_px, placement.image_width_px];

    let chosen = match (single, labels.len()) {
        (false, _) => 0..4,
        (true, 3..) => 0..1,
        (true, _) => {
            let ious = &decoded.predicted_iou;
            let best = (1..4).max_by(|left, right| ious[*left].total_cmp(&ious[*right]));
            best.unwrap()..best.unwrap() + 1
        }
    };
    let count = chosen.len();
    let ious = decoded.predicted_iou[chosen.clone()].to_vec();
    let (mut low, mut full) = (Vec::new(), Vec::new());
    for index in chosen {
        let logits = decoded.mask(index);
        low.extend_from_slice(logits.values);
        full.extend(logits.to_image_logits(placement).unwrap());
    }
    let [height, width] = image.map(|side| side as usize);
    let named = |role: &str, tensor: &str| format!("{name}/{role}/{tensor}");
    let mask_shape = vec![1, 1, decoded.height, decoded.width];
    let given = f32::from(u8::from(prompt.mask.is_some()));
    vec![
        (
            named("in", "image_embeddings"),
            vec![1, channels, rows, columns],
            keyframe.embedding.values.clone(),
        ),
        (
            named("in", "point_coords"),
            vec![1, labels.len(), 2],
            points,
        ),
        (named("in", "point_labels"), vec![1, labels.len()], labels),
        (named("in", "mask_input"), mask_shape, mask),
        (named("in", "has_mask_input"), vec![1], vec![given]),
        (
            named("in", "orig_im_size"),
            vec![2],
            image.map(|side| side as f32).to_vec(),
        ),
        (named("out", "masks"), vec![1, count, height, width], full),
        (named("out", "iou_predictions"), vec![1, count], ious),
        (
            named("out", "low_res_masks"),
            vec![1, count, decoded.height, decoded.width],
            low,
        ),
    ]
}

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
    assert_eq!(names, ["encoder.onnx", "decoder.onnx"]);
    let entry = bundle.choose_encoder(None).unwrap();
    assert_eq!(report.files[0].sha256, entry.sha256);
    let shape = bundle.manifest().embedding_shape;
    let size_px = bundle.input_spec().size_px as usize;
    let options = TractOptions {
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: size_px,
        embedding_shape: shape,
        threads: 1,
        weights: None,
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
