//! Bread, mushrooms, pumpkins.

use super::build::{attach, pick, settled, tipped};
use super::fruit::{dropped, peel, twig};
use super::shapes::{bow, disc, outward, pillow, placed, smooth, smoothed, turn};
use crate::palette::{Palette, varied};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec2, Vec3, vec3};
use std::f32::consts::{FRAC_PI_2, PI};

/// Bread: a loaf or roll with cuts, or a loaf with a cut face.
pub(super) fn bread(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bread");
    let wide = random.range(0.035, 0.07);
    let long = wide * random.range(1.1, 3.2);
    let tall = wide * random.range(0.7, 1.0);
    let crusts = [[0.6, 0.38, 0.18], [0.7, 0.5, 0.28], [0.4, 0.24, 0.12]];
    let crust = thing.material(peel(random, palette, &crusts, wide));
    let colour = varied(random, [0.88, 0.8, 0.62], 0.05);
    let crumb = thing.material(Material::coloured(Substance::Stone, random, colour, wide));
    let sliced = random.chance(0.4);
    let size = vec3(long, wide, tall);
    let flat = |point: Vec3| {
        let z = if point.z < 0.0 {
            point.z * 0.35
        } else {
            point.z
        };
        vec3(
            if sliced {
                point.x.min(0.4 * long)
            } else {
                point.x
            },
            point.y,
            z,
        )
    };
    let boxy = random.chance(0.5);
    let loaf = if boxy {
        pillow(size * vec3(2.0, 2.0, 1.6), 20)
    } else {
        Solid::ellipsoid(size, 20)
    };
    let loaf = smoothed(loaf.bent(flat));
    let (low, high) = loaf
        .positions
        .iter()
        .fold((0.0f32, 0.0f32), |(low, high), point| {
            (low.min(point.z), high.max(point.z))
        });
    let body = attach(&mut thing, 0, loaf, crust);
    if sliced {
        let face = Solid::ellipsoid(vec3(0.002, wide * 0.86, (high - low) * 0.42), 20);
        let at = vec3(0.4 * long + 0.001, 0.0, 0.5 * (low + high));
        attach(&mut thing, 0, face.moved(at), crumb);
    }
    let slope = random.range(0.0, 0.7);
    let cuts = random.count(1, 4);
    for cut in 0..cuts {
        let x = long * 0.5 * ((cut as f32 + 0.5) / cuts as f32 * 2.0 - 1.0) * 0.8 - 0.1 * long;
        let gash = Solid::ellipsoid(vec3(wide * 0.09, wide * 0.42, tall * 0.1), 10);
        let square = (x / long) * (x / long);
        let top = if boxy {
            (1.0 - square * square).sqrt()
        } else {
            1.0 - square
        };
        let top = high * top.max(0.0).sqrt();
        let turn = Quat::from_rotation_z(slope);
        attach(
            &mut thing,
            body,
            placed(gash, turn, vec3(x, 0.0, top * 0.98)),
            crumb,
        );
    }
    let turn = Quat::from_rotation_z(random.angle());
    settled(tipped(thing, turn))
}

/// A mushroom: a cap with spots, gills below it, a stem with a skirt.
pub(super) fn mushroom(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("mushroom");
    let radius = random.range(0.02, 0.06);
    let tall = radius * random.range(0.8, 1.9);
    let caps = [
        [0.6, 0.42, 0.28],
        [0.85, 0.8, 0.72],
        [0.75, 0.12, 0.08],
        [0.5, 0.35, 0.2],
    ];
    let skin = thing.material(peel(random, palette, &caps, radius));
    let pale = thing.material(peel(random, palette, &[[0.9, 0.86, 0.78]], radius));
    let brown = thing.material(peel(random, palette, &[[0.6, 0.48, 0.38]], radius));
    let foot = radius * random.range(0.2, 0.4);
    let stem = [
        [0.0, 0.0],
        [foot * 1.25, 0.0],
        [foot, tall * 0.5],
        [foot * 0.85, tall],
    ];
    let stem = attach(&mut thing, 0, turn(&smooth(&stem, 4), 16), pale);
    let dome = random.range(0.45, 0.95) * radius;
    let outline: Vec<Vec2> = (0..=7)
        .map(|step| {
            let angle = FRAC_PI_2 * step as f32 / 7.0;
            Vec2::new(
                radius * libm::cosf(angle).max(0.0),
                tall + dome * libm::sinf(angle),
            )
        })
        .collect();
    let cap = attach(&mut thing, 0, turn(&outline, 22), skin);
    let under = disc(radius * 0.99, tall, 22);
    let under = placed(under, Quat::from_rotation_x(PI), Vec3::Z * (2.0 * tall));
    attach(&mut thing, cap, under, brown);
    if random.chance(0.4) {
        let skirt = [
            [foot * 1.9, tall * 0.6],
            [foot * 1.1, tall * 0.72],
            [foot * 0.8, tall * 0.74],
        ];
        attach(&mut thing, stem, turn(&smooth(&skirt, 3), 16), pale);
    }
    for _ in 0..pick(random, &[0, 0, 6]) {
        let (angle, lift) = (random.angle(), random.range(0.3, 1.3));
        let normal = outward(angle, lift) * Vec3::X;
        let at = vec3(normal.x * radius, normal.y * radius, tall + normal.z * dome);
        let spot = Solid::ellipsoid(vec3(0.11, 0.11, 0.04) * radius, 8);
        let turn = Quat::from_rotation_arc(Vec3::Z, normal);
        attach(&mut thing, cap, placed(spot, turn, at), pale);
    }
    dropped(thing, random)
}

/// A pumpkin: ribbed flesh, a stem.
pub(super) fn pumpkin(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("pumpkin");
    let radius = random.range(0.06, 0.17);
    let warm = [
        [0.85, 0.42, 0.08],
        [0.75, 0.35, 0.1],
        [0.35, 0.42, 0.2],
        [0.85, 0.75, 0.5],
    ];
    let skin = thing.material(peel(random, palette, &warm, radius));
    let ribs = random.count(7, 11) as f32;
    let depth = random.range(0.05, 0.13);
    let tall = random.range(0.6, 1.0);
    let ball = Solid::ellipsoid(Vec3::ONE, 36).bent(|point| {
        let angle = libm::atan2f(point.y, point.x);
        let rib = 1.0 - depth * (0.5 - 0.5 * libm::cosf(ribs * angle));
        let flat = point.x * point.x + point.y * point.y;
        // The poles sink in.
        let sunk = 1.0 - 0.45 * (1.0 - flat) * (1.0 - flat);
        vec3(point.x * rib, point.y * rib, point.z * tall * sunk) * radius
    });
    attach(&mut thing, 0, smoothed(ball), skin);
    let bark = thing.material(twig(random));
    let top = Vec3::Z * (radius * tall * 0.5);
    let lean = random.angle();
    let tip = vec3(
        libm::cosf(lean) * 0.25,
        libm::sinf(lean) * 0.25,
        tall * 0.5 + 0.5,
    ) * radius;
    let path = bow(top, top + Vec3::Z * (0.35 * radius), tip, 6);
    let stem = Solid::tube(&path, 8, |t| {
        radius * (0.13 - 0.06 * libm::sinf(0.6 * PI * t))
    });
    attach(&mut thing, 0, stem, bark);
    let turn = Quat::from_rotation_z(random.angle());
    settled(tipped(thing, turn))
}
