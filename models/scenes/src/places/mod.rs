//! Places: rooms, table tops, shelves, streets and gardens, furnished with things.

mod indoors;
mod layout;
mod outdoors;

use crate::random::Random;
use crate::render::Light;
use crate::scene::Placed;
use glam::Vec3;

/// A furnished place and where to stand in it.
#[derive(Debug, Clone)]
pub struct Place {
    /// All things, stuff first.
    pub placed: Vec<Placed>,
    /// All light.
    pub light: Light,
    /// Where the camera starts, world, metres.
    pub eye: Vec3,
    /// What is worth a look: index of a placed thing and a point of it.
    pub targets: Vec<(usize, Vec3)>,
    /// Middle of what the key lamp must light, world.
    pub middle: Vec3,
    /// How far from the middle that reaches, metres.
    pub radius_m: f32,
}

/// A place of any sort.
pub fn draw(random: &mut Random, held_out: bool) -> Place {
    match random.weighted(&[1.2, 2.0, 1.0, 1.2, 1.0]) {
        0 => indoors::room(random, held_out),
        1 => indoors::table_top(random, held_out),
        2 => indoors::shelf(random, held_out),
        3 => outdoors::street(random, held_out),
        _ => outdoors::garden(random, held_out),
    }
}
