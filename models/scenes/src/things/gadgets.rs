//! Lamps, clocks, speakers.

use super::build::{SIDES, attach, dark, lit, pane, pick, settled, steel};
use super::shapes::{block, disc, forwards, placed, rightwards, rod, rounded, shell, upright};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec2, vec3};
use std::f32::consts::{PI, TAU};

/// Segments around round parts.
const AROUND: usize = 24;

/// Paint or metal of a case.
fn case(random: &mut Random, palette: &Palette, size_m: f32) -> Material {
    if random.chance(0.35) {
        return dark(random);
    }
    let kind = pick(
        random,
        &[Substance::Paint, Substance::Metal, Substance::Wood],
    );
    Material::of(kind, random, palette, size_m)
}

/// A lamp shade from its narrow end at the origin, open along z, with its bulb.
pub(super) fn add_shade(
    thing: &mut Thing,
    random: &mut Random,
    palette: &Palette,
    radii: [f32; 2],
    length: f32,
    pose: impl Fn(Solid) -> Solid,
) {
    let kind = pick(
        random,
        &[Substance::Cloth, Substance::Paint, Substance::Metal],
    );
    let cloth = Material::of(kind, random, palette, length);
    let on = random.chance(0.6);
    let glow = if on && kind == Substance::Cloth {
        0.5
    } else {
        0.0
    };
    let outside = thing.material(cloth.glowing(glow));
    let pale = Material::coloured(Substance::Paint, random, [0.9; 3], length);
    let inside = thing.material(pale.glowing(if on { 0.4 } else { 0.0 }));
    let outline = [vec2(0.0, 0.0), vec2(radii[0], 0.0), vec2(radii[1], length)];
    let [outer, inner] = shell(&outline, 0.002, AROUND);
    let shade = attach(thing, 0, pose(outer), outside);
    attach(thing, shade, pose(inner), inside);
    let bulb = if on { lit(random) } else { pane(random) };
    let bulb = thing.material(bulb);
    let size = radii[0].max(radii[1] * 0.35) * 0.8;
    let ball = Solid::ellipsoid(vec3(size, size, size * 1.2), 14);
    attach(
        thing,
        shade,
        pose(ball.moved(Vec3::Z * (length * 0.6))),
        bulb,
    );
}

/// A desk lamp: a foot, an arm of two bars with joints, a shade, a bulb.
pub(super) fn lamp(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("lamp");
    let metal = thing.material(case(random, palette, 0.2));
    let accent = thing.material(steel(random));
    let radius = random.range(0.06, 0.09);
    let foot = Solid::cylinder(radius, radius * random.range(0.6, 1.0), 0.018, AROUND);
    let base = attach(&mut thing, 0, foot, metal);
    let button = disc(0.009, 0.0225, 12).moved(vec3(0.0, -radius * 0.5, 0.0));
    attach(&mut thing, base, button, accent);
    let (lower, upper) = (random.range(0.14, 0.22), random.range(0.12, 0.2));
    let lean = random.range(-0.1, 0.5);
    let reach = random.range(-0.2, 0.7);
    let start = Vec3::Z * 0.015;
    let elbow = start + vec3(0.0, libm::sinf(lean), libm::cosf(lean)) * lower;
    let head = elbow + vec3(0.0, -libm::cosf(reach), libm::sinf(reach)) * upper;
    let arm = thing.part(0);
    attach(&mut thing, arm, rod(start, elbow, 0.006, 0.006, 10), metal);
    attach(&mut thing, arm, rod(elbow, head, 0.005, 0.005, 10), metal);
    let joint = Solid::ellipsoid(Vec3::splat(0.011), 12);
    attach(&mut thing, arm, joint.clone().moved(elbow), accent);
    attach(&mut thing, arm, joint.moved(head), accent);
    let tilt = random.range(-0.2, 0.5);
    let down = Quat::from_rotation_x(PI - tilt);
    let length = random.range(0.08, 0.12);
    let radii = [random.range(0.02, 0.03), random.range(0.05, 0.075)];
    add_shade(&mut thing, random, palette, radii, length, |solid| {
        placed(solid, down, head)
    });
    settled(thing)
}

/// A clock on feet: a case, a face with marks, hands; some with bells.
pub(super) fn clock(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("clock");
    let radius = random.range(0.04, 0.12);
    let deep = radius * random.range(0.4, 0.8);
    let paint = thing.material(case(random, palette, radius));
    let metal = thing.material(steel(random));
    let middle = Vec3::Z * (radius * 1.12);
    let aim = |solid: Solid, along: f32| placed(solid, forwards(), middle - Vec3::Y * along);
    let drum = Solid::cylinder(radius, radius, deep, AROUND + 6);
    let case = attach(&mut thing, 0, aim(drum, -deep), paint);
    let ring = Solid::torus(radius * 0.97, radius * 0.05, AROUND + 6);
    attach(&mut thing, case, aim(ring, 0.0), metal);
    let light = random.range(0.75, 0.98);
    let white = if random.chance(0.6) {
        Material::coloured(Substance::Paint, random, [light; 3], radius)
    } else {
        Material::of(Substance::Paint, random, palette, radius)
    };
    let white = thing.material(white);
    let black = thing.material(dark(random));
    let face = attach(
        &mut thing,
        0,
        aim(disc(radius * 0.93, 0.0, AROUND + 6), 0.001),
        white,
    );
    let marks = thing.part(face);
    for mark in 0..12 {
        let turn = Quat::from_rotation_z(TAU * mark as f32 / 12.0);
        let tick = block(
            vec3(radius * 0.14, radius * 0.035, 0.001),
            Vec3::X * (radius * 0.8),
        );
        thing.add(aim(placed(tick, turn, Vec3::ZERO), 0.0015), marks, black);
    }
    for (length, wide) in [(0.5, 0.07), (0.75, 0.05)] {
        let turn = Quat::from_rotation_z(random.angle());
        let size = vec3(length, wide, 0.0) * radius + Vec3::Z * 0.0015;
        let hand = block(size, Vec3::X * (length * 0.42 * radius));
        attach(
            &mut thing,
            face,
            aim(placed(hand, turn, Vec3::ZERO), 0.003),
            black,
        );
    }
    for side in SIDES {
        let from = vec3(side * radius * 0.45, deep * 0.5, radius * 0.4);
        let to = vec3(side * radius * 0.65, deep * 0.5, 0.0);
        attach(
            &mut thing,
            0,
            rod(from, to, radius * 0.08, radius * 0.06, 10),
            metal,
        );
        if radius < 0.08 {
            let bell = Solid::ellipsoid(vec3(0.4, 0.4, 0.22) * radius, 14);
            let turn = Quat::from_rotation_y(side * 0.6);
            let at = middle + vec3(side * 0.6 * radius, deep * 0.5, radius * 0.95);
            attach(&mut thing, 0, placed(bell, turn, at), metal);
        }
    }
    settled(thing)
}

/// A loudspeaker: a box, cones with rings, a knob or a light.
pub(super) fn speaker(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("speaker");
    let wide = random.range(0.08, 0.2);
    let size = vec3(
        wide,
        wide * random.range(0.7, 1.1),
        wide * random.range(1.2, 1.7),
    );
    let wood = thing.material(case(random, palette, wide));
    let body = upright(
        &rounded(size.x, size.z, wide * random.range(0.02, 0.2)),
        size.y,
    );
    let body = attach(
        &mut thing,
        0,
        body.moved(vec3(0.0, size.y, size.z) * 0.5),
        wood,
    );
    let black = thing.material(dark(random));
    let cone = thing.material(case(random, palette, wide));
    let metal = thing.material(steel(random));
    let face = -0.5 * size.y;
    for (up, scale) in [(0.32, 0.3), (0.78, random.range(0.1, 0.18))] {
        let radius = wide * scale;
        let at = vec3(0.0, face, size.z * up);
        let aim = |solid: Solid| placed(solid, forwards(), at);
        let ring = Solid::torus(radius, radius * 0.1, AROUND);
        let driver = attach(&mut thing, 0, aim(ring), metal);
        attach(&mut thing, driver, aim(disc(radius, 0.001, AROUND)), cone);
        let cap = Solid::ellipsoid(vec3(0.35, 0.35, 0.15) * radius, 14);
        attach(&mut thing, driver, aim(cap), black);
    }
    if random.chance(0.5) {
        let knob = Solid::cylinder(wide * 0.05, wide * 0.045, 0.01, 14);
        let at = vec3(wide * 0.35, face, size.z * 0.93);
        attach(&mut thing, body, placed(knob, forwards(), at), metal);
    } else {
        let light = thing.material(lit(random));
        let dot = block(
            vec3(0.006, 0.002, 0.006),
            vec3(wide * 0.35, face, size.z * 0.06),
        );
        attach(&mut thing, body, dot, light);
    }
    if random.chance(0.4) {
        let axle = Solid::cylinder(wide * 0.02, wide * 0.02, size.x + 0.01, 8);
        let axle = axle.moved(Vec3::Z * (-0.5 * size.x - 0.005));
        let at = vec3(0.0, 0.0, size.z);
        attach(&mut thing, 0, placed(axle, rightwards(), at), metal);
    }
    thing
}
