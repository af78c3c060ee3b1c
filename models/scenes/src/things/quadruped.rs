//! The body that animals on four legs share.

use super::build::{SIDES, attach, dark, pick, shade};
use super::shapes::{bow, curve, placed};
use crate::palette::{Colour, Palette};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use crate::texture::{Pattern, Texture};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::PI;

/// Colours of coats.
pub(super) const COATS: [Colour; 7] = [
    [0.08, 0.07, 0.07],
    [0.3, 0.2, 0.13],
    [0.5, 0.33, 0.18],
    [0.75, 0.6, 0.42],
    [0.9, 0.87, 0.82],
    [0.5, 0.5, 0.5],
    [0.65, 0.38, 0.2],
];

/// The build of a kind, metres and radians.
#[derive(Default)]
pub(super) struct Build {
    /// From chest to rump.
    pub(super) length: f32,
    /// From the ground to the belly.
    pub(super) legs: f32,
    /// Radius of the chest, and of the belly behind it as a fraction of that.
    pub(super) chest: f32,
    pub(super) waist: f32,
    /// Length of the neck and how steeply it rises.
    pub(super) neck: f32,
    pub(super) rise: f32,
    /// Radius of the skull, and length of the muzzle beyond it.
    pub(super) skull: f32,
    pub(super) muzzle: f32,
    /// Length of an ear, how far it hangs.
    pub(super) ear: f32,
    pub(super) hang: f32,
    /// Length of the tail, its thickness as a fraction of its length, how steeply it rises.
    pub(super) tail: f32,
    pub(super) brush: f32,
    pub(super) wag: f32,
    /// Length of a horn, if it has any.
    pub(super) horn: f32,
    /// Thickness of a leg.
    pub(super) leg: f32,
    pub(super) hoofs: bool,
}

/// A round tapered path of legs and tails.
fn limb(points: &[Vec3], radii: [f32; 2]) -> Solid {
    Solid::tube(points, 8, |t| radii[0] + (radii[1] - radii[0]) * t)
}

/// Gives some coats patches of another colour, as cows, cats and hounds have.
fn patch(thing: &mut Thing, random: &mut Random, coat: u8, colour: Colour, length: f32) {
    if random.chance(0.35) {
        let second = shade(random, &COATS);
        let period_px = 1000.0 * length * random.log_range(0.08, 0.4);
        let sharp = random.range(0.6, 1.0);
        let coat = &mut thing.materials[usize::from(coat)];
        coat.texture = Texture::of(
            random,
            Pattern::Cells,
            [colour, second],
            period_px,
            1.3,
            sharp,
        );
    }
}

/// A body, a neck, a head with muzzle, nose, eyes and ears, legs with paws or hoofs, a tail; not
/// settled yet.
pub(super) fn animal(
    kind: &'static str,
    random: &mut Random,
    palette: &Palette,
    build: &Build,
) -> Thing {
    let mut thing = Thing::new(kind);
    let colour = shade(random, &COATS);
    let coat = thing.material(Material::coloured(
        Substance::Fur,
        random,
        colour,
        build.length,
    ));
    let other = if random.chance(0.5) {
        let colour = shade(random, &COATS);
        thing.material(Material::coloured(
            Substance::Fur,
            random,
            colour,
            build.length,
        ))
    } else {
        coat
    };
    let mut marked = Random::new(colour[0].to_bits().into());
    patch(&mut thing, &mut marked, coat, colour, build.length);
    let coats = [coat, other];
    // Heads, necks and legs of many are of another colour than the trunk.
    let own = |random: &mut Random| {
        if random.chance(0.3) { other } else { coat }
    };
    let [head_coat, neck_coat, leg_coat] = std::array::from_fn(|_| own(&mut marked));
    let half = build.length * 0.5;
    let middle = build.legs + build.chest;
    let trunk = curve(12, |t| vec3(0.0, build.length * (t - 0.5), 0.0));
    let shape = |t: f32| {
        let end = (4.0 * t * (1.0 - t)).max(0.0).sqrt().sqrt();
        build.chest * end * (1.0 + (build.waist - 1.0) * libm::sinf(PI * t * 0.8))
    };
    let trunk = Solid::tube(&trunk, 14, shape).scaled(vec3(0.8, 1.0, 1.0));
    let body = attach(&mut thing, 0, trunk.moved(Vec3::Z * middle), coat);
    if random.chance(0.4) {
        let radii = vec3(0.55, 1.1, 0.6) * build.chest;
        let at = vec3(
            0.0,
            random.range(-0.2, 0.2) * build.length,
            middle - 0.46 * build.chest,
        );
        attach(
            &mut thing,
            body,
            Solid::ellipsoid(radii, 14).moved(at),
            other,
        );
    }
    let lift = vec3(0.0, -libm::cosf(build.rise), libm::sinf(build.rise));
    let root = vec3(0.0, -half * 0.8, middle + build.chest * 0.2);
    let top = root + lift * build.neck;
    let scale = build.skull;
    let path = curve(5, |t| root.lerp(top, t));
    let neck = Solid::tube(&path, 12, |t| {
        build.chest * 0.7 * (1.0 - t) + scale * 0.72 * t
    });
    let neck = attach(&mut thing, 0, neck.scaled(vec3(0.85, 1.0, 1.0)), neck_coat);
    if !build.hoofs && random.chance(0.4) {
        let leather = thing.material(Material::of(Substance::Skin, random, palette, 0.05));
        let wide = build.chest * 0.7 * 0.4 + scale * 0.72 * 0.6;
        let collar = Solid::torus(wide, wide * 0.12, 18).scaled(vec3(0.9, 1.02, 1.3));
        let turn = Quat::from_rotation_arc(Vec3::Z, lift);
        attach(
            &mut thing,
            neck,
            placed(collar, turn, root.lerp(top, 0.6)),
            leather,
        );
    }
    let turn = Quat::from_rotation_z(random.range(-0.7, 0.7))
        * Quat::from_rotation_x(random.range(-0.1, 0.4));
    let head_coats = [head_coat, other];
    add_head(&mut thing, random, build, head_coats, |solid, at| {
        placed(solid.moved(at), turn, top + lift * (0.4 * scale))
    });
    let nails = if build.hoofs {
        dark(random)
    } else {
        thing.materials[usize::from(other)].clone()
    };
    let nails = thing.material(nails);
    let stride = if random.chance(0.5) {
        random.range(0.05, 0.3)
    } else {
        0.02
    };
    for (y, back) in [(-half * 0.72, 0.0), (half * 0.76, 1.0)] {
        for side in SIDES {
            let swing = build.legs * stride * side * (1.0 - 2.0 * back);
            let x = side * build.chest * 0.48;
            let points = [
                vec3(x, y, middle),
                vec3(x, y - back * 0.1 * build.legs, build.legs * 0.95),
                vec3(
                    x,
                    y + back * 0.2 * build.legs + 0.4 * swing,
                    build.legs * 0.5,
                ),
                vec3(x, y + swing, build.leg * 0.8),
            ];
            let thick = build.leg * (1.6 + 0.3 * back);
            let leg = attach(
                &mut thing,
                0,
                limb(&points, [thick, build.leg * 0.75]),
                leg_coat,
            );
            let paw = if build.hoofs {
                let hoof = Solid::cylinder(build.leg * 1.15, build.leg * 0.85, build.leg * 1.6, 12);
                hoof.moved(vec3(x, y + swing, 0.0))
            } else {
                let radii = vec3(0.95, 1.4, 0.8) * build.leg;
                let at = vec3(x, y + swing - 0.4 * build.leg, 0.75 * build.leg);
                Solid::ellipsoid(radii, 12).moved(at)
            };
            attach(&mut thing, leg, paw, nails);
        }
    }
    let start = vec3(0.0, half * 0.92, middle + build.chest * 0.45);
    let curl = random.range(-0.8, 0.8);
    let tail = curve(8, |t| {
        let angle = build.wag + curl * t;
        start
            + vec3(
                0.2 * curl * t * t,
                libm::cosf(angle) * t,
                libm::sinf(angle) * t,
            ) * build.tail
    });
    let shape = |t: f32| build.tail * build.brush * (0.8 + 0.5 * libm::sinf(PI * t) - 0.4 * t);
    let tail = Solid::tube(&tail, 8, shape);
    attach(&mut thing, 0, tail, pick(random, &coats));
    thing
}

/// The head, its skull around the origin of `put`.
fn add_head(
    thing: &mut Thing,
    random: &mut Random,
    build: &Build,
    coats: [u8; 2],
    put: impl Fn(Solid, Vec3) -> Solid,
) {
    let scale = build.skull;
    let skull = Solid::ellipsoid(vec3(0.88, 1.0, 0.92) * scale, 16);
    let head = attach(thing, 0, put(skull, Vec3::ZERO), coats[0]);
    let tip = vec3(0.0, -0.75 * scale - build.muzzle, -0.45 * scale);
    let snout = Solid::capsule(
        Vec3::Y * (-0.3 * scale),
        tip,
        0.62 * scale,
        0.42 * scale,
        10,
    );
    let snout = attach(thing, head, put(snout, Vec3::ZERO), pick(random, &coats));
    let black = thing.material(dark(random));
    let nose = Solid::ellipsoid(vec3(0.2, 0.14, 0.14) * scale, 10);
    attach(
        thing,
        snout,
        put(nose, tip + vec3(0.0, -0.38, 0.16) * scale),
        black,
    );
    let glint = shade(
        random,
        &[[0.1, 0.08, 0.06], [0.35, 0.22, 0.1], [0.4, 0.5, 0.2]],
    );
    let glint = thing.material(Material::coloured(Substance::Glaze, random, glint, 0.02));
    let bone = thing.material(Material::coloured(
        Substance::Wood,
        random,
        [0.8, 0.74, 0.6],
        0.05,
    ));
    for side in SIDES {
        let eye = Solid::ellipsoid(Vec3::splat(0.15 * scale), 10);
        attach(
            thing,
            head,
            put(eye, vec3(side * 0.5, -0.72, 0.28) * scale),
            glint,
        );
        // From upright to hanging at the cheeks.
        let aside = build.hang.min(1.6) * 0.95 + 0.35;
        let down = (build.hang - 1.0).max(0.0) * 0.5;
        let way = vec3(side * libm::sinf(aside), 0.0, libm::cosf(aside) - down);
        let from = vec3(side * 0.55, 0.2, 0.6) * scale;
        let path = curve(4, |t| from + way.normalize_or(Vec3::Z) * (build.ear * t));
        let wide = build.ear * 0.32;
        let ear = Solid::tube(&path, 8, |t| wide * (1.0 - 0.85 * t * t));
        attach(
            thing,
            head,
            put(ear.scaled(vec3(1.0, 0.55, 1.0)), Vec3::ZERO),
            pick(random, &coats),
        );
        if build.horn > 0.0 {
            let from = vec3(side * 0.5, 0.1, 0.7) * scale;
            let path = bow(
                from,
                from + vec3(side, 0.0, 0.1) * (build.horn * 0.6),
                from + vec3(side * 0.6, -0.2, 0.7) * build.horn,
                6,
            );
            let horn = Solid::tube(&path, 8, |t| 0.2 * scale * (1.0 - 0.85 * t));
            attach(thing, head, put(horn, Vec3::ZERO), bone);
        }
    }
}
