//! Animals on four legs.

use super::build::{attach, pick, settled, shade};
use super::quadruped::{Build, COATS, animal};
use super::shapes::{bumpy, curve};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec3, vec3};

/// A dog.
pub(super) fn dog(random: &mut Random, palette: &Palette) -> Thing {
    let size = random.range(0.3, 0.8);
    let build = Build {
        length: size * random.range(0.85, 1.3),
        legs: size * random.range(0.25, 0.6),
        chest: size * random.range(0.15, 0.2),
        waist: random.range(0.65, 0.95),
        neck: size * random.range(0.22, 0.35),
        rise: random.range(0.3, 1.1),
        skull: size * random.range(0.105, 0.14),
        muzzle: size * random.range(0.06, 0.2),
        ear: size * random.range(0.12, 0.22),
        hang: random.range(0.0, 2.6),
        tail: size * random.range(0.25, 0.5),
        brush: random.range(0.05, 0.12),
        wag: random.range(-0.8, 1.2),
        leg: size * random.range(0.045, 0.06),
        ..Build::default()
    };
    settled(animal("dog", random, palette, &build))
}

/// A cat.
pub(super) fn cat(random: &mut Random, palette: &Palette) -> Thing {
    let size = random.range(0.36, 0.5);
    let build = Build {
        length: size,
        legs: size * random.range(0.3, 0.4),
        chest: size * random.range(0.13, 0.19),
        waist: random.range(0.85, 1.1),
        neck: size * 0.15,
        rise: random.range(0.1, 0.9),
        skull: size * random.range(0.115, 0.14),
        muzzle: size * 0.03,
        ear: size * random.range(0.11, 0.15),
        tail: size * random.range(0.6, 0.8),
        brush: random.range(0.03, 0.08),
        wag: random.range(-0.9, 1.3),
        leg: size * 0.05,
        ..Build::default()
    };
    settled(animal("cat", random, palette, &build))
}

/// A horse: a mane, a saddle on some.
pub(super) fn horse(random: &mut Random, palette: &Palette) -> Thing {
    let size = random.range(1.0, 1.7);
    let build = Build {
        length: size * random.range(0.95, 1.1),
        legs: size * random.range(0.5, 0.58),
        chest: size * 0.19,
        waist: random.range(0.9, 1.05),
        neck: size * random.range(0.42, 0.52),
        rise: random.range(0.5, 1.1),
        skull: size * 0.095,
        muzzle: size * random.range(0.2, 0.26),
        ear: size * 0.09,
        tail: size * random.range(0.4, 0.55),
        brush: 0.09,
        wag: -1.2,
        leg: size * 0.042,
        hoofs: true,
        ..Build::default()
    };
    let mut thing = animal("horse", random, palette, &build);
    let hair = shade(random, &COATS);
    let hair = thing.material(Material::coloured(Substance::Fur, random, hair, 0.2));
    let back = build.legs + build.chest * 1.75;
    let lift = vec3(0.0, -libm::cosf(build.rise), libm::sinf(build.rise));
    let root = vec3(0.0, -build.length * 0.4, back - build.chest * 0.75);
    let behind = vec3(0.0, libm::sinf(build.rise), libm::cosf(build.rise)) * (build.chest * 0.52);
    let path = curve(6, |t| {
        root + lift * (build.neck * (0.15 + 0.95 * t)) + behind
    });
    let mane = Solid::tube(&path, 8, |t| build.chest * (0.2 + 0.1 * t)).scaled(vec3(0.6, 1.0, 1.0));
    attach(&mut thing, 0, mane, hair);
    if random.chance(0.4) {
        let leather = thing.material(Material::of(Substance::Skin, random, palette, 0.3));
        let seat = Solid::ellipsoid(vec3(0.88, 0.6, 0.7) * build.chest, 14);
        let at = vec3(0.0, -build.length * 0.08, back);
        attach(
            &mut thing,
            0,
            seat.moved(at - Vec3::Z * (0.37 * build.chest)),
            leather,
        );
    }
    settled(thing)
}

/// A cow: an udder, horns on some.
pub(super) fn cow(random: &mut Random, palette: &Palette) -> Thing {
    let size = random.range(1.1, 1.5);
    let build = Build {
        length: size * random.range(1.1, 1.25),
        legs: size * random.range(0.4, 0.48),
        chest: size * random.range(0.22, 0.27),
        waist: random.range(1.0, 1.12),
        neck: size * 0.26,
        rise: random.range(-0.2, 0.5),
        skull: size * 0.115,
        muzzle: size * 0.17,
        ear: size * 0.13,
        hang: 1.4,
        horn: size * pick(random, &[0.0, 0.0, 0.15]),
        tail: size * 0.5,
        brush: 0.035,
        wag: -1.3,
        leg: size * 0.05,
        hoofs: true,
    };
    let mut thing = animal("cow", random, palette, &build);
    let pink = Material::coloured(Substance::Skin, random, [0.85, 0.65, 0.6], 0.2);
    let pink = thing.material(pink);
    let udder = Solid::ellipsoid(vec3(0.5, 0.6, 0.4) * build.chest, 12);
    let at = vec3(0.0, build.length * 0.25, build.legs * 0.97);
    attach(&mut thing, 0, udder.moved(at), pink);
    settled(thing)
}

/// A sheep: wool on its body.
pub(super) fn sheep(random: &mut Random, palette: &Palette) -> Thing {
    let size = random.range(0.7, 1.0);
    let build = Build {
        length: size,
        legs: size * random.range(0.28, 0.38),
        chest: size * random.range(0.2, 0.24),
        waist: 1.0,
        neck: size * 0.2,
        rise: random.range(0.2, 0.8),
        skull: size * 0.1,
        muzzle: size * 0.1,
        ear: size * 0.12,
        hang: 1.5,
        tail: size * 0.14,
        brush: 0.2,
        wag: -0.9,
        leg: size * 0.04,
        hoofs: true,
        ..Build::default()
    };
    let mut thing = animal("sheep", random, palette, &build);
    let light = random.range(0.55, 0.95);
    let wool = Material::coloured(
        Substance::Stone,
        random,
        [light, light * 0.95, light * 0.87],
        0.1,
    );
    let wool = thing.material(wool);
    let radii = vec3(build.chest * 1.2, build.length * 0.56, build.chest * 1.25);
    let fleece = bumpy(Solid::ellipsoid(radii, 26), random, 0.07, 0.05);
    attach(
        &mut thing,
        0,
        fleece.moved(Vec3::Z * (build.legs + build.chest)),
        wool,
    );
    settled(thing)
}
