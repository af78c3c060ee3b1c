use super::*;
use crate::bundle::{DecoderInputs, DecoderOutputs};
use crate::decoder::Embedding;
use crate::mask::MaskLogits;
use crate::prompt::{PromptBox, PromptPoint};

const TINY: &[u8] = include_bytes!("../../../tests/data/tiny_decoder.onnx");

fn spec() -> OnnxDecoderSpec {
    let mut inputs = DecoderInputs::new("image_embeddings", "point_coords", "point_labels");
    inputs.mask = Some("mask_input".to_owned());
    inputs.has_mask = Some("has_mask_input".to_owned());
    inputs.image_size = Some("orig_im_size".to_owned());
    OnnxDecoderSpec::new(
        inputs,
        DecoderOutputs::new("low_res_masks", "iou_predictions"),
    )
}

fn decoder(spec: &OnnxDecoderSpec) -> Result<OnnxDecoder, DecoderError> {
    OnnxDecoder::new(TINY, spec, [2, 2, 2], 32)
}

/// An image of 64 x 32 pixels, halved into the input; the embedding's mean is 0.5.
fn keyframe() -> Keyframe {
    Keyframe {
        embedding: Embedding {
            shape: [2, 2, 2],
            values: vec![0.0, 1.0, 0.0, 1.0, 0.25, 0.75, 0.25, 0.75],
        },
        placement: Placement {
            image_width_px: 64,
            image_height_px: 32,
            resized_width_px: 32,
            resized_height_px: 16,
            input_size_px: 32,
        },
        capture_time_us: 0,
        prepared: None,
    }
}

/// The first logit of each mask.
fn answer(decoder: &mut OnnxDecoder, prompt: &Prompt, masks: MaskSelection) -> (Vec<f32>, Decoded) {
    let mut out = Decoded::default();
    decoder
        .decode_into(&keyframe(), prompt, masks, &mut out)
        .unwrap();
    assert_eq!(out.predicted_iou.len(), out.indices.len());
    let first = out.logits.chunks_exact(64).map(|mask| mask[0]).collect();
    (first, out)
}

fn point(x_px: f32, y_px: f32) -> PromptPoint {
    Prompt::point(x_px, y_px).points[0]
}

#[test]
fn points_boxes_and_masks_reach_the_graph() {
    let mut decoder = decoder(&spec()).unwrap();
    assert_eq!(
        (decoder.embedding_shape(), decoder.mask_size()),
        ([2, 2, 2], [8, 8])
    );
    // (10, 20) is (5, 10) in the input; the padding point at (0, 0) adds nothing.
    let (first, out) = answer(&mut decoder, &Prompt::point(10.0, 20.0), MaskSelection::All);
    assert_eq!(out.indices, 0..4);
    assert_eq!(
        first,
        [0, 1, 2, 3].map(|k| 1000.0 * k as f32 + 1005.0 + 0.5)
    );
    let (first, out) = answer(
        &mut decoder,
        &Prompt::point(10.0, 20.0),
        MaskSelection::Multiple,
    );
    assert_eq!((out.indices.clone(), first[0]), (1..4, 2005.5));
    let (first, out) = answer(
        &mut decoder,
        &Prompt::point(10.0, 20.0),
        MaskSelection::Single,
    );
    assert_eq!((out.indices.clone(), first), (0..1, vec![1005.5]));

    let bounds = PromptBox {
        x0_px: 2.0,
        y0_px: 4.0,
        x1_px: 6.0,
        y1_px: 8.0,
    };
    // Corners (1, 2) and (3, 4) with labels 2 and 3.
    let (first, _) = answer(&mut decoder, &Prompt::bounds(bounds), MaskSelection::Single);
    assert_eq!(first, [2.0 * 201.0 + 3.0 * 403.0 + 0.5]);

    let mut values = vec![0.0; 64];
    values[0] = 7.0;
    let mixed = Prompt {
        points: vec![point(2.0, 2.0), point(4.0, 4.0)],
        bounds: Some(bounds),
        mask: Some(MaskLogits {
            width: 8,
            height: 8,
            values,
        }),
    };
    let (first, out) = answer(&mut decoder, &mixed, MaskSelection::Single);
    assert_eq!(first, [101.0 + 202.0 + 402.0 + 1209.0 + 0.5 + 7.0]);
    assert_eq!(out.logits[1], first[0] - 7.0);
}

#[test]
fn coordinates_can_be_of_another_square_and_points_without_padding() {
    let mut spec = spec();
    spec.coordinate_size_px = Some(64);
    spec.padding_point = PaddingPoint::Never;
    let mut decoder = decoder(&spec).unwrap();
    let (first, _) = answer(
        &mut decoder,
        &Prompt::point(10.0, 20.0),
        MaskSelection::Single,
    );
    assert_eq!(first, [2010.5]);
}

#[test]
fn any_number_of_points_is_answered_and_plans_are_bounded() {
    let mut decoder = decoder(&spec()).unwrap();
    for count in (1..12).chain([2, 1]) {
        let prompt = Prompt {
            points: vec![point(2.0, 0.0); count],
            ..Prompt::default()
        };
        let (first, _) = answer(&mut decoder, &prompt, MaskSelection::Single);
        assert_eq!(first, [count as f32 + 0.5]);
        assert!(decoder.plans.len() <= MAX_PLANS);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut blind = spec();
    blind.inputs.mask = None;
    let error = decoder(&blind).err().unwrap();
    assert!(error.to_string().contains("\"mask_input\""), "{error}");

    let mut renamed = spec();
    renamed.outputs.logits = "masks_low".to_owned();
    let error = decoder(&renamed).err().unwrap();
    assert!(error.to_string().contains("\"masks_low\""), "{error}");

    for onnx in [&b""[..], b"not onnx", &TINY[..TINY.len() / 2]] {
        let error = OnnxDecoder::new(onnx, &spec(), [2, 2, 2], 32)
            .err()
            .unwrap();
        assert!(matches!(error, DecoderError::Load(_)), "{error}");
    }

    let mut decoder = decoder(&spec()).unwrap();
    let mut out = Decoded::default();
    let mut decode = |keyframe: &Keyframe, prompt: &Prompt| {
        decoder
            .decode_into(keyframe, prompt, MaskSelection::Single, &mut out)
            .unwrap_err()
    };
    let outside = decode(&keyframe(), &Prompt::point(64.0, 0.0));
    assert!(matches!(outside, DecoderError::Prompt(_)), "{outside}");
    let mask = MaskLogits {
        width: 4,
        height: 4,
        values: vec![0.0; 16],
    };
    let small = Prompt {
        mask: Some(mask),
        ..Prompt::default()
    };
    assert!(matches!(
        decode(&keyframe(), &small),
        DecoderError::MaskSize { .. }
    ));
    let many = Prompt {
        points: vec![point(1.0, 1.0); MAX_POINTS],
        ..Prompt::default()
    };
    assert!(matches!(
        decode(&keyframe(), &many),
        DecoderError::TooManyPoints { .. }
    ));
    let mut wide = keyframe();
    wide.embedding.shape = [2, 2, 4];
    assert!(matches!(
        decode(&wide, &Prompt::point(1.0, 1.0)),
        DecoderError::EmbeddingShape { .. }
    ));
}
