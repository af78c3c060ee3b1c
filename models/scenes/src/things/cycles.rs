//! Bicycles.

use super::build::{SIDES, attach, dark, lit, pick, settled, steel};
use super::shapes::{block, bow, pillow, placed, rightwards, rod};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::PI;

/// A bicycle: a frame, a fork with handlebars and grips, a saddle, a crank with pedals, wheels with
/// tyres, rims and spokes.
pub(super) fn bicycle(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bicycle");
    let radius = random.range(0.24, 0.35);
    let base = radius * random.range(2.9, 3.2);
    let paint = thing.material(Material::of(Substance::Paint, random, palette, 0.5));
    let black = thing.material(dark(random));
    let metal = thing.material(steel(random));
    let front = vec3(0.0, -base * 0.5, radius);
    let rear = vec3(0.0, base * 0.5, radius);
    let crank = vec3(0.0, base * 0.08, radius * 0.86);
    let seat = vec3(0.0, base * 0.22, radius * random.range(2.2, 2.6));
    let head = vec3(0.0, -base * 0.3, radius * random.range(2.4, 2.7));
    let crown = front.lerp(head, 0.62) + Vec3::Y * (0.03 * base);
    let thick = random.range(0.013, 0.02);
    let frame = thing.part(0);
    let step_through = random.chance(0.35);
    let bar = |a: Vec3, b: Vec3, scale: f32| rod(a, b, thick * scale, thick * scale, 8);
    let top = if step_through {
        crank.lerp(seat, 0.45)
    } else {
        crank.lerp(seat, 0.92)
    };
    for (a, b, scale) in [
        (crank, seat, 1.0),
        (top, crown.lerp(head, 0.7), 0.9),
        (crank, crown, 1.15),
        (crown, head, 1.2),
    ] {
        attach(&mut thing, frame, bar(a, b, scale), paint);
    }
    for side in SIDES {
        let out = Vec3::X * (side * 0.05);
        attach(
            &mut thing,
            frame,
            bar(crank + out * 0.3, rear + out, 0.6),
            paint,
        );
        attach(
            &mut thing,
            frame,
            bar(crank.lerp(seat, 0.85) + out * 0.3, rear + out, 0.5),
            paint,
        );
    }
    let steer = thing.part(0);
    for side in SIDES {
        let out = Vec3::X * (side * 0.05);
        attach(
            &mut thing,
            steer,
            bar(crown + out * 0.7, front + out, 0.7),
            paint,
        );
    }
    let stem = head + vec3(0.0, -0.02, 0.06);
    attach(&mut thing, steer, bar(head, stem, 0.9), metal);
    let wide = random.range(0.24, 0.34);
    let sweep = random.range(-0.1, 0.2);
    for side in SIDES {
        let end = stem + vec3(side * wide, sweep, 0.03);
        let pull = stem + vec3(side * wide * 0.6, -0.05, 0.05);
        let path = bow(stem, pull, end, 6);
        attach(&mut thing, steer, Solid::tube(&path, 8, |_| 0.011), metal);
        let grip = rod(path[5], end, 0.017, 0.017, 8);
        attach(&mut thing, steer, grip, black);
    }
    let perch = seat + (seat - crank).normalize_or(Vec3::Z) * 0.08;
    attach(&mut thing, frame, bar(seat, perch, 0.8), metal);
    let leather = thing.material(Material::of(Substance::Skin, random, palette, 0.2));
    let saddle = pillow(vec3(0.15, 0.27, 0.07), 14).bent(|point| {
        let narrow = 1.0 - 0.75 * (0.5 - point.y / 0.27).clamp(0.0, 1.0);
        vec3(point.x * narrow, point.y, point.z)
    });
    attach(&mut thing, 0, saddle.moved(perch + Vec3::Z * 0.02), leather);
    let drive = thing.part(0);
    let ring = Solid::torus(0.085, 0.006, 20);
    attach(
        &mut thing,
        drive,
        placed(ring, rightwards(), crank + Vec3::X * 0.05),
        metal,
    );
    let spin = random.angle();
    for side in SIDES {
        let arm = vec3(0.0, libm::cosf(spin), libm::sinf(spin)) * (side * 0.165 * radius / 0.34);
        let from = crank + Vec3::X * (side * 0.06);
        let end = from + arm + Vec3::X * (side * 0.02);
        attach(&mut thing, drive, rod(from, end, 0.011, 0.009, 8), metal);
        let pedal = block(vec3(0.09, 0.08, 0.022), end + Vec3::X * (side * 0.05));
        attach(&mut thing, drive, pedal, black);
    }
    let tyre_size = random.range(0.014, 0.028);
    let wall = thing.material(dark(random));
    for hub in [front, rear] {
        let wheel = thing.part(0);
        let tyre = Solid::torus(radius - tyre_size, tyre_size, 30);
        attach(&mut thing, wheel, placed(tyre, rightwards(), hub), wall);
        let rim = Solid::torus(radius - 2.2 * tyre_size, 0.009, 30);
        attach(&mut thing, wheel, placed(rim, rightwards(), hub), metal);
        let spokes = thing.part(wheel);
        for spoke in 0..14 {
            let turn = Quat::from_rotation_x(2.0 * PI * spoke as f32 / 14.0);
            let start = hub + Vec3::X * (0.02 * SIDES[spoke % 2]);
            let end = hub + turn * (Vec3::Y * (radius - 2.0 * tyre_size));
            thing.add(rod(start, end, 0.0016, 0.0016, 4), spokes, metal);
        }
        let axle = rod(
            hub - Vec3::X * 0.055,
            hub + Vec3::X * 0.055,
            0.018,
            0.018,
            10,
        );
        thing.add(axle, spokes, metal);
    }
    if random.chance(0.5) {
        let lamp = thing.material(lit(random).glowing(0.3));
        let bulb = Solid::ellipsoid(vec3(0.03, 0.035, 0.03), 10);
        attach(
            &mut thing,
            0,
            bulb.moved(head + vec3(0.0, -0.05, -0.04)),
            lamp,
        );
    }
    if random.chance(0.35) {
        add_basket(&mut thing, random, palette, head + vec3(0.0, -0.19, -0.02));
    } else if random.chance(0.4) {
        let rack = block(
            vec3(0.1, 0.34, 0.012),
            rear + vec3(0.0, -0.04, radius * 1.12),
        );
        let rack = attach(&mut thing, 0, rack, metal);
        for side in SIDES {
            let strut = rod(
                rear + Vec3::X * (side * 0.06),
                rear + vec3(side * 0.05, 0.05, radius * 1.1),
                0.005,
                0.005,
                6,
            );
            thing.add(strut, rack, metal);
        }
    }
    settled(thing)
}

/// A basket before the handlebars: walls and a bottom.
fn add_basket(thing: &mut Thing, random: &mut Random, palette: &Palette, at: Vec3) {
    let kind = pick(
        random,
        &[Substance::Wood, Substance::Metal, Substance::Cloth],
    );
    let weave = thing.material(Material::of(kind, random, palette, 0.2));
    let size = vec3(0.32, 0.24, 0.2);
    let basket = thing.part(0);
    for side in SIDES {
        let wall = block(
            vec3(0.008, size.y, size.z),
            at + Vec3::X * (side * size.x * 0.5),
        );
        thing.add(wall, basket, weave);
        let wall = block(
            vec3(size.x, 0.008, size.z),
            at + Vec3::Y * (side * size.y * 0.5),
        );
        thing.add(wall, basket, weave);
    }
    let bottom = block(vec3(size.x, size.y, 0.008), at - Vec3::Z * (size.z * 0.5));
    attach(thing, basket, bottom, weave);
}
