//! Whether a thing can be told from what lies around it.

use crate::canvas::Canvas;
use crate::coverage::Coverage;
use crate::palette::{Colour, Palette};
use crate::random::Random;
use crate::texture::Texture;

/// Pixels looked at on either side of an edge.
const REACH_PX: usize = 4;
/// Edge crossings whose difference is averaged before its sign is dropped: texture cancels out,
/// a difference of the surfaces does not.
const STRETCH: usize = 12;
/// Textures tried before one is made to differ.
const TRIES: usize = 6;

/// Means of one side of an edge.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    colour: Colour,
    square: f32,
    count: f32,
}

impl Side {
    fn add(&mut self, colour: Colour) {
        for (sum, channel) in self.colour.iter_mut().zip(colour) {
            *sum += channel.clamp(0.0, 1.0);
        }
        self.square += grey(colour).powi(2);
        self.count += 1.0;
    }

    fn mean(&self) -> Colour {
        self.colour.map(|sum| sum / self.count.max(1.0))
    }

    fn deviation(&self) -> f32 {
        let mean = grey(self.mean());
        (self.square / self.count.max(1.0) - mean * mean)
            .max(0.0)
            .sqrt()
    }
}

fn grey(colour: Colour) -> f32 {
    let clamped = colour.map(|channel| channel.clamp(0.0, 1.0));
    (clamped[0] + clamped[1] + clamped[2]) / 3.0
}

/// How far `texture` inside `coverage` stands out from the canvas beside it, along its left and
/// right edges: mean difference of colour, 0..=1, and half the difference of roughness.
pub fn contrast(canvas: &Canvas, coverage: &Coverage, texture: &Texture) -> f32 {
    let covered = |row: usize, column: usize| coverage.values[row * coverage.width + column] >= 0.5;
    let mut sides = [Side::default(); 2];
    let (mut crossings, mut stretches, mut total) = (0, 0.0, 0.0);
    let step = (coverage.height / 96).max(1);
    for row in (0..coverage.height).step_by(step) {
        let y = coverage.y + row;
        for column in 0..coverage.width {
            if !covered(row, column) {
                continue;
            }
            let x = coverage.x + column;
            let starts = x > 0 && (column == 0 || !covered(row, column - 1));
            let ends =
                x + 1 < canvas.width && (column + 1 == coverage.width || !covered(row, column + 1));
            for (edge, outward) in [(starts, -1), (ends, 1)] {
                if !edge {
                    continue;
                }
                for distance in 1..=REACH_PX as isize {
                    let outside = x as isize + outward * distance;
                    if outside >= 0 && (outside as usize) < canvas.width {
                        sides[1].add(canvas.colours[y * canvas.width + outside as usize]);
                    }
                    let inside = x as isize - outward * (distance - 1);
                    sides[0].add(texture.at(inside as f32, y as f32));
                }
                crossings += 1;
                if crossings % STRETCH == 0 {
                    total += difference(&sides);
                    stretches += 1.0;
                    sides = [Side::default(); 2];
                }
            }
        }
    }
    if sides[0].count > 0.0 && sides[1].count > 0.0 && stretches < 3.0 {
        total += difference(&sides);
        stretches += 1.0;
    }
    // A thing that spans the frame has no such edge and is told apart by its upper or lower one.
    if stretches == 0.0 {
        return 1.0;
    }
    total / stretches
}

fn difference(sides: &[Side; 2]) -> f32 {
    let [inside, outside] = sides.map(|side| side.mean());
    let colour: f32 = inside.iter().zip(outside).map(|(a, b)| (a - b).abs()).sum();
    colour / 3.0 + 0.5 * (sides[0].deviation() - sides[1].deviation()).abs()
}

/// `texture` if it stands out by `least`, or another that does.
pub fn visible(
    canvas: &Canvas,
    coverage: &Coverage,
    mut texture: Texture,
    least: f32,
    random: &mut Random,
    mut another: impl FnMut(&mut Random) -> Texture,
) -> Texture {
    for _ in 0..TRIES {
        if contrast(canvas, coverage, &texture) >= least {
            return texture;
        }
        texture = another(random);
    }
    let x = (coverage.x + coverage.width / 2) as f32;
    let y = (coverage.y + coverage.height / 2) as f32;
    let behind = canvas.colour_at(x, y);
    let away = if grey(behind) > 0.5 { -0.3 } else { 0.3 };
    texture.recoloured(random, behind.map(|channel| channel + away), 0.02)
}

/// A new texture of the image's palette for a thing of about `size_px`.
pub fn fresh(
    palette: &Palette,
    origin: [f32; 2],
    size_px: f32,
) -> impl FnMut(&mut Random) -> Texture + '_ {
    move |random| Texture::new(random, palette, origin, size_px)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unseen_texture_is_replaced() {
        let mut random = Random::new(3);
        let palette = Palette::new(&mut random);
        let mut canvas = Canvas::new(120, 100);
        let ground = Texture::new(&mut random, &palette, [60.0, 50.0], 100.0);
        canvas.paint(&Coverage::full(120, 100), &ground, None, 1.0, 0);
        let thing = Coverage {
            x: 30,
            y: 20,
            width: 40,
            height: 50,
            values: vec![1.0; 2000],
        };
        assert!(contrast(&canvas, &thing, &ground) < 0.03);
        let seen = visible(
            &canvas,
            &thing,
            ground.clone(),
            0.1,
            &mut random,
            fresh(&palette, [50.0, 45.0], 40.0),
        );
        assert!(contrast(&canvas, &thing, &seen) >= 0.1);
    }
}
