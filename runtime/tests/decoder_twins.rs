//! The factored decoder beside the plain one, on models of any size.

#![allow(clippy::unwrap_used, reason = "a test tells, and fails")]

mod random_decoder;

use fixate::decoder::{
    CachePrecision, Decoded, Decoder, DecoderError, Embedding, FactoredSamDecoder, Keyframe,
    MaskSelection, MaskWindow, ProductPrecision, SamDecoder,
};
use fixate::mask::MaskLogits;
use fixate::preprocess::Placement;
use fixate::prompt::{PointLabel, Prompt, PromptBox, PromptPoint};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use random_decoder::{Sizes, noise, random_decoder};

/// Largest difference that counts as the same, as a share of the plain result's deviation.
const TOLERANCE: f64 = 2e-4;

fn keyframe(sizes: &Sizes, seed: u32) -> Keyframe {
    let side = sizes.embedding_size;
    let size_px = side as u32 * 16;
    Keyframe {
        embedding: Embedding {
            shape: [sizes.embedding_channels(), side, side],
            values: noise(seed)
                .map(|value| 3.0 * value)
                .take(sizes.embedding_channels() * side * side)
                .collect(),
        },
        placement: Placement {
            image_width_px: size_px,
            image_height_px: size_px,
            resized_width_px: size_px,
            resized_height_px: size_px,
            input_size_px: size_px,
        },
        capture_time_us: 0,
        prepared: None,
    }
}

fn prompt(sizes: &Sizes, points: usize, bounds: bool, mask: bool, seed: u32) -> Prompt {
    let size_px = sizes.embedding_size as f32 * 16.0;
    let mut random = noise(seed).map(|value| value + 0.5);
    let mut next = move || random.next().unwrap();
    let side = sizes.embedding_size * 4;
    Prompt {
        points: (0..points)
            .map(|index| PromptPoint {
                x_px: next() * size_px * 0.99,
                y_px: next() * size_px * 0.99,
                label: match index % 3 {
                    1 => PointLabel::Background,
                    _ => PointLabel::Foreground,
                },
            })
            .collect(),
        bounds: bounds.then(|| PromptBox {
            x0_px: next() * size_px * 0.4,
            y0_px: next() * size_px * 0.4,
            x1_px: size_px * (0.5 + 0.4 * next()),
            y1_px: size_px * (0.5 + 0.4 * next()),
        }),
        mask: mask.then(|| MaskLogits {
            width: side,
            height: side,
            values: (0..side * side).map(|_| 20.0 * next() - 10.0).collect(),
        }),
    }
}

/// Largest difference as a share of the expected values' deviation.
fn difference(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let wide = || expected.iter().map(|value| f64::from(*value));
    let mean = wide().sum::<f64>() / expected.len() as f64;
    let variance = wide().map(|v| (v - mean).powi(2)).sum::<f64>() / expected.len() as f64;
    let pairs = found.iter().zip(wide());
    let largest = pairs
        .map(|(found, expected)| (f64::from(*found) - expected).abs())
        .fold(0.0, f64::max);
    largest / variance.sqrt().max(1e-2 * mean.abs())
}

prop_compose! {
    fn any_sizes()(
        heads in prop_oneof![Just(1_usize), Just(2), Just(3), Just(8)],
        head_widths in [1_usize..9, 1_usize..17],
        half_channels in 6_usize..40,
        hidden in 1_usize..70,
        layers in 0_usize..4,
        mask_tokens in 1_usize..5,
        // A layer norm over two or three channels magnifies rounding without bound.
        upscaled in [8_usize..24, 1_usize..12],
        mask_channels in [1_usize..6, 1_usize..18],
        embedding_size in prop_oneof![1_usize..12, Just(16), Just(24), Just(32)],
        fine: bool,
    ) -> Sizes {
        Sizes {
            channels: 2 * half_channels,
            heads,
            inner: head_widths.map(|width| width * heads),
            hidden,
            layers,
            mask_tokens,
            upscaled,
            mask_channels,
            embedding_size,
            fine,
        }
    }
}

proptest! {
    // Always the same models: one of a thousand magnifies rounding, in both decoders alike, beyond the tolerance.
    #![proptest_config(ProptestConfig { cases: 96, rng_seed: RngSeed::Fixed(96), ..ProptestConfig::default() })]

    #[test]
    fn twins_agree_on_any_model_and_prompt(
        sizes in any_sizes(),
        seed: u32,
        points in 0_usize..36,
        bounds: bool,
        mask: bool,
        threads in 1_usize..4,
        prepare: bool,
    ) {
        prop_assume!(points > 0 || bounds || mask);
        let bytes = random_decoder(&sizes, seed);
        let mut plain = SamDecoder::from_safetensors(&bytes).unwrap();
        let mut factored = FactoredSamDecoder::from_safetensors(&bytes).unwrap();
        factored.set_threads(threads).unwrap();
        let (mut expected, mut found) = (Decoded::default(), Decoded::default());
        let mut keyframe = keyframe(&sizes, seed ^ 1);
        if prepare {
            factored.prepare(&mut keyframe).unwrap();
        }
        // The second prompt meets buffers that the first has left.
        for (points, mask) in [(points, mask), (points / 2, !mask)] {
            if points == 0 && !bounds && !mask {
                continue;
            }
            let prompt = prompt(&sizes, points, bounds, mask, seed ^ 2);
            for selection in [MaskSelection::All, MaskSelection::Single] {
                plain.decode_into(&keyframe, &prompt, selection, &mut expected).unwrap();
                factored.decode_into(&keyframe, &prompt, selection, &mut found).unwrap();
                prop_assert_eq!(&found.indices, &expected.indices);
                prop_assert_eq!((found.width, found.height), (expected.width, expected.height));
                let error = difference(&found.logits, &expected.logits);
                prop_assert!(error < TOLERANCE, "logits differ by {error:.1e} of the deviation");
                for (found, expected) in found.predicted_iou.iter().zip(&expected.predicted_iou) {
                    prop_assert!((found - expected).abs() < 1e-3 * expected.abs().max(1.0));
                }
            }
        }
    }

    #[test]
    fn a_window_is_exact_and_a_batch_is_each_prompt(
        sizes in any_sizes(),
        seed: u32,
        counts in prop::collection::vec((1_usize..4, any::<bool>()), 1..9),
        threads in 1_usize..4,
        corners in [0.0_f32..1.0, 0.0_f32..1.2, 0.0_f32..1.0, 0.0_f32..1.2],
    ) {
        let bytes = random_decoder(&sizes, seed);
        let mut factored = FactoredSamDecoder::from_safetensors(&bytes).unwrap();
        factored.set_threads(threads).unwrap();
        let mut keyframe = keyframe(&sizes, seed ^ 1);
        factored.prepare(&mut keyframe).unwrap();
        let prompts: Vec<Prompt> = counts
            .iter()
            .enumerate()
            .map(|(index, (points, mask))| prompt(&sizes, *points, false, *mask, seed ^ index as u32))
            .collect();
        let mut batch = vec![Decoded::default(); prompts.len()];
        factored.decode_batch_into(&keyframe, &prompts, MaskSelection::All, &mut batch).unwrap();
        let side = sizes.embedding_size * 4;
        let [x0, x1, y0, y1] = corners.map(|corner| (corner * side as f32) as usize);
        let window = MaskWindow { rows: y0..y1, columns: x0..x1 };
        let (mut alone, mut part) = (Decoded::default(), Decoded::default());
        for (prompt, answer) in prompts.iter().zip(&batch) {
            factored.decode_into(&keyframe, prompt, MaskSelection::All, &mut alone).unwrap();
            prop_assert!(difference(&answer.logits, &alone.logits) < 1e-5);
            prop_assert_eq!(&answer.indices, &alone.indices);
            factored
                .decode_window_into(&keyframe, prompt, MaskSelection::All, &window, &mut part)
                .unwrap();
            prop_assert_eq!(&part.predicted_iou, &alone.predicted_iou);
            for (index, (part, whole)) in part.logits.iter().zip(&alone.logits).enumerate() {
                let (row, column) = (index / side % side, index % side);
                if window.rows.contains(&row) && window.columns.contains(&column) {
                    prop_assert!((part - whole).abs() <= 1e-4 * whole.abs().max(1.0));
                } else {
                    prop_assert!(*part == -32.0 || (part - whole).abs() <= 1e-4 * whole.abs().max(1.0));
                }
            }
        }
    }

    #[test]
    fn half_the_memory_gives_nearly_the_same_masks(sizes in any_sizes(), seed: u32, mask: bool) {
        let bytes = random_decoder(&sizes, seed);
        let mut plain = SamDecoder::from_safetensors(&bytes).unwrap();
        let mut factored = FactoredSamDecoder::from_safetensors(&bytes).unwrap();
        let mut keyframe = keyframe(&sizes, seed ^ 1);
        factored.prepare(&mut keyframe).unwrap();
        let full = factored.prepared_bytes(&keyframe);
        factored.set_cache_precision(CachePrecision::Half);
        factored.prepare(&mut keyframe).unwrap();
        // Squares stay in f32.
        prop_assert!(factored.prepared_bytes(&keyframe) <= full * 53 / 100);
        let prompt = prompt(&sizes, 2, false, mask, seed ^ 2);
        let (mut expected, mut found) = (Decoded::default(), Decoded::default());
        plain.decode_into(&keyframe, &prompt, MaskSelection::All, &mut expected).unwrap();
        factored.decode_into(&keyframe, &prompt, MaskSelection::All, &mut found).unwrap();
        let error = difference(&found.logits, &expected.logits);
        prop_assert!(error < 0.03, "logits differ by {error:.1e} of the deviation");
    }

    #[test]
    fn products_in_codes_give_nearly_the_same_masks(sizes in any_sizes(), seed: u32, mask: bool) {
        let bytes = random_decoder(&sizes, seed);
        let mut plain = SamDecoder::from_safetensors(&bytes).unwrap();
        let mut factored = FactoredSamDecoder::from_safetensors(&bytes).unwrap();
        factored.set_product_precision(ProductPrecision::Codes);
        let keyframe = keyframe(&sizes, seed ^ 1);
        let prompt = prompt(&sizes, 2, false, mask, seed ^ 2);
        let (mut expected, mut found) = (Decoded::default(), Decoded::default());
        plain.decode_into(&keyframe, &prompt, MaskSelection::All, &mut expected).unwrap();
        factored.decode_into(&keyframe, &prompt, MaskSelection::All, &mut found).unwrap();
        let error = difference(&found.logits, &expected.logits);
        prop_assert!(error < 0.01, "logits differ by {error:.1e} of the deviation");
    }

    #[test]
    fn what_is_not_finite_is_an_error(
        sizes in any_sizes(),
        seed: u32,
        place in 0.0_f32..1.0,
        value in prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY)],
    ) {
        let bytes = random_decoder(&sizes, seed);
        let mut factored = FactoredSamDecoder::from_safetensors(&bytes).unwrap();
        let mut keyframe = keyframe(&sizes, seed);
        let index = (place * keyframe.embedding.values.len() as f32) as usize;
        keyframe.embedding.values[index] = value;
        let prompt = prompt(&sizes, 2, false, false, seed);
        let mut decoded = Decoded::default();
        let result = factored
            .prepare(&mut keyframe)
            .and_then(|()| factored.decode_into(&keyframe, &prompt, MaskSelection::All, &mut decoded));
        prop_assert_eq!(result, Err(DecoderError::NotFinite));
    }
}

#[test]
fn a_keyframe_prepared_by_another_model_is_decoded_all_the_same() {
    let sizes = Sizes {
        embedding_size: 8,
        ..random_decoder::MOBILE_SAM
    };
    let decoder =
        |seed| FactoredSamDecoder::from_safetensors(&random_decoder(&sizes, seed)).unwrap();
    let (mut one, mut other) = (decoder(1), decoder(2));
    let mut keyframe = keyframe(&sizes, 3);
    let prompt = prompt(&sizes, 1, false, false, 4);
    let (mut expected, mut found) = (Decoded::default(), Decoded::default());
    one.decode_into(&keyframe, &prompt, MaskSelection::All, &mut expected)
        .unwrap();
    other.prepare(&mut keyframe).unwrap();
    one.decode_into(&keyframe, &prompt, MaskSelection::All, &mut found)
        .unwrap();
    assert_eq!(found, expected);
    assert_eq!(
        one.prepared_bytes(&keyframe),
        other.prepared_bytes(&keyframe)
    );
}
