//! Tables, floor lamps, bins.

use super::build::{SIDES, attach, dark, pick, settled, steel};
use super::gadgets::add_shade;
use super::seats::frame;
use super::shapes::{block, faceted, placed, rightwards, rod, shell, slab, turn};
use super::storage::add_pull;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec2, Vec3, vec2, vec3};
use std::f32::consts::{PI, TAU};

/// A table: a top, legs or a column, an apron, a drawer on some.
pub(super) fn table(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("table");
    let low = random.chance(0.3);
    let up = if low {
        random.range(0.35, 0.5)
    } else {
        random.range(0.7, 0.78)
    };
    let (wide, deep) = (random.range(0.55, 1.9), random.range(0.5, 0.95));
    let top = thing.material(frame(random, palette, wide));
    let wood = if random.chance(0.6) {
        top
    } else {
        thing.material(frame(random, palette, 0.5))
    };
    let board = random.range(0.018, 0.045);
    let round = random.chance(0.3);
    let plate = if round {
        Solid::cylinder(deep * 0.49, deep * 0.5, board, 32)
    } else {
        slab(vec3(wide, deep, board), random.range(0.002, 0.08))
    };
    attach(&mut thing, 0, plate.moved(Vec3::Z * (up - board)), top);
    let thick = random.range(0.02, 0.045);
    if round && random.chance(0.6) {
        let column = rod(
            Vec3::Z * 0.02,
            Vec3::Z * (up - board),
            thick * 1.3,
            thick,
            14,
        );
        attach(&mut thing, 0, column, wood);
        let foot = Solid::cylinder(deep * 0.3, deep * 0.1, 0.04, 24);
        attach(&mut thing, 0, foot, wood);
        return settled(thing);
    }
    let half = if round {
        vec2(deep, deep) * 0.33
    } else {
        vec2(wide, deep) * 0.5 - 0.06
    };
    let square = random.chance(0.5);
    for side in SIDES {
        for back in SIDES {
            let at = vec3(side * half.x, back * half.y, 0.0);
            let leg = if square {
                block(
                    vec3(2.0, 2.0, 0.0) * thick + Vec3::Z * (up - board),
                    at + Vec3::Z * ((up - board) * 0.5),
                )
            } else {
                rod(at, at.with_z(up - board), thick * 0.7, thick, 12)
            };
            attach(&mut thing, 0, leg, wood);
        }
    }
    if !low && random.chance(0.6) {
        let skirt = random.range(0.07, 0.13);
        let middle = Vec3::Z * (up - board - skirt * 0.5);
        let apron = thing.part(0);
        for side in SIDES {
            let long = block(
                vec3(2.0 * half.x, 0.02, skirt),
                middle + Vec3::Y * (side * half.y),
            );
            attach(&mut thing, apron, long, wood);
            let short = block(
                vec3(0.02, 2.0 * half.y, skirt),
                middle + Vec3::X * (side * half.x),
            );
            attach(&mut thing, apron, short, wood);
        }
        if random.chance(0.5) {
            let face = vec3(half.x * random.range(0.6, 1.2), 0.012, skirt * 0.75);
            let at = middle - Vec3::Y * (half.y + 0.014);
            let drawer = attach(&mut thing, 0, block(face, at), top);
            let metal = thing.material(steel(random));
            add_pull(&mut thing, drawer, 0.0, false, at - Vec3::Y * 0.006, metal);
        }
    }
    settled(thing)
}

/// A floor lamp: a foot, a pole, a shade, a bulb.
pub(super) fn floor_lamp(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("floor lamp");
    let height = random.range(1.2, 1.85);
    let metal = thing.material(frame(random, palette, 0.5));
    let radius = random.range(0.11, 0.18);
    if random.chance(0.3) {
        for leg in 0..3 {
            let turn = Quat::from_rotation_z(TAU * leg as f32 / 3.0);
            let foot = turn * vec3(radius * 2.0, 0.0, 0.0);
            attach(
                &mut thing,
                0,
                rod(foot, Vec3::Z * (height * 0.75), 0.011, 0.016, 10),
                metal,
            );
        }
    } else {
        let foot = Solid::cylinder(radius, radius * 0.9, 0.03, 26);
        attach(&mut thing, 0, foot, metal);
        let pole = rod(Vec3::Z * 0.02, Vec3::Z * (height - 0.1), 0.011, 0.011, 10);
        attach(&mut thing, 0, pole, metal);
    }
    let length = random.range(0.18, 0.34);
    let wide = random.range(0.15, 0.26);
    let radii = [wide * random.range(0.55, 0.95), wide];
    let up = random.chance(0.25);
    let turn = if up {
        Quat::IDENTITY
    } else {
        Quat::from_rotation_x(PI)
    };
    let at = Vec3::Z * if up { height - length } else { height };
    add_shade(&mut thing, random, palette, radii, length, |solid| {
        placed(solid, turn, at)
    });
    settled(thing)
}

/// A bin: a body with its inside and a bag, or a lid with a handle; wheels on some.
pub(super) fn bin(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bin");
    let radius = random.range(0.1, 0.24);
    let height = radius * random.range(2.2, 3.6);
    let foot = radius * random.range(0.7, 0.98);
    let square = random.chance(0.35);
    // A lathe of four segments is a square bin, once it is turned and widened.
    let around = if square { 4 } else { 28 };
    let shape = |solid: Solid| {
        if square {
            let turned = placed(solid, Quat::from_rotation_z(PI * 0.25), Vec3::ZERO);
            faceted(&turned.scaled(vec3(1.3, 1.3, 1.0)))
        } else {
            solid
        }
    };
    let kind = pick(
        random,
        &[Substance::Metal, Substance::Paint, Substance::Wood],
    );
    let body = thing.material(Material::of(kind, random, palette, radius));
    let black = thing.material(dark(random));
    let outline = [Vec2::ZERO, vec2(foot, 0.0), vec2(radius, height)];
    let [outer, inner] = shell(&outline, 0.004, around);
    let can = attach(&mut thing, 0, shape(outer), body);
    if random.chance(0.5) {
        attach(&mut thing, can, shape(inner), black);
        if random.chance(0.6) {
            let plastic = thing.material(Material::of(Substance::Paint, random, palette, radius));
            let fold = [
                vec2(radius * 1.02, height * 0.86),
                vec2(radius * 1.03, height * 1.01),
                vec2(radius * 0.95, height * 1.005),
                vec2(radius * 0.9, height * 0.8),
            ];
            attach(&mut thing, can, shape(turn(&fold, around)), plastic);
        }
    } else {
        let paint = thing.material(Material::of(kind, random, palette, radius));
        let dome = radius * random.range(0.08, 0.4);
        let cap = [
            vec2(radius * 1.04, height),
            vec2(radius * 1.04, height + 0.02),
            vec2(radius * 0.6, height + dome * 0.8 + 0.02),
            vec2(0.0, height + dome + 0.02),
        ];
        let lid = attach(&mut thing, 0, shape(turn(&cap, around)), paint);
        let knob = Solid::ellipsoid(vec3(0.04, 0.015, 0.015), 10);
        attach(
            &mut thing,
            lid,
            knob.moved(Vec3::Z * (height + dome + 0.02)),
            black,
        );
        let pedal = block(vec3(0.06, 0.05, 0.012), vec3(0.0, -foot * 1.1, 0.02));
        attach(&mut thing, 0, pedal, black);
    }
    if square && random.chance(0.5) {
        for side in SIDES {
            let wheel = Solid::cylinder(radius * 0.28, radius * 0.28, 0.03, 16);
            let at = vec3(side * radius * 0.95 - 0.015, foot * 0.85, radius * 0.2);
            attach(&mut thing, 0, placed(wheel, rightwards(), at), black);
        }
    }
    settled(thing)
}
