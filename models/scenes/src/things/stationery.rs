//! What lies on a desk: scissors, pens, brushes, books.

use super::build::{SIDES, attach, pick, settled, steel, tipped};
use super::shapes::{block, bow, curve, forwards, placed, rod};
use super::tools::{at, grip};
use crate::contour::Contour;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::{FRAC_PI_2, PI};

/// Scissors: two blades, a screw, two handles with eyes for the fingers.
pub(super) fn scissors(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("scissors");
    let blade = random.range(0.06, 0.13);
    let open = random.range(0.03, 0.35);
    let metal = thing.material(steel(random));
    let plastic = thing.material(Material::of(Substance::Paint, random, palette, 0.05));
    let wide = random.range(0.012, 0.02);
    let eye = random.range(0.016, 0.023);
    for side in SIDES {
        let turn = Quat::from_rotation_z(side * open);
        let level = Vec3::Z * (side * 0.0013);
        let edge = [
            [-0.025, 0.0],
            [blade, 0.0],
            [blade * 0.7, 0.6],
            [0.0, 1.0],
            [-0.025, 0.7],
        ];
        let edge = Contour::ring(
            edge.map(|[x, y]| [x, side * (y * wide - 0.3 * wide)])
                .to_vec(),
        );
        let edge = Solid::prism(&edge, 0.0025).moved(Vec3::Z * -0.00125);
        attach(&mut thing, 0, placed(edge, turn, level), metal);
        let middle = vec3(-0.055 - eye, -side * (eye + 0.004), 0.0);
        let shank = bow(
            at(-0.018),
            vec3(-0.045, 0.0, 0.0),
            middle * vec3(0.75, 0.8, 1.0),
            5,
        );
        let shank = Solid::tube(&shank, 8, |t| 0.0055 - 0.001 * t);
        let handle = attach(&mut thing, 0, placed(shank, turn, level), plastic);
        let ring = Solid::torus(eye, 0.0045, 20)
            .scaled(vec3(1.35, 1.0, 1.0))
            .moved(middle);
        attach(&mut thing, handle, placed(ring, turn, level), plastic);
    }
    let screw = thing.material(steel(random));
    let bolt = Solid::cylinder(0.0045, 0.004, 0.008, 12).moved(Vec3::Z * -0.004);
    attach(&mut thing, 0, bolt, screw);
    settled(thing)
}

/// A pen or pencil: a body, a tip, a cap with a clip.
pub(super) fn pen(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("pen");
    let length = random.range(0.12, 0.16);
    let thick = random.range(0.0035, 0.0075);
    let sides = pick(random, &[6, 14, 14]);
    let paint = thing.material(Material::of(Substance::Paint, random, palette, 0.1));
    let accent = thing.material(Material::of(Substance::Paint, random, palette, 0.1));
    let metal = thing.material(steel(random));
    attach(
        &mut thing,
        0,
        rod(at(0.0), at(length), thick, thick, sides),
        paint,
    );
    let taper = rod(
        at(length),
        at(length + thick * 3.0),
        thick,
        thick * 0.25,
        sides,
    );
    let nib = attach(&mut thing, 0, taper, accent);
    let point = rod(
        at(length + thick * 2.8),
        at(length + thick * 3.8),
        thick * 0.3,
        0.0003,
        8,
    );
    attach(&mut thing, nib, point, metal);
    if random.chance(0.65) {
        let over = length * random.range(0.2, 0.4);
        let cap = rod(at(-0.003), at(over), thick * 1.15, thick * 1.15, sides);
        let cap = attach(&mut thing, 0, cap, accent);
        let clip = block(
            vec3(over * 0.8, thick * 0.5, thick * 0.3),
            vec3(over * 0.45, 0.0, thick * 1.45),
        );
        attach(&mut thing, cap, clip, metal);
    } else {
        let rubber = thing.material(Material::of(Substance::Skin, random, palette, 0.02));
        attach(
            &mut thing,
            0,
            rod(at(-0.01), at(0.0), thick, thick, sides),
            rubber,
        );
    }
    let roll = Quat::from_rotation_x(random.angle());
    settled(tipped(thing, roll))
}

/// A paint brush: a handle, a ferrule, bristles with paint on them.
pub(super) fn brush(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("brush");
    let length = random.range(0.1, 0.2);
    let wide = random.range(0.006, 0.03);
    let flat = vec3(1.0, 1.0, (0.006 / wide).clamp(0.3, 1.0));
    let wood = thing.material(grip(random, palette));
    let metal = thing.material(steel(random));
    let hair = thing.material(Material::of(Substance::Fur, random, palette, 0.03));
    let shape =
        |t: f32| (wide * (0.25 + 0.75 * t * t)).min(0.014) * (0.7 + 0.3 * libm::sinf(PI * t));
    let handle = Solid::tube(&curve(8, |t| at(length * (t - 1.0))), 12, shape);
    attach(
        &mut thing,
        0,
        handle.scaled(flat.max(Vec3::splat(0.6))),
        wood,
    );
    let ferrule = rod(at(-0.004), at(0.025), wide * 0.8, wide, 14);
    attach(&mut thing, 0, ferrule.scaled(flat), metal);
    let reach = random.range(0.02, 0.05);
    let along = curve(4, |t| at(0.024 + reach * t));
    let tuft = |t: f32| wide * (0.95 - 0.55 * t * t);
    let tuft_piece = attach(
        &mut thing,
        0,
        Solid::tube(&along, 14, tuft).scaled(flat),
        hair,
    );
    if random.chance(0.5) {
        let paint = thing.material(Material::of(Substance::Glaze, random, palette, 0.02));
        let along = curve(3, |t| at(0.024 + reach * (0.55 + 0.47 * t)));
        let wet = Solid::tube(&along, 14, |t| 1.06 * tuft(0.55 + 0.45 * t)).scaled(flat);
        attach(&mut thing, tuft_piece, wet, paint);
    }
    settled(thing)
}

/// A book that lies or stands: cover boards, spine, pages, a title.
pub(super) fn book(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("book");
    let wide = random.range(0.1, 0.22);
    let size = vec3(
        wide,
        wide * random.range(1.25, 1.6),
        random.range(0.01, 0.05),
    );
    let board = random.range(0.0015, 0.003);
    let kind = pick(
        random,
        &[Substance::Cloth, Substance::Paint, Substance::Print],
    );
    let skin = Material::of(kind, random, palette, wide);
    let cloth = thing.material(skin);
    let cover = thing.part(0);
    let mut front = cover;
    for side in SIDES {
        let lid = block(
            vec3(size.x, size.y, board),
            Vec3::Z * (side * (size.z - board) * 0.5),
        );
        front = attach(&mut thing, cover, lid, cloth);
    }
    let back = if random.chance(0.3) {
        thing.material(Material::of(kind, random, palette, wide))
    } else {
        cloth
    };
    let spine = block(vec3(board, size.y, size.z), Vec3::X * (-0.5 * size.x));
    let spine = attach(&mut thing, cover, spine, back);
    let light = random.range(0.7, 0.95);
    let colour = [light, light * 0.97, light * random.range(0.8, 0.95)];
    let paper = thing.material(Material::coloured(Substance::Wood, random, colour, wide));
    let leaves = vec3(size.x * 0.95, size.y * 0.965, size.z - 2.0 * board);
    attach(
        &mut thing,
        0,
        block(leaves, Vec3::X * (-0.02 * size.x)),
        paper,
    );
    let title = thing.material(Material::of(Substance::Print, random, palette, wide * 0.5));
    if random.chance(0.8) {
        let patch = vec3(
            size.x * random.range(0.4, 0.8),
            size.y * random.range(0.15, 0.5),
            0.0008,
        );
        let at = vec3(0.0, size.y * random.range(-0.1, 0.2), size.z * 0.5);
        attach(&mut thing, front, block(patch, at), title);
    }
    if random.chance(0.6) {
        let patch = vec3(0.0008, size.y * 0.5, size.z * 0.5);
        let at = Vec3::X * (-0.5 * (size.x + board));
        attach(&mut thing, spine, block(patch, at), title);
    }
    let pose = if random.chance(0.6) {
        Quat::from_rotation_z(random.angle())
    } else {
        // Spine or cover to the front.
        let turn = if random.chance(0.5) {
            FRAC_PI_2
        } else {
            random.range(-0.5, 0.5)
        };
        Quat::from_rotation_z(turn) * forwards()
    };
    settled(tipped(thing, pose))
}
