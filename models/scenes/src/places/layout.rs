//! Putting things next to each other.

use super::Place;
use crate::motion::{Spline, Track};
use crate::palette::{Colour, Palette};
use crate::random::Random;
use crate::render::{Lamp, Light};
use crate::scene::{Path, Placed};
use crate::space::{Pose, Thing};
use crate::things::{Habitat, KINDS, Kind};
use glam::{Quat, Vec2, Vec3};

/// Tries to find room for one thing.
const TRIES: usize = 12;

/// A place being furnished.
pub(super) struct Layout {
    pub(super) placed: Vec<Placed>,
    pub(super) palette: Palette,
    held_out: bool,
    labels: u16,
    /// Circles taken: middle, radius, height of the ground they stand on.
    taken: Vec<(Vec2, f32, f32)>,
}

impl Layout {
    pub(super) fn new(random: &mut Random, held_out: bool) -> Self {
        Self {
            placed: Vec::new(),
            palette: Palette::new(random),
            held_out,
            labels: 0,
            taken: Vec::new(),
        }
    }

    /// Puts `thing` where `path` says. -> its index.
    pub(super) fn put(&mut self, thing: Thing, path: Path) -> usize {
        let first_label = self.labels;
        self.labels += thing.pieces.len() as u16;
        self.placed.push(Placed {
            thing,
            path,
            first_label,
        });
        self.placed.len() - 1
    }

    /// Keeps a circle free.
    pub(super) fn reserve(&mut self, middle: Vec2, radius: f32, ground: f32) {
        self.taken.push((middle, radius, ground));
    }

    /// A kind of this habitat, of those that are for training or of those that are not.
    pub(super) fn kind(&self, random: &mut Random, habitat: Habitat) -> Option<&'static Kind> {
        let kinds: Vec<&Kind> = KINDS
            .iter()
            .filter(|kind| kind.habitats.contains(&habitat) && kind.held_out == self.held_out)
            .collect();
        (!kinds.is_empty()).then(|| kinds[random.count(0, kinds.len() - 1)])
    }

    /// Stands `count` things of a habitat at random inside a rectangle, where there is room.
    /// `crowding` below one lets their circles overlap.
    pub(super) fn scatter(
        &mut self,
        random: &mut Random,
        habitat: Habitat,
        count: usize,
        area: (Vec2, Vec2),
        ground: f32,
        crowding: f32,
    ) {
        let mut kind = None;
        for _ in 0..count {
            // Some stand beside others of their kind.
            if kind.is_none() || random.chance(0.75) {
                kind = self.kind(random, habitat);
            }
            let Some(kind) = kind else {
                return;
            };
            let thing = (kind.draw)(random, &self.palette);
            let (low, high) = thing.bounds();
            let radius = (high - low).truncate().max_element() * 0.5 * crowding;
            for _ in 0..TRIES {
                let at = Vec2::new(
                    random.range(area.0.x, area.1.x),
                    random.range(area.0.y, area.1.y),
                );
                let free = self.taken.iter().all(|(other, reach, level)| {
                    (level - ground).abs() > 1e-3 || other.distance(at) > reach + radius
                });
                if free {
                    self.reserve(at, radius, ground);
                    self.put(
                        thing,
                        Path::Still(standing(at.extend(ground), random.angle())),
                    );
                    break;
                }
            }
        }
    }

    /// Lets a thing of a habitat move along a straight or bent way inside a rectangle.
    pub(super) fn wander(
        &mut self,
        random: &mut Random,
        habitat: Habitat,
        area: (Vec2, Vec2),
        ground: f32,
        speed: f32,
    ) {
        let Some(kind) = self.kind(random, habitat) else {
            return;
        };
        let thing = (kind.draw)(random, &self.palette);
        let mut at = Vec2::new(
            random.range(area.0.x, area.1.x),
            random.range(area.0.y, area.1.y),
        );
        let mut heading = random.angle();
        let turn = random.normal() * 0.4;
        let interval = 0.1;
        let samples = (0..200)
            .map(|_| {
                heading += turn * interval;
                let step = Vec2::new(libm::cosf(heading), libm::sinf(heading)) * speed * interval;
                let next = at + step;
                if next.clamp(area.0, area.1) != next {
                    heading += std::f32::consts::FRAC_PI_2;
                } else {
                    at = next;
                }
                // Fronts are towards -y.
                let yaw = heading + std::f32::consts::FRAC_PI_2;
                [at.x, at.y, ground, yaw, 0.0, 0.0].map(f64::from)
            })
            .collect();
        let track = Track(Spline {
            interval_s: f64::from(interval),
            samples,
        });
        self.put(thing, Path::Moving(track));
    }

    /// The furnished place, seen from `eye`; `middle` and `radius_m` bound what the key lamp must light.
    pub(super) fn finish(
        self,
        random: &mut Random,
        light: Light,
        eye: Vec3,
        middle: Vec3,
        radius_m: f32,
    ) -> Place {
        let targets = self.targets(random);
        Place {
            placed: self.placed,
            light,
            eye,
            targets,
            middle,
            radius_m,
        }
    }

    /// A point on each countable thing, to look at; few look at what hangs on walls.
    fn targets(&self, random: &mut Random) -> Vec<(usize, Vec3)> {
        let things = self.placed.iter().enumerate();
        things
            .filter(|(_, placed)| !placed.thing.stuff && !placed.thing.positions.is_empty())
            .filter(|(_, placed)| placed.thing.kind != "picture" || random.chance(0.25))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(index, placed)| {
                let positions = &placed.thing.positions;
                (index, positions[random.count(0, positions.len() - 1)])
            })
            .collect()
    }
}

/// `world_from_thing` of a thing that stands at `at`, turned by `yaw`.
pub(super) fn standing(at: Vec3, yaw: f32) -> Pose {
    let half = yaw * 0.5;
    Pose::new(
        Quat::from_xyzw(0.0, 0.0, libm::sinf(half), libm::cosf(half)),
        at,
    )
}

/// A region of stuff: one surface of one material.
pub(super) fn stuff(
    kind: &'static str,
    solid: crate::space::Solid,
    material: crate::space::Material,
) -> Thing {
    let mut thing = Thing::new(kind);
    thing.stuff = true;
    let material = thing.material(material);
    thing.add(solid, 0, material);
    thing
}

/// Light of a colour between warm and cold, of strength `strength`.
pub(super) fn tinted(random: &mut Random, strength: f32) -> Colour {
    let warmth = random.normal() * 0.12;
    [
        strength * (1.0 + warmth),
        strength,
        strength * (1.0 - warmth * 1.3).max(0.2),
    ]
}

/// Lamps of a room: a key lamp at `key`, soft light from everywhere, a few more lamps.
pub(super) fn room_light(random: &mut Random, key: Vec3, reach_m: f32) -> Light {
    let soft = random.range(0.15, 0.5);
    let above = tinted(random, soft);
    let strength = random.range(0.4, 1.1);
    let fill = (0..random.count(0, 2))
        .map(|_| {
            let strength = random.range(0.05, 0.35);
            Lamp {
                position: key + Vec3::new(random.normal(), random.normal(), 0.2) * reach_m,
                colour: tinted(random, strength),
                reach_m,
            }
        })
        .collect();
    Light {
        sky: [above, above.map(|channel| channel * bounced(soft))],
        key: Lamp {
            position: key,
            colour: tinted(random, strength),
            reach_m,
        },
        fill,
    }
}

/// Light from below is weaker; the weaker all light is, the more of it is bounced.
fn bounced(soft: f32) -> f32 {
    0.45 + 0.4 * (0.5 - soft)
}

/// Sun and sky over a place of `radius_m`.
pub(super) fn daylight(random: &mut Random, radius_m: f32) -> Light {
    let cloudy = random.unit();
    let (turn, height) = (random.angle(), random.range(0.3, 1.3));
    let far = 6.0 * radius_m;
    let position = Vec3::new(
        libm::cosf(turn) * libm::cosf(height),
        libm::sinf(turn) * libm::cosf(height),
        libm::sinf(height),
    ) * far;
    let above = 0.25 + 0.35 * cloudy;
    let key = 1.1 * (1.0 - 0.9 * cloudy);
    Light {
        sky: [
            [above * 0.92, above, above * 1.1],
            [above * 0.5, above * 0.48, above * 0.42],
        ],
        key: Lamp {
            position,
            colour: tinted(random, key),
            reach_m: far,
        },
        fill: Vec::new(),
    }
}
