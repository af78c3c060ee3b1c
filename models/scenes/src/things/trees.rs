//! Trees, shrubs, grass.

use super::build::{attach, settled, shade};
use super::shapes::{bow, bumpy, curve, leaf, leaves, outward, placed};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec2, Vec3, vec3};
use std::f32::consts::TAU;

/// Bark.
fn bark(random: &mut Random) -> Material {
    let browns = [
        [0.32, 0.24, 0.17],
        [0.45, 0.4, 0.35],
        [0.22, 0.17, 0.13],
        [0.7, 0.68, 0.62],
    ];
    let colour = shade(random, &browns);
    Material::coloured(Substance::Wood, random, colour, 0.5)
}

/// A clump of leaves around `at`: an uneven body and single leaves that stand out from it.
fn add_clump(
    thing: &mut Thing,
    parent: u8,
    random: &mut Random,
    (at, radii): (Vec3, Vec3),
    materials: [u8; 2],
) {
    let size = radii.max_element();
    let body = bumpy(Solid::ellipsoid(radii, 14), random, size * 0.3, size * 0.25);
    let count = random.count(40, 60);
    let leaf = size * random.range(0.2, 0.32);
    let loose = leaves(random, radii, count, leaf);
    let clump = attach(thing, parent, body.moved(at), materials[0]);
    thing.add(loose.moved(at), clump, materials[1]);
}

/// Two shades of one foliage.
fn green(thing: &mut Thing, random: &mut Random, palette: &Palette, size_m: f32) -> [u8; 2] {
    let inner = Material::of(Substance::Foliage, random, palette, size_m);
    let outer = Material {
        texture: inner.texture.sibling(random),
        ..inner.clone()
    };
    [thing.material(inner), thing.material(outer)]
}

/// A tree: a trunk, branches, a crown of clumps, fruit or blossom on some.
pub(super) fn tree(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("tree");
    let height = random.range(2.8, 8.5);
    let thick = height * random.range(0.018, 0.035);
    let bare = height * random.range(0.25, 0.45);
    let wood = thing.material(bark(random));
    let foliage = green(&mut thing, random, palette, 0.6);
    let lean = vec3(random.normal(), random.normal(), 0.0) * (0.03 * height);
    let top = Vec3::Z * (height * 0.75) + lean;
    let path = bow(Vec3::ZERO, Vec3::Z * (height * 0.4), top, 7);
    let foot = |t: f32| thick * (1.0 - 0.75 * t) * (1.0 + 0.6 * (1.0 - t * 9.0).max(0.0));
    attach(&mut thing, 0, Solid::tube(&path, 10, foot), wood);
    let crown = thing.part(0);
    let spread = height * random.range(0.16, 0.3);
    let clumps = random.count(4, 7);
    for index in 0..clumps {
        let heading = TAU * index as f32 / clumps as f32 + random.range(-0.4, 0.4);
        let up = bare + (height * 0.82 - bare) * (index as f32 + 0.5) / clumps as f32;
        // Widest in the middle of the crown.
        let out = spread * (1.0 - 0.5 * (up / height - 0.55).abs() * 2.0) * random.range(0.6, 1.1);
        let at = vec3(
            out * libm::cosf(heading),
            out * libm::sinf(heading),
            up + 0.1 * height,
        );
        let start = path[(up / height / 0.75 * 5.0).min(6.0) as usize];
        let branch = bow(
            start,
            start.lerp(at, 0.6) - Vec3::Z * (0.05 * height),
            at,
            4,
        );
        let limb = Solid::tube(&branch, 6, |t| thick * (0.4 - 0.25 * t));
        attach(&mut thing, 0, limb, wood);
        let size = spread * random.range(0.7, 1.1);
        let radii = vec3(size, size, size * random.range(0.6, 0.9));
        add_clump(&mut thing, crown, random, (at, radii), foliage);
    }
    let radii = vec3(spread, spread, spread * 0.8) * random.range(0.8, 1.1);
    let middle = (top + Vec3::Z * (height * 0.08), radii);
    add_clump(&mut thing, crown, random, middle, foliage);
    if random.chance(0.25) {
        let dots = thing.material(Material::of(Substance::Skin, random, palette, 0.1));
        let fruit = leaves(random, radii * 1.1, 60, 0.12).moved(middle.0);
        attach(&mut thing, crown, fruit, dots);
    }
    settled(thing)
}

/// A fir: a trunk, tiers of branches.
pub(super) fn fir(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("fir");
    let height = random.range(1.5, 8.0);
    let wide = height * random.range(0.16, 0.3);
    let wood = thing.material(bark(random));
    let foliage = green(&mut thing, random, palette, 0.4);
    let thick = height * 0.02;
    let trunk = Solid::cylinder(thick, thick * 0.2, height * 0.9, 10);
    attach(&mut thing, 0, trunk, wood);
    let tiers = random.count(4, 7);
    let low = height * random.range(0.06, 0.2);
    for tier in 0..tiers {
        let t = tier as f32 / tiers as f32;
        let radius = wide * (1.0 - 0.82 * t);
        let bottom = low + (height - low) * t;
        let top = (bottom + (height - low) * 1.7 / tiers as f32).min(height);
        let outline = [
            Vec2::new(0.0, bottom + 0.12 * (top - bottom)),
            Vec2::new(radius, bottom),
            Vec2::new(radius * 0.5, bottom + 0.45 * (top - bottom)),
            Vec2::new(0.0, top),
        ];
        let points = random.count(9, 13) as f32;
        let phase = random.angle();
        let cone = Solid::lathe(&outline, 28).bent(|point| {
            let angle = libm::atan2f(point.y, point.x);
            let wave = 1.0 + 0.16 * libm::cosf(points * angle + phase);
            vec3(point.x * wave, point.y * wave, point.z)
        });
        let piece = attach(&mut thing, 0, cone, foliage[0]);
        let middle = Vec3::Z * (bottom * 0.75 + top * 0.25);
        let radii = vec3(radius * 0.8, radius * 0.8, (top - bottom) * 0.3);
        let twigs = leaves(random, radii, 24, radius * 0.35).moved(middle);
        thing.add(twigs, piece, foliage[1]);
    }
    settled(thing)
}

/// A shrub: stems, clumps of leaves, flowers on some.
pub(super) fn shrub(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("shrub");
    let size = random.range(0.25, 0.9);
    let foliage = green(&mut thing, random, palette, size * 0.3);
    let wood = thing.material(bark(random));
    let blossom = thing.material(Material::of(Substance::Skin, random, palette, 0.05));
    let blooms = random.chance(0.35);
    for _ in 0..random.count(3, 6) {
        let (heading, away) = (random.angle(), size * random.range(0.2, 0.75));
        let radius = size * random.range(0.35, 0.6);
        let at = vec3(
            away * libm::cosf(heading),
            away * libm::sinf(heading),
            radius * random.range(0.9, 1.6),
        );
        let stem = bow(at * vec3(0.3, 0.3, 0.0), at * vec3(0.4, 0.4, 0.6), at, 4);
        attach(&mut thing, 0, Solid::tube(&stem, 6, |_| size * 0.025), wood);
        let radii = vec3(radius, radius, radius * random.range(0.7, 1.0));
        add_clump(&mut thing, 0, random, (at, radii), foliage);
        if blooms {
            let flowers = leaves(random, radii * 1.08, 24, size * 0.09);
            attach(&mut thing, 0, flowers.moved(at), blossom);
        }
    }
    settled(thing)
}

/// A palm: a ringed trunk, long leaves.
pub(super) fn palm(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("palm");
    let height = random.range(1.2, 5.0);
    let thick = height * random.range(0.02, 0.04);
    let wood = thing.material(bark(random));
    let foliage = green(&mut thing, random, palette, 0.3);
    let lean = vec3(random.normal(), random.normal(), 0.0) * (0.08 * height);
    let top = Vec3::Z * height + lean;
    let path = bow(Vec3::ZERO, Vec3::Z * (height * 0.5), top, 12);
    let rings = |t: f32| {
        thick
            * (1.2 - 0.5 * t)
            * if ((t * 12.0 + 0.5) as usize).is_multiple_of(2) {
                1.0
            } else {
                0.85
            }
    };
    attach(&mut thing, 0, Solid::tube(&path, 10, rings), wood);
    let crown = thing.part(0);
    let count = random.count(7, 10);
    let long = height * random.range(0.3, 0.5);
    for frond in 0..count {
        let heading = frond as f32 * 2.4;
        let lift = random.range(-0.1, 1.1);
        let piece = thing.part(crown);
        let rib = leaf(long, long * 0.05, 0.6);
        let pose = outward(heading, lift);
        thing.add(placed(rib, pose, top), piece, wood);
        for step in 1..=4 {
            let x = long * (step as f32 - 0.2) / 4.0;
            let spine = vec3(x, 0.0, -0.6 * x * x / long);
            for side in [-1.0, 1.0] {
                let blade = leaf(long * 0.35, long * 0.1, 0.5);
                let blade = placed(blade, outward(side * 1.0, -0.15), spine);
                thing.add(placed(blade, pose, top), piece, foliage[step % 2]);
            }
        }
    }
    settled(thing)
}

/// A tuft of grass: blades, ears on some.
pub(super) fn grass(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("grass");
    let height = random.range(0.1, 0.6);
    let foliage = green(&mut thing, random, palette, height);
    let straw = thing.material(Material::coloured(
        Substance::Fur,
        random,
        [0.75, 0.65, 0.42],
        0.05,
    ));
    let ears = random.chance(0.4);
    for blade in 0..random.count(14, 30) {
        let (heading, lift) = (random.angle(), random.range(0.7, 1.5));
        let out = outward(heading, 0.0) * Vec3::X;
        let root = out * (height * random.range(0.0, 0.2));
        let tip = root + outward(heading, lift) * Vec3::X * (height * random.range(0.5, 1.0));
        let tip = tip - Vec3::Z * (0.2 * height * random.unit());
        let pull = root + Vec3::Z * (height * 0.6);
        let wide = height * random.range(0.008, 0.02);
        let path = bow(root, pull, tip, 6);
        let solid = Solid::tube(&path, 4, |t| wide * (1.0 - 0.9 * t));
        let piece = attach(&mut thing, 0, solid, foliage[blade % 2]);
        if ears && random.chance(0.4) {
            let way = (tip - path[4]).normalize_or(Vec3::Z) * (0.15 * height);
            let ear = curve(4, |t| tip + way * (t - 0.3));
            let ear = Solid::tube(&ear, 5, |t| wide * (0.5 + 6.0 * t * (1.0 - t)));
            attach(&mut thing, piece, ear, straw);
        }
    }
    settled(thing)
}
