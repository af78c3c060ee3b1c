//! Houses.

use super::build::{SIDES, attach, pane, pick, settled, steel};
use super::shapes::{block, placed, rod, sideways, upright};
use crate::contour::Contour;
use crate::palette::{Palette, varied};
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Quat, Vec3, vec3};
use std::f32::consts::FRAC_PI_2;

/// Plaster, brick, wood or stone of an outer wall.
fn wall(random: &mut Random, palette: &Palette) -> Material {
    let kinds = [
        Substance::Paint,
        Substance::Brick,
        Substance::Wood,
        Substance::Stone,
    ];
    let kind = pick(random, &kinds);
    let light = random.range(0.3, 0.9);
    let colour = if random.chance(0.6) {
        varied(random, [light, light * 0.93, light * 0.83], 0.04)
    } else {
        palette.draw(random)
    };
    let material = Material::coloured(kind, random, colour, 3.0);
    Material {
        gloss: 0.0,
        ..material
    }
}

/// What the windows of one house are made of.
#[derive(Clone, Copy)]
struct Glazing {
    frame: u8,
    glass: u8,
    shutter: Option<u8>,
}

/// A window of `size` (across, up) whose middle is at `at` on a wall that faces `heading` (turns from
/// the front): a frame, panes, on some shutters.
fn add_window(thing: &mut Thing, glazing: Glazing, heading: f32, at: Vec3, size: [f32; 2]) {
    let turn = Quat::from_rotation_z(heading);
    let [wide, tall] = size;
    let put = |solid: Solid| placed(solid, turn, at);
    let frame = block(vec3(wide + 0.14, 0.12, tall + 0.14), Vec3::ZERO);
    let window = attach(thing, 0, put(frame), glazing.frame);
    let glass = block(vec3(wide, 0.14, tall), Vec3::ZERO);
    attach(thing, window, put(glass), glazing.glass);
    let bar = block(vec3(0.05, 0.17, tall), Vec3::ZERO);
    thing.add(put(bar), window, glazing.frame);
    let bar = block(vec3(wide, 0.17, 0.05), Vec3::Z * (tall * 0.18));
    thing.add(put(bar), window, glazing.frame);
    if let Some(shutter) = glazing.shutter {
        let leaves = thing.part(window);
        for side in SIDES {
            let leaf = vec3(side * (wide * 0.75 + 0.08), -0.05, 0.0);
            let board = block(vec3(wide * 0.5, 0.05, tall + 0.1), leaf);
            thing.add(put(board), leaves, shutter);
        }
    }
}

/// A door on the front wall at y = `front`: a frame, a leaf with a handle, a pane on some, a step.
fn add_door(
    thing: &mut Thing,
    random: &mut Random,
    palette: &Palette,
    x: f32,
    front: f32,
    frame: u8,
) {
    let (wide, tall) = (random.range(0.9, 1.15), random.range(2.0, 2.2));
    let kind = pick(random, &[Substance::Wood, Substance::Paint]);
    let wood = thing.material(Material::of(kind, random, palette, 1.0));
    let metal = thing.material(steel(random));
    let at = vec3(x, front, tall * 0.5);
    let door = attach(
        thing,
        0,
        block(vec3(wide + 0.2, 0.14, tall + 0.1), at),
        frame,
    );
    let leaf = attach(thing, door, block(vec3(wide, 0.17, tall), at), wood);
    let knob = Solid::ellipsoid(vec3(0.035, 0.04, 0.035), 10);
    let grip = at + vec3(wide * 0.4, -0.11, -0.05);
    attach(thing, door, knob.moved(grip), metal);
    if random.chance(0.5) {
        let glass = thing.material(pane(random));
        let light = block(
            vec3(wide * 0.55, 0.19, tall * 0.25),
            at + Vec3::Z * (tall * 0.26),
        );
        attach(thing, leaf, light, glass);
    }
    let stone = thing.material(Material::of(Substance::Stone, random, palette, 1.0));
    let step = block(vec3(wide * 1.6, 0.9, 0.14), vec3(x, front - 0.4, 0.07));
    attach(thing, 0, step, stone);
}

/// A house: walls with gables, a roof, a chimney, windows, a door, a step.
pub(super) fn house(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("house");
    let (wide, deep) = (random.range(5.0, 10.0), random.range(4.5, 7.5));
    let floors = random.count(1, 2);
    let floor = random.range(2.5, 2.9);
    let eaves = floor * floors as f32 + 0.2;
    let rise = deep * random.range(0.25, 0.55);
    let plaster = thing.material(wall(random, palette));
    let frame = if random.chance(0.6) {
        Material::coloured(Substance::Paint, random, [0.9; 3], 1.0)
    } else {
        Material::of(Substance::Wood, random, palette, 1.0)
    };
    let frame = thing.material(frame);
    let glass = thing.material(pane(random));
    let shutter = random
        .chance(0.4)
        .then(|| Material::of(Substance::Paint, random, palette, 1.0));
    let shutter = shutter.map(|material| thing.material(material));
    let glazing = Glazing {
        frame,
        glass,
        shutter,
    };
    // Gables at both ends: the ridge runs along x.
    let half = deep * 0.5;
    let gable = [
        [-half, 0.0],
        [half, 0.0],
        [half, eaves],
        [0.0, eaves + rise],
        [-half, eaves],
    ];
    let gable = Contour::ring(gable.to_vec());
    attach(&mut thing, 0, sideways(&gable, wide), plaster);
    let tiles = match random.count(0, 2) {
        0 => Material::coloured(Substance::Brick, random, [0.5, 0.22, 0.15], 1.0),
        1 => Material::coloured(Substance::Brick, random, [0.25, 0.25, 0.27], 1.0),
        _ => Material::of(Substance::Brick, random, palette, 1.0),
    };
    let tiles = thing.material(tiles);
    let over = random.range(0.2, 0.5);
    let slope = rise / half;
    let roof = thing.part(0);
    for side in SIDES {
        let foot = [side * (half + over), eaves - slope * over];
        let ring = vec![
            foot,
            [0.0, eaves + rise],
            [0.0, eaves + rise + 0.2],
            [foot[0], foot[1] + 0.18],
        ];
        let sheet = sideways(&Contour::ring(ring), wide + 2.0 * over);
        attach(&mut thing, roof, sheet, tiles);
        let gutter = vec3(wide * 0.5 + over, foot[0], foot[1] + 0.06);
        let metal = thing.material(steel(random));
        attach(
            &mut thing,
            roof,
            rod(gutter * vec3(-1.0, 1.0, 1.0), gutter, 0.07, 0.07, 8),
            metal,
        );
    }
    if random.chance(0.7) {
        let brick = thing.material(Material::of(Substance::Brick, random, palette, 1.0));
        let top = eaves + rise + random.range(0.3, 0.8);
        let at = vec3(
            random.range(-0.35, 0.35) * wide,
            half * random.range(-0.3, 0.5),
            top * 0.5 + eaves * 0.5,
        );
        let chimney = block(vec3(0.6, 0.5, top - eaves), at);
        let chimney = attach(&mut thing, 0, chimney, brick);
        let cap = block(vec3(0.72, 0.62, 0.1), at.with_z(top));
        attach(&mut thing, chimney, cap, frame);
    }
    let columns = if floors == 2 {
        random.count(2, 3)
    } else {
        random.count(2, 4)
    };
    let door = random.count(0, columns - 1);
    let size = [
        random.range(0.8, 1.3).min(wide / columns as f32 * 0.45),
        random.range(1.0, 1.4),
    ];
    for level in 0..floors {
        let z = 1.55 + floor * level as f32;
        for column in 0..columns {
            let x = ((column as f32 + 0.5) / columns as f32 - 0.5) * wide;
            if level == 0 && column == door {
                add_door(&mut thing, random, palette, x, -half, frame);
            } else {
                add_window(&mut thing, glazing, 0.0, vec3(x, -half, z), size);
            }
        }
        for side in SIDES {
            let at = vec3(side * wide * 0.5, deep * random.range(-0.2, 0.2), z);
            add_window(&mut thing, glazing, side * FRAC_PI_2, at, size);
        }
    }
    settled(thing)
}

/// A hut: plank walls, a shed roof, a door, a window.
pub(super) fn hut(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("hut");
    let (wide, deep) = (random.range(1.6, 3.5), random.range(1.5, 3.0));
    let front = random.range(2.2, 2.8);
    let rear = front - random.range(0.1, 0.5);
    let planks = thing.material(Material::of(Substance::Wood, random, palette, 2.0));
    let frame = thing.material(Material::of(Substance::Wood, random, palette, 1.0));
    let glass = thing.material(pane(random));
    let half = deep * 0.5;
    let side = [[-half, 0.0], [half, 0.0], [half, rear], [-half, front]];
    attach(
        &mut thing,
        0,
        sideways(&Contour::ring(side.to_vec()), wide),
        planks,
    );
    let felt = thing.material(wall(random, palette));
    let ring = vec![
        [-half - 0.25, front + 0.05],
        [half + 0.2, rear - 0.05],
        [half + 0.2, rear + 0.07],
        [-half - 0.25, front + 0.17],
    ];
    attach(
        &mut thing,
        0,
        sideways(&Contour::ring(ring), wide + 0.4),
        felt,
    );
    let x = wide * random.range(0.2, 0.25) * pick(random, &[-1.0, 1.0]);
    add_door(&mut thing, random, palette, x, -half, frame);
    let glazing = Glazing {
        frame,
        glass,
        shutter: None,
    };
    if wide > 2.4 {
        let at = vec3(-x * 1.2, -half, 1.5);
        add_window(&mut thing, glazing, 0.0, at, [0.6, 0.6]);
    }
    for side in SIDES {
        let at = vec3(side * wide * 0.5, 0.0, 1.5);
        add_window(&mut thing, glazing, side * FRAC_PI_2, at, [0.6, 0.6]);
        let beam = Contour::ring(vec![
            [-0.06, 0.0],
            [0.06, 0.0],
            [0.06, front - 0.05],
            [-0.06, front - 0.05],
        ]);
        let beam = upright(&beam, 0.08).moved(vec3(side * (wide * 0.5 - 0.02), -half + 0.02, 0.0));
        attach(&mut thing, 0, beam, frame);
    }
    settled(thing)
}
