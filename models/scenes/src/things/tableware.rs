//! What stands on a laid table: bowls, glasses, plates.

use super::build::{attach, pick};
use super::shapes::{disc, shell, smooth, turn, turned};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec2, Vec3, vec2, vec3};
use std::f32::consts::FRAC_PI_2;

/// Segments around a vessel.
const AROUND: usize = 24;

/// A round bowl's profile from `foot` (radius, height) to `rim`, bottom included.
fn hollow(foot: Vec2, rim: Vec2) -> Vec<Vec2> {
    let mut outline = vec![vec2(0.0, foot.y)];
    outline.extend((0..=7).map(|step| {
        let angle = FRAC_PI_2 * step as f32 / 7.0;
        let round = vec2(libm::sinf(angle), 1.0 - libm::cosf(angle));
        foot + (rim - foot) * round
    }));
    outline
}

/// A bowl: a body, its inside, a foot; some with a coloured rim or something in them.
pub(super) fn bowl(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("bowl");
    let radius = random.range(0.055, 0.14);
    let height = radius * random.range(0.5, 1.0);
    let foot = vec2(
        radius * random.range(0.35, 0.55),
        height * random.range(0.06, 0.14),
    );
    let substance = pick(
        random,
        &[
            Substance::Glaze,
            Substance::Glaze,
            Substance::Wood,
            Substance::Metal,
        ],
    );
    let outside = thing.material(Material::of(substance, random, palette, radius));
    let inside = if random.chance(0.5) {
        thing.material(Material::of(substance, random, palette, radius))
    } else {
        outside
    };
    let [outer, inner] = shell(&hollow(foot, vec2(radius, height)), 0.004, AROUND);
    let body = attach(&mut thing, 0, outer, outside);
    attach(&mut thing, body, inner, inside);
    let base = Solid::cylinder(foot.x * 0.95, foot.x, foot.y * 1.3, AROUND);
    attach(&mut thing, 0, base, outside);
    if random.chance(0.35) {
        let paint = thing.material(Material::of(Substance::Glaze, random, palette, radius));
        let rim = Solid::torus(radius - 0.002, 0.0032, AROUND).moved(Vec3::Z * height);
        attach(&mut thing, body, rim, paint);
    }
    if random.chance(0.4) {
        let food = pick(
            random,
            &[Substance::Noise, Substance::Skin, Substance::Foliage],
        );
        let filling = thing.material(Material::of(food, random, palette, radius));
        let level = random.range(0.5, 0.85);
        let depth = 1.0 - level;
        let wide = foot.x + (radius - foot.x) * (1.0 - depth * depth).sqrt() - 0.004;
        let z = foot.y + (height - foot.y) * level;
        let heap = turned(
            &[[wide, z], [wide * 0.5, z + 0.006], [0.0, z + 0.008]],
            AROUND,
        );
        attach(&mut thing, 0, heap, filling);
    }
    thing
}

/// A glass: a tumbler, or a cup on a stem; some with a drink.
pub(super) fn glass(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("glass");
    let light = random.range(0.45, 0.9);
    let tint = if random.chance(0.7) {
        Material::coloured(Substance::Glaze, random, [light * 0.95, light, light], 0.1)
    } else {
        Material::of(Substance::Glaze, random, palette, 0.1)
    };
    let glass = thing.material(tint);
    let drink = Material::of(Substance::Glaze, random, palette, 0.1);
    let (outline, rim) = if random.chance(0.5) {
        let (radius, height) = (random.range(0.025, 0.038), random.range(0.07, 0.16));
        let rim = vec2(radius * random.range(1.0, 1.35), height);
        (vec![Vec2::ZERO, vec2(radius, 0.0), rim], rim)
    } else {
        let (radius, height) = (random.range(0.028, 0.05), random.range(0.12, 0.23));
        let stem = height * random.range(0.35, 0.55);
        let foot = radius * random.range(0.8, 1.0);
        let base = turned(
            &[[0.0, 0.0], [foot, 0.0], [foot, 0.002], [0.005, 0.007]],
            AROUND,
        );
        attach(&mut thing, 0, base, glass);
        let stalk = [[0.005, 0.007], [0.0035, stem * 0.5], [0.006, stem + 0.004]];
        attach(&mut thing, 0, turned(&stalk, 12), glass);
        let rim = vec2(radius * random.range(0.75, 1.1), height);
        let mut outline = vec![vec2(0.0, stem)];
        outline.extend(smooth(
            &[
                [0.004, stem],
                [radius * 0.8, stem + (height - stem) * 0.2],
                [radius, stem + (height - stem) * 0.5],
                rim.to_array(),
            ],
            4,
        ));
        (outline, rim)
    };
    let [outer, inner] = shell(&outline, 0.002, AROUND);
    let cup = attach(&mut thing, 0, outer, glass);
    let inside = attach(&mut thing, cup, inner, glass);
    if random.chance(0.6) {
        let drink = thing.material(drink);
        let count = outline.len();
        let surface = outline[count - 2].lerp(rim, random.range(0.3, 0.9)) - Vec2::X * 0.0022;
        attach(
            &mut thing,
            inside,
            disc(surface.x, surface.y, AROUND),
            drink,
        );
    }
    thing
}

/// A plate: a body, its face, a painted rim; some with food.
pub(super) fn plate(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("plate");
    let radius = random.range(0.07, 0.15);
    let height = radius * random.range(0.1, 0.22);
    let well = radius * random.range(0.55, 0.75);
    let glaze = thing.material(Material::of(Substance::Glaze, random, palette, radius));
    let outline = [
        Vec2::ZERO,
        vec2(well, 0.0),
        vec2(well * 1.06, height * 0.5),
        vec2(radius, height),
    ];
    let [outer, inner] = shell(&outline, 0.003, AROUND);
    let body = attach(&mut thing, 0, outer, glaze);
    let face = attach(&mut thing, body, inner, glaze);
    if random.chance(0.5) {
        let paint = thing.material(Material::of(Substance::Glaze, random, palette, radius));
        let (rim, bend) = (
            outline[3] - Vec2::X * 0.003,
            outline[2] + vec2(-0.003, 0.003),
        );
        let at = |t: f32| rim.lerp(bend, t) + Vec2::Y * 0.0006;
        let band = turn(&[at(0.0), at(random.range(0.2, 0.7))], AROUND);
        attach(&mut thing, face, band, paint);
    }
    if random.chance(0.35) {
        for _ in 0..random.count(1, 3) {
            let kind = pick(
                random,
                &[Substance::Skin, Substance::Noise, Substance::Foliage],
            );
            let food = thing.material(Material::of(kind, random, palette, radius));
            let size = well * random.range(0.25, 0.5);
            let lump = Solid::ellipsoid(vec3(size, size * random.range(0.5, 1.0), size * 0.4), 12);
            let away = well - size;
            let at = vec3(
                random.range(-0.7, 0.7) * away,
                random.range(-0.7, 0.7) * away,
                0.006,
            );
            attach(&mut thing, 0, lump.moved(at), food);
        }
    }
    thing
}
