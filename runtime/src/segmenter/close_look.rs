//! Looking closer at what is small in its image.
//!
//! An encoder sees every image at one size, in which a thing that fills a tenth of it is some cells wide. So what lies
//! around a click is encoded by itself, at several times the scale, as an eye turns its fovea to what it looks at; and so
//! are the surroundings of each mask that is small in the image. The prompt is asked again there. What a close look finds
//! of the same thing is averaged with the mask: the wide look knows better what belongs together, the close one where it
//! ends. What else it finds are candidates like the others, and so is what of each mask looks like the place that was
//! clicked. Things mostly end where colours change, so the more they do where a mask ends, the likelier it is. Of all
//! those are kept that together promise most. Their edges move to where the image's colours change.

mod alike;
mod canvas;
mod choice;
mod colours;
mod contrast;
mod distance;
mod edges;
mod guided_filter;
mod judge;
mod resample;
mod shown;
mod surroundings;

use std::time::Instant;

use super::{Candidate, Segmenter, SegmenterError};
use crate::decoder::{DecoderError, Keyframe};
use crate::frame::{Frame, Region};
use crate::mask::{Bitmap, MaskLogits, MaskUpsampler};
use crate::preprocess::Placement;
use crate::prompt::{MultimaskOutput, PointLabel, Prompt};

use alike::Alike;
use canvas::{Canvas, Seen};
use choice::{Found, choose};
use edges::Edges;
use resample::{diminish, magnify, overlap};
use shown::Shown;
use surroundings::{foveas, move_into, serves, surroundings};

/// Intersection over union of two looks at the same thing, at least.
const SAME_THING: f32 = 0.6;

/// The close look's share of the average of the logits.
const SHARE: f32 = 0.7;

/// Pixels of the longer side on which masks are compared with the image, at most.
const LONGEST: f32 = 96.0;

/// Buffers of it.
#[derive(Default)]
pub(super) struct CloseLook {
    looks: Vec<Look>,
    /// Looks whose buffers are to be used again.
    spare: Vec<Look>,
    keyframe: Option<Keyframe>,
    prompt: Prompt,
    upsampler: MaskUpsampler,
    mask: Bitmap,
    canvas: Canvas,
    alike: Alike,
    edges: Edges,
    /// What of a mask is in a region.
    part: Bitmap,
    /// A mask of the wide look as a close one would have it.
    wide: MaskLogits,
}

/// What was found in a part of the image.
#[derive(Default)]
struct Look {
    region: Region,
    placement: Placement,
    found: Vec<Candidate>,
    /// Which of it is in a mask of the wide look already.
    taken: Vec<bool>,
}

impl Segmenter {
    /// Looks closer at the candidates for a prompt, in the frame that the keyframe was encoded from, and gives their masks
    /// at the image's size, best first. Masks become finer where the thing is small in the image; for one click, small
    /// things that the keyframe does not show well take the place of candidates that are unlikely or there twice: their
    /// index and stability are those of the look that found them, and their logits say where in the image they are. The
    /// predicted IoU of each is then how far all looks agree with it. Edges of masks move to where the image's colours
    /// change. The number of candidates stays, and the logits of those that stay. For once on an answer: what was looked at
    /// already gains nothing. Takes as long as encoding and asking once more for each candidate, and for one click twice
    /// more; how often it was is what is returned.
    ///
    /// # Errors
    /// If the frame has another size than the keyframe's, the prompt or the candidates are none of this image and model, or
    /// the encoder or decoder fails; candidates and masks are then those of before.
    pub fn look_closer_into(
        &mut self,
        frame: &Frame<'_>,
        keyframe: &Keyframe,
        prompt: &Prompt,
        candidates: &mut Vec<Candidate>,
        masks: &mut Vec<Bitmap>,
    ) -> Result<usize, SegmenterError> {
        let start = Instant::now();
        let mut close = std::mem::take(&mut self.close_look);
        // What the wide look took and gave stays to be read.
        let (times, decoded) = (self.times, std::mem::take(&mut self.decoded));
        let looked = self.look_with(&mut close, frame, keyframe, prompt, candidates, masks);
        (self.times, self.decoded, self.close_look) = (times, decoded, close);
        self.times.close_look = start.elapsed();
        looked
    }

    fn look_with(
        &mut self,
        close: &mut CloseLook,
        frame: &Frame<'_>,
        keyframe: &Keyframe,
        prompt: &Prompt,
        candidates: &mut Vec<Candidate>,
        masks: &mut Vec<Bitmap>,
    ) -> Result<usize, SegmenterError> {
        let placement = &keyframe.placement;
        let size = (frame.width_px(), frame.height_px());
        if size != (placement.image_width_px, placement.image_height_px) {
            return Err(SegmenterError::OtherFrame {
                frame: size,
                keyframe: (placement.image_width_px, placement.image_height_px),
            });
        }
        prompt.check(size.0, size.1).map_err(DecoderError::Prompt)?;
        close.spare.append(&mut close.looks);
        let several = candidates.len() > 1;
        let click = match (&prompt.points[..], prompt.bounds, several) {
            ([click], None, true) if click.label == PointLabel::Foreground => {
                Some((click.x_px, click.y_px))
            }
            _ => None,
        };
        for region in click.into_iter().flat_map(|click| foveas(click, size)) {
            self.look_at(close, region, frame, prompt)?;
        }
        let whole = Region::whole(size);
        let mut pool = Vec::with_capacity(candidates.len());
        for mut candidate in candidates.iter().cloned() {
            let mut mask = std::mem::take(&mut close.mask);
            let logits = candidate.logits.view();
            close.upsampler.bitmap_into(logits, placement, &mut mask)?;
            let mut seen = None;
            if let Some(wanted) = surroundings(&mask, prompt) {
                let mut looks = close.looks.iter();
                let at = match looks.position(|look| serves(look.region, wanted)) {
                    Some(at) => Some(at),
                    None => self.look_at(close, wanted, frame, prompt)?,
                };
                if let Some(at) = at {
                    // A box says itself what is meant.
                    let least = prompt.bounds.map_or(SAME_THING, |_| 0.0);
                    seen = close.better(at, least, placement, &mut candidate, &mut mask)?;
                }
            }
            let wide = || Seen {
                logits: candidate.logits.clone(),
                near: *placement,
                region: whole,
            };
            pool.push(Found {
                score: candidate.predicted_iou,
                mask: Shown::of(&mask, (0, 0)),
                seen: seen.unwrap_or_else(wide),
                candidate,
            });
            close.mask = mask;
        }
        let count = pool.len();
        if several {
            close.add_others(placement, &mut pool)?;
            close.compare(frame, click, placement, &mut pool)?;
        }
        let mut chosen = choose(pool, count);
        for found in &mut chosen {
            close.edges.settle(frame, &found.seen, &mut found.mask)?;
        }
        candidates.clear();
        masks.resize_with(count, Bitmap::default);
        for (found, mask) in chosen.into_iter().zip(masks) {
            found.mask.draw_into(size, mask);
            candidates.push(found.candidate);
        }
        Ok(close.looks.len())
    }

    /// Asks for the prompt in a region of the frame. -> which of the looks that is; none if the region does not show enough
    /// of the prompt.
    fn look_at(
        &mut self,
        close: &mut CloseLook,
        region: Region,
        frame: &Frame<'_>,
        prompt: &Prompt,
    ) -> Result<Option<usize>, SegmenterError> {
        let part = frame.region(region);
        let near = match close.keyframe.take() {
            Some(mut used) => self.encode_into(&part, &mut used).map(|()| used),
            None => self.encode(&part),
        }?;
        let mut look = close.spare.pop().unwrap_or_default();
        (look.region, look.placement) = (region, near.placement);
        move_into(prompt, region, &mut close.prompt);
        let auto = MultimaskOutput::Auto;
        let asked = self.segment_into(&near, &close.prompt, auto, &mut look.found);
        close.keyframe = Some(near);
        match asked {
            Ok(()) => {}
            Err(SegmenterError::Decoder(DecoderError::Prompt(error))) => {
                log::debug!("no close look at {region:?}: {error}");
                close.spare.push(look);
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        look.taken.clear();
        look.taken.resize(look.found.len(), false);
        close.looks.push(look);
        Ok(Some(close.looks.len() - 1))
    }
}

impl CloseLook {
    /// Takes a close look's mask of the same thing, if one overlaps by more than `least`, into a candidate's mask at the
    /// image's size and into its predicted IoU. -> what the mask is then drawn from; none if it stays.
    fn better(
        &mut self,
        at: usize,
        least: f32,
        placement: &Placement,
        candidate: &mut Candidate,
        mask: &mut Bitmap,
    ) -> Result<Option<Seen>, SegmenterError> {
        let look = &mut self.looks[at];
        let (near, region) = (&look.placement, look.region);
        let Some(first) = look.found.first() else {
            return Ok(None);
        };
        (self.wide.width, self.wide.height) = (first.logits.width, first.logits.height);
        let logits = candidate.logits.view();
        magnify(logits, placement, region, near, &mut self.wide);
        let mut best = (least, None);
        for (position, found) in look.found.iter().enumerate() {
            let same = overlap(&self.wide, &found.logits, near);
            if same > best.0 {
                best = (same, Some(position));
            }
        }
        let Some(position) = best.1 else {
            return Ok(None);
        };
        look.taken[position] = true;
        let found = &look.found[position];
        for (value, close) in self.wide.values.iter_mut().zip(&found.logits.values) {
            *value += SHARE * (close - *value);
        }
        candidate.predicted_iou = 0.5 * (candidate.predicted_iou + found.predicted_iou);
        let part = &mut self.part;
        self.upsampler.bitmap_into(self.wide.view(), near, part)?;
        mask.paste(part, region.x_px as usize, region.y_px as usize);
        Ok(Some(Seen {
            logits: self.wide.clone(),
            near: *near,
            region,
        }))
    }

    /// Compares masks with the image. What of each looks like the place that was clicked is a candidate, too; and scores are
    /// multiplied by how much colours change where their masks end, squared: [`choose`] believes scores by their roots, and
    /// this shall count wholly.
    fn compare(
        &mut self,
        frame: &Frame<'_>,
        click: Option<(f32, f32)>,
        placement: &Placement,
        pool: &mut Vec<Found>,
    ) -> Result<(), SegmenterError> {
        // Parts have none of their own.
        for at in 0..pool.len() {
            let (canvas, found) = (&mut self.canvas, &pool[at]);
            canvas.show(frame, &found.seen, &found.mask, LONGEST)?;
            let mean_step = canvas.mean_step();
            let of = |click| self.alike.part_of(found, canvas, click, placement);
            let mut part = click.and_then(of);
            if let Some(part) = &mut part {
                let logits = &part.seen.logits.values;
                part.score *= canvas.contrast_of(logits, mean_step).powi(2);
            }
            pool[at].score *= canvas.contrast_of(canvas.logits(), mean_step).powi(2);
            pool.extend(part);
        }
        Ok(())
    }

    /// Adds what the close looks have found besides, as far as it is wholly in their sight.
    fn add_others(
        &mut self,
        placement: &Placement,
        pool: &mut Vec<Found>,
    ) -> Result<(), SegmenterError> {
        for look in &self.looks {
            let (region, near) = (look.region, &look.placement);
            let others = look.found.iter().zip(&look.taken);
            for (found, _) in others.filter(|(_, taken)| !**taken) {
                let logits = found.logits.view();
                self.upsampler.bitmap_into(logits, near, &mut self.mask)?;
                let mask = Shown::of(&self.mask, (region.x_px as usize, region.y_px as usize));
                if !mask.is_within(&region, placement) {
                    continue;
                }
                let mut candidate = found.clone();
                diminish(logits, near, region, placement, &mut candidate.logits);
                pool.push(Found {
                    score: candidate.stability * candidate.predicted_iou,
                    mask,
                    seen: Seen {
                        logits: found.logits.clone(),
                        near: *near,
                        region,
                    },
                    candidate,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
