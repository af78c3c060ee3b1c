//! Cars, vans, trucks.

use super::bodywork::{Build, add_car, add_wheel};
use super::build::{SIDES, attach, dark, pick, settled, steel};
use super::shapes::block;
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Substance, Thing};
use glam::vec3;

/// A car: a body, a cabin with windows, wheels with rims, lights, bumpers, mirrors, plates.
pub(super) fn car(random: &mut Random, palette: &Palette) -> Thing {
    let length = random.range(3.5, 4.8);
    let height = random.range(1.35, 1.72);
    let hood = length * random.range(0.22, 0.3);
    let boot = length * pick(random, &[0.02, 0.08, 0.2]);
    let rake = random.range(0.35, 0.8);
    let back = random.range(0.1, 0.5) + boot * 0.4;
    let build = Build {
        length,
        width: random.range(1.62, 1.9),
        height,
        belt: height * random.range(0.56, 0.63),
        screen: [hood, hood + rake],
        rear: [length - boot - back, length - boot],
        wheel: random.range(0.29, 0.37),
        axles: [length * 0.2, length * random.range(0.78, 0.82)],
        windows: random.count(2, 3),
        glazed: 1.0,
    };
    let mut thing = Thing::new("car");
    add_car(&mut thing, random, palette, &build);
    settled(thing)
}

/// A van: as a car, but tall, with a short hood and few windows.
pub(super) fn van(random: &mut Random, palette: &Palette) -> Thing {
    let length = random.range(4.2, 5.8);
    let height = random.range(1.9, 2.5);
    let hood = random.range(0.5, 0.9);
    let build = Build {
        length,
        width: random.range(1.8, 2.05),
        height,
        belt: height * random.range(0.48, 0.54),
        screen: [hood, hood + random.range(0.4, 0.8)],
        rear: [length - 0.12, length - 0.04],
        wheel: random.range(0.32, 0.37),
        axles: [length * 0.17, length * 0.78],
        windows: random.count(1, 3),
        glazed: pick(random, &[0.3, 0.3, 1.0]),
    };
    let mut thing = Thing::new("van");
    add_car(&mut thing, random, palette, &build);
    settled(thing)
}

/// A truck: a cab as of a car, a chassis, a cargo box with a print or a flat bed, wheels.
pub(super) fn truck(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("truck");
    let cab = random.range(1.8, 2.3);
    let cargo = random.range(3.0, 5.8);
    let height = random.range(2.2, 2.8);
    let build = Build {
        length: cab,
        width: random.range(2.0, 2.3),
        height,
        belt: height * 0.55,
        screen: [0.12, random.range(0.25, 0.5)],
        rear: [cab - 0.06, cab - 0.03],
        wheel: random.range(0.4, 0.48),
        axles: [cab * 0.5, cab * 0.5],
        windows: 1,
        glazed: 0.8,
    };
    add_car(&mut thing, random, palette, &build);
    let black = thing.material(dark(random));
    let rear = cab * 0.5;
    let floor = build.wheel * 2.0 + 0.1;
    let beam = vec3(build.width * 0.5, cargo + 0.4, 0.25);
    attach(
        &mut thing,
        0,
        block(beam, vec3(0.0, rear + cargo * 0.5, floor - 0.2)),
        black,
    );
    let kind = pick(
        random,
        &[Substance::Paint, Substance::Metal, Substance::Cloth],
    );
    let paint = thing.material(Material::of(kind, random, palette, 2.0));
    let tall = if random.chance(0.7) {
        random.range(1.6, 2.3)
    } else {
        random.range(0.3, 0.5)
    };
    let size = vec3(build.width * 1.06, cargo, tall);
    let at = vec3(0.0, rear + 0.15 + cargo * 0.5, floor + tall * 0.5);
    let hold = attach(&mut thing, 0, block(size, at), paint);
    if tall > 1.0 && random.chance(0.6) {
        let print = thing.material(Material::of(Substance::Print, random, palette, 2.0));
        let sign = vec3(
            size.x + 0.02,
            cargo * random.range(0.4, 0.8),
            tall * random.range(0.3, 0.6),
        );
        attach(&mut thing, hold, block(sign, at), print);
    }
    let rims = [black, thing.material(steel(random))];
    let axles = random.count(1, 2);
    for axle in 0..axles {
        let y = rear + cargo * 0.78 - axle as f32 * build.wheel * 2.15;
        for side in SIDES {
            let at = vec3(side * (build.width * 0.5 - 0.17), y, build.wheel);
            add_wheel(&mut thing, at, side, [build.wheel, 0.34], rims);
        }
    }
    settled(thing)
}
