//! Birds, fish, snakes.

use super::build::{SIDES, attach, settled, shade, tipped};
use super::shapes::{bow, curve, leaf, outward, placed, rod};
use crate::contour::Contour;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::{FRAC_PI_2, PI};

/// Feathers, fur or scales of any colour.
pub(super) fn coat(thing: &mut Thing, random: &mut Random, palette: &Palette, size_m: f32) -> u8 {
    let browns = [
        [0.15, 0.13, 0.12],
        [0.45, 0.35, 0.25],
        [0.6, 0.58, 0.55],
        [0.9, 0.88, 0.85],
    ];
    let colour = if random.chance(0.6) {
        shade(random, &browns)
    } else {
        palette.draw(random)
    };
    thing.material(Material::coloured(Substance::Fur, random, colour, size_m))
}

/// A round eye.
pub(super) fn eye(thing: &mut Thing, random: &mut Random) -> u8 {
    let light = random.range(0.01, 0.08);
    thing.material(Material::coloured(
        Substance::Glaze,
        random,
        [light; 3],
        0.01,
    ))
}

/// A bird that stands: a body with a breast, a head with beak and eyes, wings, a tail, legs with toes.
pub(super) fn bird(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bird");
    let size = random.log_range(0.05, 0.2);
    let feathers = coat(&mut thing, random, palette, size);
    let breast = coat(&mut thing, random, palette, size);
    let wing = coat(&mut thing, random, palette, size);
    let horn = shade(
        random,
        &[[0.85, 0.55, 0.1], [0.2, 0.18, 0.16], [0.7, 0.3, 0.15]],
    );
    let horn = thing.material(Material::coloured(Substance::Paint, random, horn, 0.02));
    let black = eye(&mut thing, random);
    let rise = random.range(0.2, 0.7);
    let legs = size * random.range(0.5, 1.3);
    let way = vec3(0.0, -libm::cosf(rise), libm::sinf(rise));
    let middle = Vec3::Z * (legs + 0.5 * size);
    let trunk = curve(10, |t| middle + way * (size * (2.2 * t - 1.1)));
    let plump = random.range(0.42, 0.6);
    let shape = |t: f32| size * plump * libm::sinf(PI * (0.04 + 0.93 * t)).max(0.0).sqrt();
    let body = attach(&mut thing, 0, Solid::tube(&trunk, 14, shape), feathers);
    let bib = Solid::ellipsoid(vec3(0.85, 1.1, 0.8) * (size * plump), 14);
    let turn = Quat::from_rotation_x(-rise);
    let at = middle + way * (0.3 * size) - Vec3::Z * (0.15 * size);
    attach(&mut thing, body, placed(bib, turn, at), breast);
    let neck = middle + way * (0.75 * size);
    let top = neck + vec3(0.0, -0.25, random.range(0.3, 1.2)) * size;
    let radius = size * random.range(0.26, 0.36);
    let path = bow(neck, neck.lerp(top, 0.5) + Vec3::Y * (0.1 * size), top, 5);
    let throat = Solid::tube(&path, 12, |t| radius * (1.15 - 0.35 * t));
    attach(&mut thing, body, throat, feathers);
    let head = attach(
        &mut thing,
        0,
        Solid::ellipsoid(Vec3::splat(radius), 14).moved(top),
        feathers,
    );
    let long = radius * random.range(0.6, 2.2);
    let root = top - Vec3::Y * (0.8 * radius);
    let tip = root - vec3(0.0, long, 0.2 * long);
    attach(
        &mut thing,
        head,
        rod(root, tip, radius * 0.35, radius * 0.04, 8),
        horn,
    );
    for side in SIDES {
        let at = top + vec3(side * 0.8, -0.45, 0.3) * radius;
        let ball = Solid::ellipsoid(Vec3::splat(0.19 * radius), 8);
        attach(&mut thing, head, ball.moved(at), black);
        let fan = leaf(size * 2.2, size * 0.95, 0.12);
        // Folded at the flank, its upper side out.
        let fold = outward(FRAC_PI_2, -rise * 0.9) * Quat::from_rotation_x(side * 1.35);
        let at = middle + way * (0.65 * size) + vec3(side * plump * 0.92, 0.0, 0.15) * size;
        attach(&mut thing, 0, placed(fan, fold, at), wing);
        let hip = middle + vec3(side * 0.2, 0.1, -0.3) * size;
        let foot = vec3(side * 0.22 * size, -0.05 * size, 0.0);
        let shank = rod(hip, foot, size * 0.06, size * 0.035, 6);
        let leg = attach(&mut thing, 0, shank, horn);
        for spread in [-0.5, 0.0, 0.5, PI] {
            let toe = outward(spread - FRAC_PI_2, 0.0) * Vec3::X * (0.28 * size);
            thing.add(
                rod(foot, foot + toe, size * 0.035, size * 0.015, 5),
                leg,
                horn,
            );
        }
    }
    let tail = leaf(size * random.range(0.9, 1.7), size * 0.5, 0.0);
    let at = middle - way * (0.85 * size);
    attach(
        &mut thing,
        0,
        placed(tail, outward(FRAC_PI_2, -rise * 0.7), at),
        wing,
    );
    settled(thing)
}

/// A fish that lies: a body with a belly, a head with eye and gill, fins, a tail.
pub(super) fn fish(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("fish");
    let length = random.range(0.12, 0.4);
    let deep = length * random.range(0.1, 0.2);
    let thick = random.range(0.4, 0.7);
    let silver = [[0.6, 0.62, 0.65], [0.45, 0.42, 0.35], [0.85, 0.5, 0.25]];
    let colour = if random.chance(0.7) {
        shade(random, &silver)
    } else {
        palette.draw(random)
    };
    let scales = Material::coloured(Substance::Metal, random, colour, length);
    let scales = thing.material(scales);
    let fins = thing.material(Material::of(Substance::Skin, random, palette, 0.1));
    let pale = thing.material(Material::coloured(
        Substance::Glaze,
        random,
        [0.9, 0.85, 0.6],
        0.01,
    ));
    let black = eye(&mut thing, random);
    let shape = |t: f32| deep * (libm::sinf(PI * (0.05 + 0.88 * t.sqrt())) + 0.06);
    let slice = |from: f32, to: f32, grow: f32| {
        let path = curve(12, |t| Vec3::X * (length * (from + (to - from) * t)));
        let solid = Solid::tube(&path, 14, |t| shape(from + (to - from) * t) * grow);
        solid.scaled(vec3(1.0, 1.0, thick))
    };
    attach(&mut thing, 0, slice(0.2, 1.0, 1.0), scales);
    let front = thing.material(Material::coloured(Substance::Metal, random, colour, 0.05));
    let head = attach(&mut thing, 0, slice(0.0, 0.24, 1.03), front);
    for side in SIDES {
        let at = vec3(
            0.09 * length,
            0.25 * deep,
            side * shape(0.09) * thick * 0.92,
        );
        let size = deep * 0.16;
        let ball = attach(
            &mut thing,
            head,
            Solid::ellipsoid(vec3(1.0, 1.0, 0.5) * size, 10).moved(at),
            pale,
        );
        let pupil = Solid::ellipsoid(vec3(0.5, 0.5, 0.3) * size, 8);
        thing.add(
            pupil.moved(at + Vec3::Z * (side * 0.35 * size)),
            ball,
            black,
        );
    }
    let flat = |corners: &[[f32; 2]]| {
        let ring = corners
            .iter()
            .map(|[x, y]| [x * length, y * deep])
            .collect();
        Solid::prism(&Contour::ring(ring), 0.003).moved(Vec3::Z * -0.0015)
    };
    let tail = flat(&[
        [0.97, -0.2],
        [1.2, -1.0],
        [1.14, 0.0],
        [1.2, 1.0],
        [0.97, 0.2],
    ]);
    attach(&mut thing, 0, tail, fins);
    let back = flat(&[[0.38, 0.8], [0.72, 0.55], [0.7, 0.9], [0.5, 1.45]]);
    attach(&mut thing, 0, back, fins);
    let below = flat(&[[0.6, -0.7], [0.78, -0.45], [0.74, -1.1]]);
    attach(&mut thing, 0, below, fins);
    let paddle = leaf(length * 0.14, deep * 0.5, 0.0);
    let at = vec3(0.27 * length, -0.15 * deep, shape(0.27) * thick * 0.95);
    attach(&mut thing, 0, placed(paddle, outward(-0.4, 0.25), at), fins);
    settled(tipped(thing, Quat::from_rotation_z(random.angle())))
}

/// A snake: a body in bends, a head with eyes and tongue, rings on some.
pub(super) fn snake(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("snake");
    let length = random.range(0.5, 1.6);
    let thick = length * random.range(0.012, 0.022);
    let skin = thing.material(Material::of(Substance::Skin, random, palette, 0.05));
    let rings = thing.material(Material::of(Substance::Skin, random, palette, 0.05));
    let (waves, sway) = (random.range(1.0, 2.5), length * random.range(0.05, 0.12));
    let bend = random.range(-0.8, 0.8) * length;
    let at = |t: f32| {
        let wave = libm::sinf(2.0 * PI * waves * t) * sway * (0.3 + 0.7 * t);
        vec3(wave + bend * t * t * 0.5, length * (t - 0.5) * 0.7, thick)
    };
    let shape = |t: f32| thick * (0.65 + 0.6 * libm::sinf(PI * t.sqrt()) - 0.6 * t * t);
    let body = attach(
        &mut thing,
        0,
        Solid::tube(&curve(48, at), 10, |t| shape(t).max(0.001)),
        skin,
    );
    if random.chance(0.6) {
        let count = random.count(5, 14);
        let wide = random.range(0.2, 0.6) / count as f32;
        for ring in 0..count {
            let from = 0.08 + 0.8 * ring as f32 / count as f32;
            let path = curve(4, |t| at(from + wide * t));
            let band = Solid::tube(&path, 10, |t| shape(from + wide * t) * 1.04);
            attach(&mut thing, body, band, rings);
        }
    }
    let nose = at(0.0) - vec3(0.0, 2.2 * thick, 0.0);
    let skull = Solid::ellipsoid(vec3(1.15, 2.0, 0.8) * thick, 14).moved(nose + Vec3::Y * thick);
    let head = attach(&mut thing, 0, skull, skin);
    let black = eye(&mut thing, random);
    for side in SIDES {
        let ball = Solid::ellipsoid(Vec3::splat(0.22 * thick), 8);
        let place = nose + vec3(side * 0.75, 0.3, 0.45) * thick;
        attach(&mut thing, head, ball.moved(place), black);
    }
    let red = thing.material(Material::coloured(
        Substance::Skin,
        random,
        [0.6, 0.1, 0.12],
        0.01,
    ));
    let tip = nose - Vec3::Y * (2.2 * thick);
    attach(
        &mut thing,
        head,
        rod(nose, tip, 0.1 * thick, 0.08 * thick, 5),
        red,
    );
    settled(thing)
}
