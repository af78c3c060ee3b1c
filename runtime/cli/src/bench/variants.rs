//! Kinds of decodes: what each costs beside that of one point.

use super::Distribution;
use crate::failure::Failure;
use fixate::bundle::{Bundle, DecoderKind};
use fixate::decoder::{Decoded, Decoder, FactoredSamDecoder, Keyframe, MaskSelection, MaskWindow};
use fixate::mask::MaskLogits;
use fixate::prompt::{PointLabel, Prompt, PromptPoint};
use fixate::segmenter::SegmenterOptions;
use serde::Serialize;
use std::time::Instant;

/// Prompts of a batch.
const BATCH: usize = 64;

/// Milliseconds of each.
#[derive(Debug, Serialize)]
pub(super) struct Variants {
    /// One point, the single mask and the three others.
    pub(super) four_masks: Distribution,
    /// One point, the single mask.
    pub(super) single_mask: Distribution,
    /// Two points and an earlier mask, the single mask.
    pub(super) refinement: Distribution,
    /// One point, four masks, the half of the rows and columns around the middle.
    pub(super) quarter_window: Distribution,
    /// Each of 64 points on one keyframe, four masks.
    pub(super) batch_of_64_each: Distribution,
}

/// Measures a SAM decoder; none if the bundle's is another.
pub(super) fn measure(
    bundle: &Bundle,
    keyframe: &mut Keyframe,
    options: &SegmenterOptions,
    runs: usize,
) -> Result<Option<Variants>, Failure> {
    if bundle.manifest().decoder.kind != DecoderKind::Sam {
        return Ok(None);
    }
    let bytes = bundle.decoder().map_err(Failure::of)?;
    let mut decoder = FactoredSamDecoder::from_safetensors(&bytes).map_err(Failure::of)?;
    decoder.set_threads(options.threads).map_err(Failure::of)?;
    decoder.set_product_precision(options.products_here());
    decoder.prepare(keyframe).map_err(Failure::of)?;
    let [side, _] = decoder.mask_size();
    let width_px = keyframe.placement.image_width_px as f32;
    let height_px = keyframe.placement.image_height_px as f32;
    let at = |x: f32, y: f32| Prompt::point(x * (width_px - 1.0), y * (height_px - 1.0));
    let point = at(0.4, 0.5);
    let mut decoded = Decoded::default();
    decoder
        .decode_into(keyframe, &point, MaskSelection::Single, &mut decoded)
        .map_err(Failure::of)?;
    let refinement = Prompt {
        points: vec![
            point.points[0],
            PromptPoint {
                label: PointLabel::Background,
                ..at(0.9, 0.1).points[0]
            },
        ],
        mask: Some(MaskLogits {
            width: side,
            height: side,
            values: decoded.logits.clone(),
        }),
        ..Prompt::default()
    };
    let window = MaskWindow {
        rows: side / 4..3 * side / 4,
        columns: side / 4..3 * side / 4,
    };
    let mut timed =
        |run: &mut dyn FnMut(&mut FactoredSamDecoder, &mut Decoded) -> Result<(), Failure>| {
            let mut times = Vec::with_capacity(runs);
            // The first run warms up and is not counted.
            for index in 0..=runs {
                let started = Instant::now();
                run(&mut decoder, &mut decoded)?;
                if index > 0 {
                    times.push(started.elapsed());
                }
            }
            Ok(Distribution::of(times))
        };
    let mut whole = |prompt: &Prompt, masks| {
        timed(&mut |decoder, decoded| {
            let result = decoder.decode_into(keyframe, prompt, masks, decoded);
            result.map_err(Failure::of)
        })
    };
    let four_masks = whole(&point, MaskSelection::All)?;
    let single_mask = whole(&point, MaskSelection::Single)?;
    let refinement = whole(&refinement, MaskSelection::Single)?;
    let quarter_window = timed(&mut |decoder, decoded| {
        decoder
            .decode_window_into(keyframe, &point, MaskSelection::All, &window, decoded)
            .map_err(Failure::of)
    })?;
    let prompts: Vec<Prompt> = (0..BATCH)
        .map(|index| at((index % 8) as f32 / 7.0, (index / 8) as f32 / 7.0))
        .collect();
    let mut answers = vec![Decoded::default(); BATCH];
    let mut times = Vec::new();
    for index in 0..=runs.div_ceil(BATCH).max(2) {
        let started = Instant::now();
        decoder
            .decode_batch_into(keyframe, &prompts, MaskSelection::All, &mut answers)
            .map_err(Failure::of)?;
        if index > 0 {
            times.push(started.elapsed() / BATCH as u32);
        }
    }
    Ok(Some(Variants {
        four_masks,
        single_mask,
        refinement,
        quarter_window,
        batch_of_64_each: Distribution::of(times),
    }))
}
