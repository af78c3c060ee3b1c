//! Looks and moves that several families share.

use crate::palette::{Colour, Palette, varied};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::Quat;

/// Left and right.
pub(super) const SIDES: [f32; 2] = [-1.0, 1.0];

/// One of `choices`.
pub(super) fn pick<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.count(0, choices.len() - 1)]
}

/// About one of `colours`.
pub(super) fn shade(random: &mut Random, colours: &[Colour]) -> Colour {
    let base = pick(random, colours);
    varied(random, base, 0.04)
}

/// Dark rubber or plastic: grips, tyres, frames of screens.
pub(super) fn dark(random: &mut Random) -> Material {
    let light = random.range(0.02, 0.14);
    Material::coloured(Substance::Paint, random, [light; 3], 0.1)
}

/// Bare metal.
pub(super) fn steel(random: &mut Random) -> Material {
    let light = random.range(0.4, 0.85);
    Material::coloured(Substance::Metal, random, [light; 3], 0.1)
}

/// A window as one sees it from outside.
pub(super) fn pane(random: &mut Random) -> Material {
    let light = random.log_range(0.06, 0.6);
    let colour = [light * 0.85, light * 0.95, light];
    Material::coloured(Substance::Glaze, random, colour, 1.0)
}

/// A screen that shows something, or nothing.
pub(super) fn screen(random: &mut Random, palette: &Palette, size_m: f32) -> Material {
    if random.chance(0.3) {
        return dark(random);
    }
    let shown = pick(random, &[Substance::Noise, Substance::Print]);
    Material::of(shown, random, palette, size_m).glowing(random.range(0.3, 0.9))
}

/// Light of a lamp.
pub(super) fn lit(random: &mut Random) -> Material {
    let warm = random.range(0.7, 1.0);
    let colour = [1.0, 0.5 + 0.5 * warm, warm * 0.95];
    Material::coloured(Substance::Paint, random, colour, 0.1).glowing(random.range(0.7, 1.0))
}

/// A new piece of `parent` with a body. -> its index.
pub(super) fn attach(thing: &mut Thing, parent: u8, solid: Solid, material: u8) -> u8 {
    let piece = thing.part(parent);
    thing.add(solid, piece, material);
    piece
}

/// Moves a thing so that it stands on z = 0, its middle over the origin.
pub(super) fn settled(mut thing: Thing) -> Thing {
    let (low, high) = thing.bounds();
    let middle = (low + high) * 0.5;
    for position in &mut thing.positions {
        *position -= middle.with_z(low.z);
    }
    thing
}

/// A thing turned as a whole.
pub(super) fn tipped(mut thing: Thing, rotation: Quat) -> Thing {
    for vector in thing.positions.iter_mut().chain(&mut thing.normals) {
        *vector = rotation * *vector;
    }
    thing
}
