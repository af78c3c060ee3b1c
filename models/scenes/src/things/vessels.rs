//! Vessels: mugs, bottles, cans, vases, jugs.

use super::build::{attach, pick, steel};
use super::shapes::{bow, shell, slab, smooth, turn, turned};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec2, Vec3};
use std::f32::consts::PI;

/// Segments around a vessel.
const AROUND: usize = 24;

/// A mug: a body, its inside, a handle; some with a print or a band around it.
pub(super) fn mug(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("mug");
    let (radius, height) = (random.range(0.033, 0.05), random.range(0.07, 0.12));
    let flare = random.range(0.85, 1.2);
    let wall = random.range(0.003, 0.006);
    let body = thing.part(0);
    let glaze = Material::of(Substance::Glaze, random, palette, height);
    let outside = thing.material(glaze.clone());
    let inner = thing.part(body);
    let inside = if random.chance(0.5) {
        thing.material(Material::of(Substance::Glaze, random, palette, height))
    } else {
        outside
    };
    let top = radius * flare;
    thing.add(
        Solid::lathe(
            &[
                Vec2::new(0.0, 0.0),
                Vec2::new(radius, 0.0),
                Vec2::new(top, height),
                Vec2::new(top - wall, height),
            ],
            AROUND,
        ),
        body,
        outside,
    );
    thing.add(
        Solid::lathe(
            &[
                Vec2::new(top - wall, height),
                Vec2::new(radius - wall, wall),
                Vec2::new(0.0, wall),
            ],
            AROUND,
        ),
        inner,
        inside,
    );
    if random.chance(0.35) {
        let band = thing.part(body);
        let print = thing.material(Material::of(Substance::Print, random, palette, height));
        let (from, to) = (random.range(0.1, 0.4), random.range(0.5, 0.9));
        let at = |t: f32| Vec2::new(radius + (top - radius) * t + 0.0006, height * t);
        thing.add(Solid::lathe(&[at(from), at(to)], AROUND), band, print);
    }
    let handle = thing.part(0);
    let reach = random.range(0.022, 0.035);
    let (low, high) = (
        height * random.range(0.12, 0.3),
        height * random.range(0.7, 0.9),
    );
    let path: Vec<Vec3> = (0..=12)
        .map(|step| {
            let angle = PI * step as f32 / 12.0;
            let z = (low + high) / 2.0 - (high - low) / 2.0 * libm::cosf(angle);
            let wall_here = radius + (top - radius) * z / height;
            Vec3::new(wall_here - 0.002 + reach * libm::sinf(angle), 0.0, z)
        })
        .collect();
    let thick = random.range(0.004, 0.007);
    thing.add(Solid::tube(&path, 10, |_| thick), handle, outside);
    thing
}

/// A bottle: a body with a label, a neck, a cap.
pub(super) fn bottle(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bottle");
    let height = random.range(0.15, 0.34);
    let radius = height * random.range(0.1, 0.18);
    let neck = radius * random.range(0.28, 0.5);
    let shoulder = height * random.range(0.5, 0.72);
    let throat = shoulder + (height - shoulder) * random.range(0.3, 0.65);
    let substance = pick(
        random,
        &[Substance::Glaze, Substance::Glaze, Substance::Paint],
    );
    let glass = thing.material(Material::of(substance, random, palette, height));
    let mut outline = vec![
        Vec2::ZERO,
        Vec2::new(radius * 0.9, 0.0),
        Vec2::new(radius, radius * 0.15),
    ];
    outline.extend((0..=6).map(|step| {
        let t = step as f32 / 6.0;
        let wide = 0.5 + 0.5 * libm::cosf(PI * t);
        Vec2::new(
            neck + (radius - neck) * wide,
            shoulder + (throat - shoulder) * t,
        )
    }));
    let body = attach(&mut thing, 0, turn(&outline, AROUND), glass);
    let top = height * 0.98;
    let throat = turned(&[[neck, throat], [neck * 0.92, top], [0.0, top]], AROUND);
    attach(&mut thing, 0, throat, glass);
    if random.chance(0.8) {
        let paper = thing.material(Material::of(Substance::Print, random, palette, height));
        let (low, high) = (
            shoulder * random.range(0.15, 0.4),
            shoulder * random.range(0.6, 0.95),
        );
        let label = turned(&[[radius + 0.0006, low], [radius + 0.0006, high]], AROUND);
        attach(&mut thing, body, label, paper);
    }
    if random.chance(0.8) {
        let cap = thing.material(Material::of(Substance::Paint, random, palette, 0.03));
        let tall = height * random.range(0.05, 0.12);
        let solid = Solid::cylinder(neck * 1.2, neck * 1.12, tall, AROUND);
        attach(&mut thing, 0, solid.moved(Vec3::Z * (height - tall)), cap);
    }
    thing
}

/// A can: of a drink, with a tab, or of food, with a paper band.
pub(super) fn can(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("can");
    let drink = random.chance(0.6);
    let (radius, height) = if drink {
        (random.range(0.026, 0.034), random.range(0.11, 0.17))
    } else {
        (random.range(0.033, 0.055), random.range(0.05, 0.13))
    };
    let narrow = radius * if drink { 0.82 } else { 0.97 };
    let metal = thing.material(steel(random));
    let skin = pick(
        random,
        &[Substance::Print, Substance::Paint, Substance::Noise],
    );
    let print = thing.material(Material::of(skin, random, palette, height));
    let side = if drink { print } else { metal };
    let outline = [
        [0.0, 0.0],
        [narrow, 0.0],
        [radius, height * 0.07],
        [radius, height * 0.9],
        [narrow, height * 0.97],
    ];
    let body = attach(&mut thing, 0, turned(&outline, AROUND), side);
    let brim = [
        [narrow, height * 0.97],
        [narrow * 1.02, height],
        [narrow * 0.92, height],
        [narrow * 0.9, height - 0.004],
        [0.0, height - 0.004],
    ];
    let top = attach(&mut thing, 0, turned(&brim, AROUND), metal);
    if drink {
        let tab = slab(Vec3::new(radius * 0.45, radius * 0.8, 0.0015), radius * 0.2);
        let at = Vec3::new(0.0, radius * 0.15, height - 0.0035);
        let tin = thing.material(steel(random));
        attach(&mut thing, top, tab.moved(at), tin);
    } else {
        let wide = radius + 0.0006;
        let (low, high) = (height * 0.1, height * random.range(0.8, 0.88));
        attach(
            &mut thing,
            body,
            turned(&[[wide, low], [wide, high]], AROUND),
            print,
        );
    }
    thing
}

/// A smooth profile of a vase or jug from the middle of its bottom up; its radius at mouth height
/// comes last.
fn belly(random: &mut Random, height: f32, slender: f32) -> Vec<Vec2> {
    let widest = height * slender;
    let mut outline = vec![Vec2::ZERO];
    outline.extend(smooth(
        &[
            [widest * random.range(0.5, 0.8), 0.0],
            [widest, height * random.range(0.25, 0.5)],
            [
                widest * random.range(0.35, 0.75),
                height * random.range(0.72, 0.85),
            ],
            [widest * random.range(0.5, 0.9), height],
        ],
        3,
    ));
    outline
}

/// Adds a vase to piece `parent`. -> its height and the radius of its mouth.
pub(super) fn add_vase(
    thing: &mut Thing,
    parent: u8,
    random: &mut Random,
    palette: &Palette,
) -> (f32, f32) {
    let height = random.range(0.12, 0.3);
    let slender = random.range(0.22, 0.45);
    let outline = belly(random, height, slender);
    let mouth = outline.last().map_or(0.0, |point| point.x);
    let substance = pick(
        random,
        &[Substance::Glaze, Substance::Glaze, Substance::Stone],
    );
    let glaze = thing.material(Material::of(substance, random, palette, height));
    let inside = thing.material(Material::of(Substance::Glaze, random, palette, height));
    let [outer, inner] = shell(&outline, 0.004, 20);
    let body = attach(thing, parent, outer, glaze);
    attach(thing, body, inner, inside);
    let accent = thing.material(Material::of(substance, random, palette, height));
    if random.chance(0.6) {
        let rim = Solid::torus(mouth - 0.001, 0.004, 20).moved(Vec3::Z * height);
        attach(thing, body, rim, accent);
    }
    if random.chance(0.5) {
        let from = random.count(2, 5);
        let band: Vec<Vec2> = outline[from..=from + random.count(1, 3)]
            .iter()
            .map(|point| *point + Vec2::X * 0.0008)
            .collect();
        attach(thing, body, turn(&band, 20), accent);
    }
    (height, mouth)
}

/// A vase: a body with its inside, a rim, a painted band.
pub(super) fn vase(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("vase");
    add_vase(&mut thing, 0, random, palette);
    thing
}

/// A jug: a body, its inside, a handle, a spout.
pub(super) fn jug(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("jug");
    let height = random.range(0.12, 0.26);
    let slender = random.range(0.3, 0.42);
    let outline = belly(random, height, slender);
    let mouth = outline.last().map_or(0.0, |point| point.x);
    let substance = pick(
        random,
        &[Substance::Glaze, Substance::Metal, Substance::Stone],
    );
    let glaze = thing.material(Material::of(substance, random, palette, height));
    let inside = thing.material(Material::of(substance, random, palette, height));
    let [outer, inner] = shell(&outline, 0.004, 20);
    let body = attach(&mut thing, 0, outer, glaze);
    attach(&mut thing, body, inner, inside);
    let lip = Solid::cylinder(0.002, mouth * 0.5, height * 0.22, 14)
        .scaled(Vec3::new(1.3, 1.0, 1.0))
        .moved(Vec3::new(-mouth * 0.75, 0.0, height * 0.785));
    attach(&mut thing, 0, lip, glaze);
    let (low, high) = (height * random.range(0.25, 0.45), height * 0.93);
    let wall = |z: f32| {
        let above = outline.iter().position(|point| point.y >= z);
        above.map_or(mouth, |index| outline[index].x) - 0.004
    };
    let reach = height * random.range(0.35, 0.5);
    let middle = Vec3::new(wall(low).max(wall(high)) + reach, 0.0, high * 0.95);
    let path = bow(
        Vec3::new(wall(high), 0.0, high),
        middle,
        Vec3::new(wall(low), 0.0, low),
        12,
    );
    let thick = random.range(0.005, 0.009);
    attach(&mut thing, 0, Solid::tube(&path, 10, |_| thick), glaze);
    thing
}
