//! Fences, boulders, traffic cones, hydrants.

use super::build::{SIDES, attach, dark, pick, settled, shade, tipped};
use super::shapes::{block, bumpy, forwards, placed, slab, smoothed, turned, upright};
use crate::contour::Contour;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::FRAC_PI_2;

/// A piece of fence: posts, rails, pickets.
pub(super) fn fence(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("fence");
    let wide = random.range(1.6, 3.2);
    let height = random.range(0.7, 1.5);
    let kind = pick(
        random,
        &[
            Substance::Wood,
            Substance::Wood,
            Substance::Paint,
            Substance::Metal,
        ],
    );
    let wood = thing.material(Material::of(kind, random, palette, height));
    let posts = thing.material(Material::of(kind, random, palette, height));
    let thick = random.range(0.04, 0.06);
    for side in SIDES {
        let post = block(
            vec3(2.0 * thick, 2.0 * thick, height * 1.04),
            vec3(side * wide * 0.5, 0.0, height * 0.52),
        );
        let post = attach(&mut thing, 0, post, posts);
        let knob = Solid::ellipsoid(Vec3::splat(thick * 1.2), 10);
        let at = vec3(side * wide * 0.5, 0.0, height * 1.04 + thick * 0.7);
        attach(&mut thing, post, knob.moved(at), posts);
    }
    for up in [0.22, 0.8] {
        let rail = block(vec3(wide, 0.04, 0.07), Vec3::Z * (height * up));
        attach(&mut thing, 0, rail, wood);
    }
    let count = random.count(8, 20);
    let step = wide / (count as f32 + 0.5);
    let half = step * random.range(0.12, 0.4);
    let tip = half * pick(random, &[0.1, 1.0, 1.6]);
    for index in 0..count {
        let x = (index as f32 + 0.75) * step - wide * 0.5;
        let low = 0.05;
        let ring = vec![
            [-half, low],
            [half, low],
            [half, height - tip],
            [0.0, height],
            [-half, height - tip],
        ];
        let picket = upright(&Contour::ring(ring), 0.02);
        attach(&mut thing, 0, picket.moved(vec3(x, -0.02, 0.0)), wood);
    }
    settled(thing)
}

/// A boulder, with moss on some.
pub(super) fn boulder(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("boulder");
    let size = random.log_range(0.15, 0.9);
    let grey = random.range(0.2, 0.7);
    let warm = random.range(0.85, 1.0);
    let stone = Material::coloured(
        Substance::Stone,
        random,
        [grey, grey * warm, grey * warm * warm],
        size,
    );
    let stone = thing.material(stone);
    let radii = vec3(1.0, random.range(0.6, 1.0), random.range(0.5, 0.85)) * size;
    let rough = random.range(0.15, 0.4);
    let rock = bumpy(
        Solid::ellipsoid(radii, 28),
        random,
        size * 0.8,
        size * rough,
    );
    let rock = bumpy(rock, random, size * 0.25, size * 0.06);
    let flat = -0.6 * radii.z;
    let cut = |point: Vec3| point.with_z(point.z.max(flat));
    let rock = smoothed(rock.bent(cut));
    thing.add(rock.clone(), 0, stone);
    if random.chance(0.4) {
        // Moss covers what faces the sky.
        let moss = thing.material(Material::of(Substance::Foliage, random, palette, 0.1));
        let mut carpet = rock;
        let limit = random.range(0.75, 0.92);
        let normals = carpet.normals.clone();
        carpet.triangles.retain(|corners| {
            let up: f32 = corners.map(|index| normals[index as usize].z).iter().sum();
            up > 3.0 * limit
        });
        for (position, normal) in carpet.positions.iter_mut().zip(&carpet.normals) {
            *position += *normal * (0.012 * size);
        }
        if !carpet.triangles.is_empty() {
            attach(&mut thing, 0, carpet, moss);
        }
    }
    let turn = Quat::from_rotation_z(random.angle());
    settled(tipped(thing, turn))
}

/// A traffic cone: a foot, a cone with bands.
pub(super) fn cone(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("cone");
    let height = random.range(0.3, 0.9);
    let radius = height * random.range(0.16, 0.22);
    let warm = if random.chance(0.8) {
        shade(
            random,
            &[[0.9, 0.3, 0.05], [0.85, 0.15, 0.08], [0.9, 0.75, 0.1]],
        )
    } else {
        palette.draw(random)
    };
    let paint = thing.material(Material::coloured(Substance::Paint, random, warm, height));
    let white = thing.material(Material::coloured(
        Substance::Paint,
        random,
        [0.92; 3],
        height,
    ));
    let base = if random.chance(0.5) {
        thing.material(dark(random))
    } else {
        paint
    };
    let foot = vec3(radius * 2.9, radius * 2.9, 0.03);
    attach(&mut thing, 0, slab(foot, radius * 0.4), base);
    let tip = radius * 0.2;
    let at = |share: f32, out: f32| {
        [
            radius + (tip - radius) * share + out,
            0.03 + (height - 0.03) * share,
        ]
    };
    let outline = [
        at(0.0, 0.0),
        at(1.0, 0.0),
        [tip * 0.7, height],
        [tip * 0.7, height * 0.9],
        [0.0, height * 0.9],
    ];
    let body = attach(&mut thing, 0, turned(&outline, 26), paint);
    let bands: &[[f32; 2]] = pick(random, &[&[[0.35, 0.6]], &[[0.25, 0.42], [0.58, 0.75]]]);
    for [low, high] in bands {
        let band = turned(&[at(*low, 0.003), at(*high, 0.003)], 26);
        attach(&mut thing, body, band, white);
    }
    thing
}

/// A hydrant: a foot, a barrel, a dome with a nut, outlets with caps.
pub(super) fn hydrant(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("hydrant");
    let height = random.range(0.55, 0.9);
    let radius = height * random.range(0.13, 0.18);
    let strong = [[0.75, 0.1, 0.08], [0.85, 0.7, 0.1], [0.2, 0.3, 0.6]];
    let colour = if random.chance(0.7) {
        shade(random, &strong)
    } else {
        palette.draw(random)
    };
    let paint = thing.material(Material::coloured(Substance::Paint, random, colour, height));
    let trim = thing.material(Material::of(Substance::Paint, random, palette, height));
    let foot = Solid::cylinder(radius * 1.5, radius * 1.4, height * 0.07, 22);
    attach(&mut thing, 0, foot, trim);
    let barrel = Solid::cylinder(radius, radius * 0.95, height * 0.7, 22);
    attach(&mut thing, 0, barrel, paint);
    let brim = height * 0.7;
    let mut outline = vec![[radius * 1.25, brim], [radius * 1.25, brim + 0.03]];
    outline.extend((0..=5).map(|step| {
        let angle = FRAC_PI_2 * step as f32 / 5.0;
        let rise = (height * 0.92 - brim - 0.03) * libm::sinf(angle);
        [
            radius * 1.05 * libm::cosf(angle).max(0.0),
            brim + 0.03 + rise,
        ]
    }));
    let dome = attach(&mut thing, 0, turned(&outline, 22), paint);
    let nut = Solid::cylinder(radius * 0.25, radius * 0.22, height * 0.1, 5);
    attach(&mut thing, dome, nut.moved(Vec3::Z * (height * 0.9)), trim);
    for (heading, scale) in [(0.0, 0.42), (FRAC_PI_2, 0.42), (-FRAC_PI_2, 0.42)] {
        let scale = if heading == 0.0 { scale * 1.4 } else { scale };
        let turn = Quat::from_rotation_z(heading) * forwards();
        let at = Vec3::Z * (height * 0.5);
        let pipe = Solid::cylinder(radius * scale, radius * scale, radius * 1.25, 14);
        let pipe = attach(&mut thing, 0, placed(pipe, turn, at), paint);
        let cap = Solid::cylinder(radius * scale * 1.2, radius * scale * 1.1, radius * 0.3, 14);
        let cap = cap.moved(Vec3::Z * (radius * 1.2));
        attach(&mut thing, pipe, placed(cap, turn, at), trim);
    }
    settled(thing)
}
