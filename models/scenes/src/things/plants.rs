//! Plants in pots and vases.

use super::build::{attach, pick, settled};
use super::shapes::{bow, disc, leaf, outward, placed, shell, turn};
use super::vessels::add_vase;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec2, Vec3, vec2, vec3};
use std::f32::consts::TAU;

/// Soil.
pub(super) fn soil(random: &mut Random) -> Material {
    let light = random.range(0.08, 0.3);
    let colour = [light, light * 0.8, light * 0.6];
    Material::coloured(Substance::Stone, random, colour, 0.2)
}

/// A green stem.
fn stalk(random: &mut Random) -> Material {
    let light = random.range(0.2, 0.55);
    let colour = [light * 0.7, light, light * 0.35];
    Material::coloured(Substance::Skin, random, colour, 0.05)
}

/// A plant in a pot: the pot with its rim and inside, soil, stems, leaves, flowers on some.
pub(super) fn potted_plant(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("potted plant");
    let radius = random.range(0.045, 0.1);
    let tall = radius * random.range(1.3, 1.9);
    let foot = radius * random.range(0.65, 0.9);
    let kind = pick(
        random,
        &[Substance::Stone, Substance::Glaze, Substance::Paint],
    );
    let clay = thing.material(Material::of(kind, random, palette, radius));
    let outline = [Vec2::ZERO, vec2(foot, 0.0), vec2(radius, tall)];
    let [outer, inner] = shell(&outline, 0.005, 26);
    let pot = attach(&mut thing, 0, outer, clay);
    attach(&mut thing, pot, inner, clay);
    if random.chance(0.6) {
        let band = [
            vec2(radius * 0.98, tall * 0.82),
            vec2(radius * 1.07, tall * 0.82),
            vec2(radius * 1.08, tall),
            vec2(radius * 0.95, tall),
        ];
        attach(&mut thing, pot, turn(&band, 26), clay);
    }
    let earth = thing.material(soil(random));
    let level = tall * 0.86;
    attach(&mut thing, 0, disc(radius * 0.92, level, 20), earth);
    let green = thing.material(stalk(random));
    let foliage = [
        thing.material(Material::of(Substance::Foliage, random, palette, 0.1)),
        thing.material(Material::of(Substance::Foliage, random, palette, 0.1)),
    ];
    let petals = thing.material(Material::of(Substance::Skin, random, palette, 0.03));
    let plant = thing.part(0);
    let reach = (radius * random.range(1.5, 3.5)).min(0.18);
    let long = reach * random.range(0.35, 0.6);
    let slim = random.range(0.18, 0.6);
    let droop = random.range(0.1, 0.8);
    let blooms = random.chance(0.3);
    let stems = random.count(4, 7);
    for stem in 0..stems {
        let heading = TAU * stem as f32 / stems as f32 + random.range(-0.4, 0.4);
        let lift = random.range(0.5, 1.45);
        let root = vec3(0.0, 0.0, level) + outward(heading, 0.0) * Vec3::X * (radius * 0.2);
        let tip = root + outward(heading, lift) * Vec3::X * (reach * random.range(0.5, 1.0));
        let path = bow(root, root.lerp(tip, 0.5) + Vec3::Z * (0.2 * reach), tip, 5);
        attach(
            &mut thing,
            plant,
            Solid::tube(&path, 5, |t| 0.0028 - 0.001 * t),
            green,
        );
        if blooms && random.chance(0.5) {
            add_bloom(&mut thing, plant, random, tip, long * 0.3, [petals, green]);
            continue;
        }
        for (place, aside) in [(1.0, 0.0), (0.65, 1.2), (0.45, -1.2)] {
            let at = path[((place * 5.0) as usize).min(5)];
            let blade = leaf(long * place, long * slim * place, droop);
            let pose = outward(heading + aside + random.range(-0.3, 0.3), lift * 0.5);
            let shade = foliage[random.count(0, 1)];
            attach(&mut thing, plant, placed(blade, pose, at), shade);
        }
    }
    settled(thing)
}

/// A flower's head of radius `size` at `at`: petals and a heart, of these materials.
fn add_bloom(
    thing: &mut Thing,
    parent: u8,
    random: &mut Random,
    at: Vec3,
    size: f32,
    [petals, heart]: [u8; 2],
) {
    let head = thing.part(parent);
    let ring = thing.part(head);
    let count = random.count(5, 6);
    let lift = random.range(-0.2, 0.9);
    let wide = random.range(1.0, 1.6) * TAU / count as f32;
    for petal in 0..count {
        let heading = TAU * petal as f32 / count as f32;
        let blade = leaf(size, (size * wide).min(size), 0.25);
        thing.add(placed(blade, outward(heading, lift), at), ring, petals);
    }
    let middle = Solid::ellipsoid(vec3(0.26, 0.26, 0.16) * size, 10);
    attach(
        thing,
        head,
        middle.moved(at + Vec3::Z * (0.06 * size)),
        heart,
    );
}

/// Flowers in a vase: the vase; flowers with stem, leaf, petals and heart.
pub(super) fn flowers(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("flowers");
    let holder = thing.part(0);
    let (height, mouth) = add_vase(&mut thing, holder, random, palette);
    let green = thing.material(stalk(random));
    let foliage = thing.material(Material::of(Substance::Foliage, random, palette, 0.05));
    let warm = random.range(0.3, 0.9);
    let colour = [warm, warm * 0.75, 0.15];
    let heart = thing.material(Material::coloured(Substance::Skin, random, colour, 0.02));
    let sorts: Vec<u8> = (0..random.count(1, 3))
        .map(|_| thing.material(Material::of(Substance::Skin, random, palette, 0.04)))
        .collect();
    let size = random.range(0.02, 0.045);
    let count = random.count(1, 3);
    for flower in 0..count {
        let piece = thing.part(0);
        let heading = TAU * flower as f32 / count as f32 + random.range(-0.5, 0.5);
        let away = outward(heading, 0.0) * Vec3::X;
        let lean = random.range(0.1, 0.5) * height.min(0.2);
        let rise = height * random.range(0.35, 0.8);
        let root = away * (-0.3 * mouth) + Vec3::Z * (height * 0.6);
        let tip = away * lean + Vec3::Z * (height + rise.min(0.3));
        let path = bow(
            root,
            Vec3::Z * (height + 0.3 * rise) + away * (0.4 * mouth),
            tip,
            6,
        );
        attach(&mut thing, piece, Solid::tube(&path, 6, |_| 0.0022), green);
        let sort = pick(random, &sorts);
        add_bloom(&mut thing, piece, random, tip, size, [sort, heart]);
        if random.chance(0.6) {
            let blade = leaf(size * 1.6, size * 0.6, 0.4);
            let turn = outward(heading + random.range(-1.0, 1.0), 0.5);
            attach(&mut thing, piece, placed(blade, turn, path[4]), foliage);
        }
    }
    settled(thing)
}
