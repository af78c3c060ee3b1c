//! A lens that is sharp at one distance: what lies far behind it is blurred, and what is before stays where it is.

use super::view::Shot;
use crate::coverage::box_blur;
use crate::random::Random;

/// Largest blur, as a part of the picture's width.
const LARGEST: f32 = 0.015;

/// Where a lens is sharp, and how quickly it ceases to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focus {
    /// Blur radius far away, as a part of the picture's width; zero for a lens that is sharp everywhere.
    pub far_blur: f32,
}

impl Focus {
    /// Most lenses are sharp everywhere.
    pub fn draw(random: &mut Random) -> Self {
        let blurs = random.chance(0.35);
        let far_blur = random.log_range(0.003, LARGEST);
        Self {
            far_blur: if blurs { far_blur } else { 0.0 },
        }
    }

    /// Blurs what of a picture of `width` pixels a row lies behind `sharp_m`: by a radius that grows with the difference of
    /// inverse distances. Colours before do not run into it.
    pub fn blur(&self, shot: &mut Shot, width: usize, sharp_m: f32) {
        let largest = self.far_blur * width as f32;
        if largest < 0.75 {
            return;
        }
        let size = (width, shot.colours.len() / width);
        let radius_of = |depth_m: f32| {
            let behind = if depth_m > 0.0 {
                1.0 - sharp_m / depth_m
            } else {
                1.0
            };
            // A tenth of the distance behind is sharp still.
            ((behind - 0.1) / 0.9).max(0.0) * largest
        };
        let mut radius = 1;
        while radius as f32 <= largest {
            // Everything that is blurred at least so much, from what is blurred about as much.
            let least = radius as f32 * 0.75;
            let weight: Vec<f32> = shot
                .depth_m
                .iter()
                .map(|depth| ((radius_of(*depth) / least - 0.5) * 2.0).clamp(0.0, 1.0))
                .collect();
            let mut total = weight.clone();
            box_blur(&mut total, size, radius, 2);
            for channel in 0..3 {
                let mut sums: Vec<f32> = shot
                    .colours
                    .iter()
                    .zip(&weight)
                    .map(|(colour, weight)| colour[channel] * weight)
                    .collect();
                box_blur(&mut sums, size, radius, 2);
                for (index, colour) in shot.colours.iter_mut().enumerate() {
                    if weight[index] > 0.0 && total[index] > 1e-3 {
                        let soft = sums[index] / total[index];
                        colour[channel] += (soft - colour[channel]) * weight[index];
                    }
                }
            }
            radius *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_is_blurred_and_what_is_near_does_not_run_into_it() {
        let (width, height) = (64, 16);
        // A red thing near on the left; behind it, black and white columns.
        let mut colours = Vec::new();
        let mut depth_m = Vec::new();
        for index in 0..width * height {
            let column = index % width;
            let stripe = f32::from(u8::from(column % 4 < 2));
            colours.push(if column < 32 {
                [1.0, 0.0, 0.0]
            } else {
                [stripe; 3]
            });
            depth_m.push(if column < 32 { 1.0 } else { 40.0 });
        }
        let mut shot = Shot {
            colours,
            labels: vec![0; width * height],
            depth_m,
        };
        Focus { far_blur: 0.1 }.blur(&mut shot, width, 1.0);
        for (index, colour) in shot.colours.iter().enumerate() {
            if index % width < 32 {
                assert_eq!(*colour, [1.0, 0.0, 0.0]);
            } else {
                assert!(
                    (0.25..0.75).contains(&colour[0]),
                    "{colour:?} at {}",
                    index % width
                );
                assert!(
                    (colour[0] - colour[1]).abs() < 1e-5,
                    "red runs into the stripes"
                );
            }
        }
        let before = shot.clone();
        Focus { far_blur: 0.0 }.blur(&mut shot, width, 1.0);
        assert_eq!(shot.colours, before.colours);
    }
}
