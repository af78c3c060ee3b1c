//! Rooms, table tops and shelves.

use super::Place;
use super::layout::{Layout, room_light, standing, stuff};
use crate::random::Random;
use crate::scene::Path;
use crate::space::{Material, Pose, Solid, Substance, Thing};
use crate::things::Habitat;
use glam::{Vec2, Vec3};
use std::f32::consts::FRAC_PI_2;

/// Distance at which a room's lamp has its full strength, metres.
const LAMP_REACH_M: f32 = 2.0;

/// Floor, walls and ceiling of a room of `size` metres, its floor's middle at the origin.
fn shell(random: &mut Random, layout: &mut Layout, size: Vec3) {
    let floors = [
        Substance::Wood,
        Substance::Brick,
        Substance::Stone,
        Substance::Cloth,
    ];
    let floor = floors[random.count(0, 3)];
    let material = Material::of(floor, random, &layout.palette, 1.0);
    let ground = Solid::sheet(size.truncate(), 1, |_| 0.0);
    layout.put(
        stuff("floor", ground, material),
        Path::Still(Pose::IDENTITY),
    );
    let painted = Material::of(Substance::Paint, random, &layout.palette, 2.0);
    let papered = Material::any(random, &layout.palette, 0.5);
    for side in 0..4 {
        let across = if side % 2 == 0 { size.x } else { size.y };
        let away = if side % 2 == 0 { size.y } else { size.x } * 0.5;
        let wall = Solid::cuboid(Vec3::new(across, 0.1, size.z)).moved(Vec3::new(
            0.0,
            away + 0.05,
            size.z / 2.0,
        ));
        let material = if random.chance(0.7) {
            painted.clone()
        } else {
            papered.clone()
        };
        let pose = standing(Vec3::ZERO, FRAC_PI_2 * side as f32);
        layout.put(stuff("wall", wall, material), Path::Still(pose));
        if random.chance(0.6) {
            let picture = framed(random, layout);
            let at = Vec3::new(
                random.range(-0.4, 0.4) * across,
                away - 0.03,
                random.range(1.1, 1.9),
            );
            let pose = pose.then(&Pose::at(at));
            layout.put(picture, Path::Still(pose));
        }
    }
    let white = Material::coloured(Substance::Paint, random, [0.85; 3], 2.0);
    let top = Solid::cuboid(Vec3::new(size.x, size.y, 0.1)).moved(Vec3::Z * (size.z + 0.05));
    layout.put(stuff("ceiling", top, white), Path::Still(Pose::IDENTITY));
}

/// A picture or a window with a frame, hanging: its back towards +y.
fn framed(random: &mut Random, layout: &Layout) -> Thing {
    let mut thing = Thing::new("picture");
    let (width, height) = (random.log_range(0.25, 1.4), random.log_range(0.25, 1.1));
    let border = thing.part(0);
    let wood = thing.material(Material::of(
        Substance::Wood,
        random,
        &layout.palette,
        width,
    ));
    thing.add(Solid::cuboid(Vec3::new(width, 0.03, height)), border, wood);
    let inside = thing.part(0);
    let edge = random.range(0.02, 0.07);
    let print = thing.material(Material::any(random, &layout.palette, width));
    let pane = Solid::cuboid(Vec3::new(width - 2.0 * edge, 0.01, height - 2.0 * edge));
    thing.add(pane.moved(Vec3::new(0.0, -0.016, 0.0)), inside, print);
    thing
}

/// A board on legs, its top at `size.z`.
fn table(random: &mut Random, layout: &Layout, size: Vec3) -> Thing {
    let mut thing = Thing::new("table");
    let substances = [
        Substance::Wood,
        Substance::Wood,
        Substance::Paint,
        Substance::Cloth,
        Substance::Stone,
        Substance::Metal,
    ];
    let board = thing.part(0);
    let top = thing.material(Material::of(
        substances[random.count(0, 5)],
        random,
        &layout.palette,
        0.6,
    ));
    let thick = random.range(0.02, 0.05);
    let slab = Solid::cuboid(Vec3::new(size.x, size.y, thick));
    thing.add(slab.moved(Vec3::Z * (size.z - thick / 2.0)), board, top);
    let wood = thing.material(Material::of(Substance::Wood, random, &layout.palette, 0.3));
    for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
        let leg = thing.part(0);
        let foot = Vec3::new(x * (size.x / 2.0 - 0.06), y * (size.y / 2.0 - 0.06), 0.0);
        let column = Solid::cuboid(Vec3::new(0.06, 0.06, size.z - thick));
        thing.add(
            column.moved(foot + Vec3::Z * ((size.z - thick) / 2.0)),
            leg,
            wood,
        );
    }
    thing
}

/// A furnished room seen from a corner or from its middle.
pub(super) fn room(random: &mut Random, held_out: bool) -> Place {
    let mut layout = Layout::new(random, held_out);
    let size = Vec3::new(
        random.range(3.5, 7.0),
        random.range(3.5, 7.0),
        random.range(2.3, 3.0),
    );
    shell(random, &mut layout, size);
    let eye = Vec3::new(
        random.range(-0.45, 0.0) * size.x,
        random.range(-0.45, 0.0) * size.y,
        random.range(1.0, 1.8),
    );
    layout.reserve(eye.truncate(), 0.5, 0.0);
    let inside = (size.truncate() * -0.42, size.truncate() * 0.42);
    let board = Vec3::new(
        random.range(0.8, 1.8),
        random.range(0.6, 1.0),
        random.range(0.6, 0.8),
    );
    let middle = Vec2::new(
        random.range(0.05, 0.25) * size.x,
        random.range(0.05, 0.25) * size.y,
    );
    let furniture = table(random, &layout, board);
    layout.put(furniture, Path::Still(standing(middle.extend(0.0), 0.0)));
    layout.reserve(middle, board.truncate().max_element() * 0.5, 0.0);
    let half = board.truncate() * 0.42;
    let things = random.count(2, 8);
    layout.scatter(
        random,
        Habitat::Table,
        things,
        (middle - half, middle + half),
        board.z,
        0.9,
    );
    let pieces = random.count(3, 9);
    layout.scatter(random, Habitat::Room, pieces, inside, 0.0, 0.8);
    if random.chance(0.6) {
        layout.wander(random, Habitat::Room, inside, 0.0, 0.7);
    }
    let lamp = Vec3::new(
        random.range(-0.3, 0.3) * size.x,
        random.range(-0.3, 0.3) * size.y,
        size.z - 0.15,
    );
    let light = room_light(random, lamp, LAMP_REACH_M);
    layout.finish(
        random,
        light,
        eye,
        Vec3::Z * (size.z * 0.4),
        size.length() * 0.6,
    )
}

/// Clutter on a table, close.
pub(super) fn table_top(random: &mut Random, held_out: bool) -> Place {
    let mut layout = Layout::new(random, held_out);
    let size = Vec3::new(4.5, 4.5, 2.6);
    shell(random, &mut layout, size);
    let board = Vec3::new(
        random.range(0.7, 1.6),
        random.range(0.6, 1.1),
        random.range(0.7, 0.95),
    );
    let furniture = table(random, &layout, board);
    layout.put(furniture, Path::Still(Pose::IDENTITY));
    let half = board.truncate() * random.range(0.25, 0.45);
    let things = random.log_range(3.0, 22.0) as usize;
    let crowding = random.range(0.55, 1.0);
    layout.scatter(
        random,
        Habitat::Table,
        things,
        (-half, half),
        board.z,
        crowding,
    );
    if random.chance(0.3) {
        layout.wander(random, Habitat::Table, (-half, half), board.z, 0.15);
    }
    let turn = random.angle();
    let away = random.range(0.55, 1.3);
    let eye = Vec3::new(
        libm::cosf(turn) * away,
        libm::sinf(turn) * away,
        board.z + random.range(0.2, 0.8),
    );
    let lamp = Vec3::new(
        random.normal() * 0.9,
        random.normal() * 0.9,
        board.z + random.range(0.9, 1.6),
    );
    let light = room_light(random, lamp, LAMP_REACH_M);
    layout.finish(random, light, eye, Vec3::Z * board.z, 2.2)
}

/// Boards against a wall, with things on them.
pub(super) fn shelf(random: &mut Random, held_out: bool) -> Place {
    let mut layout = Layout::new(random, held_out);
    let size = Vec3::new(4.0, 4.0, 2.6);
    shell(random, &mut layout, size);
    let (width, depth) = (random.range(0.9, 2.0), random.range(0.25, 0.45));
    let boards = random.count(3, 5);
    let gap = random.range(0.3, 0.45);
    let mut thing = Thing::new("shelf");
    let wood = if random.chance(0.6) {
        Substance::Wood
    } else {
        Substance::Paint
    };
    let wood = thing.material(Material::of(wood, random, &layout.palette, 0.5));
    let wall = size.y / 2.0 - depth / 2.0 - 0.01;
    for level in 0..=boards {
        let piece = thing.part(0);
        let plank = Solid::cuboid(Vec3::new(width, depth, 0.025));
        thing.add(
            plank.moved(Vec3::Z * (0.1 + gap * level as f32)),
            piece,
            wood,
        );
    }
    let high = gap * boards as f32 + 0.12;
    for side in [-1.0, 1.0] {
        let piece = thing.part(0);
        let plank = Solid::cuboid(Vec3::new(0.025, depth, high));
        thing.add(
            plank.moved(Vec3::new(side * width / 2.0, 0.0, high / 2.0)),
            piece,
            wood,
        );
    }
    layout.put(thing, Path::Still(standing(Vec3::new(0.0, wall, 0.0), 0.0)));
    for level in 0..boards {
        let ground = 0.1125 + gap * level as f32;
        let half = Vec2::new(width / 2.0 - 0.1, depth / 2.0 - 0.08);
        let middle = Vec2::new(0.0, wall);
        let things = random.count(2, 9);
        layout.scatter(
            random,
            Habitat::Table,
            things,
            (middle - half, middle + half),
            ground,
            0.7,
        );
    }
    let eye = Vec3::new(
        random.range(-0.8, 0.8),
        wall - random.range(0.8, 2.2),
        random.range(0.7, 1.7),
    );
    let lamp = Vec3::new(random.normal(), wall - random.range(1.0, 2.5), 2.3);
    let light = room_light(random, lamp, LAMP_REACH_M);
    layout.finish(random, light, eye, Vec3::new(0.0, wall, 0.9), 2.6)
}
