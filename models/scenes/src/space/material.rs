//! What a surface is made of: a texture around the thing, and how it takes light.

use super::relief::Relief;
use crate::palette::{Colour, Palette, natural, varied};
use crate::random::Random;
use crate::texture::{Pattern, Texture, UNSEEN};
use glam::{Vec2, Vec3};

/// Texture pixels a metre: the finest structure is half a millimetre.
const TEXTURE_PX_PER_M: f32 = 1000.0;

/// What things are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Substance {
    /// Planks and turned wood.
    Wood,
    /// Woven, striped or checked cloth.
    Cloth,
    /// Brushed or polished metal.
    Metal,
    /// Smooth and glossy like glazed clay or glass that hides what is behind it.
    Glaze,
    /// Paper or card with print on it.
    Print,
    /// Leaves and grass.
    Foliage,
    /// Skin and fruit: soft blotches.
    Skin,
    /// Fur and feathers.
    Fur,
    /// Stone, concrete, asphalt, soil.
    Stone,
    /// Bricks or tiles.
    Brick,
    /// One even paint or plastic.
    Paint,
    /// Anything: a free procedural pattern.
    Noise,
}

impl Substance {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Wood,
        Self::Cloth,
        Self::Metal,
        Self::Glaze,
        Self::Print,
        Self::Foliage,
        Self::Skin,
        Self::Fur,
        Self::Stone,
        Self::Brick,
        Self::Paint,
        Self::Noise,
    ];
}

/// How a surface looks.
#[derive(Debug, Clone)]
pub struct Material {
    /// Colour at a point of the surface's plane, in texture pixels.
    pub texture: Texture,
    /// Strength of a highlight, 0..=1.
    pub gloss: f32,
    /// Light of its own, as a fraction of its colour: lamps and the sky.
    pub glow: f32,
    /// Its dents, folds and grain, too small for a thing's own form.
    pub relief: Relief,
}

impl Material {
    /// `substance` in a colour of the image's palette, on a thing of about `size_m` metres.
    pub fn of(substance: Substance, random: &mut Random, palette: &Palette, size_m: f32) -> Self {
        let colour = match substance {
            Substance::Foliage => {
                let light = random.range(0.1, 0.5);
                let yellow = random.range(0.5, 1.1);
                [light * yellow, light, light * random.range(0.1, 0.6)]
            }
            Substance::Wood => {
                let light = random.range(0.15, 0.8);
                let warm = random.range(0.6, 0.85);
                [light, light * warm, light * warm * random.range(0.5, 0.85)]
            }
            Substance::Metal => {
                let light = random.range(0.2, 0.8);
                varied(random, [light; 3], 0.03)
            }
            _ => palette.draw(random),
        };
        Self::coloured(substance, random, colour, size_m)
    }

    /// `substance` in about `colour`, on a thing of about `size_m` metres.
    pub fn coloured(
        substance: Substance,
        random: &mut Random,
        colour: Colour,
        size_m: f32,
    ) -> Self {
        let near = random.log_range(0.05, 0.3);
        let accent = varied(random, colour, near);
        let size = (size_m * TEXTURE_PX_PER_M).max(8.0);
        let mut pattern = |pattern, accent, period: [f32; 2], stretch: f32, strength: f32| {
            let period = random.log_range(period[0], period[1]);
            Texture::of(random, pattern, [colour, accent], period, stretch, strength)
        };
        let (texture, gloss) = match substance {
            Substance::Wood => {
                let dark = colour.map(|channel| channel * 0.6);
                (pattern(Pattern::Ridges, dark, [8.0, 40.0], 9.0, 0.6), 0.15)
            }
            Substance::Cloth => {
                let weaves = [
                    Pattern::Stripes,
                    Pattern::Checks,
                    Pattern::Dots,
                    Pattern::Clouds,
                    Pattern::Plain,
                ];
                let weave = weaves[(size as usize ^ colour[0].to_bits() as usize) % weaves.len()];
                let texture = pattern(weave, accent, [size * 0.02, size * 0.25], 1.0, 0.8);
                (texture, 0.0)
            }
            Substance::Metal => (
                pattern(Pattern::Clouds, accent, [3.0, 60.0], 12.0, 0.3),
                0.9,
            ),
            Substance::Glaze => (
                pattern(Pattern::Clouds, accent, [size * 0.2, size], 1.0, 0.35),
                0.8,
            ),
            Substance::Print => {
                let ink = if colour[1] > 0.45 {
                    colour.map(|channel| channel * 0.25)
                } else {
                    colour.map(|channel| 1.0 - (1.0 - channel) * 0.3)
                };
                let texture = pattern(Pattern::Print, ink, [size * 0.04, size * 0.2], 0.6, 0.9);
                (texture, 0.2)
            }
            Substance::Foliage => {
                let dark = colour.map(|channel| channel * 0.35);
                (
                    pattern(Pattern::Leaves, dark, [20.0, 120.0], 1.4, 0.8),
                    0.05,
                )
            }
            Substance::Skin => (
                pattern(Pattern::Clouds, accent, [size * 0.1, size * 0.6], 1.0, 0.5),
                0.25,
            ),
            Substance::Fur => (pattern(Pattern::Ridges, accent, [4.0, 25.0], 5.0, 0.7), 0.0),
            Substance::Stone => (
                pattern(Pattern::Speckle, accent, [4.0, 40.0], 1.0, 0.5),
                0.0,
            ),
            Substance::Brick => (
                pattern(Pattern::Bricks, accent, [60.0, 300.0], 0.4, 0.8),
                0.05,
            ),
            Substance::Paint => (
                pattern(Pattern::Plain, accent, [size * 0.3, size], 1.0, 0.2),
                0.5,
            ),
            Substance::Noise => {
                let palette = Palette::new(random);
                (Texture::new(random, &palette, [0.0; 2], size), 0.2)
            }
        };
        Self {
            // A generator of its own, so that what else a scene draws does not hang on it.
            relief: Relief::of(substance, &mut Random::new(texture.seed().into()), size_m),
            texture,
            gloss: gloss * random.range(0.3, 1.0),
            glow: 0.0,
        }
    }

    /// Any substance, any colour.
    pub fn any(random: &mut Random, palette: &Palette, size_m: f32) -> Self {
        let substance = Substance::ALL[random.count(0, Substance::ALL.len() - 1)];
        if random.chance(0.2) {
            let colour = natural(random);
            return Self::coloured(substance, random, colour, size_m);
        }
        Self::of(substance, random, palette, size_m)
    }

    /// The same in a pattern that training never shows, on a thing of about `size_m` metres.
    pub fn unseen(mut self, random: &mut Random, size_m: f32) -> Self {
        let pattern = UNSEEN[random.count(0, UNSEEN.len() - 1)];
        let period = size_m * TEXTURE_PX_PER_M * random.log_range(0.05, 0.4);
        self.texture = self.texture.repatterned(random, pattern, period.max(6.0));
        self
    }

    /// With light of its own.
    pub fn glowing(mut self, glow: f32) -> Self {
        self.glow = glow;
        self
    }

    /// Colour at a point of the plane that the texture is painted on, metres.
    pub fn colour_on(&self, plane: Vec2) -> Colour {
        let pixel = plane * TEXTURE_PX_PER_M;
        self.texture.at(pixel.x, pixel.y)
    }
}

/// The axis of a thing that its surface faces most where it has this normal: textures are laid on from there.
fn faced(normal: Vec3) -> usize {
    let facing = normal.abs();
    if facing.z >= facing.x && facing.z >= facing.y {
        2
    } else if facing.x >= facing.y {
        0
    } else {
        1
    }
}

/// The point of a texture's plane at a point of a thing.
pub fn laid_on(point: Vec3, normal: Vec3) -> Vec2 {
    match faced(normal) {
        0 => Vec2::new(point.y, point.z),
        1 => Vec2::new(point.x, point.z),
        _ => point.truncate(),
    }
}

/// The axes of that plane in the thing.
pub fn laid_along(normal: Vec3) -> [Vec3; 2] {
    match faced(normal) {
        0 => [Vec3::Y, Vec3::Z],
        1 => [Vec3::X, Vec3::Z],
        _ => [Vec3::X, Vec3::Y],
    }
}
