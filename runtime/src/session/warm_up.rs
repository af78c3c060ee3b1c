//! Encoding and decoding before the first frame: buffers take their size, and the engine learns what
//! its rungs cost.

use std::sync::Arc;

use super::clock::now_us;
use super::decoding::{DecoderDesk, Made};
use super::drawing::Drawing;
use super::encoding::EncoderDesk;
use super::error::SessionError;
use super::orders::DecodeOrder;
use super::pixels::HeldFrame;
use crate::decoder::Keyframe;
use crate::engine::{
    DecodeJob, EngineOptions, FrameId, JobId, KeyframeId, Memory, PromptId, PromptShape, Rung,
};
use crate::frame::PixelFormat;
use crate::geometry::{Bounds, Homography};
use crate::mask::MaskUpsampler;
use crate::motion::Motion;
use crate::source::FrameBuffer;

/// Encoding more often warms up nothing more, and takes long.
const MOST_ENCODES: usize = 2;
/// Rungs cost this much more than was measured while nothing else ran.
const RESERVE: f64 = 1.3;

/// Encodes and decodes so often, and tells the ladder what that took.
pub(super) fn warm_up(
    encoder: &mut EncoderDesk,
    decoder: &mut DecoderDesk,
    (width_px, height_px): (u32, u32),
    runs: usize,
    options: &mut EngineOptions,
) -> Result<(), SessionError> {
    if runs == 0 || width_px == 0 || height_px == 0 {
        return Ok(());
    }
    let (budget_us, ladder) = (options.budget_us, &mut options.ladder);
    let mut grey = FrameBuffer::new();
    match grey.reshape(PixelFormat::Gray8, width_px, height_px, 0) {
        Ok(pixels) => pixels.fill(128),
        Err(_) => return Ok(()),
    }
    let frame = HeldFrame::new(FrameId(0), Arc::new(grey));
    let mut keyframe = encoder.make(frame.clone())?;
    for _ in 1..runs.min(MOST_ENCODES) {
        keyframe = encoder.make(frame.clone())?;
    }
    let mut last: Option<Made> = None;
    let made = decoder.make(&order(Rung::Candidates, &keyframe, None))?;
    decoder.fill_buffers(&made)?;
    drop(made);
    for rung in Rung::DECODING {
        let mut longest_us = 0;
        for run in 0..runs {
            let order = order(rung, &keyframe, last.as_ref());
            let begun_us = now_us();
            let made = decoder.make(&order)?;
            // The first run allocates.
            if run > 0 || runs == 1 {
                longest_us = longest_us.max(now_us() - begun_us);
            }
            last = Some(made);
        }
        ladder.unmeasured_us[rung as usize] = reserved_us(longest_us);
    }
    if let Some(made) = last {
        ladder.unmeasured_us[Rung::Moved as usize] = reserved_us(time_moving_us(&made)?);
    }
    // What is thought to be too slow is never tried, and never found to be faster than that.
    let tried_us = budget_us.saturating_sub(ladder.margin_us).max(1);
    ladder.unmeasured_us = ladder.unmeasured_us.map(|cost_us| cost_us.min(tried_us));
    log::info!(
        "costs before the first frame: {:?} us",
        ladder.unmeasured_us
    );
    Ok(())
}

fn reserved_us(measured_us: i64) -> i64 {
    (measured_us as f64 * RESERVE) as i64
}

/// A prompt in the middle of the picture.
fn order(rung: Rung, keyframe: &Arc<Keyframe>, last: Option<&Made>) -> DecodeOrder {
    let placement = &keyframe.placement;
    let (width, height) = (
        f64::from(placement.image_width_px),
        f64::from(placement.image_height_px),
    );
    let still = Motion::exact(Homography::IDENTITY);
    let job = DecodeJob {
        job: JobId(0),
        prompt: PromptId(0),
        rung,
        keyframe: KeyframeId(0),
        shape: PromptShape::point(width as f32 / 2.0, height as f32 / 2.0),
        ambiguous: true,
        window: Some(Bounds {
            x0_px: width * 0.25,
            y0_px: height * 0.25,
            x1_px: width * 0.75,
            y1_px: height * 0.75,
        }),
        frame: FrameId(0),
        frame_from_keyframe: still,
        memory: last.map(|_| Memory {
            job: JobId(0),
            keyframe_from_memory: still,
        }),
        memory_age_us: last.map(|_| 0),
        deadline_us: 0,
    };
    DecodeOrder {
        job,
        keyframe: Arc::clone(keyframe),
        memory: last.map(|made| Arc::clone(&made.masks)),
    }
}

/// How long it takes to move a mask.
fn time_moving_us(made: &Made) -> Result<i64, SessionError> {
    let (mut drawing, mut upsampler) = (Drawing::empty(), MaskUpsampler::new());
    let mut longest_us = 0;
    for run in 0..3 {
        let begun_us = now_us();
        drawing.draw(
            (JobId(0), FrameId(0)),
            made.masks.decoded.mask(made.masks.shown),
            &made.masks.placement,
            &Homography::translation(3.0, 2.0),
            &mut upsampler,
        )?;
        if run > 0 {
            longest_us = longest_us.max(now_us() - begun_us);
        }
    }
    Ok(longest_us)
}
