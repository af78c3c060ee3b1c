#![cfg(feature = "default-model")]

use super::*;
use crate::frame::PixelFormat;
use crate::prompt::PromptBox;

fn segmenter() -> Segmenter {
    Segmenter::new(&Bundle::builtin().unwrap(), SegmenterOptions::default()).unwrap()
}

/// A bright square on a dark ground, 96 x 64.
fn pixels() -> Vec<u8> {
    let inside = |i: usize| (20..40).contains(&(i / 3 % 96)) && (10..40).contains(&(i / 3 / 96));
    (0..96 * 64 * 3)
        .map(|i| if inside(i) { 220 } else { 30 })
        .collect()
}

fn keyframe(segmenter: &mut Segmenter) -> Keyframe {
    let pixels = pixels();
    let frame = Frame::contiguous(PixelFormat::Rgb8, 96, 64, &pixels, 17).unwrap();
    segmenter.encode(&frame).unwrap()
}

#[test]
fn a_point_gets_three_candidates_and_a_box_one() {
    let mut segmenter = segmenter();
    let keyframe = keyframe(&mut segmenter);
    assert_eq!(keyframe.capture_time_us, 17);
    let point = Prompt::point(30.0, 25.0);
    let candidates = segmenter
        .segment(&keyframe, &point, MultimaskOutput::Auto)
        .unwrap();
    let mut indices: Vec<usize> = candidates.iter().map(|candidate| candidate.index).collect();
    indices.sort_unstable();
    assert_eq!(indices, [1, 2, 3]);
    assert!(candidates.is_sorted_by(|a, b| a.predicted_iou >= b.predicted_iou));
    assert!(
        candidates
            .iter()
            .all(|c| (0.0..=1.0).contains(&c.stability))
    );
    assert!(segmenter.times().encode > Duration::ZERO);
    assert!(segmenter.times().decode > Duration::ZERO);

    let single = segmenter
        .segment(&keyframe, &point, MultimaskOutput::Never)
        .unwrap();
    assert_eq!(single.iter().map(|c| c.index).collect::<Vec<_>>(), [0]);

    // The best candidate's logits are a prompt in turn.
    let refined = Prompt {
        mask: Some(candidates[0].logits.clone()),
        ..point
    };
    assert_eq!(
        segmenter
            .segment(&keyframe, &refined, MultimaskOutput::Auto)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_box_is_answered_by_what_fits_it() {
    let mut segmenter = segmenter();
    let keyframe = keyframe(&mut segmenter);
    let prompt = Prompt::bounds(PromptBox {
        x0_px: 20.0,
        y0_px: 10.0,
        x1_px: 40.0,
        y1_px: 40.0,
    });
    let single = segmenter
        .segment(&keyframe, &prompt, MultimaskOutput::Never)
        .unwrap();
    assert_eq!(single[0].index, 0);
    assert_eq!(single[0].logits.view(), segmenter.decoded().mask(0));

    let fitting = segmenter
        .segment(&keyframe, &prompt, MultimaskOutput::Auto)
        .unwrap();
    assert_eq!(fitting.len(), 1);
    assert_eq!(segmenter.decoded().indices, 0..4);
    let found = fitting[0].logits.view().to_bitmap(&keyframe.placement);
    let [x, y, width, height] = found.unwrap().bounding_box();
    // A twentieth of the sides, and a pixel of the mask that is not seen to end within itself.
    assert!(x >= 18 && y >= 7 && x + width <= 42 && y + height <= 43);
    assert!(width >= 18 && height >= 27);
}

#[test]
fn prompts_off_the_image_leave_the_candidates_alone() {
    let mut segmenter = segmenter();
    let keyframe = keyframe(&mut segmenter);
    let point = Prompt::point(30.0, 25.0);
    let mut candidates = segmenter
        .segment(&keyframe, &point, MultimaskOutput::Auto)
        .unwrap();
    let before = candidates.clone();
    let off = Prompt::point(96.0, 25.0);
    let result = segmenter.segment_into(&keyframe, &off, MultimaskOutput::Auto, &mut candidates);
    assert!(matches!(result, Err(SegmenterError::Decoder(_))));
    assert_eq!(candidates, before);
}

#[test]
fn embeddings_go_out_and_come_back() {
    let mut segmenter = segmenter();
    let keyframe = keyframe(&mut segmenter);
    let pixels = pixels();
    let frame = Frame::contiguous(PixelFormat::Rgb8, 96, 64, &pixels, 17).unwrap();
    let file = segmenter.export_embedding(&keyframe, &frame).unwrap();
    let back = segmenter.import_embedding(&file, &frame).unwrap();
    assert_eq!(back.embedding, keyframe.embedding);
    assert_eq!(back.placement, keyframe.placement);
    assert_eq!(back.capture_time_us, 17);

    let refusal = |segmenter: &mut Segmenter, file: &[u8], frame: &Frame<'_>| match segmenter
        .import_embedding(file, frame)
    {
        Err(SegmenterError::EmbeddingFile(error)) => error,
        other => panic!("{other:?}"),
    };
    let mut changed = pixels.clone();
    changed[5] ^= 1;
    let others = [
        ("image_width_px", 64, 96, &pixels),
        ("image_sha256", 96, 64, &changed),
    ];
    for (differs, width, height, pixels) in others {
        let other = Frame::contiguous(PixelFormat::Rgb8, width, height, pixels, 17).unwrap();
        match refusal(&mut segmenter, &file, &other) {
            EmbeddingFileError::Belonging { key, .. } => assert_eq!(key, differs),
            error => panic!("{error}"),
        }
    }
    for length in [0, 4, 100, file.len() - 1] {
        let error = refusal(&mut segmenter, &file[..length], &frame);
        assert!(
            matches!(error, EmbeddingFileError::Unreadable(_)),
            "{error}"
        );
    }
    let mut nan = file.clone();
    let last = nan.len() - 4;
    nan[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(
        refusal(&mut segmenter, &nan, &frame),
        EmbeddingFileError::NotFinite
    );
    segmenter.identity.encoder_sha256 = "0".repeat(64);
    let error = refusal(&mut segmenter, &file, &frame);
    assert!(
        matches!(
            error,
            EmbeddingFileError::Belonging {
                key: "encoder_sha256",
                ..
            }
        ),
        "{error}"
    );

    let mut other = keyframe;
    other.embedding.shape[0] += 1;
    let error = segmenter.export_embedding(&other, &frame).unwrap_err();
    assert!(matches!(error, EmbeddingFileError::Shape { .. }), "{error}");
}
