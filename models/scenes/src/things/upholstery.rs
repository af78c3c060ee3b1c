//! Armchairs, sofas, beds.

use super::build::{SIDES, attach, settled};
use super::seats::{cover, frame};
use super::shapes::{block, pillow, placed, rod, rounded, slab, upright};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};

/// An armchair.
pub(super) fn armchair(random: &mut Random, palette: &Palette) -> Thing {
    upholstered("armchair", 1, random, palette)
}

/// A sofa.
pub(super) fn sofa(random: &mut Random, palette: &Palette) -> Thing {
    let seats = random.count(2, 3);
    upholstered("sofa", seats, random, palette)
}

/// A base on legs, arms, a back, a cushion and a back cushion a seat, loose pillows on some.
fn upholstered(kind: &'static str, seats: usize, random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new(kind);
    let seat = random.range(0.52, 0.68);
    let (wide, deep) = (seat * seats as f32, random.range(0.55, 0.65));
    let arm = random.range(0.09, 0.2);
    let legs = random.range(0.03, 0.16);
    let base = random.range(0.16, 0.24);
    let back = random.range(0.38, 0.6);
    let cloth = thing.material(cover(random, palette, 0.8));
    let other = if random.chance(0.4) {
        thing.material(cover(random, palette, 0.6))
    } else {
        cloth
    };
    let wood = thing.material(frame(random, palette, 0.2));
    let low = legs + base;
    let body = block(vec3(wide, deep, base), vec3(0.0, 0.0, legs + base * 0.5));
    attach(&mut thing, 0, body, cloth);
    let thick = random.range(0.14, 0.2);
    let rest = pillow(vec3(wide + 0.6 * arm, thick, base + back), 16);
    let at = vec3(0.0, deep * 0.5, legs + (base + back) * 0.5);
    let tilt = Quat::from_rotation_x(-random.range(0.05, 0.2));
    attach(&mut thing, 0, placed(rest, tilt, at), cloth);
    let rise = random.range(0.12, 0.25);
    let boxy = random.chance(0.5);
    for side in SIDES {
        let size = vec3(arm, deep + thick * 0.6, base + rise);
        let shape = if boxy {
            slab(vec3(size.x, size.y, size.z), arm * 0.3).moved(Vec3::Z * (-0.5 * size.z))
        } else {
            pillow(size, 16)
        };
        let at = vec3(side * (wide + arm) * 0.5, 0.0, legs + size.z * 0.5);
        attach(&mut thing, 0, shape.moved(at), cloth);
        for front in SIDES {
            let foot = vec3(side * wide * 0.47, front * deep * 0.44, 0.0);
            let peg = rod(foot, foot + Vec3::Z * (legs + 0.01), 0.018, 0.026, 10);
            attach(&mut thing, 0, peg, wood);
        }
    }
    for index in 0..seats {
        let x = (index as f32 + 0.5) * seat - wide * 0.5;
        let cushion = pillow(vec3(seat * 0.98, deep * 0.95, 0.17), 16);
        attach(
            &mut thing,
            0,
            cushion.moved(vec3(x, -0.02, low + 0.05)),
            other,
        );
        let cushion = pillow(vec3(seat * 0.95, 0.16, back * 0.85), 16);
        let at = vec3(x, deep * 0.5 - thick * 0.6, low + 0.08 + back * 0.4);
        attach(&mut thing, 0, placed(cushion, tilt, at), other);
    }
    for _ in 0..random.count(0, 2) {
        let loose = thing.material(cover(random, palette, 0.3));
        let size = random.range(0.3, 0.42);
        let turn = Quat::from_rotation_z(random.range(-0.5, 0.5)) * Quat::from_rotation_x(-0.4);
        let x = random.range(-0.4, 0.4) * wide;
        let at = vec3(x, deep * 0.1, low + 0.12 + size * 0.45);
        let shape = placed(pillow(vec3(size, 0.13, size), 14), turn, at);
        attach(&mut thing, 0, shape, loose);
    }
    settled(thing)
}

/// A bed: a frame with legs and a headboard, a mattress, pillows, a blanket with a fold.
pub(super) fn bed(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bed");
    let double = random.chance(0.5);
    let wide = if double {
        random.range(1.35, 1.8)
    } else {
        random.range(0.85, 1.1)
    };
    let (long, up) = (random.range(1.9, 2.15), random.range(0.22, 0.36));
    let wood = thing.material(frame(random, palette, 1.0));
    let base = thing.part(0);
    let board = block(vec3(wide + 0.06, long + 0.06, 0.12), Vec3::Z * (up - 0.06));
    attach(&mut thing, base, board, wood);
    for side in SIDES {
        for end in SIDES {
            let foot = vec3(side * wide * 0.47, end * long * 0.47, 0.0);
            attach(
                &mut thing,
                base,
                rod(foot, foot + Vec3::Z * up, 0.03, 0.03, 10),
                wood,
            );
        }
    }
    let head = upright(&rounded(wide + 0.06, random.range(0.6, 1.0), 0.04), 0.06);
    attach(
        &mut thing,
        0,
        head.moved(vec3(0.0, long * 0.5 + 0.06, up + 0.35)),
        wood,
    );
    let pale = random.range(0.75, 0.95);
    let linen = thing.material(Material::coloured(Substance::Cloth, random, [pale; 3], 0.8));
    let deep = random.range(0.16, 0.26);
    let bulk = slab(vec3(wide, long, deep), 0.08);
    attach(&mut thing, 0, bulk.moved(Vec3::Z * up), linen);
    let top = up + deep;
    let case = thing.material(cover(random, palette, 0.5));
    let pillows = if double { 2 } else { 1 };
    for index in 0..pillows {
        let x = (index as f32 + 0.5 - pillows as f32 * 0.5) * 0.75;
        let shape = pillow(vec3(0.66, 0.42, 0.16), 16);
        let turn = Quat::from_rotation_z(random.range(-0.15, 0.15));
        let at = vec3(x, long * 0.5 - 0.3, top + 0.06);
        attach(&mut thing, 0, placed(shape, turn, at), case);
    }
    let wool = thing.material(cover(random, palette, 0.8));
    let reach = long * random.range(0.45, 0.72);
    let lumps = random.range(0.0, 0.04);
    let phase = random.angle();
    let spread = Solid::sheet(glam::vec2(wide + 0.16, reach), 12, |point| {
        let over = (point.x.abs() - wide * 0.5).max(0.0) * 3.5;
        lumps * libm::sinf(point.x * 5.0 + point.y * 4.0 + phase) - over + 0.05
    });
    let at = vec3(0.0, reach * 0.5 - long * 0.5 - 0.01, top);
    let blanket = attach(&mut thing, 0, spread.moved(at), wool);
    let fold = pillow(vec3(wide + 0.1, 0.2, 0.1), 16);
    let at = vec3(0.0, reach - long * 0.5 - 0.08, top + 0.03);
    attach(&mut thing, blanket, fold.moved(at), linen);
    settled(thing)
}
