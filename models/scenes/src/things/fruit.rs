//! Fruit.

use super::build::{attach, settled, shade, tipped};
use super::shapes::{bow, bumpy, curve, leaf, outward, placed, smooth, turn};
use crate::palette::{Colour, Palette};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec2, Vec3, vec3};

/// Segments around a fruit.
const AROUND: usize = 22;

/// The skin of a fruit about one of `colours`, or of any colour: toys and odd sorts.
pub(super) fn peel(
    random: &mut Random,
    palette: &Palette,
    colours: &[Colour],
    size_m: f32,
) -> Material {
    let colour = if random.chance(0.85) {
        shade(random, colours)
    } else {
        palette.draw(random)
    };
    Material::coloured(Substance::Skin, random, colour, size_m)
}

/// Bark or a dry stem.
pub(super) fn twig(random: &mut Random) -> Material {
    let colour = shade(
        random,
        &[[0.3, 0.2, 0.1], [0.35, 0.38, 0.15], [0.2, 0.14, 0.08]],
    );
    Material::coloured(Substance::Wood, random, colour, 0.02)
}

/// A stem at `at`, and on some a leaf beside it.
fn add_stem(thing: &mut Thing, random: &mut Random, palette: &Palette, at: Vec3, size: f32) {
    let bark = thing.material(twig(random));
    let lean = vec3(random.range(-0.4, 0.4), random.range(-0.4, 0.4), 1.0) * size * 0.45;
    let path = bow(
        at - Vec3::Z * (0.1 * size),
        at + Vec3::Z * (size * 0.25),
        at + lean,
        5,
    );
    let stem = Solid::tube(&path, 8, |t| size * (0.035 + 0.02 * t));
    attach(thing, 0, stem, bark);
    if random.chance(0.45) {
        let green = thing.material(Material::of(Substance::Foliage, random, palette, size));
        let length = size * random.range(0.7, 1.2);
        let blade = leaf(
            length,
            length * random.range(0.4, 0.6),
            random.range(0.2, 0.6),
        );
        let turn = outward(random.angle(), random.range(0.0, 0.6));
        attach(
            thing,
            0,
            placed(blade, turn, at + Vec3::Z * (size * 0.08)),
            green,
        );
    }
}

/// A fruit that was picked lies on its side now and then.
pub(super) fn dropped(thing: Thing, random: &mut Random) -> Thing {
    let tilt = if random.chance(0.4) {
        random.range(0.3, 2.0)
    } else {
        random.range(0.0, 0.2)
    };
    let turn = Quat::from_rotation_z(random.angle()) * Quat::from_rotation_x(tilt);
    settled(tipped(thing, turn))
}

/// An apple: its flesh, a stem, a leaf.
pub(super) fn apple(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("apple");
    let size = random.range(0.03, 0.048);
    let reds = [
        [0.7, 0.1, 0.1],
        [0.75, 0.25, 0.12],
        [0.5, 0.65, 0.15],
        [0.8, 0.7, 0.2],
    ];
    let skin = thing.material(peel(random, palette, &reds, size));
    let tall = random.range(0.8, 1.05);
    let outline: Vec<Vec2> = smooth(
        &[
            [0.0, -0.7 * tall],
            [0.45, -0.82 * tall],
            [0.85, -0.4 * tall],
            [1.0, 0.15 * tall],
            [0.75, 0.7 * tall],
            [0.35, 0.82 * tall],
            [0.0, 0.55 * tall],
        ],
        3,
    );
    let outline: Vec<Vec2> = outline.into_iter().map(|point| point * size).collect();
    attach(&mut thing, 0, turn(&outline, AROUND), skin);
    add_stem(
        &mut thing,
        random,
        palette,
        Vec3::Z * (0.55 * tall * size),
        size,
    );
    dropped(thing, random)
}

/// An orange or lemon: its peel, the star of its stalk.
pub(super) fn orange(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("orange");
    let size = random.range(0.028, 0.05);
    let warm = [
        [0.9, 0.5, 0.1],
        [0.85, 0.4, 0.08],
        [0.9, 0.8, 0.2],
        [0.6, 0.75, 0.2],
    ];
    let skin = thing.material(peel(random, palette, &warm, size));
    let tall = random.range(0.9, 1.2);
    let ball = Solid::ellipsoid(vec3(1.0, 1.0, tall) * size, AROUND);
    attach(
        &mut thing,
        0,
        bumpy(ball, random, size * 0.5, size * 0.02),
        skin,
    );
    let green = thing.material(Material::of(Substance::Foliage, random, palette, 0.01));
    let star = Solid::cylinder(0.16 * size, 0.1 * size, 0.05 * size, 6);
    attach(
        &mut thing,
        0,
        star.moved(Vec3::Z * (size * tall * 0.98)),
        green,
    );
    if random.chance(0.3) {
        add_stem(
            &mut thing,
            random,
            palette,
            Vec3::Z * (size * tall),
            size * 0.8,
        );
    }
    dropped(thing, random)
}

/// A banana: its peel, a stem, a tip.
pub(super) fn banana(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("banana");
    let radius = random.range(0.07, 0.13);
    let bend = random.range(1.0, 1.9);
    let thick = random.range(0.014, 0.02);
    let ripe = [[0.9, 0.78, 0.2], [0.85, 0.7, 0.15], [0.6, 0.7, 0.2]];
    let skin = thing.material(peel(random, palette, &ripe, 0.1));
    let arc = |t: f32| {
        let angle = bend * (t - 0.5);
        vec3(radius * libm::sinf(angle), radius * libm::cosf(angle), 0.0)
    };
    let shape = |t: f32| thick * (0.35 + 0.65 * libm::sqrtf((4.0 * t * (1.0 - t)).max(0.0)));
    attach(&mut thing, 0, Solid::tube(&curve(14, arc), 7, shape), skin);
    let bark = thing.material(twig(random));
    let stem = curve(4, |t| arc(-0.14 * t));
    let stem = Solid::tube(&stem, 7, |t| thick * (0.36 - 0.1 * t));
    let green = thing.material(peel(random, palette, &[[0.6, 0.65, 0.2]], 0.02));
    let stem = attach(&mut thing, 0, stem, green);
    let cut = curve(1, |t| arc(-0.14 - 0.015 * t));
    attach(
        &mut thing,
        stem,
        Solid::tube(&cut, 7, |_| thick * 0.28),
        bark,
    );
    let tip = curve(2, |t| arc(0.99 + 0.03 * t));
    attach(
        &mut thing,
        0,
        Solid::tube(&tip, 7, |t| thick * (0.4 - 0.15 * t)),
        bark,
    );
    let turn = Quat::from_rotation_z(random.angle());
    settled(tipped(thing, turn))
}

/// A pear: its flesh, a stem, a leaf.
pub(super) fn pear(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("pear");
    let size = random.range(0.028, 0.042);
    let greens = [[0.65, 0.7, 0.25], [0.8, 0.72, 0.3], [0.55, 0.4, 0.2]];
    let skin = thing.material(peel(random, palette, &greens, size));
    let neck = random.range(0.35, 0.55);
    let outline = smooth(
        &[
            [0.0, -0.85],
            [0.5, -0.92],
            [0.95, -0.4],
            [0.95, 0.1],
            [neck + 0.1, 0.9],
            [neck * 0.7, 1.5],
            [0.0, 1.55],
        ],
        3,
    );
    let outline: Vec<Vec2> = outline.into_iter().map(|point| point * size).collect();
    attach(&mut thing, 0, turn(&outline, AROUND), skin);
    add_stem(&mut thing, random, palette, Vec3::Z * (1.52 * size), size);
    dropped(thing, random)
}

/// A bunch of grapes: a stalk; berries.
pub(super) fn grapes(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("grapes");
    let size = random.range(0.008, 0.012);
    let sorts = [[0.25, 0.1, 0.25], [0.5, 0.6, 0.25], [0.45, 0.15, 0.2]];
    let skin = thing.material(peel(random, palette, &sorts, size));
    let bark = thing.material(twig(random));
    let count = random.count(14, 24);
    let length = size * 9.0;
    let bunch = thing.part(0);
    for berry in 0..count {
        let along = (berry as f32 + 0.5) / count as f32;
        let angle = berry as f32 * 2.4;
        let spread = size * 2.6 * (1.0 - 0.75 * along);
        let at = vec3(
            length * along + random.normal() * 0.1 * size,
            spread * libm::cosf(angle),
            size + spread * 0.7 * (1.0 + libm::sinf(angle)),
        );
        let grow = random.range(0.9, 1.1);
        let ball = Solid::ellipsoid(vec3(1.1, 1.0, 1.0) * (size * grow), 8);
        attach(&mut thing, bunch, ball.moved(at), skin);
    }
    let path = bow(
        vec3(length * 0.3, 0.0, size * 2.5),
        vec3(-length * 0.1, 0.0, size * 3.5),
        vec3(-length * 0.35, size, size * 2.5),
        6,
    );
    attach(&mut thing, 0, Solid::tube(&path, 6, |_| 0.0018), bark);
    let turn = Quat::from_rotation_z(random.angle());
    settled(tipped(thing, turn))
}
