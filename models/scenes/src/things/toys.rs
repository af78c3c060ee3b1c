//! Toys: teddies, robots, balls.

use super::build::{SIDES, attach, dark, lit, pick, settled, tipped};
use super::creatures::{coat, eye};
use super::shapes::{block, pillow, rod, sideways};
use crate::contour::Contour;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::TAU;

/// A teddy that sits: a head with ears, muzzle and eyes, a belly, arms, legs with pads, a bow on some.
pub(super) fn teddy(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("teddy");
    let size = random.range(0.06, 0.15);
    let fur = coat(&mut thing, random, palette, size);
    let pale = coat(&mut thing, random, palette, size);
    let black = eye(&mut thing, random);
    let ball = |radii: Vec3, at: Vec3, segments: usize| {
        Solid::ellipsoid(radii * size, segments).moved(at * size)
    };
    let trunk = ball(vec3(0.72, 0.62, 0.85), vec3(0.0, 0.0, 0.8), 14);
    let trunk = attach(&mut thing, 0, trunk, fur);
    let belly = ball(vec3(0.5, 0.3, 0.6), vec3(0.0, -0.38, 0.72), 12);
    attach(&mut thing, trunk, belly, pale);
    let up = 1.95;
    let head = ball(vec3(0.62, 0.56, 0.55), vec3(0.0, -0.05, up), 14);
    let head = attach(&mut thing, 0, head, fur);
    let snout = ball(vec3(0.3, 0.26, 0.23), vec3(0.0, -0.52, up - 0.14), 12);
    let snout = attach(&mut thing, head, snout, pale);
    let nose = ball(vec3(0.1, 0.07, 0.07), vec3(0.0, -0.77, up - 0.06), 8);
    attach(&mut thing, snout, nose, black);
    for side in SIDES {
        let spot = ball(Vec3::splat(0.07), vec3(side * 0.22, -0.52, up + 0.14), 8);
        attach(&mut thing, head, spot, black);
        let ear = ball(vec3(0.24, 0.1, 0.24), vec3(side * 0.46, 0.0, up + 0.45), 12);
        let ear = attach(&mut thing, head, ear, fur);
        let lobe = ball(
            vec3(0.15, 0.06, 0.15),
            vec3(side * 0.46, -0.07, up + 0.45),
            8,
        );
        attach(&mut thing, ear, lobe, pale);
        let shoulder = vec3(side * 0.55, -0.05, 1.3) * size;
        let hand = vec3(
            side * random.range(0.7, 1.3),
            random.range(-0.7, 0.0),
            random.range(0.6, 1.6),
        ) * size;
        let arm = Solid::capsule(shoulder, hand, 0.24 * size, 0.2 * size, 9);
        attach(&mut thing, 0, arm, fur);
        let hip = vec3(side * 0.4, -0.2, 0.27) * size;
        let foot = vec3(side * random.range(0.5, 0.8), -1.05, 0.27) * size;
        let leg = Solid::capsule(hip, foot, 0.27 * size, 0.25 * size, 9);
        let leg = attach(&mut thing, 0, leg, fur);
        let sole = Solid::ellipsoid(vec3(0.2, 0.07, 0.2) * size, 10);
        attach(
            &mut thing,
            leg,
            sole.moved(foot - Vec3::Y * (0.22 * size)),
            pale,
        );
    }
    if random.chance(0.4) {
        let silk = thing.material(Material::of(Substance::Cloth, random, palette, 0.05));
        let knot = thing.part(0);
        thing.add(ball(Vec3::splat(0.1), vec3(0.0, -0.52, 1.5), 8), knot, silk);
        for side in SIDES {
            let loop_size = vec3(0.22, 0.08, 0.15);
            thing.add(
                ball(loop_size, vec3(side * 0.26, -0.5, 1.5), 10),
                knot,
                silk,
            );
        }
    }
    settled(thing)
}

/// A toy robot: a head with eyes and an aerial, a chest with a panel, arms with claws, legs, feet.
pub(super) fn robot(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("robot");
    let size = random.range(0.05, 0.12);
    let kind = pick(
        random,
        &[Substance::Paint, Substance::Metal, Substance::Wood],
    );
    let paint = thing.material(Material::of(kind, random, palette, size));
    let joints = thing.material(Material::of(kind, random, palette, size));
    let accent = thing.material(Material::of(Substance::Paint, random, palette, size));
    let glow = thing.material(lit(random));
    let black = thing.material(dark(random));
    let part =
        |scale: [f32; 3], at: [f32; 3]| block(Vec3::from(scale) * size, Vec3::from(at) * size);
    let chest = attach(&mut thing, 0, part([1.0, 0.6, 1.0], [0.0, 0.0, 1.4]), paint);
    let panel = attach(
        &mut thing,
        chest,
        part([0.6, 0.04, 0.45], [0.0, -0.3, 1.5]),
        accent,
    );
    for index in 0..random.count(1, 3) {
        let at = vec3(0.2 * index as f32 - 0.2, -0.32, 1.5) * size;
        let knob = Solid::ellipsoid(Vec3::splat(0.06 * size), 8);
        attach(&mut thing, panel, knob.moved(at), glow);
    }
    let neck = rod(
        Vec3::Z * (1.85 * size),
        Vec3::Z * (2.05 * size),
        0.15 * size,
        0.15 * size,
        10,
    );
    attach(&mut thing, 0, neck, joints);
    let skull = pillow(vec3(0.75, 0.65, 0.6) * size, 12).moved(Vec3::Z * (2.3 * size));
    let head = attach(&mut thing, 0, skull, paint);
    attach(
        &mut thing,
        head,
        part([0.35, 0.06, 0.06], [0.0, -0.31, 2.16]),
        black,
    );
    let tip = Vec3::Z * (2.85 * size);
    let mast = rod(Vec3::Z * (2.55 * size), tip, 0.025 * size, 0.02 * size, 6);
    let mast = attach(&mut thing, head, mast, joints);
    attach(
        &mut thing,
        mast,
        Solid::ellipsoid(Vec3::splat(0.07 * size), 8).moved(tip),
        accent,
    );
    for side in SIDES {
        let at = vec3(side * 0.17, -0.31, 2.38) * size;
        let ball = Solid::ellipsoid(vec3(0.1, 0.06, 0.1) * size, 10);
        attach(&mut thing, head, ball.moved(at), glow);
        let swing = random.range(-0.3, 1.4);
        let shoulder = vec3(side * 0.62, 0.0, 1.75) * size;
        let way = vec3(side * 0.15, -libm::sinf(swing), -libm::cosf(swing)).normalize_or(-Vec3::Z);
        let wrist = shoulder + way * (0.85 * size);
        let arm = attach(
            &mut thing,
            0,
            rod(shoulder, wrist, 0.12 * size, 0.1 * size, 10),
            joints,
        );
        let claw = Solid::ellipsoid(vec3(0.17, 0.14, 0.17) * size, 10);
        attach(&mut thing, arm, claw.moved(wrist), accent);
        let leg = part([0.26, 0.3, 0.75], [side * 0.27, 0.0, 0.55]);
        let leg = attach(&mut thing, 0, leg, joints);
        let shoe = Contour::ring(
            [
                [-0.4, 0.0],
                [0.25, 0.0],
                [0.25, 0.25],
                [-0.15, 0.25],
                [-0.4, 0.12],
            ]
            .map(|[y, z]| [y * size, z * size])
            .to_vec(),
        );
        let shoe = sideways(&shoe, 0.36 * size).moved(Vec3::X * (side * 0.27 * size));
        attach(&mut thing, leg, shoe, accent);
    }
    settled(thing)
}

/// A ball: panels that run from pole to pole, or a band, or plain with a valve.
pub(super) fn ball(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("ball");
    let radius = random.log_range(0.03, 0.16);
    let sphere = Solid::ellipsoid(Vec3::splat(radius), 24);
    let kind = pick(
        random,
        &[Substance::Paint, Substance::Skin, Substance::Cloth],
    );
    let paints = [
        thing.material(Material::of(kind, random, palette, radius)),
        thing.material(Material::of(kind, random, palette, radius)),
    ];
    let panels = pick(random, &[0, 4, 6, 8]);
    if panels > 0 {
        // A panel takes the triangles whose middle lies in its slice.
        for panel in 0..panels {
            let mut slice = sphere.clone();
            slice.triangles.retain(|corners| {
                let middle: Vec3 = corners
                    .map(|index| sphere.positions[index as usize])
                    .iter()
                    .sum();
                let turn = libm::atan2f(middle.y, middle.x) / TAU + 0.5;
                (turn * panels as f32) as usize == panel
            });
            attach(&mut thing, 0, slice, paints[panel % 2]);
        }
    } else {
        let body = attach(&mut thing, 0, sphere, paints[0]);
        if random.chance(0.6) {
            let wide = random.range(0.08, 0.3);
            let outline: Vec<_> = (0..=4)
                .map(|step| {
                    let angle = wide * (step as f32 * 0.5 - 1.0);
                    glam::vec2(libm::cosf(angle), libm::sinf(angle)) * (radius * 1.008)
                })
                .collect();
            attach(&mut thing, body, Solid::lathe(&outline, 24), paints[1]);
        } else {
            let black = thing.material(dark(random));
            let valve = Solid::ellipsoid(vec3(0.06, 0.06, 0.02) * radius, 8);
            attach(&mut thing, body, valve.moved(Vec3::Z * radius), black);
        }
    }
    let roll = Quat::from_rotation_z(random.angle()) * Quat::from_rotation_x(random.angle());
    settled(tipped(thing, roll))
}
