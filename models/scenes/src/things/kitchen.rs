//! Pans and teapots.

use super::build::{SIDES, attach, dark, pick, steel};
use super::shapes::{bow, curve, rod, shell, smooth, turn, turned};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec2, Vec3, vec2, vec3};

/// Segments around a vessel.
const AROUND: usize = 24;

/// A pan: a body, its inside, a handle with a ring or two loops; some with a lid.
pub(super) fn pan(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("pan");
    let radius = random.range(0.08, 0.15);
    let deep = random.chance(0.5);
    let height = radius
        * if deep {
            random.range(0.8, 1.2)
        } else {
            random.range(0.28, 0.45)
        };
    let skin = pick(random, &[Substance::Metal, Substance::Paint]);
    let metal = thing.material(Material::of(skin, random, palette, radius));
    let coating = thing.material(if random.chance(0.5) {
        dark(random)
    } else {
        steel(random)
    });
    let foot = radius * if deep { 0.96 } else { 0.8 };
    let outline = [Vec2::ZERO, vec2(foot, 0.0), vec2(radius, height)];
    let [outer, inner] = shell(&outline, 0.003, AROUND);
    let body = attach(&mut thing, 0, outer, metal);
    attach(&mut thing, body, inner, coating);
    let kind = pick(
        random,
        &[Substance::Paint, Substance::Wood, Substance::Metal],
    );
    let grip = thing.material(Material::of(kind, random, palette, 0.1));
    if deep && random.chance(0.6) {
        for side in SIDES {
            let end = |y: f32| vec3(side * radius * 0.95, y * radius, height * 0.8);
            let pull = vec3(side * radius * 1.7, 0.0, height * 0.8);
            let path = bow(end(-0.25), pull, end(0.25), 8);
            attach(&mut thing, 0, Solid::tube(&path, 8, |_| 0.005), grip);
        }
    } else {
        let length = radius * random.range(1.1, 1.5);
        let start = vec3(radius * 0.97, 0.0, height * 0.8);
        let end = start + vec3(length, 0.0, height.min(0.03) * random.range(0.2, 1.2));
        let neck = start.lerp(end, 0.3);
        let shank = thing.material(steel(random));
        let handle = attach(&mut thing, 0, rod(start, neck, 0.006, 0.006, 10), shank);
        let path = curve(6, |t| neck.lerp(end, t));
        let solid = Solid::tube(&path, 12, |t| 0.009 + 0.003 * t).scaled(vec3(1.0, 1.3, 1.0));
        attach(&mut thing, handle, solid, grip);
    }
    if deep && random.chance(0.5) {
        let dome = [
            [radius * 1.02, height],
            [radius * 0.7, height + 0.012],
            [0.0, height + 0.02],
        ];
        let lid = attach(&mut thing, 0, turned(&dome, AROUND), metal);
        let knob = Solid::ellipsoid(vec3(0.013, 0.013, 0.011), 12);
        attach(
            &mut thing,
            lid,
            knob.moved(Vec3::Z * (height + 0.028)),
            grip,
        );
    }
    thing
}

/// A teapot: a body, a lid with a knob, a spout, a handle.
pub(super) fn teapot(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("teapot");
    let radius = random.range(0.05, 0.09);
    let height = radius * random.range(1.2, 1.9);
    let mouth = radius * random.range(0.45, 0.6);
    let substance = pick(
        random,
        &[Substance::Glaze, Substance::Glaze, Substance::Metal],
    );
    let glaze = thing.material(Material::of(substance, random, palette, radius));
    let accent = if random.chance(0.5) {
        thing.material(Material::of(substance, random, palette, radius))
    } else {
        glaze
    };
    let mut outline = vec![Vec2::ZERO];
    outline.extend(smooth(
        &[
            [radius * 0.65, 0.0],
            [radius, height * random.range(0.35, 0.55)],
            [mouth, height * 0.95],
            [mouth, height],
        ],
        5,
    ));
    attach(&mut thing, 0, turn(&outline, AROUND), glaze);
    let dome = [
        [mouth * 1.08, height],
        [mouth * 0.95, height + 0.006],
        [mouth * 0.5, height + 0.014],
        [0.0, height + 0.018],
    ];
    let lid = attach(&mut thing, 0, turned(&dome, AROUND), accent);
    let knob = Solid::ellipsoid(vec3(0.01, 0.01, 0.011), 12);
    attach(
        &mut thing,
        lid,
        knob.moved(Vec3::Z * (height + 0.025)),
        accent,
    );
    let tip = vec3(
        -radius * random.range(1.7, 2.0),
        0.0,
        height * random.range(0.85, 1.0),
    );
    let start = vec3(-radius * 0.75, 0.0, height * 0.35);
    let path = bow(start, vec3(-radius * 1.5, 0.0, height * 0.35), tip, 8);
    let wide = radius * 0.24;
    attach(
        &mut thing,
        0,
        Solid::tube(&path, 12, |t| wide * (1.0 - 0.6 * t)),
        glaze,
    );
    let reach = radius * random.range(2.0, 2.5);
    let path = bow(
        vec3(radius * 0.75, 0.0, height * 0.8),
        vec3(reach, 0.0, height * 0.9),
        vec3(radius * 0.85, 0.0, height * 0.25),
        10,
    );
    attach(
        &mut thing,
        0,
        Solid::tube(&path, 10, |_| radius * 0.1),
        accent,
    );
    thing
}
