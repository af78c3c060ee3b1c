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

/// Part of the materials that are of an unseen pattern where things are of unseen kinds.
const UNSEEN: f32 = 0.5;

/// A place of any sort; `held_out`: with kinds and materials that training never shows.
pub fn draw(random: &mut Random, held_out: bool) -> Place {
    let mut place = match random.weighted(&[1.2, 2.0, 1.0, 1.2, 1.0]) {
        0 => indoors::room(random, held_out),
        1 => indoors::table_top(random, held_out),
        2 => indoors::shelf(random, held_out),
        3 => outdoors::street(random, held_out),
        _ => outdoors::garden(random, held_out),
    };
    if held_out {
        let mut random = random.split();
        for placed in &mut place.placed {
            let (low, high) = placed.thing.bounds();
            let size_m = (high - low).max_element().min(1.0);
            for material in &mut placed.thing.materials {
                // The sky and lamps stay what they are.
                if material.glow == 0.0 && random.chance(UNSEEN) {
                    *material = material.clone().unseen(&mut random, size_m);
                }
            }
        }
    }
    place
}
