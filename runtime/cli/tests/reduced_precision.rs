//! The shipped model with half the memory for each keyframe, and with products in codes, beside itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells, and fails"
)]

use fixate::bundle::Bundle;
use fixate::decoder::{CachePrecision, ProductPrecision};
use fixate::frame::{Frame, PixelFormat};
use fixate::prompt::{MultimaskOutput, Prompt};
use fixate::segmenter::{Candidate, Segmenter, SegmenterOptions};
use fixate_scenes::flat;

const SIDE: usize = 512;
const IMAGES: u64 = 50;
const CLICKS: usize = 10;

fn segmenter(cache: CachePrecision, products: ProductPrecision) -> Segmenter {
    let mut options = SegmenterOptions::default();
    options.cache = cache;
    options.products = Some(products);
    Segmenter::new(&Bundle::builtin().unwrap(), options).unwrap()
}

/// The mask of the highest predicted IoU.
fn best(segmenter: &mut Segmenter, frame: &Frame<'_>, prompts: &[Prompt]) -> Vec<Candidate> {
    let keyframe = segmenter.encode(frame).unwrap();
    let mut candidates = Vec::new();
    let mut answer = |prompt: &Prompt| {
        segmenter
            .segment_into(&keyframe, prompt, MultimaskOutput::Always, &mut candidates)
            .unwrap();
        candidates.sort_by_key(|candidate| candidate.index);
        candidates[0].clone()
    };
    prompts.iter().map(&mut answer).collect()
}

#[test]
fn masks_of_500_clicks_stay_what_they_are() {
    let mut full = segmenter(CachePrecision::Full, ProductPrecision::Full);
    let mut reduced = [
        (CachePrecision::Half, ProductPrecision::Full),
        (CachePrecision::Full, ProductPrecision::Codes),
    ]
    .map(|(cache, products)| segmenter(cache, products));
    let mut sums = [0.0; 2];
    for seed in 0..IMAGES {
        let scene = flat::draw(500_000 + seed, SIDE, SIDE);
        let frame =
            Frame::contiguous(PixelFormat::Rgb8, SIDE as u32, SIDE as u32, &scene.rgb, 0).unwrap();
        let prompts: Vec<Prompt> = (0..CLICKS)
            .map(|click| {
                let place = seed as usize * CLICKS + click;
                Prompt::point((place * 197 % SIDE) as f32, (place * 71 % SIDE) as f32)
            })
            .collect();
        let full = best(&mut full, &frame, &prompts);
        for (segmenter, sum) in reduced.iter_mut().zip(&mut sums) {
            let reduced = best(segmenter, &frame, &prompts);
            *sum += full.iter().zip(&reduced).map(overlap).sum::<f64>();
        }
    }
    for (what, sum) in ["half the memory", "codes"].iter().zip(sums) {
        let mean = sum / (IMAGES as usize * CLICKS) as f64;
        println!("{what}: mean IoU {mean:.5}");
        assert!(mean >= 0.995, "{what}: mean IoU {mean:.5}");
    }
}

/// The IoU of two masks; 1 if both are empty.
fn overlap((first, second): (&Candidate, &Candidate)) -> f64 {
    let (mut both, mut either) = (0, 0);
    for (first, second) in first.logits.values.iter().zip(&second.logits.values) {
        both += usize::from(*first > 0.0 && *second > 0.0);
        either += usize::from(*first > 0.0 || *second > 0.0);
    }
    if either == 0 {
        1.0
    } else {
        f64::from(both as u32) / f64::from(either as u32)
    }
}
