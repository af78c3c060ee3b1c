//! What cars, vans and trucks share.

use super::build::{SIDES, attach, dark, lit, pane, steel};
use super::shapes::{block, pillow, placed, sideways, turned};
use crate::contour::Contour;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::{FRAC_PI_2, PI, TAU};

/// The build of a car, metres; along its length from the front.
pub(super) struct Build {
    pub(super) length: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    /// Height of the lower edge of the windows.
    pub(super) belt: f32,
    /// Foot and head of the windscreen.
    pub(super) screen: [f32; 2],
    /// Head and foot of the rear window.
    pub(super) rear: [f32; 2],
    pub(super) wheel: f32,
    /// Where the axles are.
    pub(super) axles: [f32; 2],
    /// Side windows from front to rear.
    pub(super) windows: usize,
    /// Share of the cabin's length that has side windows.
    pub(super) glazed: f32,
}

/// A wheel of [radius, width] around `at`, its face to `side`: a tyre, a rim with spokes.
pub(super) fn add_wheel(
    thing: &mut Thing,
    at: Vec3,
    side: f32,
    [radius, wide]: [f32; 2],
    materials: [u8; 2],
) {
    let half = wide * 0.5;
    let turn = Quat::from_rotation_y(side * FRAC_PI_2);
    let outline = [
        [0.0, -half],
        [radius * 0.92, -half],
        [radius, -half * 0.7],
        [radius, half * 0.7],
        [radius * 0.92, half],
        [radius * 0.64, half],
        [radius * 0.62, half * 0.5],
        [0.0, half * 0.5],
    ];
    let tyre = attach(
        thing,
        0,
        placed(turned(&outline, 22), turn, at),
        materials[0],
    );
    let rim = thing.part(tyre);
    let ring = turned(
        &[[radius * 0.66, half * 1.01], [radius * 0.56, half * 0.9]],
        22,
    );
    thing.add(placed(ring, turn, at), rim, materials[1]);
    let hub = Solid::cylinder(radius * 0.16, radius * 0.12, half * 0.4, 12);
    thing.add(
        placed(hub.moved(Vec3::Z * (half * 0.5)), turn, at),
        rim,
        materials[1],
    );
    for spoke in 0..5 {
        let around = Quat::from_rotation_z(TAU * spoke as f32 / 5.0);
        let size = vec3(radius * 0.5, radius * 0.16, half * 0.3);
        let bar = block(size, vec3(radius * 0.36, 0.0, half * 0.65));
        thing.add(placed(bar, turn * around, at), rim, materials[1]);
    }
}

/// The outline of a body below its windows, drawn in (y, z), with arches over the wheels.
fn side_of_body(build: &Build, clear: f32) -> Contour {
    let half = build.length * 0.5;
    let mut ring = vec![[-half + 0.08, clear]];
    for (index, axle) in build.axles.iter().enumerate() {
        if index > 0 && build.axles[0] == *axle {
            continue;
        }
        let arch = build.wheel * 1.13;
        ring.extend((0..=8).map(|step| {
            let angle = PI * (1.0 - step as f32 / 8.0);
            let z = build.wheel + arch * libm::sinf(angle);
            [axle - half + arch * libm::cosf(angle), z.max(clear)]
        }));
    }
    let bend = (build.screen[0] * 0.15).min(0.1);
    ring.extend([
        [half - 0.06, clear],
        [half, clear + 0.15],
        [half, build.belt - 0.2],
        [half - 0.06, build.belt],
        [build.screen[0] - half, build.belt],
        [-half + bend, build.belt - 0.7 * bend - 0.04],
        [-half, build.belt * 0.72],
        [-half, clear + 0.12],
    ]);
    Contour::ring(ring)
}

/// Body, cabin, windows, wheels, lights, bumpers, mirrors.
pub(super) fn add_car(thing: &mut Thing, random: &mut Random, palette: &Palette, build: &Build) {
    let (half, wide) = (build.length * 0.5, build.width * 0.5);
    let clear = random.range(0.16, 0.24);
    let paint = Material::of(Substance::Paint, random, palette, 3.0);
    let paint = thing.material(Material {
        gloss: random.range(0.3, 0.9),
        ..paint
    });
    let black = thing.material(dark(random));
    let chrome = thing.material(steel(random));
    let glass = thing.material(pane(random));
    let body = attach(
        thing,
        0,
        sideways(&side_of_body(build, clear), build.width),
        paint,
    );
    let under = vec3(
        build.width * 0.66,
        build.length * 0.9,
        build.belt - clear - 0.15,
    );
    let under_at = Vec3::Z * (clear + 0.02 + under.z * 0.5);
    attach(thing, body, block(under, under_at), black);
    // The cabin leans in towards its roof.
    let rise = build.height - build.belt;
    let lean = |point: Vec3| {
        let share = (point.z - build.belt) / rise;
        vec3(point.x * (0.97 - 0.16 * share), point.y, point.z)
    };
    let at = |from_front: f32, up: f32| [from_front - half, build.belt + rise * up];
    let frame = [
        at(build.screen[0], -0.02),
        at(build.rear[1], -0.02),
        at(build.rear[0], 1.0),
        at(build.screen[1], 1.0),
    ];
    let cabin = sideways(&Contour::ring(frame.to_vec()), build.width).bent(lean);
    let cabin = attach(thing, 0, cabin, paint);
    let slope =
        |ends: [f32; 2], up: f32, out: f32| at(ends[0] + (ends[1] - ends[0]) * up + out, up);
    let sheet = |ends: [f32; 2], out: f32| {
        let ring = [
            slope(ends, 0.06, 0.0),
            slope(ends, 0.88, 0.0),
            slope(ends, 0.88, out),
            slope(ends, 0.06, out),
        ];
        sideways(&Contour::ring(ring.to_vec()), build.width * 0.86).bent(lean)
    };
    attach(thing, cabin, sheet(build.screen, -0.02), glass);
    attach(
        thing,
        cabin,
        sheet([build.rear[1], build.rear[0]], 0.02),
        glass,
    );
    for side in SIDES {
        for window in 0..build.windows {
            // Along the side, a pillar between two windows; the first and last follow the slopes.
            let edge = |index: usize, up: f32| {
                let share = 0.05 + 0.9 * build.glazed * index as f32 / build.windows as f32;
                let front = build.screen[0] + (build.screen[1] - build.screen[0]) * up;
                let rear = build.rear[1] + (build.rear[0] - build.rear[1]) * up;
                front + (rear - front) * share
            };
            let pillar = 0.04;
            let ring = [
                at(edge(window, 0.08) + pillar, 0.08),
                at(edge(window + 1, 0.08) - pillar, 0.08),
                at(edge(window + 1, 0.86) - pillar, 0.86),
                at(edge(window, 0.86) + pillar, 0.86),
            ];
            let pane = sideways(&Contour::ring(ring.to_vec()), 0.02).moved(Vec3::X * (side * wide));
            attach(thing, cabin, pane.bent(lean), glass);
        }
        let mirror = pillow(vec3(0.2, 0.1, 0.14), 10);
        let y = build.screen[0] + 0.45 * (build.screen[1] - build.screen[0]) + 0.1 - half;
        let place = vec3(side * (wide + 0.06), y, build.belt + 0.08);
        attach(thing, 0, mirror.moved(place), paint);
        for grip in 0..build.windows.min(2) {
            let y = build.screen[0] + 0.9 + 0.95 * grip as f32 - half;
            if y < half - 0.6 {
                let handle = block(
                    vec3(0.03, 0.16, 0.03),
                    vec3(side * (wide + 0.01), y, build.belt - 0.1),
                );
                attach(thing, body, handle, chrome);
            }
        }
        for (index, axle) in build.axles.iter().enumerate() {
            if index == 0 || build.axles[0] != *axle {
                let place = vec3(side * (wide - 0.11), axle - half, build.wheel);
                add_wheel(thing, place, side, [build.wheel, 0.21], [black, chrome]);
            }
        }
        let bright = thing.material(lit(random).glowing(0.2));
        let up = build.belt * 0.72;
        let eye =
            pillow(vec3(0.36, 0.16, 0.17), 12).moved(vec3(side * wide * 0.74, -half + 0.05, up));
        attach(thing, body, eye, bright);
        let red = Material::coloured(Substance::Glaze, random, [0.6, 0.05, 0.05], 0.2);
        let red = thing.material(red);
        let tail = block(
            vec3(0.22, 0.06, 0.2),
            vec3(side * wide * 0.84, half - 0.01, build.belt - 0.26),
        );
        attach(thing, body, tail, red);
    }
    let plate = thing.material(Material::coloured(
        Substance::Print,
        random,
        [0.9, 0.9, 0.85],
        0.2,
    ));
    for (end, up) in [(-1.0, clear + 0.22), (1.0, clear + 0.25)] {
        let bar = pillow(vec3(build.width * 0.99, 0.22, 0.2), 14);
        let bumper = attach(
            thing,
            body,
            bar.moved(vec3(0.0, end * half, clear + 0.12)),
            black,
        );
        let sign = block(
            vec3(0.5, 0.02, 0.11),
            vec3(0.0, end * (half + 0.11), up - 0.08),
        );
        attach(thing, bumper, sign, plate);
    }
    let grille = block(
        vec3(build.width * 0.4, 0.04, 0.14),
        vec3(0.0, -half, build.belt * 0.62),
    );
    attach(thing, body, grille, black);
}
