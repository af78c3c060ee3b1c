//! The decoder against the reference's formulas in float64, on a small model in which no two sizes
//! are alike. `models/tests/data/make_references.py` wrote the files.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells, and fails"
)]

use std::path::Path;

use fixate::decoder::{
    Decoded, Decoder, DecoderError, Embedding, FactoredSamDecoder, Keyframe, MaskSelection,
    SamDecoder, WeightsError,
};
use fixate::mask::MaskLogits;
use fixate::preprocess::Placement;
use fixate::prompt::{PointLabel, Prompt, PromptBox, PromptPoint};
use safetensors::SafeTensors;

/// Largest difference that counts as the same, as a share of the expected standard deviation.
const TOLERANCE: f32 = 1e-4;

fn read(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .join(name),
    )
    .unwrap()
}

fn values(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = file.tensor(name).unwrap();
    tensor
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// The plain decoder and its fast twin.
fn decoders() -> [Box<dyn Decoder>; 2] {
    let bytes = read("small_decoder.safetensors");
    [
        Box::new(SamDecoder::from_safetensors(&bytes).unwrap()),
        Box::new(FactoredSamDecoder::from_safetensors(&bytes).unwrap()),
    ]
}

fn keyframe(expected: &SafeTensors<'_>) -> Keyframe {
    Keyframe {
        embedding: Embedding {
            shape: [24, 6, 6],
            values: values(expected, "embedding"),
        },
        // Pixels of the image are those of the input.
        placement: Placement {
            image_width_px: 90,
            image_height_px: 90,
            resized_width_px: 90,
            resized_height_px: 90,
            input_size_px: 90,
        },
        capture_time_us: 0,
        prepared: None,
    }
}

fn prompts(expected: &SafeTensors<'_>) -> Vec<(&'static str, Prompt)> {
    let point = |x_px, y_px, label| PromptPoint { x_px, y_px, label };
    let points = [
        point(10.0, 20.0, PointLabel::Foreground),
        point(70.0, 33.0, PointLabel::Background),
        point(89.0, 0.0, PointLabel::Foreground),
    ];
    let bounds = Some(PromptBox {
        x0_px: 5.0,
        y0_px: 8.0,
        x1_px: 60.0,
        y1_px: 77.0,
    });
    let mask = Some(MaskLogits {
        width: 24,
        height: 24,
        values: values(expected, "mask"),
    });
    let none = Prompt::default;
    vec![
        (
            "point",
            Prompt {
                points: points[..1].to_vec(),
                ..none()
            },
        ),
        (
            "points",
            Prompt {
                points: points.to_vec(),
                ..none()
            },
        ),
        ("box", Prompt { bounds, ..none() }),
        (
            "box_points",
            Prompt {
                points: points[1..].to_vec(),
                bounds,
                ..none()
            },
        ),
        (
            "mask",
            Prompt {
                mask: mask.clone(),
                ..none()
            },
        ),
        (
            "all",
            Prompt {
                points: points[1..].to_vec(),
                bounds,
                mask,
            },
        ),
    ]
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len());
    let mean = expected.iter().sum::<f32>() / expected.len() as f32;
    let variance = expected.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / expected.len() as f32;
    let largest = found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f - e).abs())
        .fold(0.0, f32::max);
    let error = largest / variance.sqrt();
    println!("{what}: {error:.2e} of the deviation");
    assert!(error < TOLERANCE, "{what}: {error:.2e} of the deviation");
}

#[test]
fn every_mix_of_prompts_is_answered_as_by_the_reference() {
    let bytes = read("small_decoder_expected.safetensors");
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    for mut decoder in decoders() {
        let mut keyframe = keyframe(&expected);
        answers_as_the_reference(&mut *decoder, &keyframe, &expected);
        decoder.prepare(&mut keyframe).unwrap();
        answers_as_the_reference(&mut *decoder, &keyframe, &expected);
    }
}

fn answers_as_the_reference(
    decoder: &mut dyn Decoder,
    keyframe: &Keyframe,
    expected: &SafeTensors<'_>,
) {
    assert_eq!(decoder.embedding_shape(), [24, 6, 6]);
    assert_eq!(decoder.mask_size(), [24, 24]);
    let mut decoded = Decoded::default();
    for (name, prompt) in prompts(expected) {
        let logits = values(expected, &format!("{name}.low_res"));
        let iou = values(expected, &format!("{name}.iou"));
        for (selection, indices) in [
            (MaskSelection::All, 0..3),
            (MaskSelection::Multiple, 1..3),
            (MaskSelection::Single, 0..1),
        ] {
            decoder
                .decode_into(keyframe, &prompt, selection, &mut decoded)
                .unwrap();
            assert_eq!(decoded.indices, indices);
            assert_eq!((decoded.width, decoded.height), (24, 24));
            let logits = &logits[indices.start * 24 * 24..indices.end * 24 * 24];
            assert_close(
                &decoded.logits,
                logits,
                &format!("{name} {selection:?} logits"),
            );
            if selection == MaskSelection::All {
                assert_close(&decoded.predicted_iou, &iou, &format!("{name} IoU"));
            } else {
                assert_eq!(decoded.predicted_iou.len(), indices.len());
            }
        }
    }
}

#[test]
fn a_smaller_input_moves_no_prompt() {
    let bytes = read("small_decoder_expected.safetensors");
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    let mut keyframe = keyframe(&expected);
    keyframe.placement.resized_width_px = 45;
    keyframe.placement.resized_height_px = 45;
    keyframe.placement.input_size_px = 45;
    let (name, prompt) = &prompts(&expected)[4 - 1];
    for mut decoder in decoders() {
        let mut decoded = Decoded::default();
        decoder
            .decode_into(&keyframe, prompt, MaskSelection::All, &mut decoded)
            .unwrap();
        assert_close(
            &decoded.logits,
            &values(&expected, &format!("{name}.low_res")),
            name,
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let bytes = read("small_decoder_expected.safetensors");
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    for mut decoder in decoders() {
        refuses(&mut *decoder, &expected);
    }
}

fn refuses(decoder: &mut dyn Decoder, expected: &SafeTensors<'_>) {
    let mut refusal = |keyframe: &Keyframe, prompt: &Prompt| {
        let mut decoded = Decoded::default();
        decoder
            .decode_into(keyframe, prompt, MaskSelection::All, &mut decoded)
            .unwrap_err()
    };
    let good = keyframe(expected);
    let point = Prompt::point(1.0, 2.0);
    assert!(matches!(
        refusal(&good, &Prompt::default()),
        DecoderError::Prompt(_)
    ));
    assert!(matches!(
        refusal(&good, &Prompt::point(90.0, 2.0)),
        DecoderError::Prompt(_)
    ));
    assert!(matches!(
        refusal(&good, &Prompt::point(f32::NAN, 2.0)),
        DecoderError::Prompt(_)
    ));
    let many = Prompt {
        points: vec![point.points[0]; 1025],
        ..Prompt::default()
    };
    assert_eq!(
        refusal(&good, &many),
        DecoderError::TooManyPoints {
            found: 1025,
            most: 1024
        }
    );
    let mask = MaskLogits {
        width: 24,
        height: 12,
        values: vec![0.0; 288],
    };
    let mask = Prompt {
        mask: Some(mask),
        ..Prompt::default()
    };
    let found = [24, 12];
    assert_eq!(
        refusal(&good, &mask),
        DecoderError::MaskSize {
            expected: 24,
            found
        }
    );

    let mut shape = keyframe(expected);
    shape.embedding.shape = [24, 6, 7];
    assert!(matches!(
        refusal(&shape, &point),
        DecoderError::EmbeddingShape { .. }
    ));
    let mut length = keyframe(expected);
    length.embedding.values.pop();
    assert!(matches!(
        refusal(&length, &point),
        DecoderError::EmbeddingShape { .. }
    ));
    let mut nan = keyframe(expected);
    nan.embedding.values[100] = f32::NAN;
    assert_eq!(refusal(&nan, &point), DecoderError::NotFinite);
}

/// Files that differ from a good one in one tensor or one byte.
#[test]
fn weights_that_do_not_fit_are_refused() {
    let bytes = read("small_decoder.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let refusal = |tensors: Vec<(String, safetensors::tensor::TensorView<'_>)>| {
        let facts = [("num_heads", "3"), ("input_size", "90")];
        let facts = facts.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let bytes = safetensors::serialize(tensors, Some(facts.into())).unwrap();
        SamDecoder::from_safetensors(&bytes).err()
    };
    let tensors = || {
        let mut tensors = file.tensors();
        tensors.sort_by(|left, right| left.0.cmp(&right.0));
        tensors
    };
    assert_eq!(refusal(tensors()), None);
    for index in 0..tensors().len() {
        let mut without = tensors();
        let (name, _) = without.remove(index);
        assert!(refusal(without).is_some(), "nobody missed {name}");

        let mut reshaped = tensors();
        let view = &reshaped[index].1;
        let mut shape = view.shape().to_vec();
        shape.push(1);
        let view = safetensors::tensor::TensorView::new(view.dtype(), shape, view.data()).unwrap();
        reshaped[index].1 = view;
        assert!(refusal(reshaped).is_some(), "{name} may have any shape");
    }
    let mut more = tensors();
    more.push(("mask_decoder.hf_token.weight".to_owned(), more[0].1.clone()));
    assert!(matches!(
        refusal(more),
        Some(WeightsError::Unexpected { .. })
    ));

    for length in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(matches!(
            SamDecoder::from_safetensors(&bytes[..length]).err(),
            Some(WeightsError::Unreadable(_))
        ));
    }
    let mut infinite = bytes.clone();
    let last = infinite.len() - 4;
    infinite[last..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(matches!(
        SamDecoder::from_safetensors(&infinite).err(),
        Some(WeightsError::NotFinite { .. })
    ));
    for (key, value) in [
        ("num_heads", "0"),
        ("num_heads", "many"),
        ("input_size", "1e9"),
        ("num_heads", "5"),
    ] {
        let metadata = [(key.to_owned(), value.to_owned())].into_iter().collect();
        let bytes = safetensors::serialize(tensors(), Some(metadata)).unwrap();
        let error = SamDecoder::from_safetensors(&bytes).err().unwrap();
        assert!(
            error.to_string().contains("num_heads") || error.to_string().contains("input_size"),
            "{error}"
        );
    }
}
