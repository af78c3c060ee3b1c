//! Keyboards, mice, monitors, laptops.

use super::build::{SIDES, attach, dark, lit, screen, settled, steel, tipped};
use super::shapes::{
    block, bow, pillow, placed, rightwards, rod, rounded, slab, smoothed, upright,
};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::PI;

/// Plastic or metal of a case.
pub(super) fn case(random: &mut Random, palette: &Palette, size_m: f32) -> Material {
    match random.count(0, 3) {
        0 => dark(random),
        1 => Material::of(Substance::Metal, random, palette, size_m),
        2 => {
            let light = random.range(0.6, 0.95);
            Material::coloured(Substance::Paint, random, [light; 3], size_m)
        }
        _ => Material::of(Substance::Paint, random, palette, size_m),
    }
}

/// A keyboard: a body; rows of keys.
pub(super) fn keyboard(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("keyboard");
    let rows = random.count(4, 5);
    let wide = random.range(0.24, 0.4);
    let size = vec3(
        wide,
        rows as f32 * random.range(0.022, 0.028),
        random.range(0.008, 0.022),
    );
    let body = thing.material(case(random, palette, wide));
    attach(
        &mut thing,
        0,
        slab(size + vec3(0.016, 0.016, 0.0), 0.008),
        body,
    );
    let caps = thing.material(case(random, palette, 0.02));
    let accent = thing.material(Material::of(Substance::Paint, random, palette, 0.02));
    let odd = random.range(0.0, 0.2);
    let pitch = size.y / rows as f32;
    let tall = random.range(0.002, 0.008);
    for row in 0..rows {
        let piece = thing.part(0);
        let last = row + 1 == rows;
        let count = if last { 7 } else { random.count(9, 10) };
        // Keys at the ends are wide, and in the last row so is the bar in the middle.
        let weight = |index: usize| match index {
            3 if last => 4.5,
            index if index == 0 || index + 1 == count => 1.4,
            _ => 1.0,
        };
        let total: f32 = (0..count).map(weight).sum();
        let mut x = -0.5 * size.x;
        let y = size.y * 0.5 - (row as f32 + 0.5) * pitch;
        for index in 0..count {
            let key = weight(index) / total * size.x;
            let cap = vec3(key - 0.003, pitch - 0.003, tall);
            let at = vec3(x + key * 0.5, y, size.z + tall * 0.5);
            let paint = if random.chance(odd) { accent } else { caps };
            attach(&mut thing, piece, block(cap, at), paint);
            x += key;
        }
    }
    thing
}

/// A mouse: a body with two buttons and a wheel; some with a cable.
pub(super) fn mouse(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("mouse");
    let size = vec3(
        random.range(0.055, 0.07),
        random.range(0.095, 0.125),
        random.range(0.03, 0.042),
    );
    let paint = thing.material(case(random, palette, 0.1));
    let flat = |point: Vec3| {
        vec3(
            point.x,
            point.y,
            if point.z < 0.0 {
                point.z * 0.3
            } else {
                point.z
            },
        )
    };
    let shape = pillow(vec3(size.x, size.y, size.z * 1.5), 20);
    let body = attach(&mut thing, 0, smoothed(shape.bent(flat)), paint);
    let keys = if random.chance(0.5) {
        thing.material(case(random, palette, 0.1))
    } else {
        paint
    };
    for side in SIDES {
        let key = pillow(vec3(size.x * 0.46, size.y * 0.46, size.z * 1.32), 12);
        let at = vec3(side * size.x * 0.24, -size.y * 0.255, size.z * 0.06);
        attach(&mut thing, body, smoothed(key.bent(flat)).moved(at), keys);
    }
    let black = thing.material(dark(random));
    let wheel = Solid::cylinder(0.009, 0.009, 0.006, 14).moved(Vec3::Z * -0.003);
    let wheel = placed(
        wheel,
        rightwards(),
        vec3(0.0, -size.y * 0.28, size.z * 0.62),
    );
    attach(&mut thing, body, wheel, black);
    if random.chance(0.5) {
        let (sway, reach) = (random.range(-0.06, 0.06), random.range(0.05, 0.15));
        let path = bow(
            vec3(0.0, -size.y * 0.48, 0.0),
            vec3(0.0, -size.y * 0.6 - reach * 0.5, -0.012),
            vec3(sway, -size.y * 0.5 - reach, -0.004),
            12,
        );
        attach(&mut thing, 0, Solid::tube(&path, 8, |_| 0.002), black);
    }
    let back = Quat::from_rotation_z(PI + random.range(-0.6, 0.6));
    settled(tipped(thing, back))
}

/// A monitor: a screen in a frame, a neck, a foot.
pub(super) fn monitor(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("monitor");
    let wide = random.range(0.35, 0.62);
    let tall = wide * random.range(0.54, 0.68);
    let lift = random.range(0.06, 0.14).min(0.66 - tall);
    let plastic = thing.material(case(random, palette, wide));
    let stand = thing.material(case(random, palette, wide));
    let deep = random.range(0.02, 0.05);
    let middle = Vec3::Z * (lift + tall * 0.5);
    let frame = upright(&rounded(wide, tall, 0.008), deep).moved(middle);
    let panel = attach(&mut thing, 0, frame, plastic);
    let picture = thing.material(screen(random, palette, wide));
    let edge = random.range(0.006, 0.025);
    let chin = random.range(1.0, 3.0) * edge;
    let shown = rounded(wide - 2.0 * edge, tall - edge - chin, 0.002);
    let at = middle + vec3(0.0, -deep, 0.5 * (chin - edge));
    attach(&mut thing, panel, upright(&shown, 0.001).moved(at), picture);
    let light = thing.material(lit(random));
    let button = block(
        vec3(0.012, 0.002, 0.004),
        vec3(wide * 0.42, -deep, lift + 0.3 * chin),
    );
    attach(&mut thing, panel, button, light);
    let hub = vec3(0.0, 0.015, lift + tall * 0.35);
    let neck = rod(vec3(0.0, 0.03, 0.006), hub, 0.022, 0.018, 12);
    attach(&mut thing, 0, neck.scaled(vec3(1.3, 0.8, 1.0)), stand);
    let foot = vec3(
        wide * random.range(0.35, 0.55),
        random.range(0.14, 0.22),
        0.01,
    );
    let corner = foot.y * random.range(0.05, 0.5);
    attach(&mut thing, 0, slab(foot, corner), stand);
    thing
}

/// A laptop: a base with keys and a touch pad; a lid with a screen.
pub(super) fn laptop(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("laptop");
    let wide = random.range(0.27, 0.38);
    let deep = wide * random.range(0.62, 0.72);
    let thick = random.range(0.009, 0.018);
    let corner = random.range(0.003, 0.012);
    let skin = case(random, palette, wide);
    let metal = thing.material(skin);
    let base = attach(&mut thing, 0, slab(vec3(wide, deep, thick), corner), metal);
    let black = thing.material(dark(random));
    let caps = thing.material(case(random, palette, 0.02));
    let keys = vec3(wide * 0.86, deep * 0.48, 0.0006);
    let middle = vec3(0.0, deep * 0.18, thick);
    let area = attach(&mut thing, base, slab(keys, 0.003).moved(middle), black);
    let rows = 5;
    let pitch = keys.y / rows as f32;
    for row in 0..rows {
        let line = thing.part(area);
        let count = if row == 0 { 7 } else { 12 };
        let step = keys.x / count as f32;
        for index in 0..count {
            let at = vec3(
                (index as f32 + 0.5) * step - keys.x * 0.5,
                (row as f32 + 0.5) * pitch - keys.y * 0.5,
                0.001,
            );
            let cap = block(vec3(step - 0.003, pitch - 0.003, 0.0016), middle + at);
            thing.add(cap, line, caps);
        }
    }
    let pad = vec3(wide * random.range(0.3, 0.42), deep * 0.27, 0.0005);
    let touch = thing.material(case(random, palette, 0.1));
    let at = vec3(0.0, -deep * 0.29, thick);
    attach(&mut thing, base, slab(pad, 0.003).moved(at), touch);
    // The lid is built as if it lay open flat behind the base, screen up.
    let open = Quat::from_rotation_x(PI - random.range(1.5, 2.2));
    let hinge = vec3(0.0, deep * 0.5, thick);
    let raise = |solid: Solid| placed(solid, open, hinge);
    let board = slab(vec3(wide, deep * 0.97, 0.006), corner);
    let board = board.moved(vec3(0.0, deep * 0.5, -0.006));
    let lid = attach(&mut thing, 0, raise(board), metal);
    let edge = random.range(0.004, 0.014);
    let frame = slab(vec3(wide - 0.004, deep * 0.97 - 0.004, 0.0006), corner);
    let frame = frame.moved(vec3(0.0, deep * 0.5, 0.0));
    let frame = attach(&mut thing, lid, raise(frame), black);
    let picture = thing.material(screen(random, palette, wide));
    let shown = slab(
        vec3(wide - 2.0 * edge, deep * 0.95 - 3.0 * edge, 0.0006),
        0.002,
    );
    let shown = shown.moved(vec3(0.0, deep * 0.5 + edge * 0.4, 0.0006));
    attach(&mut thing, frame, raise(shown), picture);
    if random.chance(0.6) {
        let logo = thing.material(steel(random));
        let badge = Solid::cylinder(deep * 0.06, deep * 0.06, 0.0008, 16);
        attach(
            &mut thing,
            lid,
            raise(badge.moved(vec3(0.0, deep * 0.5, -0.0067))),
            logo,
        );
    }
    thing
}
