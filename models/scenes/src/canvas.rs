//! Paint and labels.

use crate::coverage::Coverage;
use crate::palette::{Colour, mix};
use crate::texture::Texture;

/// An image being painted, back to front.
#[derive(Debug, Clone)]
pub struct Canvas {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Colours, row by row, not clamped.
    pub colours: Vec<Colour>,
    /// The finest thing at each pixel.
    pub labels: Vec<u8>,
}

/// Light on a rounded surface.
#[derive(Debug, Clone)]
pub struct Relief {
    /// The softened outline: its slope is the surface's.
    pub height: Coverage,
    /// Direction to the light and strength, in slopes.
    pub light: [f32; 2],
    /// Strength of a highlight where the surface faces the light.
    pub gloss: f32,
}

impl Relief {
    /// (factor on the colour, white added) at a canvas pixel.
    fn at(&self, x: usize, y: usize) -> (f32, f32) {
        let height = |x: usize, y: usize| self.height.at(x, y);
        let slope_x = height(x + 1, y) - height(x.saturating_sub(1), y);
        let slope_y = height(x, y + 1) - height(x, y.saturating_sub(1));
        let facing = slope_x * self.light[0] + slope_y * self.light[1];
        let factor = (1.0 + facing.clamp(-0.75, 0.6)) * (0.75 + 0.25 * height(x, y));
        (factor, self.gloss * (facing - 0.25).clamp(0.0, 1.0))
    }
}

impl Canvas {
    /// A black canvas, all of it labelled 0.
    pub fn new(width: usize, height: usize) -> Self {
        let colours = vec![[0.0; 3]; width * height];
        Self {
            width,
            height,
            colours,
            labels: vec![0; width * height],
        }
    }

    /// Paints `texture` where `coverage` says, and labels what it covers by half or more.
    /// `opacity` below one lets what lies behind shine through (glass, thin cloth).
    pub fn paint(
        &mut self,
        coverage: &Coverage,
        texture: &Texture,
        relief: Option<&Relief>,
        opacity: f32,
        label: u8,
    ) {
        for row in 0..coverage.height {
            let y = coverage.y + row;
            for column in 0..coverage.width {
                let covered = coverage.values[row * coverage.width + column];
                if covered == 0.0 {
                    continue;
                }
                let x = coverage.x + column;
                let mut colour = texture.at(x as f32, y as f32);
                if let Some(relief) = relief {
                    let (factor, white) = relief.at(x, y);
                    colour = colour.map(|channel| channel * factor + white);
                }
                let index = y * self.width + x;
                self.colours[index] = mix(self.colours[index], colour, covered * opacity);
                if covered >= 0.5 {
                    self.labels[index] = label;
                }
            }
        }
    }

    /// Multiplies the light by `1 - strength * coverage`; labels stay.
    pub fn shade(&mut self, coverage: &Coverage, strength: f32) {
        for row in 0..coverage.height {
            let start = (coverage.y + row) * self.width + coverage.x;
            let line = &coverage.values[row * coverage.width..(row + 1) * coverage.width];
            for (colour, covered) in self.colours[start..start + coverage.width]
                .iter_mut()
                .zip(line)
            {
                *colour = colour.map(|channel| channel * (1.0 - strength * covered));
            }
        }
    }

    /// The colour at a point, or at the nearest point of the canvas.
    pub fn colour_at(&self, x: f32, y: f32) -> Colour {
        let x = x.clamp(0.0, (self.width - 1) as f32) as usize;
        let y = y.clamp(0.0, (self.height - 1) as f32) as usize;
        self.colours[y * self.width + x]
    }
}
