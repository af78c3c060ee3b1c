//! Chairs and stools.

use super::build::{SIDES, attach, dark, pick, settled, steel};
use super::shapes::{block, bow, pillow, placed, rod, rounded, slab, upright};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::TAU;

/// Wood, metal or paint of a frame.
pub(super) fn frame(random: &mut Random, palette: &Palette, size_m: f32) -> Material {
    match random.weighted(&[4.0, 1.0, 1.0, 1.5]) {
        0 => Material::of(Substance::Wood, random, palette, size_m),
        1 => steel(random),
        2 => dark(random),
        _ => Material::of(Substance::Paint, random, palette, size_m),
    }
}

/// Cloth or leather.
pub(super) fn cover(random: &mut Random, palette: &Palette, size_m: f32) -> Material {
    let kind = pick(
        random,
        &[Substance::Cloth, Substance::Cloth, Substance::Skin],
    );
    Material::of(kind, random, palette, size_m)
}

/// A chair: a seat, on some with a cushion; a back of posts and slats or a panel; legs, arms on some.
pub(super) fn chair(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("chair");
    let size = vec3(random.range(0.38, 0.5), random.range(0.38, 0.48), 0.03);
    let up = random.range(0.42, 0.48);
    let tall = random.range(0.35, 0.6);
    let wood = thing.material(frame(random, palette, 0.5));
    let soft = thing.material(cover(random, palette, 0.4));
    let board = slab(size, random.range(0.02, 0.15));
    let seat = attach(&mut thing, 0, board.moved(Vec3::Z * (up - 0.03)), wood);
    if random.chance(0.5) {
        let cushion = pillow(vec3(size.x * 0.95, size.y * 0.95, 0.07), 16);
        attach(
            &mut thing,
            seat,
            cushion.moved(Vec3::Z * (up + 0.015)),
            soft,
        );
    }
    let (x, y) = (size.x * 0.45, size.y * 0.45);
    let splay = random.range(0.0, 0.06);
    let lean = random.range(0.02, 0.12);
    let thick = random.range(0.012, 0.024);
    let office = random.chance(0.2);
    if office {
        let metal = thing.material(steel(random));
        let foot = thing.part(0);
        let column = rod(Vec3::Z * 0.09, Vec3::Z * (up - 0.02), 0.025, 0.025, 12);
        attach(&mut thing, foot, column, metal);
        for leg in 0..5 {
            let turn = Quat::from_rotation_z(TAU * leg as f32 / 5.0);
            let end = turn * vec3(0.27, 0.0, 0.07);
            attach(
                &mut thing,
                foot,
                rod(Vec3::Z * 0.1, end, 0.025, 0.016, 8),
                metal,
            );
            let wheel = Solid::ellipsoid(vec3(0.03, 0.03, 0.03), 10);
            attach(&mut thing, foot, wheel.moved(end.with_z(0.03)), wood);
        }
    } else {
        for side in SIDES {
            for back in SIDES {
                let top = vec3(side * x, back * y, up - 0.02);
                let foot = vec3(side * (x + splay), back * (y + splay), 0.0);
                attach(&mut thing, 0, rod(foot, top, thick * 0.8, thick, 10), wood);
            }
        }
    }
    let high = up + tall;
    let post = |side: f32, share: f32| {
        vec3(side * x, y, up - 0.02).lerp(vec3(side * x, y + lean, high), share)
    };
    let back = thing.part(0);
    for side in SIDES {
        attach(
            &mut thing,
            back,
            rod(post(side, 0.0), post(side, 1.0), thick, thick * 0.8, 10),
            wood,
        );
    }
    let tilt = Quat::from_rotation_x(-libm::atan2f(lean, tall));
    match random.count(0, 2) {
        0 => {
            let count = random.count(2, 4);
            for slat in 0..count {
                let share = 0.95 - 0.7 * slat as f32 / count as f32;
                let board = block(vec3(2.0 * x, 0.015, tall * 0.12), Vec3::ZERO);
                let at = (post(-1.0, share) + post(1.0, share)) * 0.5;
                attach(&mut thing, back, placed(board, tilt, at), wood);
            }
        }
        1 => {
            let at = |share: f32, across: f32| post(-1.0, share).lerp(post(1.0, share), across);
            attach(
                &mut thing,
                back,
                rod(at(0.97, 0.0), at(0.97, 1.0), thick, thick, 10),
                wood,
            );
            let count = random.count(3, 6);
            for bar in 0..count {
                let across = (bar as f32 + 1.0) / (count as f32 + 1.0);
                let bar = rod(
                    at(0.08, across),
                    at(0.97, across),
                    thick * 0.5,
                    thick * 0.5,
                    8,
                );
                attach(&mut thing, back, bar, wood);
            }
        }
        _ => {
            let panel = upright(&rounded(2.0 * x + 0.03, tall * 0.6, 0.05), 0.03);
            let at = (post(-1.0, 0.65) + post(1.0, 0.65)) * 0.5;
            attach(&mut thing, back, placed(panel, tilt, at), soft);
        }
    }
    if random.chance(0.3) {
        for side in SIDES {
            let from = post(side, 0.4);
            let knee = vec3(side * (x + 0.01), -y * 0.6, from.z);
            let down = vec3(side * x, -y * 0.7, up - 0.01);
            let path = bow(from, knee + Vec3::Y * (-0.1), down, 8);
            attach(&mut thing, 0, Solid::tube(&path, 8, |_| thick), wood);
        }
    }
    settled(thing)
}

/// A stool: a seat, round or square; legs, rungs between them.
pub(super) fn stool(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("stool");
    let radius = random.range(0.14, 0.2);
    let up = random.range(0.4, 0.75);
    let wood = thing.material(frame(random, palette, 0.4));
    let soft = random.chance(0.5);
    let cushion = if soft {
        cover(random, palette, 0.3)
    } else {
        frame(random, palette, 0.3)
    };
    let top = thing.material(cushion);
    let seat = match (random.chance(0.6), soft) {
        (true, _) => Solid::cylinder(radius * 0.95, radius, 0.04, 28),
        (_, true) => pillow(vec3(2.0, 2.0, 0.35) * radius, 16).moved(Vec3::Z * 0.02),
        _ => slab(vec3(2.0 * radius, 2.0 * radius, 0.03), 0.02),
    };
    attach(&mut thing, 0, seat.moved(Vec3::Z * (up - 0.04)), top);
    let legs = random.count(3, 4);
    let splay = random.range(0.0, 0.08);
    let thick = random.range(0.012, 0.022);
    let step = random.range(0.2, 0.5);
    let leg = |index: usize, share: f32| {
        let angle = TAU * (index as f32 + 0.5) / legs as f32;
        let away = radius * 0.8 + splay * (1.0 - share);
        vec3(
            away * libm::cosf(angle),
            away * libm::sinf(angle),
            share * (up - 0.035),
        )
    };
    let rungs = random.chance(0.7);
    for index in 0..legs {
        let bar = rod(leg(index, 0.0), leg(index, 1.0), thick * 0.8, thick, 10);
        attach(&mut thing, 0, bar, wood);
        if rungs {
            let bar = rod(
                leg(index, step),
                leg(index + 1, step),
                thick * 0.6,
                thick * 0.6,
                8,
            );
            attach(&mut thing, 0, bar, wood);
        }
    }
    settled(thing)
}
