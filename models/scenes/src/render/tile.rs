//! A material's colours in a table, for pictures that must be quick.

use crate::palette::Colour;
use crate::space::Material;
use glam::Vec2;

/// Texels across a tile; a power of two.
const TEXELS: usize = 128;

/// Makes texel coordinates positive: a multiple of two tiles.
const OFFSET: f32 = (TEXELS * 512) as f32;

/// A square of a texture, repeated in a mirror in both directions.
#[derive(Debug, Clone)]
pub struct Tile {
    colours: Vec<Colour>,
    texels_per_m: f32,
}

impl Tile {
    /// The texture of `material` over `size_m` metres.
    pub fn of(material: &Material, size_m: f32) -> Self {
        let texel_m = size_m / TEXELS as f32;
        let colours = (0..TEXELS * TEXELS)
            .map(|index| {
                let (x, y) = (index % TEXELS, index / TEXELS);
                material.colour_on((Vec2::new(x as f32, y as f32) + 0.5) * texel_m)
            })
            .collect();
        Self {
            colours,
            texels_per_m: 1.0 / texel_m,
        }
    }

    /// The colour at a point of the texture's plane, metres.
    pub fn at(&self, plane: Vec2) -> Colour {
        let texel = plane * self.texels_per_m;
        self.colours[mirrored(texel.y) * TEXELS + mirrored(texel.x)]
    }
}

fn mirrored(texel: f32) -> usize {
    // Rounds towards minus infinity for all that a scene can hold.
    let place = ((texel + OFFSET) as usize) & (2 * TEXELS - 1);
    place.min(2 * TEXELS - 1 - place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_join_without_a_seam() {
        for (texel, expected) in [
            (0.5, 0),
            (127.5, 127),
            (128.5, 127),
            (255.5, 0),
            (256.5, 0),
            (-0.5, 0),
        ] {
            assert_eq!(mirrored(texel), expected, "{texel}");
        }
    }
}
