//! People's heads.

use super::build::{SIDES, attach, dark, shade};
use super::shapes::{forwards, pillow, placed};
use crate::palette::{Colour, Palette};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};

/// Colours of hair.
const HAIR: [Colour; 6] = [
    [0.06, 0.05, 0.05],
    [0.2, 0.13, 0.08],
    [0.4, 0.26, 0.14],
    [0.75, 0.6, 0.35],
    [0.55, 0.25, 0.12],
    [0.75, 0.74, 0.72],
];

/// The head: eyes, nose, mouth, ears, hair or a hat, glasses or a beard on some. `scale` is the height
/// of a grown-up with such a head.
pub(super) fn add_head(
    thing: &mut Thing,
    random: &mut Random,
    palette: &Palette,
    scale: f32,
    height: f32,
    skin: u8,
) {
    let radii = vec3(0.043, 0.053, 0.066) * scale;
    let turn = Quat::from_rotation_z(random.range(-0.8, 0.8))
        * Quat::from_rotation_x(random.range(-0.3, 0.25));
    let neck = Vec3::Z * (0.86 * height);
    let put = |solid: Solid, at: Vec3| {
        let raised = solid.moved(at * radii + Vec3::Z * (0.85 * radii.z));
        placed(raised, turn, neck)
    };
    let ball = |size: Vec3, segments: usize| Solid::ellipsoid(size * radii, segments);
    let head = attach(thing, 0, put(ball(Vec3::ONE, 16), Vec3::ZERO), skin);
    let white = thing.material(Material::coloured(
        Substance::Glaze,
        random,
        [0.92; 3],
        0.02,
    ));
    let black = thing.material(dark(random));
    let red = shade(
        random,
        &[[0.65, 0.3, 0.28], [0.5, 0.2, 0.2], [0.75, 0.25, 0.25]],
    );
    let lips = thing.material(Material::coloured(Substance::Skin, random, red, 0.03));
    for side in SIDES {
        let at = vec3(side * 0.4, -0.84, 0.1);
        let eye = attach(thing, head, put(ball(vec3(0.2, 0.12, 0.1), 10), at), white);
        thing.add(
            put(ball(vec3(0.09, 0.08, 0.085), 8), at + vec3(0.0, -0.08, 0.0)),
            eye,
            black,
        );
        attach(
            thing,
            head,
            put(ball(vec3(0.1, 0.2, 0.22), 8), vec3(side, 0.05, -0.05)),
            skin,
        );
    }
    attach(
        thing,
        head,
        put(ball(vec3(0.15, 0.18, 0.2), 10), vec3(0.0, -1.0, -0.14)),
        skin,
    );
    let smile = put(ball(vec3(0.28, 0.08, 0.06), 10), vec3(0.0, -0.86, -0.48));
    attach(thing, head, smile, lips);
    let colour = if random.chance(0.93) {
        shade(random, &HAIR)
    } else {
        palette.draw(random)
    };
    let hair = thing.material(Material::coloured(Substance::Fur, random, colour, 0.1));
    let style = random.weighted(&[4.0, 3.0, 1.5, 0.5]);
    if style < 3 {
        let size = vec3(1.1, 1.08, 1.06);
        let cap = put(ball(size, 16), vec3(0.0, 0.24, 0.2));
        let piece = attach(thing, head, cap, hair);
        if style == 1 {
            let long = random.range(0.8, 1.7);
            let fall = pillow(radii * vec3(2.1, 1.0, 1.0 + 2.0 * long), 14);
            thing.add(put(fall, vec3(0.0, 0.75, 0.3 - long)), piece, hair);
        }
    }
    if style == 2 || random.chance(0.1) {
        let felt = thing.material(Material::of(Substance::Cloth, random, palette, 0.2));
        let hat = attach(
            thing,
            head,
            put(ball(vec3(1.18, 1.16, 0.9), 18), vec3(0.0, 0.1, 0.42)),
            felt,
        );
        let brim = Solid::cylinder(1.0, 1.0, 0.03, 20).moved(Vec3::Z * 0.45);
        let brim = if random.chance(0.5) {
            brim.scaled(radii * vec3(1.7, 1.6, 1.0))
        } else {
            brim.scaled(radii * vec3(1.0, 1.0, 1.0))
                .moved(Vec3::Y * (-0.9 * radii.y))
        };
        attach(thing, hat, put(brim, Vec3::ZERO), felt);
    }
    if random.chance(0.2) {
        for side in SIDES {
            let rim = Solid::torus(0.27, 0.035, 14).scaled(Vec3::splat(radii.x));
            let rim = placed(rim, forwards(), Vec3::ZERO);
            attach(thing, head, put(rim, vec3(side * 0.4, -1.02, 0.1)), black);
        }
    }
    if random.chance(0.15) {
        let beard = put(ball(vec3(0.8, 0.7, 0.5), 14), vec3(0.0, -0.3, -0.62));
        attach(thing, head, beard, hair);
    }
}
