use std::path::PathBuf;

use fixate::bundle::PaddingPoint;
use fixate::decoder::DecoderError;
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::MaskLogits;
use fixate::preprocess::ResizeRule;
use fixate::prompt::{MultimaskOutput, Prompt, PromptBox};
use prost::Message;
use tempfile::TempDir;
use tract_onnx::pb::ModelProto;
use tract_onnx::pb::tensor_proto::DataLocation;

use super::*;
use crate::import::tests_support::graphs::{
    DecoderShape, EncoderShape, decoder_graph, encoder_graph,
};

struct Place {
    folder: TempDir,
}

impl Place {
    fn new(encoder: &EncoderShape, decoder: &DecoderShape) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        place.write("encoder.onnx", &encoder_graph(encoder));
        place.write("decoder.onnx", &decoder_graph(decoder));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, model: &ModelProto) {
        fs::write(self.path(name), model.encode_to_vec()).unwrap();
    }

    fn import(&self, overrides: &OnnxOverrides) -> Result<OnnxImportReport, ImportError> {
        import_onnx(
            &self.path("encoder.onnx"),
            &self.path("decoder.onnx"),
            &self.path("bundle"),
            &ImportOptions::new("small", "1"),
            overrides,
            &mut |done, total| assert!(done <= total),
        )
    }

    fn refusal(&self, overrides: &OnnxOverrides) -> ImportError {
        let count = || fs::read_dir(self.folder.path()).unwrap().count();
        let before = count();
        let error = self.import(overrides).unwrap_err();
        assert_eq!(count(), before, "{error}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        error
    }

    fn segmenter(&self) -> Segmenter {
        let bundle = Bundle::open(&self.path("bundle")).unwrap();
        Segmenter::new(&bundle, SegmenterOptions::default()).unwrap()
    }
}

fn encoder() -> EncoderShape {
    EncoderShape::new("image", &[1, 3, 64, 64], &[1, 3, 4, 4])
}

/// The first logit of each mask for a prompt on a black square of 32 pixels. Encoders give their input's mean, decoders
/// add the sum of (x + y) times its label over the points.
fn answer(segmenter: &mut Segmenter, prompt: &Prompt) -> Result<Vec<f32>, SegmenterError> {
    let pixels = vec![0; 32 * 32 * 3];
    let frame = Frame::contiguous(PixelFormat::Rgb8, 32, 32, &pixels, 0).unwrap();
    let keyframe = segmenter.encode(&frame).unwrap();
    let answers = segmenter.segment(&keyframe, prompt, MultimaskOutput::Never)?;
    Ok(answers.iter().map(|a| a.logits.values[0]).collect())
}

fn assert_close(found: &[f32], expected: &[f32]) {
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(close),
        "{found:?} {expected:?}"
    );
}

/// What a black pixel becomes, averaged over the channels.
fn black(mean: [f32; 3], std: [f32; 3]) -> f32 {
    mean.iter()
        .zip(std)
        .map(|(mean, std)| -mean / std)
        .sum::<f32>()
        / 3.0
}

#[test]
fn every_known_signature_is_imported_and_answers() {
    let usual = black(crate::signature::MEAN, crate::signature::STD);
    let any_size = EncoderShape::new("batched_images", &[-1, 3, -1, -1], &[-1, 3, -1, -1]);
    let small = EncoderShape::new("input_image", &[-1, 3, 512, 512], &[-1, 3, 32, 32]);
    // Family, its shapes, the side in which the point (3, 4) of 32 pixels is given, masks, what the embedding adds.
    let families = [
        ("SAM", encoder(), DecoderShape::sam(), 64.0, true, usual),
        (
            "NanoSAM",
            encoder(),
            DecoderShape::nano_sam(),
            64.0,
            true,
            usual,
        ),
        (
            "EdgeSAM",
            encoder(),
            DecoderShape::edge_sam(),
            64.0,
            false,
            usual,
        ),
        (
            "EfficientViT-SAM",
            small,
            DecoderShape::efficient_vit(),
            1024.0,
            false,
            usual,
        ),
        (
            "EfficientSAM",
            any_size,
            DecoderShape::efficient_sam(),
            64.0,
            false,
            0.0,
        ),
    ];
    for (family, encoder, decoder, side, masks, added) in families {
        let place = Place::new(&encoder, &decoder);
        let mut overrides = OnnxOverrides::default();
        if family == "EfficientSAM" {
            overrides.input_size_px = Some(64);
        }
        let report = place
            .import(&overrides)
            .unwrap_or_else(|error| panic!("{family}: {error}"));
        assert_eq!(
            (report.decoder_family, report.mask_prompts),
            (family, masks)
        );
        assert!(!report.external_weights);
        let mut segmenter = place.segmenter();
        let found = answer(&mut segmenter, &Prompt::point(3.0, 4.0)).unwrap();
        assert_close(&found, &[7.0 * side / 32.0 + added]);
        let bounds = PromptBox {
            x0_px: 1.0,
            y0_px: 2.0,
            x1_px: 3.0,
            y1_px: 4.0,
        };
        let found = answer(&mut segmenter, &Prompt::bounds(bounds)).unwrap();
        assert_close(&found, &[(2.0 * 3.0 + 3.0 * 7.0) * side / 32.0 + added]);

        let [_, rows, columns] = report.embedding_shape;
        let mut prompt = Prompt::point(3.0, 4.0);
        prompt.mask = Some(MaskLogits {
            width: 4 * columns,
            height: 4 * rows,
            values: vec![0.5; 16 * rows * columns],
        });
        match (answer(&mut segmenter, &prompt), masks) {
            (Ok(found), true) => assert_close(&found, &[7.0 * side / 32.0 + added + 0.5]),
            (Err(SegmenterError::Decoder(DecoderError::Lacks { prompt })), false) => {
                assert_eq!(prompt, "masks");
            }
            (other, _) => panic!("{family}: {other:?}"),
        }
    }
}

#[test]
fn overrides_win() {
    let open = EncoderShape::new("x", &[1, 3, -1, -1], &[-1, -1, -1, -1]);
    let mut decoder = DecoderShape::edge_sam();
    decoder.embedding = [-1, -1, -1, -1];
    let place = Place::new(&open, &decoder);
    let mut overrides = OnnxOverrides::default();
    let error = place.refusal(&overrides);
    assert!(error.to_string().contains("--input-size"), "{error}");
    overrides.input_size_px = Some(48);
    assert!(matches!(
        place.refusal(&overrides),
        ImportError::EmbeddingShape
    ));
    overrides.embedding_shape = Some([3, 4, 4]);
    let error = place.refusal(&overrides);
    assert!(matches!(error, ImportError::Load(_)), "{error}");
    overrides.embedding_shape = Some([3, 3, 3]);
    overrides.mean = Some([10.0, 20.0, 30.0]);
    overrides.std = Some([2.0, 2.0, 2.0]);
    overrides.resize = Some(ResizeRule::Stretch);
    overrides.coordinate_size_px = Some(320);
    overrides.padding_point = Some(PaddingPoint::Never);
    let report = place.import(&overrides).unwrap();
    assert_eq!(
        (report.input.size_px, report.embedding_shape),
        (48, [3, 3, 3])
    );
    let found = answer(&mut place.segmenter(), &Prompt::point(3.0, 4.0)).unwrap();
    assert_close(&found, &[70.0 - 10.0]);
    let text = fs::read_to_string(place.path("bundle/bundle.toml")).unwrap();
    for line in [
        "resize = \"stretch\"",
        "coordinate_size = 320",
        "padding_point = \"never\"",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn overrides_that_no_manifest_takes_are_refused() {
    let place = Place::new(&encoder(), &DecoderShape::sam());
    type Change = fn(&mut OnnxOverrides);
    let cases: [(&str, Change); 6] = [
        ("input-size", |o| o.input_size_px = Some(9000)),
        ("coordinate-size", |o| o.coordinate_size_px = Some(0)),
        ("mean", |o| o.mean = Some([f32::NAN, 0.0, 0.0])),
        ("std", |o| o.std = Some([1.0, 0.0, 1.0])),
        ("embedding-shape", |o| o.embedding_shape = Some([0, 4, 4])),
        ("embedding-shape", |o| o.embedding_shape = Some([4096; 3])),
    ];
    for (name, change) in cases {
        let mut overrides = OnnxOverrides::default();
        change(&mut overrides);
        let error = place.refusal(&overrides);
        assert!(
            matches!(error, ImportError::Option { field, .. } if field == name),
            "{error}"
        );
    }
}

#[test]
fn what_cannot_be_run_is_told_by_what_it_lacks() {
    let none = OnnxOverrides::default();
    let place = Place::new(&encoder(), &DecoderShape::sam());
    place.write("encoder.onnx", &decoder_graph(&DecoderShape::sam()));
    assert!(matches!(place.refusal(&none), ImportError::Swapped));

    let raw = EncoderShape::new("input_image", &[-1, -1, 3], &[1, 3, 4, 4]);
    let place = Place::new(&raw, &DecoderShape::sam());
    let error = place.refusal(&none).to_string();
    assert!(error.contains("--use-preprocess"), "{error}");

    let mut sam2 = encoder();
    sam2.output = "high_res_feats_0";
    let error = Place::new(&sam2, &DecoderShape::sam())
        .refusal(&none)
        .to_string();
    assert!(error.contains("SAM2"), "{error}");

    let mut boxes = DecoderShape::edge_sam();
    boxes.inputs = &["image_embeddings", "boxes"];
    let error = Place::new(&encoder(), &boxes).refusal(&none).to_string();
    assert!(error.contains("boxes alone"), "{error}");

    let mut isaac = DecoderShape::edge_sam();
    isaac.inputs = &["image", "mask_memory", "point_coords", "point_labels"];
    let error = Place::new(&encoder(), &isaac).refusal(&none).to_string();
    assert!(error.contains("SAM2"), "{error}");

    let place = Place::new(&encoder(), &DecoderShape::sam());
    for file in ["encoder.onnx", "decoder.onnx"] {
        let whole = fs::read(place.path(file)).unwrap();
        fs::write(place.path(file), &whole[..whole.len() / 2]).unwrap();
        let error = place.refusal(&none).to_string();
        assert!(error.contains(file), "{error}");
        fs::remove_file(place.path(file)).unwrap();
        let error = place.refusal(&none).to_string();
        assert!(error.contains(file), "{error}");
        fs::write(place.path(file), whole).unwrap();
    }
    place.import(&none).unwrap();
}

#[test]
fn parts_must_fit() {
    let wide = EncoderShape::new("image", &[1, 3, 128, 128], &[1, 3, 8, 8]);
    let error = Place::new(&wide, &DecoderShape::sam()).refusal(&OnnxOverrides::default());
    assert!(matches!(error, ImportError::Parts { .. }), "{error}");
}

#[test]
fn weights_in_other_files_are_gathered_into_one() {
    let place = Place::new(&encoder(), &DecoderShape::sam());
    let none = OnnxOverrides::default();
    place.import(&none).unwrap();
    let inline = answer(&mut place.segmenter(), &Prompt::point(3.0, 4.0)).unwrap();

    let mut model = encoder_graph(&encoder());
    let weights = &mut model.graph.as_mut().unwrap().initializer;
    let locate = |tensor: &mut tract_onnx::pb::TensorProto, entries: &[(&str, &str)]| {
        tensor.raw_data.clear();
        tensor.data_location = Some(DataLocation::External.into());
        let entry = |(key, value): &(&str, &str)| tract_onnx::pb::StringStringEntryProto {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        tensor.external_data = entries.iter().map(entry).collect();
    };
    for (index, tensor) in weights.iter_mut().enumerate() {
        let file = format!("weight_{index}");
        let contents = [vec![9; 8], tensor.raw_data.clone()].concat();
        let length = tensor.raw_data.len().to_string();
        fs::write(place.path(&file), contents).unwrap();
        let entries = [("location", &*file), ("offset", "8"), ("length", &*length)];
        locate(tensor, &entries);
    }
    place.write("encoder.onnx", &model);
    let report = place.import(&none).unwrap();
    assert!(report.external_weights);
    let mut segmenter = place.segmenter();
    let found = answer(&mut segmenter, &Prompt::point(3.0, 4.0)).unwrap();
    assert_eq!(found, inline);

    let hostile: [&[(&str, &str)]; 8] = [
        &[("location", "../weight_0")],
        &[("location", "/etc/passwd")],
        &[("location", "absent")],
        &[("location", "bundle")],
        &[("offset", "0")],
        &[("location", "weight_0"), ("offset", "-1")],
        &[("location", "weight_0"), ("length", "99999999")],
        &[("location", "weight_0"), ("location", "weight_1")],
    ];
    for entries in hostile {
        let mut model = model.clone();
        locate(&mut model.graph.as_mut().unwrap().initializer[0], entries);
        place.write("encoder.onnx", &model);
        let error = place.refusal(&none);
        assert!(
            matches!(error, ImportError::ExternalData { .. }),
            "{entries:?}: {error}"
        );
    }
    // Many tensors that share bytes would fill the disk.
    let mut shared = model.clone();
    let weights = &mut shared.graph.as_mut().unwrap().initializer;
    for _ in 0..10 {
        let copy = weights[0].clone();
        weights.push(copy);
    }
    place.write("encoder.onnx", &shared);
    assert!(matches!(
        place.refusal(&none),
        ImportError::ExternalData { .. }
    ));

    // A decoder's have to be inside.
    place.write("encoder.onnx", &encoder_graph(&encoder()));
    let mut model = decoder_graph(&DecoderShape::sam());
    let weights = &mut model.graph.as_mut().unwrap().initializer;
    locate(&mut weights[0], &[("location", "weight_0")]);
    place.write("decoder.onnx", &model);
    assert!(matches!(
        place.refusal(&none),
        ImportError::ExternalData { .. }
    ));
}

#[test]
fn the_decoder_may_be_a_checkpoint() {
    let mut encoder = EncoderShape::new("image", &[1, 3, 80, 80], &[1, 16, 5, 5]);
    encoder.channels = 16;
    let place = Place::new(&encoder, &DecoderShape::sam());
    let decoder = crate::import::tests::small_decoder();
    let path = place.path("decoder.safetensors");
    crate::architecture::tests::write(&decoder, 0.25, &path);
    let report = import_onnx(
        &place.path("encoder.onnx"),
        &path,
        &place.path("bundle"),
        &ImportOptions::new("small", "1"),
        &OnnxOverrides::default(),
        &mut |_, _| (),
    );
    let report = report.unwrap();
    assert_eq!((report.decoder_family, report.mask_prompts), ("SAM", true));
    assert_eq!(report.embedding_shape, [16, 5, 5]);
    place.segmenter();
}
