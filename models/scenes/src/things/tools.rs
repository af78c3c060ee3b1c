//! Tools of a workshop, lying.

use super::build::{SIDES, attach, dark, lit, pick, settled, steel};
use super::shapes::{block, curve, placed, rightwards, rod, slab};
use crate::contour::{Contour, Point, ellipse, rectangle};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::{PI, TAU};

/// Wood, plastic or rubber for a hand.
pub(super) fn grip(random: &mut Random, palette: &Palette) -> Material {
    let kind = pick(
        random,
        &[Substance::Wood, Substance::Paint, Substance::Paint],
    );
    Material::of(kind, random, palette, 0.1)
}

/// A point on the x axis.
pub(super) fn at(x: f32) -> Vec3 {
    vec3(x, 0.0, 0.0)
}

/// A hammer: a handle with a grip; a head with a face and a claw or a wedge.
pub(super) fn hammer(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("hammer");
    let length = random.range(0.22, 0.36);
    let thick = random.range(0.011, 0.016);
    let wood = thing.material(grip(random, palette));
    let metal = thing.material(steel(random));
    let shape = |t: f32| thick * (0.8 + 0.2 * libm::cosf(TAU * t));
    let shaft = Solid::tube(&curve(8, |t| at(length * (t - 1.0))), 12, shape);
    let handle = attach(&mut thing, 0, shaft.scaled(vec3(1.0, 1.0, 0.8)), wood);
    if random.chance(0.6) {
        let rubber = thing.material(dark(random));
        let reach = length * random.range(0.35, 0.6);
        let sleeve = curve(4, |t| at(reach * t - length * 1.005));
        let sleeve = Solid::tube(&sleeve, 12, |t| 1.13 * shape(t * reach / length));
        attach(
            &mut thing,
            handle,
            sleeve.scaled(vec3(1.0, 1.0, 0.85)),
            rubber,
        );
    }
    let size = random.range(0.011, 0.017);
    let head = attach(
        &mut thing,
        0,
        block(vec3(0.026, 0.05, size * 2.0), Vec3::ZERO),
        metal,
    );
    let polish = thing.material(steel(random));
    let front = |y: f32| vec3(0.0, -y, 0.0);
    let face = rod(front(0.02), front(0.055), size * 0.8, size, 14);
    attach(&mut thing, head, face, polish);
    if random.chance(0.6) {
        let claw = thing.part(head);
        for side in SIDES {
            let prong = curve(6, |t| {
                vec3(-0.025 * t * t, 0.02 + 0.05 * t, side * (0.004 + 0.004 * t))
            });
            thing.add(Solid::tube(&prong, 8, |t| 0.006 - 0.003 * t), claw, metal);
        }
    } else {
        let wedge = Contour::ring(vec![
            [-0.012, 0.024],
            [0.012, 0.024],
            [0.003, 0.07],
            [-0.003, 0.07],
        ]);
        let wedge = Solid::prism(&wedge, size * 1.8).moved(Vec3::Z * (-0.9 * size));
        attach(&mut thing, head, wedge, polish);
    }
    settled(thing)
}

/// A screwdriver: a handle with a band, a shaft with a tip.
pub(super) fn screwdriver(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("screwdriver");
    let (hold, shaft) = (random.range(0.07, 0.12), random.range(0.06, 0.17));
    let thick = random.range(0.009, 0.016);
    let plastic = thing.material(Material::of(Substance::Paint, random, palette, 0.1));
    let metal = thing.material(steel(random));
    let sides = pick(random, &[6, 8, 14]);
    let bulge = |t: f32| thick * (0.72 + 0.28 * libm::sinf(PI * (0.15 + 0.75 * t)));
    let handle = Solid::tube(&curve(8, |t| at(hold * (t - 1.0))), sides, bulge);
    let handle = attach(&mut thing, 0, handle, plastic);
    if random.chance(0.6) {
        let rubber = thing.material(dark(random));
        let band = curve(4, |t| at(hold * (0.4 * t - 0.75)));
        let band = Solid::tube(&band, sides, |t| 1.05 * bulge(0.25 + 0.4 * t));
        attach(&mut thing, handle, band, rubber);
    }
    let bar = thick * random.range(0.22, 0.35);
    let rod_piece = attach(
        &mut thing,
        0,
        rod(at(-0.01), at(shaft * 0.9), bar, bar, 10),
        metal,
    );
    let black = thing.material(dark(random));
    let tip = if random.chance(0.5) {
        let blade = [[0.88, -1.0], [1.0, -1.4], [1.0, 1.4], [0.88, 1.0]];
        let blade = Contour::ring(blade.map(|[x, y]| [x * shaft, y * bar]).to_vec());
        Solid::prism(&blade, bar * 0.6).moved(Vec3::Z * (-0.3 * bar))
    } else {
        rod(at(shaft * 0.9), at(shaft), bar * 1.05, bar * 0.2, 8)
    };
    attach(&mut thing, rod_piece, tip, black);
    settled(thing)
}

/// A round head with a mouth of width `gap` open towards +x.
fn jaw(radius: f32, gap: f32) -> Contour {
    let open = libm::asinf((0.5 * gap / radius).min(0.9));
    let mut ring: Vec<Point> = (0..=20)
        .map(|step| {
            let angle = open + (TAU - 2.0 * open) * step as f32 / 20.0;
            [radius * libm::cosf(angle), radius * libm::sinf(angle)]
        })
        .collect();
    let floor = -0.25 * radius;
    ring.extend([
        [floor, -0.5 * gap],
        [floor - 0.2 * gap, 0.0],
        [floor, 0.5 * gap],
    ]);
    Contour::ring(ring)
}

/// A wrench: a shaft, an open jaw, a ring or a second jaw.
pub(super) fn wrench(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("wrench");
    let length = random.range(0.1, 0.26);
    let radius = length * random.range(0.07, 0.11);
    let thick = length * random.range(0.022, 0.04);
    let chrome = thing.material(steel(random));
    let shaft = if random.chance(0.3) {
        thing.material(grip(random, palette))
    } else {
        thing.material(steel(random))
    };
    let half = radius * random.range(0.4, 0.6);
    let bar = Solid::prism(
        &rectangle(-0.45 * length, -half, 0.45 * length, half),
        thick * 0.7,
    );
    attach(&mut thing, 0, bar.moved(Vec3::Z * (0.15 * thick)), shaft);
    let mouth = Solid::prism(&jaw(radius, radius * random.range(0.9, 1.15)), thick);
    let turn = Quat::from_rotation_z(0.26);
    attach(
        &mut thing,
        0,
        placed(mouth, turn, at(0.48 * length)),
        chrome,
    );
    let other = if random.chance(0.6) {
        let hole = ellipse(6).moved([0.6 * radius; 2], [0.0; 2]);
        Solid::prism(
            &ellipse(24).moved([radius; 2], [0.0; 2]).without(hole),
            thick,
        )
    } else {
        let small = 0.85 * radius;
        placed(
            Solid::prism(&jaw(small, small), thick),
            Quat::from_rotation_z(PI + 0.26),
            Vec3::ZERO,
        )
    };
    attach(&mut thing, 0, other.moved(at(-0.48 * length)), chrome);
    settled(thing)
}

/// Pliers: two jaws, a pivot, two handles with grips.
pub(super) fn pliers(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("pliers");
    let nose = random.range(0.03, 0.07);
    let hold = random.range(0.08, 0.13);
    let open = random.range(0.02, 0.2);
    let metal = thing.material(steel(random));
    let rubber = thing.material(Material::of(Substance::Paint, random, palette, 0.1));
    let tip = random.range(0.003, 0.008);
    for side in SIDES {
        let turn = Quat::from_rotation_z(side * open);
        let half = [
            [-0.012, 0.0],
            [nose, 0.0],
            [nose, tip],
            [nose * 0.4, 0.012],
            [0.0, 0.014],
            [-0.012, 0.008],
        ];
        let half = Contour::ring(half.map(|[x, y]| [x, side * y]).to_vec());
        let jaw = placed(Solid::prism(&half, 0.01), turn, Vec3::Z * -0.005);
        attach(&mut thing, 0, jaw, metal);
        // Halves cross at the pivot.
        let along = |t: f32| {
            let bulge = 0.004 + 0.022 * libm::sinf(PI * (0.1 + 0.62 * t));
            vec3(-0.008 - hold * t, -side * bulge, 0.0)
        };
        let shank = Solid::tube(&curve(4, |t| along(t * 0.3)), 8, |_| 0.0045);
        let handle = attach(&mut thing, 0, placed(shank, turn, Vec3::ZERO), metal);
        let sleeve = Solid::tube(&curve(8, |t| along(0.22 + 0.78 * t)), 10, |_| 0.0065);
        attach(&mut thing, handle, placed(sleeve, turn, Vec3::ZERO), rubber);
    }
    let black = thing.material(steel(random));
    let pivot = Solid::cylinder(0.007, 0.006, 0.013, 14).moved(Vec3::Z * -0.0065);
    attach(&mut thing, 0, pivot, black);
    settled(thing)
}

/// A torch: a body with a switch and grooves, a head with a lens.
pub(super) fn torch(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("torch");
    let length = random.range(0.09, 0.22);
    let thick = random.range(0.011, 0.019);
    let wide = thick * random.range(1.2, 1.8);
    let skin = if random.chance(0.5) {
        dark(random)
    } else {
        Material::of(Substance::Metal, random, palette, 0.1)
    };
    let metal = thing.material(skin);
    let accent = thing.material(Material::of(Substance::Paint, random, palette, 0.05));
    let body = attach(
        &mut thing,
        0,
        rod(at(-length), at(0.0), thick, thick, 18),
        metal,
    );
    for groove in 0..random.count(0, 4) {
        let x = -length * (0.35 + 0.12 * groove as f32);
        let ring = Solid::torus(thick, 0.0016, 18);
        attach(&mut thing, body, placed(ring, rightwards(), at(x)), accent);
    }
    let button = slab(vec3(0.016, 0.009, 0.004), 0.003);
    attach(
        &mut thing,
        body,
        button.moved(vec3(-length * 0.2, 0.0, thick - 0.001)),
        accent,
    );
    let neck = wide * 1.2;
    let head = attach(
        &mut thing,
        0,
        rod(at(0.0), at(neck), thick, wide, 18),
        metal,
    );
    thing.add(rod(at(neck), at(neck + 0.014), wide, wide, 18), head, metal);
    let bulb = if random.chance(0.5) {
        lit(random)
    } else {
        steel(random)
    };
    let light = thing.material(bulb);
    let lens = rod(
        at(neck + 0.01),
        at(neck + 0.015),
        wide * 0.85,
        wide * 0.85,
        18,
    );
    attach(&mut thing, head, lens, light);
    settled(thing)
}
