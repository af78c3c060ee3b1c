//! Packages of card, cloth and paper: boxes, bags, sacks.

use super::build::{SIDES, attach, dark, pick, settled};
use super::shapes::{block, bow, bumpy, outward, placed, rounded, smooth, turn};
use crate::contour::rectangle;
use crate::palette::{Palette, varied};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec2, Vec3, vec2, vec3};
use std::f32::consts::FRAC_PI_2;

/// Segments around a round package.
const AROUND: usize = 26;

/// Brown card.
fn card(random: &mut Random, size_m: f32) -> Material {
    let light = random.range(0.45, 0.8);
    let colour = varied(random, [light, light * 0.8, light * 0.6], 0.03);
    Material::coloured(Substance::Paint, random, colour, size_m)
}

/// A box: closed, with tape and a label, or open, with flaps; or a printed one.
pub(super) fn carton(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("box");
    let wide = random.log_range(0.07, 0.42);
    let size = vec3(
        wide,
        wide * random.range(0.3, 1.0),
        wide * random.range(0.3, 1.1),
    );
    let printed = random.chance(0.4);
    let skin = if printed {
        Material::of(Substance::Print, random, palette, wide)
    } else {
        card(random, wide)
    };
    let board = thing.material(skin);
    let middle = Vec3::Z * (size.z * 0.5);
    let label = Material::of(Substance::Print, random, palette, wide * 0.4);
    let body = if !printed && random.chance(0.45) {
        let body = add_open_box(&mut thing, random, size, board);
        let reach = size.x.min(size.y) * 0.45;
        for quarter in 0..4 {
            let heading = FRAC_PI_2 * quarter as f32;
            let (away, along) = if quarter % 2 == 0 {
                (size.x, size.y)
            } else {
                (size.y, size.x)
            };
            let flap = block(vec3(reach, along * 0.97, 0.003), Vec3::X * (reach * 0.5));
            let hinge = Quat::from_rotation_z(heading) * vec3(away * 0.5, 0.0, size.z);
            let lift = random.range(-0.7, 1.3);
            attach(
                &mut thing,
                0,
                placed(flap, outward(heading, lift), hinge),
                board,
            );
        }
        body
    } else {
        let body = attach(&mut thing, 0, block(size, middle), board);
        let tape = thing.material(Material::of(Substance::Paint, random, palette, wide));
        if printed {
            let lid = block(
                vec3(size.x, size.y, size.z * 0.2) + 0.002,
                Vec3::Z * (size.z * 0.9),
            );
            if random.chance(0.5) {
                attach(&mut thing, 0, lid, tape);
            }
        } else {
            let strip = wide * random.range(0.08, 0.16);
            let over = block(vec3(strip, size.y + 0.0015, 0.001), Vec3::Z * size.z);
            let tape_piece = attach(&mut thing, body, over, tape);
            let low = size.z * random.range(0.6, 0.85);
            let down = vec3(strip, size.y + 0.0015, size.z - low);
            thing.add(
                block(down, Vec3::Z * (0.5 * (size.z + low))),
                tape_piece,
                tape,
            );
        }
        body
    };
    if random.chance(0.7) {
        let paper = thing.material(label);
        let (w, h) = (
            size.x * random.range(0.2, 0.7),
            size.z * random.range(0.2, 0.5),
        );
        let x = random.range(-0.5, 0.5) * (size.x - w) * 0.9;
        let at = vec3(x, -size.y * 0.5, size.z * random.range(0.3, 0.45));
        attach(&mut thing, body, block(vec3(w, 0.0015, h), at), paper);
    }
    settled(thing)
}

/// Walls and bottom of a box without a lid. -> the piece of its walls.
fn add_open_box(thing: &mut Thing, random: &mut Random, size: Vec3, board: u8) -> u8 {
    let (x, y) = (size.x * 0.5, size.y * 0.5);
    let wall = 0.003;
    let hole = rectangle(wall - x, wall - y, x - wall, y - wall);
    let walls = Solid::prism(&rectangle(-x, -y, x, y).without(hole), size.z);
    let body = attach(thing, 0, walls, board);
    let bottom = block(vec3(size.x, size.y, wall), Vec3::Z * (wall * 0.5));
    let shaded = thing.material(card(random, size.x));
    attach(thing, body, bottom, shaded);
    body
}

/// A carrier bag: a body, a print, a fold, handles.
pub(super) fn bag(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bag");
    let wide = random.range(0.16, 0.38);
    let size = vec3(
        wide,
        wide * random.range(0.3, 0.5),
        wide * random.range(0.8, 1.25),
    );
    let kind = pick(
        random,
        &[
            Substance::Cloth,
            Substance::Paint,
            Substance::Print,
            Substance::Skin,
        ],
    );
    let cloth = thing.material(Material::of(kind, random, palette, wide));
    let pinch = random.range(0.3, 0.95);
    let (crumple, phase) = (random.range(0.0, 0.03) * wide, random.angle());
    let bend = |point: Vec3| {
        let up = point.z / size.z;
        let wave = libm::sinf(point.z / wide * 5.0 + phase);
        vec3(
            point.x * (1.0 - 0.06 * up),
            point.y * (1.0 - (1.0 - pinch) * up) + crumple * wave * up,
            point.z,
        )
    };
    let outline = rounded(size.x, size.y, size.y * 0.15);
    let levels: Vec<f32> = (0..=5).map(|step| step as f32 / 5.0).collect();
    let body = thing.part(0);
    for pair in levels.windows(2) {
        let slice = Solid::prism(&outline, size.z * (pair[1] - pair[0]));
        thing.add(
            slice.moved(Vec3::Z * (size.z * pair[0])).bent(bend),
            body,
            cloth,
        );
    }
    let hem = thing.material(Material::of(kind, random, palette, wide));
    if random.chance(0.5) {
        // As high as the last slice, to bend with it.
        let around = rounded(size.x + 0.004, size.y + 0.004, size.y * 0.15);
        let fold = Solid::prism(&around, size.z * 0.2).moved(Vec3::Z * (size.z * 0.8));
        attach(&mut thing, body, fold.bent(bend), hem);
    }
    let shadow = thing.material(dark(random));
    let hollow = rounded(size.x - 0.006, size.y - 0.006, size.y * 0.15);
    let hollow = Solid::prism(&hollow, 0.001).moved(Vec3::Z * size.z);
    attach(&mut thing, body, hollow.bent(bend), shadow);
    if random.chance(0.6) {
        let patch = vec3(
            size.x * random.range(0.3, 0.7),
            size.y + 0.006,
            size.z * random.range(0.2, 0.45),
        );
        let print = thing.material(Material::of(Substance::Print, random, palette, wide * 0.5));
        attach(
            &mut thing,
            body,
            block(patch, Vec3::Z * (size.z * 0.45)).bent(bend),
            print,
        );
    }
    let strap = thing.material(Material::of(Substance::Cloth, random, palette, 0.05));
    let rise = size.z * random.range(0.4, 0.9);
    let thick = random.range(0.003, 0.009);
    for side in SIDES {
        let end = |x: f32| vec3(x * size.x, side * size.y * pinch * 0.48, size.z * 0.96);
        let lean = vec3(0.0, side * random.range(0.0, 0.04), rise * 2.0);
        let path = bow(end(-0.25), end(0.0) + lean, end(0.25), 12);
        attach(&mut thing, 0, Solid::tube(&path, 8, |_| thick), strap);
    }
    settled(thing)
}

/// A full sack: a body, a tied neck with a cord, a frill.
pub(super) fn sack(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("sack");
    let radius = random.range(0.15, 0.3);
    let height = radius * random.range(1.8, 2.8);
    let cloth = if random.chance(0.5) {
        card(random, radius)
    } else {
        Material::of(Substance::Cloth, random, palette, radius)
    };
    let cloth = thing.material(cloth);
    let neck = radius * random.range(0.15, 0.25);
    let mut outline = vec![Vec2::ZERO];
    let knots = [
        [radius * 0.8, 0.0],
        [radius, height * 0.25],
        [radius * 0.9, height * 0.55],
        [neck, height * 0.85],
    ];
    outline.extend(smooth(&knots, 4));
    let body = bumpy(turn(&outline, AROUND), random, radius * 0.7, radius * 0.1);
    attach(&mut thing, 0, body, cloth);
    let frill = [
        vec2(neck, height * 0.85),
        vec2(neck * 1.5, height * 0.95),
        vec2(neck * 2.1, height),
        vec2(0.0, height * 0.9),
    ];
    let folds = turn(&frill, AROUND).bent(|point| {
        let angle = libm::atan2f(point.y, point.x);
        let wave = 1.0 + 0.18 * libm::sinf(angle * 7.0) * (point.z / height - 0.85) / 0.15;
        vec3(point.x * wave, point.y * wave, point.z)
    });
    attach(&mut thing, 0, folds, cloth);
    let cord = thing.material(Material::of(Substance::Cloth, random, palette, 0.02));
    let knot = Solid::torus(neck * 1.05, neck * 0.22, AROUND).moved(Vec3::Z * (height * 0.85));
    attach(&mut thing, 0, knot, cord);
    settled(thing)
}
