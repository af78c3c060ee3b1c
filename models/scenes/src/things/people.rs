//! People.

use super::build::{SIDES, attach, dark, pick, settled, shade};
use super::heads::add_head;
use super::shapes::{curve, pillow, placed, rod, smoothed, turned};
use crate::palette::{Colour, Palette};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};

/// Colours of skin.
const SKIN: [Colour; 6] = [
    [0.93, 0.76, 0.66],
    [0.85, 0.65, 0.52],
    [0.75, 0.55, 0.4],
    [0.58, 0.4, 0.28],
    [0.42, 0.28, 0.2],
    [0.28, 0.18, 0.14],
];

/// What a person is dressed in: indices of materials.
#[derive(Clone, Copy)]
struct Dress {
    skin: u8,
    top: u8,
    sleeve: u8,
    trousers: u8,
    calf: u8,
    shoe: u8,
}

/// A direction down the body, swung to the front by `ahead` and out to `side` by `aside` (radians).
fn limb(side: f32, ahead: f32, aside: f32) -> Vec3 {
    let down = libm::cosf(aside);
    vec3(
        side * libm::sinf(aside),
        -down * libm::sinf(ahead),
        -down * libm::cosf(ahead),
    )
}

/// A person: a head with face and hair, a torso, arms with hands, legs with shoes.
pub(super) fn person(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("person");
    let height = random.range(1.0, 1.95);
    // Children have large heads and no waist.
    let child = ((1.55 - height) / 0.55).clamp(0.0, 1.0);
    let girth = random.range(0.95, 1.35) * (1.0 + 0.1 * child);
    let skin = shade(random, &SKIN);
    let skin = thing.material(Material::coloured(Substance::Skin, random, skin, 0.2));
    let cloth = |thing: &mut Thing, random: &mut Random| {
        let kind = pick(
            random,
            &[Substance::Cloth, Substance::Cloth, Substance::Paint],
        );
        thing.material(Material {
            gloss: 0.0,
            ..Material::of(kind, random, palette, 0.4)
        })
    };
    let (top, trousers) = (cloth(&mut thing, random), cloth(&mut thing, random));
    let shoe = if random.chance(0.5) {
        thing.material(dark(random))
    } else {
        thing.material(Material::of(Substance::Skin, random, palette, 0.2))
    };
    let dress = Dress {
        skin,
        top,
        sleeve: if random.chance(0.5) { top } else { skin },
        trousers,
        calf: if random.chance(0.75) { trousers } else { skin },
        shoe,
    };
    add_torso(&mut thing, random, palette, height, girth, dress);
    add_head(
        &mut thing,
        random,
        palette,
        height * (1.0 + 0.35 * child),
        height,
        skin,
    );
    let stride = if random.chance(0.5) {
        random.range(0.1, 0.5)
    } else {
        0.0
    };
    let seated = random.chance(0.1);
    for side in SIDES {
        let swing = if seated {
            random.range(1.35, 1.6)
        } else {
            side * stride
        };
        let bend = if seated {
            random.range(0.0, 0.6)
        } else {
            (stride - swing) * random.range(0.2, 0.9)
        };
        let apart = if seated {
            random.range(0.0, 0.4)
        } else {
            random.range(0.02, 0.12)
        };
        add_leg(&mut thing, height, girth, dress, (side, swing, bend, apart));
        let raise = if random.chance(0.3) {
            random.range(0.3, 2.6)
        } else {
            -0.8 * side * stride
        };
        let aside = if random.chance(0.15) {
            random.range(0.4, 2.4)
        } else {
            random.range(0.08, 0.25)
        };
        let elbow = random.range(0.05, 1.5) * random.unit();
        add_arm(
            &mut thing,
            height,
            girth,
            dress,
            (side, raise, aside, elbow),
        );
    }
    settled(thing)
}

/// The torso with hips, and on some a belt, a skirt, a pattern or a backpack.
fn add_torso(
    thing: &mut Thing,
    random: &mut Random,
    palette: &Palette,
    height: f32,
    girth: f32,
    dress: Dress,
) {
    let wide = |z: f32| {
        let knots = [
            (0.5, 0.088),
            (0.6, 0.082),
            (0.72, 0.1),
            (0.8, 0.108),
            (0.835, 0.06),
            (0.87, 0.034),
        ];
        let above = knots
            .iter()
            .position(|(up, _)| *up >= z)
            .unwrap_or(5)
            .max(1);
        let ((low, a), (high, b)) = (knots[above - 1], knots[above]);
        (a + (b - a) * ((z - low) / (high - low)).clamp(0.0, 1.0)) * height * girth
    };
    let piece = |from: f32, to: f32, grow: f32| {
        let steps = ((to - from) * 36.0) as usize;
        let path = curve(steps.clamp(1, 10), |t| {
            Vec3::Z * (height * (from + (to - from) * t))
        });
        Solid::tube(&path, 14, |t| wide(from + (to - from) * t) + grow).scaled(vec3(1.0, 0.62, 1.0))
    };
    let torso = attach(thing, 0, piece(0.56, 0.84, 0.0), dress.top);
    attach(thing, 0, piece(0.82, 0.88, 0.0), dress.skin);
    let hips = pillow(vec3(0.18 * girth, 0.12 * girth, 0.13) * height, 12);
    let hips = attach(
        thing,
        torso,
        hips.moved(Vec3::Z * (0.52 * height)),
        dress.trousers,
    );
    if random.chance(0.4) {
        let leather = thing.material(dark(random));
        attach(thing, hips, piece(0.56, 0.58, 0.006), leather);
    }
    if random.chance(0.15) {
        let radius = 0.085 * girth * height;
        let (low, high) = (height * random.range(0.22, 0.4), height * 0.57);
        let skirt = [
            [radius * random.range(1.2, 1.9), low],
            [radius * 1.05, high],
        ];
        let skirt = turned(&skirt, 20).scaled(vec3(1.0, 0.8, 1.0));
        attach(thing, 0, skirt, dress.trousers);
    }
    if random.chance(0.3) {
        let print = thing.material(Material::of(Substance::Noise, random, palette, 0.2));
        let from = random.range(0.6, 0.7);
        attach(
            thing,
            torso,
            piece(from, from + random.range(0.03, 0.1), 0.003),
            print,
        );
    }
    if random.chance(0.15) {
        let pack = thing.material(Material::of(Substance::Cloth, random, palette, 0.3));
        let size = vec3(0.17, 0.1, 0.24) * height;
        let at = vec3(0.0, 0.1 * girth, 0.71) * height;
        let pack_piece = attach(thing, 0, pillow(size, 16).moved(at), pack);
        let pocket = pillow(size * vec3(0.7, 0.5, 0.4), 12);
        let trim = thing.material(Material::of(Substance::Cloth, random, palette, 0.1));
        let at = at + vec3(0.0, 0.5 * size.y, -0.2 * size.z);
        attach(thing, pack_piece, pocket.moved(at), trim);
    }
}

/// A leg: thigh, calf, a shoe with its sole. `pose` is side, swing ahead, bend of the knee, and how far
/// it stands apart.
fn add_leg(thing: &mut Thing, height: f32, girth: f32, dress: Dress, pose: (f32, f32, f32, f32)) {
    let (side, swing, bend, apart) = pose;
    let hip = vec3(side * 0.046 * girth, 0.0, 0.5) * height;
    let knee = hip + limb(side, swing, apart) * (0.235 * height);
    let ankle = knee + limb(side, swing - bend, apart * 0.6) * (0.225 * height);
    let thick = height * girth;
    let thigh = Solid::capsule(hip, knee, 0.048 * thick, 0.034 * thick, 9);
    let leg = attach(thing, 0, thigh, dress.trousers);
    let calf = Solid::capsule(knee, ankle, 0.034 * thick, 0.023 * thick, 9);
    attach(thing, leg, calf, dress.calf);
    let flat = |point: Vec3| point.with_z(point.z.max(-0.016 * height));
    let shoe = smoothed(pillow(vec3(0.055, 0.15, 0.06) * height, 12).bent(flat));
    let turn = Quat::from_rotation_z(side * 0.15)
        * Quat::from_rotation_x(-(swing - bend).clamp(-0.6, 1.4));
    let foot = placed(
        shoe,
        turn,
        ankle + turn * (vec3(0.0, -0.04, -0.012) * height),
    );
    attach(thing, leg, foot, dress.shoe);
}

/// An arm: upper arm, forearm, a hand with a thumb. `pose` is side, swing ahead, swing out, and bend of
/// the elbow.
fn add_arm(thing: &mut Thing, height: f32, girth: f32, dress: Dress, pose: (f32, f32, f32, f32)) {
    let (side, swing, aside, bend) = pose;
    let shoulder = vec3(side * 0.105 * girth, 0.0, 0.795) * height;
    let elbow = shoulder + limb(side, swing, aside) * (0.16 * height);
    let way = limb(side, swing + bend, aside * 0.7);
    let wrist = elbow + way * (0.145 * height);
    let thick = height * girth;
    let upper = Solid::capsule(shoulder, elbow, 0.032 * thick, 0.025 * thick, 9);
    let arm = attach(thing, 0, upper, dress.top);
    let lower = Solid::capsule(elbow, wrist, 0.025 * thick, 0.018 * thick, 9);
    attach(thing, arm, lower, dress.sleeve);
    let palm = Solid::ellipsoid(vec3(0.012, 0.024, 0.042) * height, 10);
    let turn = Quat::from_rotation_arc(Vec3::Z, way);
    let middle = wrist + way * (0.032 * height);
    let hand = attach(thing, arm, placed(palm, turn, middle), dress.skin);
    let thumb = turn * (vec3(0.0, -0.02, -0.01) * height);
    let tip = turn * (vec3(0.0, -0.032, 0.014) * height);
    let thumb = rod(
        middle + thumb,
        middle + tip,
        0.008 * height,
        0.005 * height,
        6,
    );
    thing.add(thumb, hand, dress.skin);
}
