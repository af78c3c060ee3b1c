//! Masks of an image as they are in a region of it, and back.

use crate::frame::Region;
use crate::mask::{LogitsView, MaskLogits};
use crate::preprocess::Placement;

/// Logits of what is not shown.
const NOWHERE: f32 = -32.0;

/// Logits are at most so sure before they are averaged: those beyond a prompt's box are as low as can be, and would outweigh
/// what a close look sees next to them.
const SUREST: f32 = 8.0;

/// Logits of an image, as large as those of its region, which lies so in the encoder's input: bilinear between their pixels'
/// centres, and not surer than need be.
pub(super) fn magnify(
    wide: LogitsView<'_>,
    image: &Placement,
    region: Region,
    near: &Placement,
    out: &mut MaskLogits,
) {
    fill(out, near, |x, y| {
        let (x, y) = (x + region.x_px as f32, y + region.y_px as f32);
        sample(wide, image, x, y).clamp(-SUREST, SUREST)
    });
}

/// Logits of a region as those of the whole image, of which it shows nothing else.
pub(super) fn diminish(
    close: LogitsView<'_>,
    near: &Placement,
    region: Region,
    image: &Placement,
    out: &mut MaskLogits,
) {
    let (width, height) = (region.width_px as f32, region.height_px as f32);
    fill(out, image, |x, y| {
        let (x, y) = (x - region.x_px as f32, y - region.y_px as f32);
        let shown = (0.0..width).contains(&x) && (0.0..height).contains(&y);
        match shown {
            true => sample(close, near, x, y),
            false => NOWHERE,
        }
    });
}

/// Gives every pixel of a mask the logit of the place of the image, or part of one, that its centre shows.
fn fill(out: &mut MaskLogits, placement: &Placement, logit: impl Fn(f32, f32) -> f32) {
    let input = placement.input_size_px as f32;
    let places = places(out.width, out.height);
    out.values.clear();
    out.values.extend(places.map(|(x, y)| {
        let (x, y) = placement.image_from_input(x * input, y * input);
        logit(x, y)
    }));
}

/// Intersection over union of a magnified mask and one of the region, which lies so in the encoder's input, without the
/// input's padding.
pub(super) fn overlap(magnified: &MaskLogits, close: &MaskLogits, near: &Placement) -> f32 {
    let (mut both, mut either) = (0, 0);
    let (width, height) = (magnified.width, magnified.height);
    let places = places(width, height).map(|(x, y)| {
        let input = near.input_size_px as f32;
        x * input < near.resized_width_px as f32 && y * input < near.resized_height_px as f32
    });
    let pairs = magnified.values.iter().zip(&close.values);
    for ((wide, close), shown) in pairs.zip(places) {
        both += usize::from(shown && *wide > 0.0 && *close > 0.0);
        either += usize::from(shown && (*wide > 0.0 || *close > 0.0));
    }
    both as f32 / either.max(1) as f32
}

/// The centres of a mask's pixels, row after row, shares of its sides.
fn places(width: usize, height: usize) -> impl Iterator<Item = (f32, f32)> {
    let share = |at: usize, length: usize| (at as f32 + 0.5) / length as f32;
    (0..width * height).map(move |at| (share(at % width, width), share(at / width, height)))
}

/// The logit at a place of the image.
pub(super) fn sample(logits: LogitsView<'_>, placement: &Placement, x_px: f32, y_px: f32) -> f32 {
    let (x, y) = placement.input_from_image(x_px, y_px);
    let cell =
        |value: f32, length: usize| value * length as f32 / placement.input_size_px as f32 - 0.5;
    logits.between(cell(x, logits.width), cell(y, logits.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of 80 x 40 in an input of 160, masks of 40 x 40: two pixels of the image to each of the mask.
    const IMAGE: Placement = Placement {
        image_width_px: 80,
        image_height_px: 40,
        resized_width_px: 160,
        resized_height_px: 80,
        input_size_px: 160,
    };

    /// 20 x 20 pixels of it in the same input: half a pixel to each of the mask.
    const REGION: Region = Region {
        x_px: 30,
        y_px: 10,
        width_px: 20,
        height_px: 20,
    };

    fn near() -> Placement {
        Placement {
            image_width_px: 20,
            image_height_px: 20,
            resized_width_px: 160,
            resized_height_px: 160,
            input_size_px: 160,
        }
    }

    /// Logits that grow with the image's x and y, within what is passed on as it is, in a mask of 40 x 40.
    fn slope(pixel_px: f32, left: f32, top: f32) -> MaskLogits {
        let value = |at: usize| {
            let x = left + (at as f32 % 40.0 + 0.5) * pixel_px;
            let y = top + ((at / 40) as f32 + 0.5) * pixel_px;
            (x + 3.0 * y) / 50.0
        };
        MaskLogits {
            width: 40,
            height: 40,
            values: (0..1600).map(value).collect(),
        }
    }

    #[test]
    fn a_slope_is_the_same_slope_closer_and_back() {
        let (wide, close) = (slope(2.0, 0.0, 0.0), slope(0.5, 30.0, 10.0));
        let mut out = close.clone();
        magnify(wide.view(), &IMAGE, REGION, &near(), &mut out);
        for (found, expected) in out.values.iter().zip(&close.values) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
        diminish(close.view(), &near(), REGION, &IMAGE, &mut out);
        for (at, found) in out.values.iter().enumerate() {
            let (x, y) = (at % 40 * 2 + 1, at / 40 * 2 + 1);
            match (30..50).contains(&x) && (10..30).contains(&y) {
                true => assert!((found - wide.values[at]).abs() < 1e-4),
                false => assert_eq!(*found, NOWHERE),
            }
        }
    }

    #[test]
    fn nothing_outweighs_the_close_look() {
        let mut wide = slope(2.0, 0.0, 0.0);
        let mut out = wide.clone();
        for (logit, passed) in [(-32.0, -8.0), (-3.0, -3.0), (90.0, 8.0)] {
            wide.values.fill(logit);
            magnify(wide.view(), &IMAGE, REGION, &near(), &mut out);
            assert!(out.values.iter().all(|value| *value == passed));
        }
    }

    #[test]
    fn padding_counts_for_nothing() {
        // The lower half of the input is padding.
        let mut near = near();
        (near.image_height_px, near.resized_height_px) = (10, 80);
        let with = |upper: f32, lower: f32| {
            let mut mask = slope(0.5, 0.0, 0.0);
            mask.values[..800].fill(upper);
            mask.values[800..].fill(lower);
            mask
        };
        assert_eq!(overlap(&with(1.0, 1.0), &with(1.0, -1.0), &near), 1.0);
        assert_eq!(overlap(&with(1.0, 1.0), &with(-1.0, 1.0), &near), 0.0);
        assert_eq!(overlap(&with(-40.0, 1.0), &with(1.0, 1.0), &near), 0.0);
        assert_eq!(overlap(&with(-1.0, 1.0), &with(-1.0, 1.0), &near), 0.0);
    }
}
