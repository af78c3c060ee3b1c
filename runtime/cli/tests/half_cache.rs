//! The shipped model with half the memory for each keyframe, beside itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells, and fails"
)]

use fixate::bundle::Bundle;
use fixate::decoder::CachePrecision;
use fixate::frame::{Frame, PixelFormat};
use fixate::prompt::{MultimaskOutput, Prompt};
use fixate::segmenter::{Candidate, Segmenter, SegmenterOptions};
use fixate_scenes::flat;

const SIDE: usize = 512;
const IMAGES: u64 = 50;
const CLICKS: usize = 10;

fn segmenter(cache: CachePrecision) -> Segmenter {
    let mut options = SegmenterOptions::default();
    options.cache = cache;
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
    let (mut full, mut half) = (
        segmenter(CachePrecision::Full),
        segmenter(CachePrecision::Half),
    );
    let mut sum = 0.0;
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
        let half = best(&mut half, &frame, &prompts);
        for (full, half) in full.iter().zip(&half) {
            let pairs = full.logits.values.iter().zip(&half.logits.values);
            let (mut both, mut either) = (0, 0);
            for (full, half) in pairs {
                both += usize::from(*full > 0.0 && *half > 0.0);
                either += usize::from(*full > 0.0 || *half > 0.0);
            }
            sum += if either == 0 {
                1.0
            } else {
                both as f64 / either as f64
            };
        }
    }
    let mean = sum / (IMAGES as usize * CLICKS) as f64;
    println!("mean IoU {mean:.5}");
    assert!(mean >= 0.995, "mean IoU {mean:.5}");
}
