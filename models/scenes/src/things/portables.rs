//! Phones, cables, cameras, headphones.

use super::build::{SIDES, attach, dark, pane, pick, screen, settled, steel, tipped};
use super::computers::case;
use super::shapes::{
    block, bow, curve, disc, forwards, outward, pillow, placed, rounded, slab, upright,
};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::{FRAC_PI_2, PI};

/// Segments around round parts.
const AROUND: usize = 24;

/// A phone: a case with buttons; a screen, or cameras if it lies on its face.
pub(super) fn phone(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("phone");
    let wide = random.range(0.06, 0.08);
    let size = vec3(
        wide,
        wide * random.range(1.9, 2.2),
        random.range(0.007, 0.011),
    );
    let corner = wide * random.range(0.08, 0.18);
    let shell = thing.material(case(random, palette, wide));
    let body = attach(&mut thing, 0, slab(size, corner), shell);
    let black = thing.material(dark(random));
    let face = slab(vec3(size.x - 0.003, size.y - 0.003, 0.0006), corner * 0.9);
    if random.chance(0.7) {
        let glass = attach(&mut thing, 0, face.moved(Vec3::Z * size.z), black);
        let picture = thing.material(screen(random, palette, wide));
        let shown = vec3(size.x - 0.007, size.y * random.range(0.86, 0.95), 0.0006);
        let shown = slab(shown, corner * 0.6).moved(Vec3::Z * (size.z + 0.0005));
        attach(&mut thing, glass, shown, picture);
        let eye = disc(0.0022, size.z + 0.0015, 10).moved(Vec3::Y * (size.y * 0.46));
        attach(&mut thing, glass, eye, black);
    } else {
        let back = thing.material(case(random, palette, wide));
        let back = attach(&mut thing, 0, face.moved(Vec3::Z * size.z), back);
        let count = random.count(1, 3);
        let island = vec3(wide * 0.3, wide * (0.1 + 0.22 * count as f32), 0.0015);
        let at = vec3(
            -wide * 0.28,
            size.y * 0.46 - island.y * 0.5,
            size.z + 0.0004,
        );
        let island = attach(&mut thing, back, slab(island, 0.006).moved(at), shell);
        for index in 0..count {
            let y = (index as f32 - (count - 1) as f32 * 0.5) * wide * 0.22;
            let lens = Solid::cylinder(wide * 0.09, wide * 0.085, 0.002, 16);
            attach(
                &mut thing,
                island,
                lens.moved(at + vec3(0.0, y, 0.0012)),
                black,
            );
        }
    }
    for button in 0..random.count(1, 3) {
        let y = size.y * (0.3 - 0.12 * button as f32);
        let key = block(
            vec3(0.002, size.y * 0.08, 0.003),
            vec3(size.x * 0.5, y, size.z * 0.5),
        );
        attach(&mut thing, body, key, shell);
    }
    let heading = random.angle();
    settled(tipped(thing, Quat::from_rotation_z(heading)))
}

/// A cable that lies on the table in bends, a plug at each end.
pub(super) fn cable(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("cable");
    let thick = random.range(0.0015, 0.004);
    let skin = if random.chance(0.5) {
        dark(random)
    } else {
        Material::of(Substance::Paint, random, palette, 0.1)
    };
    let rubber = thing.material(skin);
    let metal = thing.material(steel(random));
    let size = random.range(0.1, 0.24);
    let (turns, phase) = (random.range(0.6, 2.2), random.angle());
    let (wave, swing) = (random.range(2.0, 5.0), random.range(0.1, 0.45));
    let path = curve(48, |t| {
        let angle = phase + turns * 2.0 * PI * t;
        let radius = size * (0.55 + 0.35 * t + swing * libm::sinf(wave * angle) * 0.5);
        // Later turns lie on earlier ones.
        let level = thick * (1.0 + 1.5 * t);
        vec3(
            radius * libm::cosf(angle),
            radius * libm::sinf(angle),
            level,
        )
    });
    attach(&mut thing, 0, Solid::tube(&path, 8, |_| thick), rubber);
    let last = path.len() - 1;
    for (end, before) in [(0, 1), (last, last - 1)] {
        let way = (path[end] - path[before]).normalize_or(Vec3::X);
        let turn = outward(libm::atan2f(way.y, way.x), 0.0);
        let plug = block(
            vec3(0.02, 3.2 * thick.max(0.002), 0.006),
            vec3(0.01, 0.0, 0.001),
        );
        let plug = attach(&mut thing, 0, placed(plug, turn, path[end]), rubber);
        let tip = pick(random, &[0.0025, 0.004]);
        let tip = block(vec3(0.01, 2.0 * tip, 0.003), vec3(0.025, 0.0, 0.001));
        attach(&mut thing, plug, placed(tip, turn, path[end]), metal);
    }
    settled(thing)
}

/// A camera: a body with a grip, buttons and a finder; a lens with rings and glass.
pub(super) fn camera(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("camera");
    let size = vec3(
        random.range(0.1, 0.15),
        random.range(0.03, 0.05),
        random.range(0.065, 0.095),
    );
    let metal = thing.material(steel(random));
    let leather = thing.material(case(random, palette, 0.1));
    let black = thing.material(dark(random));
    let outline = rounded(size.x, size.z, 0.008);
    let front = Vec3::Y * (size.y * 0.5);
    let middle = Vec3::Z * (size.z * 0.5);
    let body = attach(
        &mut thing,
        0,
        upright(&outline, size.y).moved(front + middle),
        metal,
    );
    let wrap = block(
        vec3(size.x + 0.001, size.y + 0.001, size.z * 0.6),
        middle * 0.95,
    );
    attach(&mut thing, body, wrap, leather);
    let hold = pillow(vec3(0.03, 0.04, size.z * 0.8), 12);
    let at = vec3(-size.x * 0.4, -size.y * 0.45, size.z * 0.45);
    attach(&mut thing, body, hold.moved(at), leather);
    let finder = slab(vec3(size.x * 0.3, size.y * 0.9, 0.02), 0.006);
    let finder = attach(
        &mut thing,
        body,
        finder.moved(Vec3::Z * (size.z - 0.002)),
        metal,
    );
    let glass = thing.material(pane(random));
    let flash = block(
        vec3(size.x * 0.2, 0.002, 0.01),
        vec3(0.0, -size.y * 0.45, size.z + 0.008),
    );
    attach(&mut thing, finder, flash, glass);
    for (x, radius) in [(0.36, 0.009), (-0.36, 0.006), (0.22, 0.006)] {
        let dial = Solid::cylinder(radius, radius, 0.007, 14);
        attach(
            &mut thing,
            body,
            dial.moved(vec3(x * size.x, 0.0, size.z)),
            black,
        );
    }
    let radius = size.z * random.range(0.3, 0.44);
    let length = random.range(0.02, 0.09);
    let at = vec3(size.x * 0.04, -size.y * 0.5, size.z * 0.48);
    let aim = |solid: Solid, along: f32| placed(solid, forwards(), at - Vec3::Y * along);
    let barrel = Solid::cylinder(radius, radius * 0.95, length, AROUND);
    let lens = attach(&mut thing, 0, aim(barrel, 0.0), black);
    for ring in 0..random.count(1, 2) {
        let band = Solid::cylinder(radius * 1.04, radius * 1.04, length * 0.18, AROUND);
        let colour = if ring == 0 { leather } else { metal };
        attach(
            &mut thing,
            lens,
            aim(band, length * (0.25 + 0.35 * ring as f32)),
            colour,
        );
    }
    let bulge = Solid::ellipsoid(vec3(radius * 0.75, radius * 0.75, 0.005), 20);
    attach(&mut thing, lens, aim(bulge, length), glass);
    thing
}

/// Headphones that lie: a band, two cups with pads.
pub(super) fn headphones(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("headphones");
    let plastic = thing.material(case(random, palette, 0.1));
    let soft = thing.material(if random.chance(0.6) {
        dark(random)
    } else {
        Material::of(Substance::Skin, random, palette, 0.05)
    });
    let (wide, tall) = (random.range(0.07, 0.085), random.range(0.08, 0.11));
    let arc = |t: f32| {
        let angle = PI * t;
        vec3(wide * libm::cosf(angle), tall * libm::sinf(angle), 0.0)
    };
    let thick = random.range(0.004, 0.008);
    let hoop = Solid::tube(&curve(20, arc), 10, |_| thick).scaled(vec3(1.0, 1.0, 1.8));
    let band = attach(&mut thing, 0, hoop, plastic);
    let inner = curve(10, |t| arc(0.3 + 0.4 * t) * 0.95);
    let pad = Solid::tube(&inner, 10, |_| thick).scaled(vec3(1.0, 1.0, 2.0));
    attach(&mut thing, band, pad, soft);
    let radius = random.range(0.028, 0.042);
    for side in SIDES {
        let at = vec3(side * (wide - 0.004), -0.01, 0.0);
        let turn = Quat::from_rotation_y(side * FRAC_PI_2);
        let cup = Solid::cylinder(radius, radius * 0.8, 0.02, AROUND);
        let cup = attach(&mut thing, 0, placed(cup, turn, at), plastic);
        let ring = Solid::torus(radius * 0.72, radius * 0.3, AROUND);
        attach(&mut thing, cup, placed(ring, turn, at), soft);
    }
    if random.chance(0.4) {
        let black = thing.material(dark(random));
        let from = vec3(wide, -radius * 0.8, -0.01);
        let (sway, pull) = (random.range(-0.08, 0.1), vec3(wide * 1.5, -0.12, -radius));
        let path = bow(from, pull, vec3(sway, -0.15, -radius), 14);
        attach(&mut thing, 0, Solid::tube(&path, 6, |_| 0.0018), black);
    }
    settled(thing)
}
