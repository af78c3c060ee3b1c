//! How much colours change where a mask ends.
//!
//! Things mostly end where colours change, and a mask that cuts through what looks all the same is seldom what was meant.
//! The model's own scores know little of that on what it was not trained on.

use super::canvas::Canvas;

/// Contrasts are at least this: a thing may well look like what is beside it.
const LEAST: f32 = 0.1;

/// Neighbours differ by half a step of 8 bits, at least: what is smoother than that is as smooth.
const SMOOTHEST: f32 = 0.5 / 255.0;

impl Canvas {
    /// How much neighbours on all of the canvas differ, in the mean.
    pub(super) fn mean_step(&self) -> f32 {
        self.mean_difference(|_, _| true)
    }

    /// How many times as much neighbours differ of which one is in the mask of what is above zero and the other beside it, than
    /// neighbours on all of the canvas do; and [`LEAST`] more. A texture's steps are everywhere, those of things where they
    /// end.
    pub(super) fn contrast_of(&self, logits: &[f32], mean_step: f32) -> f32 {
        let across =
            self.mean_difference(|one, other| (logits[one] > 0.0) != (logits[other] > 0.0));
        across / (mean_step + SMOOTHEST) + LEAST
    }

    /// The mean difference in colour, of the channel that differs most, of those neighbours that are `asked`; zero of none.
    fn mean_difference(&self, asked: impl Fn(usize, usize) -> bool) -> f32 {
        let image = self.image();
        let (width, height) = self.size();
        let (mut sum, mut count) = (0.0, 0.0);
        let mut compare = |one: usize, other: usize| {
            if asked(one, other) {
                let differences = image.map(|plane| (plane[one] - plane[other]).abs());
                sum += differences.into_iter().fold(0.0, f32::max);
                count += 1.0;
            }
        };
        for y in 0..height {
            for at in y * width..(y + 1) * width {
                if at + 1 < (y + 1) * width {
                    compare(at, at + 1);
                }
                if y + 1 < height {
                    compare(at, at + width);
                }
            }
        }
        sum / f32::max(count, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Seen;
    use super::super::shown::Shown;
    use super::*;
    use crate::frame::{Frame, PixelFormat, Region};
    use crate::mask::{Bitmap, MaskLogits};
    use crate::preprocess::Placement;

    const SIDE: usize = 64;

    /// Shows a grey image on a canvas of the same pixels.
    fn shown(grey: impl Fn(usize) -> u8) -> Canvas {
        let pixels: Vec<u8> = (0..SIDE * SIDE).flat_map(|at| [grey(at); 3]).collect();
        let side = SIDE as u32;
        let frame = Frame::contiguous(PixelFormat::Rgb8, side, side, &pixels, 0).unwrap();
        let seen = Seen {
            logits: MaskLogits {
                width: SIDE,
                height: SIDE,
                values: vec![1.0; SIDE * SIDE],
            },
            near: Placement {
                image_width_px: side,
                image_height_px: side,
                resized_width_px: side,
                resized_height_px: side,
                input_size_px: side,
            },
            region: Region::whole((side, side)),
        };
        let mask = Shown::of(&Bitmap::from_fn(SIDE, SIDE, |_, _| true), (0, 0));
        let mut canvas = Canvas::default();
        canvas.show(&frame, &seen, &mask, SIDE as f32).unwrap();
        canvas
    }

    fn contrast(canvas: &Canvas, logits: &[f32]) -> f32 {
        canvas.contrast_of(logits, canvas.mean_step())
    }

    fn square(from: usize, to: usize) -> Vec<f32> {
        let within = |at: usize| (from..to).contains(&at);
        let logit = |at: usize| match within(at % SIDE) && within(at / SIDE) {
            true => 2.0,
            false => -2.0,
        };
        (0..SIDE * SIDE).map(logit).collect()
    }

    #[test]
    fn it_is_the_step_where_a_mask_ends_beside_those_all_over() {
        let thing = square(16, 48);
        let canvas = shown(|at| if thing[at] > 0.0 { 200 } else { 98 });
        // Of all pairs of neighbours, those on the four sides differ.
        let step = 102.0 / 255.0;
        let mean = step * (4.0 * 32.0) / (2.0 * 64.0 * 63.0);
        let most = step / (mean + SMOOTHEST);
        let ends_with_it = contrast(&canvas, &thing);
        assert!((ends_with_it - most - LEAST).abs() < 1e-3, "{ends_with_it}");
        for other in [square(20, 44), square(8, 56)] {
            assert!((contrast(&canvas, &other) - LEAST).abs() < 1e-6);
        }
        // Of half of it, one side of four does not end where the thing does.
        let mut cut = thing.clone();
        for at in (0..SIDE * SIDE).filter(|at| at % SIDE >= 32) {
            cut[at] = -2.0;
        }
        let share = (16.0 + 32.0 + 16.0) / (16.0 + 32.0 + 16.0 + 32.0);
        let found = contrast(&canvas, &cut);
        assert!((found - share * most - LEAST).abs() < 1e-3, "{found}");
    }

    #[test]
    fn in_a_texture_or_on_nothing_no_mask_stands_out() {
        let texture = shown(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8);
        for mask in [square(16, 48), square(5, 20)] {
            let found = contrast(&texture, &mask);
            assert!((found - 1.0 - LEAST).abs() < 0.15, "{found}");
        }
        let even = shown(|_| 128);
        assert!((contrast(&even, &square(16, 48)) - LEAST).abs() < 1e-6);
    }

    #[test]
    fn masks_without_an_outline_and_logits_that_are_no_numbers_have_the_least() {
        let canvas = shown(|at| (at * 7919 % 251) as u8);
        for value in [1.0, -1.0, f32::NAN] {
            let found = contrast(&canvas, &[value; SIDE * SIDE]);
            assert!((found - LEAST).abs() < 1e-6, "{value}: {found}");
        }
    }
}
