//! Knives, forks, spoons, lying.

use super::build::{attach, pick, settled, steel};
use super::shapes::{block, curve, pillow, rod, smoothed};
use super::tools::{at, grip};
use crate::contour::{Contour, Point};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec3, vec3};
use std::f32::consts::PI;

/// Cutlery is of metal, wood or plastic.
fn stuff(random: &mut Random, palette: &Palette) -> Material {
    match random.weighted(&[3.0, 1.0, 1.0]) {
        0 => steel(random),
        1 => Material::of(Substance::Wood, random, palette, 0.1),
        _ => Material::of(Substance::Paint, random, palette, 0.1),
    }
}

/// Adds a flat handle that ends at the origin, with a grip on some. -> its length.
fn add_handle(thing: &mut Thing, random: &mut Random, palette: &Palette, material: u8) -> f32 {
    let length = random.range(0.1, 0.15);
    let wide = random.range(0.005, 0.01);
    let rise = random.range(0.06, 0.14) * length;
    let shape = |t: f32| wide * (1.0 - 0.65 * libm::sinf(0.5 * PI * t));
    let arch = |point: Vec3| {
        let t = -point.x / length;
        point + Vec3::Z * (rise * libm::sinf(PI * t.clamp(0.0, 1.0)) + 0.2 * rise)
    };
    let piece = |from: f32, to: f32, grow: f32| {
        let path = curve(8, |t| {
            vec3(length * (from + (to - from) * t - 1.0), 0.0, 0.0)
        });
        Solid::tube(&path, 10, |t| shape(from + (to - from) * t) * grow)
            .scaled(vec3(1.0, 1.0, 0.25 * grow))
            .bent(arch)
    };
    let handle = attach(thing, 0, piece(0.0, 1.0, 1.0), material);
    if random.chance(0.35) {
        let kind = pick(random, &[Substance::Wood, Substance::Paint]);
        let grip = thing.material(Material::of(kind, random, palette, 0.1));
        let reach = random.range(0.5, 0.75);
        attach(thing, handle, piece(0.02, reach, 1.3), grip);
    }
    length
}

/// A fork: a handle; a head with tines.
pub(super) fn fork(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("fork");
    let metal = thing.material(stuff(random, palette));
    let length = add_handle(&mut thing, random, palette, metal);
    let wide = random.range(0.009, 0.014);
    let base = length * random.range(0.12, 0.2);
    let low = 0.02 * length;
    let palm = curve(6, |t| vec3(base * t, 0.0, 0.0));
    let shape = |t: f32| 0.0035 + (wide - 0.0035) * t * t * (3.0 - 2.0 * t);
    let palm = Solid::tube(&palm, 12, shape).scaled(vec3(1.0, 1.0, 0.18));
    let dip = |x: f32| low - 0.25 * low * libm::sinf(PI * (x / (3.0 * base)).clamp(0.0, 1.0));
    let palm = palm.bent(|point| point + Vec3::Z * dip(point.x));
    let head = attach(&mut thing, 0, palm, metal);
    let tines = random.count(2, 4);
    let reach = length * random.range(0.25, 0.38);
    for tine in 0..tines {
        let y = (tine as f32 / (tines - 1) as f32 - 0.5) * 2.0 * (wide - 0.0018);
        let rise = 0.1 * reach;
        let path = curve(4, |t| {
            let x = base * 0.9 + reach * t;
            vec3(x, y * (1.0 - 0.08 * t), dip(x) + rise * t * t)
        });
        let prong = Solid::tube(&path, 6, |t| 0.0019 - 0.001 * t);
        attach(&mut thing, head, prong, metal);
    }
    settled(thing)
}

/// A spoon: a handle, a neck, a bowl with its inside.
pub(super) fn spoon(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("spoon");
    let metal = thing.material(stuff(random, palette));
    let length = add_handle(&mut thing, random, palette, metal);
    let half = length * random.range(0.17, 0.25);
    let wide = half * random.range(0.6, 0.85);
    let deep = wide * random.range(0.3, 0.5);
    let dish = |thick: f32, scale: f32, lift: f32| {
        let disc = Solid::ellipsoid(vec3(half * scale, wide * scale, thick), 18);
        smoothed(disc.bent(|point| {
            let (x, y) = (point.x / half, point.y / wide);
            point + vec3(half * 0.97, 0.0, deep * (x * x + y * y) + lift)
        }))
    };
    let bowl = attach(&mut thing, 0, dish(0.0012, 1.0, 0.0), metal);
    let shine = thing.material(steel(random));
    let inside = if random.chance(0.5) { shine } else { metal };
    attach(&mut thing, bowl, dish(0.0008, 0.9, 0.0009), inside);
    let neck = rod(
        vec3(-0.004, 0.0, 0.02 * length),
        vec3(half * 0.12, 0.0, deep * 0.8),
        0.003,
        0.002,
        8,
    );
    attach(&mut thing, 0, neck, metal);
    settled(thing)
}

/// A knife: a blade, a bolster, a handle with rivets.
pub(super) fn knife(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("knife");
    let length = random.range(0.09, 0.22);
    let wide = random.range(0.009, 0.022);
    let metal = thing.material(steel(random));
    let wood = thing.material(grip(random, palette));
    let mut ring: Vec<Point> = vec![[0.0, wide], [0.0, -wide * 0.9]];
    ring.extend((0..=8).map(|step| {
        let t = step as f32 / 8.0;
        [length * (0.55 + 0.45 * t), wide * (1.9 * t * t - 0.9)]
    }));
    let blade = Solid::prism(&Contour::ring(ring), 0.002).moved(Vec3::Z * -0.001);
    attach(&mut thing, 0, blade, metal);
    let hold = random.range(0.09, 0.13);
    let size = vec3(
        hold,
        wide * random.range(1.1, 1.6),
        random.range(0.011, 0.018),
    );
    let shape = pillow(size, 16).moved(at(-0.5 * hold - 0.004));
    let handle = attach(&mut thing, 0, shape, wood);
    let bolster = thing.material(steel(random));
    let collar = block(vec3(0.01, size.y * 0.85, size.z * 0.85), at(-0.003));
    attach(&mut thing, 0, collar, bolster);
    for rivet in 0..random.count(0, 3) {
        let x = -hold * (0.25 + 0.23 * rivet as f32);
        let pin = Solid::cylinder(0.0028, 0.0028, size.z * 1.02, 10);
        attach(
            &mut thing,
            handle,
            pin.moved(vec3(x, 0.0, -0.51 * size.z)),
            bolster,
        );
    }
    settled(thing)
}
