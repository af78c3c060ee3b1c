//! Street furniture: benches, signs, lamps, letter boxes.

use super::build::{SIDES, attach, dark, lit, pick, settled, shade, steel};
use super::shapes::{block, bow, forwards, placed, rod, rounded, slab, turned, upright};
use crate::contour::{Contour, ellipse, letter};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::{PI, TAU};

/// A bench: slats of a seat and a back, legs, arms on some.
pub(super) fn bench(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bench");
    let wide = random.range(1.1, 2.0);
    let up = random.range(0.4, 0.48);
    let wood = thing.material(Material::of(Substance::Wood, random, palette, wide));
    let kind = pick(
        random,
        &[Substance::Metal, Substance::Paint, Substance::Stone],
    );
    let iron = thing.material(Material::of(kind, random, palette, 0.4));
    let slats = random.count(3, 5);
    let deep = random.range(0.36, 0.46);
    let step = deep / slats as f32;
    let seat = thing.part(0);
    for slat in 0..slats {
        let y = (slat as f32 + 0.5) * step - deep * 0.5;
        let board = block(vec3(wide, step * 0.8, 0.035), vec3(0.0, y, up));
        attach(&mut thing, seat, board, wood);
    }
    let lean = random.range(0.1, 0.3);
    let has_back = random.chance(0.8);
    if has_back {
        let back = thing.part(0);
        let tilt = Quat::from_rotation_x(-lean);
        let foot = vec3(0.0, deep * 0.5 + 0.02, up);
        for slat in 0..random.count(2, 3) {
            let board = block(vec3(wide, 0.03, 0.1), Vec3::Z * (0.16 + 0.14 * slat as f32));
            attach(&mut thing, back, placed(board, tilt, foot), wood);
        }
    }
    for side in SIDES {
        let x = side * wide * 0.4;
        let stand = thing.part(0);
        for end in SIDES {
            let leg = vec3(x, end * deep * 0.45, 0.0);
            thing.add(rod(leg, leg.with_z(up), 0.022, 0.022, 8), stand, iron);
        }
        let beam = block(vec3(0.04, deep, 0.03), vec3(x, 0.0, up - 0.03));
        thing.add(beam, stand, iron);
        if has_back {
            let foot = vec3(x, deep * 0.5 + 0.04, up - 0.02);
            let top = foot + vec3(0.0, libm::sinf(lean), libm::cosf(lean)) * 0.5;
            thing.add(rod(foot, top, 0.02, 0.018, 8), stand, iron);
            let rest = bow(
                foot.lerp(top, 0.5),
                vec3(x, -deep * 0.6, up + 0.26),
                vec3(x, -deep * 0.45, up),
                8,
            );
            attach(&mut thing, stand, Solid::tube(&rest, 8, |_| 0.018), iron);
        }
    }
    settled(thing)
}

/// A post with a sign: a post, a board with a border and a symbol, a second board on some.
pub(super) fn sign(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("sign");
    let height = random.range(1.6, 3.0);
    let size = random.range(0.25, 0.42);
    let metal = thing.material(steel(random));
    let post = rod(Vec3::ZERO, Vec3::Z * height, 0.03, 0.03, 12);
    attach(&mut thing, 0, post, metal);
    let strong = [
        [0.75, 0.08, 0.08],
        [0.1, 0.25, 0.65],
        [0.9, 0.75, 0.1],
        [0.1, 0.45, 0.2],
    ];
    let colour = if random.chance(0.7) {
        shade(random, &strong)
    } else {
        palette.draw(random)
    };
    let rim = thing.material(Material::coloured(Substance::Paint, random, colour, size));
    let light = random.range(0.75, 0.97);
    let pale = thing.material(Material::coloured(
        Substance::Paint,
        random,
        [light; 3],
        size,
    ));
    let ink = thing.material(dark(random));
    let outline = match random.count(0, 4) {
        0 => ellipse(28),
        1 => Contour::ring(vec![[-1.0, -0.7], [1.0, -0.7], [0.0, 1.0]]),
        2 => ellipse(8),
        3 => Contour::ring(vec![[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]),
        _ => Contour::ring(vec![
            [-1.0, -0.6],
            [0.7, -0.6],
            [1.1, 0.0],
            [0.7, 0.6],
            [-1.0, 0.6],
        ]),
    };
    let middle = vec3(0.0, -0.03, height - size);
    let scaled = |outline: &Contour, scale: f32| outline.moved([scale; 2], [0.0; 2]);
    let plate = upright(&scaled(&outline, size), 0.02);
    let board = attach(&mut thing, 0, plate.moved(middle), rim);
    let face = upright(&scaled(&outline, size * random.range(0.75, 0.9)), 0.003);
    let face = attach(&mut thing, board, face.moved(middle - Vec3::Y * 0.02), pale);
    if random.chance(0.8) {
        let symbol = letter(random).map(|[x, y]| [x * size * 0.35, -y * size * 0.35]);
        let symbol = upright(&symbol, 0.003);
        attach(
            &mut thing,
            face,
            symbol.moved(middle - Vec3::Y * 0.023),
            ink,
        );
    }
    if random.chance(0.3) {
        let below = upright(&rounded(size * 1.4, size * 0.5, 0.02), 0.015);
        let print = Material::coloured(Substance::Print, random, [light; 3], size);
        let print = thing.material(print);
        let at = middle - Vec3::Z * (size * 1.4);
        attach(&mut thing, 0, below.moved(at), print);
    }
    settled(thing)
}

/// A street lamp: a base, a pole, an arm, a head with its light.
pub(super) fn street_lamp(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("street lamp");
    let height = random.range(3.0, 6.5);
    let paint = if random.chance(0.6) {
        dark(random)
    } else {
        Material::of(Substance::Metal, random, palette, 1.0)
    };
    let iron = thing.material(paint);
    let bright = thing.material(lit(random));
    let thick = random.range(0.04, 0.07);
    let foot = turned(
        &[
            [0.0, 0.0],
            [thick * 2.4, 0.0],
            [thick * 2.2, 0.2],
            [thick * 1.2, 0.5],
            [thick, 0.55],
        ],
        16,
    );
    attach(&mut thing, 0, foot, iron);
    let pole = rod(Vec3::Z * 0.5, Vec3::Z * height, thick, thick * 0.7, 12);
    attach(&mut thing, 0, pole, iron);
    if random.chance(0.5) {
        let reach = random.range(0.6, 1.6);
        let top = Vec3::Z * (height - 0.05);
        let end = top + vec3(0.0, -reach, 0.35);
        let path = bow(top, top + Vec3::Z * 0.35, end, 8);
        attach(&mut thing, 0, Solid::tube(&path, 10, |_| thick * 0.6), iron);
        let hood = Solid::ellipsoid(vec3(0.14, 0.32, 0.08), 16);
        let head = attach(&mut thing, 0, hood.moved(end - Vec3::Y * 0.2), iron);
        let glass = Solid::ellipsoid(vec3(0.11, 0.26, 0.07), 16);
        attach(
            &mut thing,
            head,
            glass.moved(end - vec3(0.0, 0.2, 0.04)),
            bright,
        );
    } else {
        let wide = random.range(0.12, 0.22);
        let sides = pick(random, &[4, 6, 16]);
        let body = Solid::cylinder(wide * 0.7, wide, wide * 2.2, sides);
        let head = attach(&mut thing, 0, body.moved(Vec3::Z * height), bright);
        let cap = [
            [wide * 1.15, height + wide * 2.2],
            [wide * 0.6, height + wide * 2.9],
            [0.0, height + wide * 3.2],
        ];
        attach(&mut thing, head, turned(&cap, sides), iron);
        for bar in 0..4 {
            let turn = Quat::from_rotation_z(TAU * bar as f32 / 4.0);
            let low = turn * (Vec3::X * (wide * 0.72)) + Vec3::Z * height;
            let high = turn * (Vec3::X * (wide * 1.02)) + Vec3::Z * (height + wide * 2.2);
            attach(&mut thing, head, rod(low, high, 0.012, 0.012, 6), iron);
        }
    }
    settled(thing)
}

/// A letter box on a post or a pillar: a body with a slot, a door with a lock, a roof or a flag.
pub(super) fn letter_box(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("letter box");
    let size = vec3(
        random.range(0.25, 0.5),
        random.range(0.2, 0.45),
        random.range(0.28, 0.65),
    );
    let up = random.range(0.5, 0.9);
    let strong = [[0.75, 0.1, 0.08], [0.9, 0.72, 0.1], [0.1, 0.2, 0.5]];
    let colour = if random.chance(0.6) {
        shade(random, &strong)
    } else {
        palette.draw(random)
    };
    let paint = thing.material(Material::coloured(Substance::Paint, random, colour, size.x));
    let metal = thing.material(steel(random));
    let black = thing.material(dark(random));
    if random.chance(0.6) {
        let post = rod(Vec3::ZERO, Vec3::Z * (up + 0.02), 0.045, 0.045, 12);
        attach(&mut thing, 0, post, metal);
        attach(&mut thing, 0, slab(vec3(0.25, 0.25, 0.02), 0.02), metal);
    } else {
        let pillar = vec3(size.x * 0.85, size.y * 0.85, up);
        attach(&mut thing, 0, block(pillar, Vec3::Z * (up * 0.5)), paint);
    }
    let half = size.x * 0.5;
    let shape = if random.chance(0.5) {
        // An arched top.
        let mut ring = vec![[-half, 0.0], [half, 0.0]];
        ring.extend((0..=10).map(|step| {
            let angle = PI * step as f32 / 10.0;
            [
                half * libm::cosf(angle),
                size.z - half * (1.0 - libm::sinf(angle)) + half * 0.3,
            ]
        }));
        Contour::ring(ring)
    } else {
        rounded(size.x, size.z, 0.03).moved([1.0; 2], [0.0, size.z * 0.5])
    };
    let body = upright(&shape, size.y).moved(vec3(0.0, size.y * 0.5, up));
    let body = attach(&mut thing, 0, body, paint);
    let front = -0.5 * size.y;
    let slot = block(
        vec3(size.x * 0.65, 0.012, 0.035),
        vec3(0.0, front, up + size.z * 0.75),
    );
    attach(&mut thing, body, slot, black);
    let flap = block(
        vec3(size.x * 0.7, 0.03, 0.015),
        vec3(0.0, front - 0.01, up + size.z * 0.75 + 0.03),
    );
    attach(&mut thing, body, flap, metal);
    let at = vec3(0.0, front, up + size.z * 0.33);
    let door = upright(&rounded(size.x * 0.75, size.z * 0.5, 0.02), 0.008);
    let door = attach(&mut thing, body, door.moved(at), paint);
    let lock = Solid::cylinder(0.014, 0.014, 0.012, 12);
    let at = at + vec3(size.x * 0.28, -0.006, 0.0);
    attach(&mut thing, door, placed(lock, forwards(), at), metal);
    if random.chance(0.5) {
        let label = thing.material(Material::of(Substance::Print, random, palette, 0.1));
        let paper = block(
            vec3(size.x * 0.35, 0.012, 0.06),
            vec3(0.0, front, up + size.z * 0.64),
        );
        attach(&mut thing, body, paper, label);
    }
    settled(thing)
}
