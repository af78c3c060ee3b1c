//! Jars and tins.

use super::build::{attach, dark, pane, pick, steel};
use super::shapes::{curve, disc, rod, slab, smooth, turn, turned};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec2, Vec3, vec2, vec3};
use std::f32::consts::PI;

/// Segments around a round package.
const AROUND: usize = 26;

/// A jar: a body with contents that show, a label, a lid.
pub(super) fn jar(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("jar");
    let radius = random.range(0.025, 0.055);
    let height = radius * random.range(1.8, 3.2);
    let neck = radius * random.range(0.75, 0.95);
    let contents = pick(
        random,
        &[Substance::Skin, Substance::Noise, Substance::Glaze],
    );
    let seen = Material::of(contents, random, palette, radius);
    let glass = thing.material(Material { gloss: 0.8, ..seen });
    let level = height * random.range(0.55, 0.8);
    let mut lower = vec![
        Vec2::ZERO,
        vec2(radius * 0.92, 0.0),
        vec2(radius, radius * 0.12),
    ];
    lower.push(vec2(radius, level));
    let body = attach(&mut thing, 0, turn(&lower, AROUND), glass);
    let clear = thing.material(pane(random));
    let shoulder = smooth(
        &[
            [radius, level],
            [radius * 0.98, height * 0.84],
            [neck, height * 0.9],
        ],
        4,
    );
    attach(&mut thing, body, turn(&shoulder, AROUND), clear);
    if random.chance(0.7) {
        let paper = thing.material(Material::of(Substance::Print, random, palette, radius));
        let wide = radius + 0.0006;
        let band = turned(&[[wide, level * 0.2], [wide, level * 0.85]], AROUND);
        attach(&mut thing, body, band, paper);
    }
    let kind = pick(
        random,
        &[Substance::Metal, Substance::Paint, Substance::Cloth],
    );
    let metal = thing.material(Material::of(kind, random, palette, 0.05));
    let cap = Solid::cylinder(neck * 1.08, neck * 1.06, height * 0.14, AROUND);
    let lid = attach(&mut thing, 0, cap.moved(Vec3::Z * (height * 0.88)), metal);
    if random.chance(0.4) {
        let print = thing.material(Material::of(Substance::Print, random, palette, 0.05));
        attach(
            &mut thing,
            lid,
            disc(neck * 0.8, height * 1.02 + 0.0008, AROUND),
            print,
        );
    }
    thing
}

/// A tin with a lid, round or square.
pub(super) fn tin(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("tin");
    let wide = random.range(0.07, 0.22);
    let height = wide * random.range(0.35, 1.1);
    let depth = wide * random.range(0.5, 1.0);
    let round = random.chance(0.4);
    let shape = |grow: f32, tall: f32| {
        if round {
            Solid::cylinder(wide * 0.5 + grow, wide * 0.5 + grow, tall, AROUND + 6)
        } else {
            slab(
                vec3(wide + 2.0 * grow, depth + 2.0 * grow, tall),
                wide * 0.1,
            )
        }
    };
    let kind = pick(
        random,
        &[Substance::Print, Substance::Paint, Substance::Noise],
    );
    let paint = thing.material(Material::of(kind, random, palette, wide));
    let metal = if random.chance(0.5) {
        thing.material(steel(random))
    } else {
        thing.material(Material::of(Substance::Paint, random, palette, wide))
    };
    let split = height * random.range(0.65, 0.85);
    let body = attach(&mut thing, 0, shape(0.0, split), paint);
    if random.chance(0.6) {
        let band = thing.material(Material::of(Substance::Print, random, palette, wide * 0.3));
        let at = Vec3::Z * (split * random.range(0.15, 0.3));
        attach(
            &mut thing,
            body,
            shape(0.0008, split * 0.45).moved(at),
            band,
        );
    }
    let lid = attach(
        &mut thing,
        0,
        shape(0.0015, height - split).moved(Vec3::Z * split),
        metal,
    );
    if random.chance(0.5) {
        let relief = shape(-0.12 * wide, 0.002).moved(Vec3::Z * height);
        attach(&mut thing, lid, relief, paint);
    }
    if random.chance(0.3) {
        let black = thing.material(dark(random));
        let at = |angle: f32| {
            vec3(
                0.3 * wide * libm::cosf(angle),
                0.0,
                height + 0.2 * wide * libm::sinf(angle),
            )
        };
        let path = curve(8, |t| at(t * PI));
        attach(&mut thing, lid, Solid::tube(&path, 8, |_| 0.003), black);
    } else if round {
        let knob = rod(
            Vec3::Z * height,
            Vec3::Z * (height + 0.015),
            0.006,
            0.009,
            12,
        );
        attach(&mut thing, lid, knob, metal);
    }
    thing
}
