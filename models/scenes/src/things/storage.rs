//! Shelves and cupboards.

use super::build::{SIDES, attach, pick, settled, steel};
use super::seats::frame;
use super::shapes::{block, rod, rounded, upright};
use crate::palette::Palette;
use crate::random::Random;
use crate::space::{Material, Solid, Substance, Thing};
use glam::{Vec3, vec3};

/// A knob or a bar to pull at, at `at` on a front that faces -y.
pub(super) fn add_pull(
    thing: &mut Thing,
    parent: u8,
    bar: f32,
    upright_bar: bool,
    at: Vec3,
    metal: u8,
) {
    if bar > 0.0 {
        let along = if upright_bar { Vec3::Z } else { Vec3::X } * (bar * 0.5);
        let out = Vec3::Y * -0.025;
        let handle = attach(
            thing,
            parent,
            rod(at + out - along, at + out + along, 0.006, 0.006, 8),
            metal,
        );
        for end in [at - along * 0.8, at + along * 0.8] {
            thing.add(rod(end, end + out, 0.005, 0.005, 6), handle, metal);
        }
    } else {
        let knob = Solid::ellipsoid(vec3(0.016, 0.014, 0.016), 10);
        attach(thing, parent, knob.moved(at - Vec3::Y * 0.014), metal);
    }
}

/// A shelf: sides, boards, a back; rows of books and boxes on some boards.
pub(super) fn shelf(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("shelf");
    let size = vec3(
        random.range(0.5, 1.1),
        random.range(0.24, 0.38),
        random.range(0.8, 2.1),
    );
    let wood = thing.material(frame(random, palette, 1.0));
    let board = random.range(0.016, 0.028);
    for side in SIDES {
        let panel = block(
            vec3(board, size.y, size.z),
            vec3(side * size.x * 0.5, 0.0, size.z * 0.5),
        );
        attach(&mut thing, 0, panel, wood);
    }
    if random.chance(0.7) {
        let other = thing.material(frame(random, palette, 1.0));
        let back = block(
            vec3(size.x, 0.008, size.z),
            vec3(0.0, size.y * 0.5, size.z * 0.5),
        );
        attach(&mut thing, 0, back, other);
    }
    let levels = random.count(3, 5);
    let gap = (size.z - board) / levels as f32;
    let paints: Vec<u8> = (0..5)
        .map(|_| thing.material(Material::of(Substance::Paint, random, palette, 0.2)))
        .collect();
    for level in 0..=levels {
        let z = board * 0.5 + gap * level as f32;
        attach(
            &mut thing,
            0,
            block(vec3(size.x, size.y, board), Vec3::Z * z),
            wood,
        );
        if level == levels || random.chance(0.35) {
            continue;
        }
        // Books stand in a row until the board is full or the row ends.
        let row = thing.part(0);
        let mut x = -0.5 * size.x + board;
        for _ in 0..random.count(2, 4) {
            let book = vec3(
                random.range(0.03, 0.12),
                size.y * random.range(0.5, 0.85),
                gap * random.range(0.5, 0.85),
            );
            if x + book.x > size.x * 0.5 - board {
                break;
            }
            let at = vec3(
                x + book.x * 0.5,
                size.y * 0.45 - book.y * 0.5,
                z + (board + book.z) * 0.5,
            );
            let paint = pick(random, &paints);
            attach(&mut thing, row, block(book, at), paint);
            x += book.x + 0.002;
        }
    }
    settled(thing)
}

/// A cupboard: a body on legs or a plinth; doors or drawers with handles.
pub(super) fn cupboard(random: &mut Random, palette: &Palette) -> Thing {
    let mut thing = Thing::new("cupboard");
    let size = vec3(
        random.range(0.5, 1.5),
        random.range(0.35, 0.6),
        random.range(0.6, 2.1),
    );
    let legs = random.range(0.03, 0.18);
    let wood = thing.material(frame(random, palette, 1.0));
    let fronts = if random.chance(0.5) {
        wood
    } else {
        thing.material(frame(random, palette, 0.6))
    };
    let metal = thing.material(steel(random));
    let tall = size.z - legs;
    let body = block(vec3(size.x, size.y, tall), Vec3::Z * (legs + tall * 0.5));
    attach(&mut thing, 0, body, wood);
    if random.chance(0.5) {
        for side in SIDES {
            for back in SIDES {
                let foot = vec3(side * size.x * 0.45, back * size.y * 0.42, 0.0);
                attach(
                    &mut thing,
                    0,
                    rod(foot, foot.with_z(legs), 0.016, 0.025, 10),
                    wood,
                );
            }
        }
    } else {
        let plinth = vec3(size.x * 0.97, size.y * 0.9, legs);
        attach(&mut thing, 0, block(plinth, Vec3::Z * (legs * 0.5)), fronts);
    }
    if random.chance(0.4) {
        let top = block(
            vec3(size.x + 0.04, size.y + 0.04, 0.025),
            Vec3::Z * (size.z + 0.0125),
        );
        attach(&mut thing, 0, top, fronts);
    }
    let bar = random.range(0.08, 0.2) * pick(random, &[0.0, 1.0]);
    let shut = size.y * 0.5 + 0.009;
    // Drawers below, doors above, or only one of both.
    let split = pick(random, &[0.0, 0.35, 1.0]);
    let columns = if size.x > 1.0 {
        random.count(2, 3)
    } else {
        random.count(1, 2)
    };
    let cell = size.x / columns as f32;
    let rows = if split > 0.5 { random.count(3, 4) } else { 1 };
    let panels = random.chance(0.5);
    for column in 0..columns {
        let x = (column as f32 + 0.5) * cell - size.x * 0.5;
        for row in 0..if split > 0.0 { rows } else { 0 } {
            let high = tall * split / rows as f32;
            let at = vec3(x, -shut, legs + (row as f32 + 0.5) * high);
            let face = vec3(cell - 0.012, 0.018, high - 0.012);
            let drawer = attach(&mut thing, 0, block(face, at), fronts);
            add_pull(
                &mut thing,
                drawer,
                bar.min(cell * 0.5),
                false,
                at - Vec3::Y * 0.009,
                metal,
            );
        }
        if split < 1.0 {
            let high = tall * (1.0 - split);
            let at = vec3(x, -shut, size.z - high * 0.5);
            let face = vec3(cell - 0.012, 0.018, high - 0.012);
            let door = attach(&mut thing, 0, block(face, at), fronts);
            if panels {
                let inset = upright(&rounded(face.x - 0.14, face.z - 0.14, 0.01), 0.006);
                attach(&mut thing, door, inset.moved(at - Vec3::Y * 0.009), wood);
            }
            let hand = if column % 2 == 0 { 0.5 } else { -0.5 };
            let grip = at + vec3(hand * (cell - 0.09), -0.009, 0.0);
            add_pull(&mut thing, door, bar, true, grip, metal);
        }
    }
    settled(thing)
}
