#![cfg(feature = "default-model")]

use super::*;
use crate::bundle::Bundle;
use crate::frame::PixelFormat;
use crate::prompt::PromptBox;
use crate::segmenter::SegmenterOptions;

const WIDTH: usize = 640;
const HEIGHT: usize = 480;

fn segmenter() -> Segmenter {
    Segmenter::new(&Bundle::builtin().unwrap(), SegmenterOptions::default()).unwrap()
}

/// A disc of this radius around (200.5, 150.5).
fn disc(radius: i32) -> Bitmap {
    Bitmap::from_fn(WIDTH, HEIGHT, |x, y| {
        let (x, y) = (x as i32 - 200, y as i32 - 150);
        x * x + y * y < radius * radius
    })
}

/// The disc, bright on a ground with some texture, in grey.
fn picture(disc: &Bitmap) -> Vec<u8> {
    let value = |(at, inside): (usize, &u8)| match inside {
        0 => 60 + (at % WIDTH * 7 + at / WIDTH * 13) as u8 % 23,
        _ => 200,
    };
    disc.bytes().iter().enumerate().map(value).collect()
}

fn frame(pixels: &[u8]) -> Frame<'_> {
    Frame::contiguous(PixelFormat::Gray8, WIDTH as u32, HEIGHT as u32, pixels, 0).unwrap()
}

fn best(masks: &[Bitmap], truth: &Bitmap) -> f64 {
    let overlaps = masks.iter().map(|mask| mask.intersection_over_union(truth));
    overlaps.map(|overlap| overlap.unwrap()).fold(0.0, f64::max)
}

#[test]
fn small_things_become_finer() {
    let truth = disc(11);
    let pixels = picture(&truth);
    let (frame, mut segmenter) = (frame(&pixels), segmenter());
    let keyframe = segmenter.encode(&frame).unwrap();
    let prompt = Prompt::point(200.5, 150.5);
    let auto = MultimaskOutput::Auto;
    let mut candidates = segmenter.segment(&keyframe, &prompt, auto).unwrap();
    let wide: Vec<Bitmap> = candidates
        .iter()
        .map(|c| c.logits.view().to_bitmap(&keyframe.placement).unwrap())
        .collect();
    let (decoded, times) = (segmenter.decoded().clone(), segmenter.times());
    let mut masks = Vec::new();
    let looks = segmenter
        .look_closer_into(&frame, &keyframe, &prompt, &mut candidates, &mut masks)
        .unwrap();
    assert!((2..=5).contains(&looks), "{looks}");
    assert_eq!((candidates.len(), masks.len()), (3, 3));
    assert!(candidates.is_sorted_by(|a, b| a.predicted_iou >= b.predicted_iou));
    let (before, after) = (best(&wide, &truth), best(&masks, &truth));
    assert!(after > 0.85 && after > before, "{before} {after}");
    // The logits are still those of the whole image.
    for (candidate, mask) in candidates.iter().zip(&masks) {
        let logits = candidate.logits.view();
        let from_logits = logits.to_bitmap(&keyframe.placement).unwrap();
        let same = mask.intersection_over_union(&from_logits).unwrap();
        assert!(same > 0.4, "{same}");
    }
    assert_eq!(segmenter.decoded(), &decoded);
    assert_eq!(segmenter.times().encode, times.encode);
    assert!(segmenter.times().close_look > times.close_look);
    // Buffers that are used again change nothing.
    let mut again = segmenter.segment(&keyframe, &prompt, auto).unwrap();
    let mut masks_again = vec![Bitmap::new(3, 3); 5];
    let looked =
        segmenter.look_closer_into(&frame, &keyframe, &prompt, &mut again, &mut masks_again);
    assert_eq!(looked, Ok(looks));
    assert_eq!((again, masks_again), (candidates, masks));
}

#[test]
fn a_box_is_looked_at_once_and_what_is_large_not_at_all() {
    let truth = disc(30);
    let pixels = picture(&truth);
    let (frame, mut segmenter) = (frame(&pixels), segmenter());
    let keyframe = segmenter.encode(&frame).unwrap();
    let square = |half: f32| {
        Prompt::bounds(PromptBox {
            x0_px: 200.5 - half,
            y0_px: 150.5 - half,
            x1_px: 200.5 + half,
            y1_px: 150.5 + half,
        })
    };
    let mut ask = |prompt: &Prompt| {
        let mut candidates = segmenter
            .segment(&keyframe, prompt, MultimaskOutput::Auto)
            .unwrap();
        let wide = candidates[0].logits.view().to_bitmap(&keyframe.placement);
        let mut masks = Vec::new();
        let looks = segmenter
            .look_closer_into(&frame, &keyframe, prompt, &mut candidates, &mut masks)
            .unwrap();
        assert_eq!((candidates.len(), masks.len()), (1, 1));
        (looks, wide.unwrap(), masks.remove(0))
    };
    let (looks, _, mask) = ask(&square(30.0));
    assert_eq!(looks, 1);
    assert!(best(&[mask], &truth) > 0.9);
    let (looks, wide, mask) = ask(&square(450.0));
    assert_eq!(looks, 0);
    // Only its edges move.
    assert!(best(&[mask], &wide) > 0.9);
}

#[test]
fn another_frame_is_refused_and_nothing_is_lost() {
    let pixels = picture(&disc(20));
    let (whole, mut segmenter) = (frame(&pixels), segmenter());
    let keyframe = segmenter.encode(&whole).unwrap();
    let prompt = Prompt::point(200.5, 150.5);
    let mut candidates = segmenter
        .segment(&keyframe, &prompt, MultimaskOutput::Auto)
        .unwrap();
    let before = candidates.clone();
    let other = Frame::contiguous(PixelFormat::Gray8, 640, 479, &pixels, 0).unwrap();
    let mut masks = vec![Bitmap::new(2, 2)];
    let error = segmenter
        .look_closer_into(&other, &keyframe, &prompt, &mut candidates, &mut masks)
        .unwrap_err();
    assert!(error.to_string().contains("640x479"), "{error}");
    assert_eq!(candidates, before);
    assert_eq!(masks, [Bitmap::new(2, 2)]);
}

#[test]
fn prompts_at_odd_edges_and_odd_prompts_are_answered() {
    let mut segmenter = segmenter();
    for (width, height) in [(641_u32, 427_u32), (201, 333), (1, 1), (65, 2), (300, 1)] {
        let pixels: Vec<u8> = (0..width * height)
            .map(|at| (at * 31 % 251) as u8)
            .collect();
        let frame = Frame::contiguous(PixelFormat::Gray8, width, height, &pixels, 0).unwrap();
        let keyframe = segmenter.encode(&frame).unwrap();
        let (right, bottom) = (width as f32 - 0.3, height as f32 - 0.3);
        let corner = Prompt::point(right, bottom);
        let mut off = Prompt::point(right, bottom);
        off.points[0].label = PointLabel::Background;
        let sliver = PromptBox {
            x0_px: width as f32 - 0.8,
            y0_px: 0.0,
            x1_px: width as f32 + 7.0,
            y1_px: height as f32,
        };
        let boxed = Prompt {
            points: off.points.clone(),
            ..Prompt::bounds(sliver)
        };
        let mut clicked_again = corner.clone();
        clicked_again.points.extend(Prompt::point(0.0, 0.0).points);
        let mut masks = Vec::new();
        for multimask in [MultimaskOutput::Auto, MultimaskOutput::Always] {
            for prompt in [
                &corner,
                &off,
                &boxed,
                &Prompt::bounds(sliver),
                &clicked_again,
            ] {
                let mut candidates = segmenter.segment(&keyframe, prompt, multimask).unwrap();
                let count = candidates.len();
                segmenter
                    .look_closer_into(&frame, &keyframe, prompt, &mut candidates, &mut masks)
                    .unwrap();
                assert_eq!((candidates.len(), masks.len()), (count, count));
                // The answer's logits, and nothing else, are a prompt in turn.
                let again = Prompt {
                    mask: Some(candidates[0].logits.clone()),
                    ..Prompt::default()
                };
                let mut candidates = segmenter.segment(&keyframe, &again, multimask).unwrap();
                let looks = segmenter.look_closer_into(
                    &frame,
                    &keyframe,
                    &again,
                    &mut candidates,
                    &mut masks,
                );
                assert_eq!(looks, Ok(0));
            }
        }
        let outside = Prompt::point(width as f32 + 3.0, 0.0);
        let looked =
            segmenter.look_closer_into(&frame, &keyframe, &outside, &mut Vec::new(), &mut masks);
        assert!(
            matches!(looked, Err(SegmenterError::Decoder(_))),
            "{looked:?}"
        );
    }
}

#[test]
fn a_small_box_is_not_cut_by_the_wide_look() {
    let truth = disc(7);
    let pixels = picture(&truth);
    let (frame, mut segmenter) = (frame(&pixels), segmenter());
    let keyframe = segmenter.encode(&frame).unwrap();
    let prompt = Prompt::bounds(PromptBox {
        x0_px: 194.0,
        y0_px: 144.0,
        x1_px: 207.0,
        y1_px: 157.0,
    });
    let mut candidates = segmenter
        .segment(&keyframe, &prompt, MultimaskOutput::Auto)
        .unwrap();
    let wide = candidates[0].logits.view().to_bitmap(&keyframe.placement);
    let mut masks = Vec::new();
    segmenter
        .look_closer_into(&frame, &keyframe, &prompt, &mut candidates, &mut masks)
        .unwrap();
    let (before, after) = (best(&[wide.unwrap()], &truth), best(&masks, &truth));
    assert!(after > 0.8 && after > before, "{before} {after}");
}

#[test]
fn of_masks_that_score_alike_the_one_that_ends_where_its_thing_does_is_likelier() {
    let pixels = picture(&disc(60));
    let frame = frame(&pixels);
    let near = Placement {
        image_width_px: WIDTH as u32,
        image_height_px: HEIGHT as u32,
        resized_width_px: WIDTH as u32,
        resized_height_px: HEIGHT as u32,
        input_size_px: WIDTH as u32,
    };
    let found = |radius: i32| {
        let mask = disc(radius);
        let logit = |at: usize| match mask.bytes().get(at) {
            Some(1) => 3.0,
            _ => -3.0,
        };
        let logits = MaskLogits {
            width: WIDTH,
            height: WIDTH,
            values: (0..WIDTH * WIDTH).map(logit).collect(),
        };
        let candidate = Candidate {
            logits: logits.clone(),
            ..Candidate::default()
        };
        Found {
            score: 0.5,
            mask: Shown::of(&mask, (0, 0)),
            seen: Seen {
                logits,
                near,
                region: Region::whole((WIDTH as u32, HEIGHT as u32)),
            },
            candidate,
        }
    };
    let mut close = CloseLook::default();
    let mut pool = vec![found(60), found(45), found(75)];
    close.compare(&frame, None, &near, &mut pool).unwrap();
    let scores: Vec<f32> = pool.iter().map(|found| found.score).collect();
    assert!(
        scores[0] > 3.0 * scores[1] && scores[0] > 3.0 * scores[2],
        "{scores:?}"
    );
    // With a click each has a part besides, and that one ends where the thing does.
    let mut pool = vec![found(60), found(75)];
    let click = Some((200.5, 150.5));
    close.compare(&frame, click, &near, &mut pool).unwrap();
    assert_eq!(pool.len(), 4);
    for part in &pool[2..] {
        let thing = part.mask.overlap(&Shown::of(&disc(60), (0, 0)));
        assert!(thing > 0.95 && part.score > 0.0, "{thing}");
    }
    assert!(pool[3].score > pool[1].score);
}
