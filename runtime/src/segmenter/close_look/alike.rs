//! What of a mask looks like the place that was clicked.
//!
//! Where a mask covers two things that nobody could mean as one (a window and its frame, a light and what is behind it), their
//! colours mostly tell them apart. So for each mask there is one more: what of it has the colours around the click, and hangs
//! together with it. Which masks are given is decided among all of them.

use super::super::pieces::Pieces;
use super::canvas::{Canvas, SUREST_LOGIT, Seen};
use super::choice::Found;
use super::judge::{Judge, probability};
use super::resample::diminish;
use crate::mask::MaskLogits;
use crate::preprocess::Placement;

/// Standard deviation of what counts as around the click, as a share of the root of the mask's area.
const AROUND: f32 = 0.1;

/// How often colours are asked: first those around the click, then those of what has been found.
const ROUNDS: usize = 2;

/// How much the odds of colours count.
const COLOURS: f32 = 2.0;

/// A pixel at the click has this logit for being near it, one that is half the root of the mask's area away one less, and so
/// on, but no more than one or less than minus one.
const AT_CLICK: f32 = 1.5;
const ONE_LOGIT: f32 = 0.5;

/// A part's score, as a share of that of its mask: a guess at what is more often meant.
const SCORE: f32 = 0.35;

/// Buffers of it.
#[derive(Default)]
pub(super) struct Alike {
    /// Log odds without those of colours.
    prior: Vec<f32>,
    likely: MaskLogits,
    pieces: Pieces,
    judge: Judge,
}

impl Alike {
    /// What of a mask that is shown on a canvas looks like the place that was clicked; none if the click itself does not.
    pub(super) fn part_of(
        &mut self,
        found: &Found,
        canvas: &Canvas,
        click: (f32, f32),
        image: &Placement,
    ) -> Option<Found> {
        let (width, height) = canvas.size();
        let click = canvas.place(click);
        let logits = canvas.logits();
        let area = logits.iter().filter(|logit| **logit > 0.0).count() as f32;
        let root = area.sqrt().max(1.0);
        // Squared distances from the click, by the mask's area.
        let square = |at: usize| {
            let (x, y) = ((at % width) as f32 + 0.5, (at / width) as f32 + 0.5);
            ((x - click.0).powi(2) + (y - click.1).powi(2)) / (root * root)
        };
        let likely = &mut self.likely.values;
        likely.clear();
        self.prior.clear();
        for (at, logit) in logits.iter().enumerate() {
            let square = square(at);
            let around = (-square / (2.0 * AROUND * AROUND)).exp();
            likely.push(around * probability(logit));
            let near = (AT_CLICK - square.sqrt() / ONE_LOGIT).clamp(-1.0, 1.0);
            self.prior.push(logit + near);
        }
        for round in 0..ROUNDS {
            let most = likely.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            for likely in likely.iter_mut() {
                *likely = (*likely / most).clamp(0.0, 1.0);
                // What is not found would by its many pixels have as much to say.
                if round > 0 && *likely < 0.5 {
                    *likely = 0.0;
                }
            }
            self.judge.ask(canvas, &self.prior, COLOURS, root, likely);
        }
        for likely in likely.iter_mut() {
            *likely = (*likely - 0.5).clamp(-0.5, 0.5) * 2.0 * SUREST_LOGIT;
        }
        (self.likely.width, self.likely.height) = (width, height);
        let last = |place: f32, length: usize| (place.max(0.0) as usize).min(length - 1);
        let clicked = (last(click.0, width), last(click.1, height));
        let kept = self.pieces.keep_around(&mut self.likely, clicked);
        kept.then(|| self.as_found(found, canvas, image))
    }

    /// The part as it is found by a look of its own.
    fn as_found(&self, of: &Found, canvas: &Canvas, image: &Placement) -> Found {
        let region = canvas.region();
        // The whole of the input shows the region.
        let near = Placement {
            image_width_px: region.width_px,
            image_height_px: region.height_px,
            resized_width_px: image.input_size_px,
            resized_height_px: image.input_size_px,
            input_size_px: image.input_size_px,
        };
        let mut candidate = of.candidate.clone();
        let logits = self.likely.view();
        diminish(logits, &near, region, image, &mut candidate.logits);
        Found {
            score: SCORE * of.score,
            mask: canvas.mask(logits),
            seen: Seen {
                logits: self.likely.clone(),
                near,
                region,
            },
            candidate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::LONGEST;
    use super::super::shown::Shown;
    use super::*;
    use crate::frame::{Frame, PixelFormat, Region};
    use crate::mask::Bitmap;
    use crate::segmenter::Candidate;

    const WIDTH: usize = 240;
    const HEIGHT: usize = 160;

    const IMAGE: Placement = Placement {
        image_width_px: WIDTH as u32,
        image_height_px: HEIGHT as u32,
        resized_width_px: 96,
        resized_height_px: 64,
        input_size_px: 96,
    };

    /// A window in a frame: what the mask has, and what of it is glass.
    fn framed(x: usize, y: usize) -> bool {
        (40..200).contains(&x) && (20..140).contains(&y)
    }

    fn glass(x: usize, y: usize) -> bool {
        (80..160).contains(&x) && (55..105).contains(&y)
    }

    fn picture() -> Vec<u8> {
        let pixel = |at: usize| {
            let noise = (at * 7919 % 23) as u8;
            match (
                glass(at % WIDTH, at / WIDTH),
                framed(at % WIDTH, at / WIDTH),
            ) {
                (true, _) => [30 + noise, 40, 60 + noise],
                (_, true) => [200 + noise, 190 + noise, 180],
                _ => [120, 60 + noise, 50],
            }
        };
        (0..WIDTH * HEIGHT).flat_map(pixel).collect()
    }

    /// Of logits that leave something to be said.
    fn found() -> Found {
        let value = |at: usize| match framed(at % 96 * 5 / 2, at / 96 * 5 / 2) {
            true => 2.0,
            false => -2.0,
        };
        let logits = MaskLogits {
            width: 96,
            height: 96,
            values: (0..96 * 96).map(value).collect(),
        };
        let mask = Bitmap::from_fn(WIDTH, HEIGHT, framed);
        Found {
            score: 0.8,
            mask: Shown::of(&mask, (0, 0)),
            seen: Seen {
                logits: logits.clone(),
                near: IMAGE,
                region: Region::whole((WIDTH as u32, HEIGHT as u32)),
            },
            candidate: Candidate {
                logits,
                ..Candidate::default()
            },
        }
    }

    fn part(found: &Found, click: (f32, f32)) -> Option<Found> {
        let pixels = picture();
        let (width, height) = (WIDTH as u32, HEIGHT as u32);
        let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, &pixels, 0).unwrap();
        let mut canvas = Canvas::default();
        canvas
            .show(&frame, &found.seen, &found.mask, LONGEST)
            .unwrap();
        Alike::default().part_of(found, &canvas, click, &IMAGE)
    }

    fn overlap(found: &Found, of: impl FnMut(usize, usize) -> bool) -> f32 {
        let expected = Bitmap::from_fn(WIDTH, HEIGHT, of);
        found.mask.overlap(&Shown::of(&expected, (0, 0)))
    }

    #[test]
    fn a_window_is_told_from_its_frame() {
        let whole = found();
        let pane = part(&whole, (120.0, 80.0)).unwrap();
        assert!(overlap(&pane, glass) > 0.9, "{}", overlap(&pane, glass));
        assert!((pane.score - SCORE * whole.score).abs() < 1e-6);
        // Its logits are the image's, and say the same.
        let logits = pane.candidate.logits.view();
        let drawn = Shown::of(&logits.to_bitmap(&IMAGE).unwrap(), (0, 0));
        assert!(pane.mask.overlap(&drawn) > 0.9);
        let frame = part(&whole, (60.0, 34.0)).unwrap();
        assert!(overlap(&frame, framed) > 0.2);
        assert!(overlap(&frame, glass) < 0.02, "{}", overlap(&frame, glass));
    }

    #[test]
    fn odd_clicks_and_masks_have_parts_or_none() {
        let whole = found();
        for click in [(0.0, 0.0), (239.9, 159.9), (40.0, 20.0), (500.0, -3.0)] {
            if let Some(part) = part(&whole, click) {
                assert!(part.mask.bounding_box()[2] > 0, "{click:?}");
            }
        }
        let mut empty = found();
        empty.mask = Shown::of(&Bitmap::new(WIDTH, HEIGHT), (0, 0));
        empty.seen.logits.values.fill(-9.0);
        assert!(part(&empty, (120.0, 80.0)).is_none());
    }
}
