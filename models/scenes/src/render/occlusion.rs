//! How much of the light from everywhere reaches a point past what stands close to it (Mittring, "Finding next gen", 2007):
//! by asking what the camera sees around it.

use super::raster::Raster;
use glam::Vec3;

/// Places that one ray of a pixel looks at, and rays that look at others: together they fill a ball.
const PLACES: usize = 8;
const RAYS: usize = 4;

/// Farthest that is looked, as a part of the distance from the camera, and bounds of it, metres.
const REACH: f32 = 0.12;
const REACH_M: [f32; 2] = [0.02, 0.8];

/// Where to look around a point.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// Directions, and how far to go: the square root of a part of the reach.
    looks: [(Vec3, f32); PLACES * RAYS],
}

impl Around {
    pub(super) fn new() -> Self {
        Self {
            looks: std::array::from_fn(|number| {
                let share = (number as f32 * 0.618_034).fract() * 0.95 + 0.05;
                (on_ball(number, PLACES * RAYS), share)
            }),
        }
    }

    /// The part of the light from everywhere that a point gets, 0..=1: `point` and `normal` (of unit length, on the camera's
    /// side) as the camera of `raster` sees them. `turn` counts a pixel's rays.
    pub(super) fn openness(&self, raster: &Raster, point: Vec3, normal: Vec3, turn: usize) -> f32 {
        let reach_m = (REACH * point.z).clamp(REACH_M[0], REACH_M[1]);
        let start = point + normal * (0.04 * reach_m);
        let mut hidden = 0.0;
        for (direction, share) in self.looks.iter().skip(turn % RAYS).step_by(RAYS) {
            let side = if direction.dot(normal) < 0.0 {
                -1.0
            } else {
                1.0
            };
            // Most places are close, as what touches is.
            let place = start + *direction * side * (reach_m * share * share);
            if place.z <= 0.03 {
                continue;
            }
            let seen_z = 1.0 / raster.inverse_depth(place.truncate() / place.z).max(1e-6);
            let before = place.z - seen_z;
            // What is far before the place stands elsewhere.
            if before > 0.002 * place.z {
                hidden += (1.0 - before / (2.0 * reach_m)).max(0.0);
            }
        }
        (1.0 - 1.5 * hidden / PLACES as f32).max(0.0)
    }
}

/// One of `count` directions that are spread evenly, along a spiral.
fn on_ball(number: usize, count: usize) -> Vec3 {
    let height = 1.0 - (2.0 * number as f32 + 1.0) / count as f32;
    let radius = (1.0 - height * height).max(0.0).sqrt();
    let turn = number as f32 * 2.399_963;
    Vec3::new(libm::cosf(turn) * radius, libm::sinf(turn) * radius, height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec2;

    #[test]
    fn a_corner_gets_less_light_than_the_open_floor() {
        let mut raster = Raster::new(Vec2::splat(-1.0), Vec2::splat(1.0), 0.005);
        let corner = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
        // A floor one metre below the camera, and a wall that stands on it two metres ahead.
        raster.draw(
            [
                corner(-9.0, 1.0, 0.5),
                corner(9.0, 1.0, 0.5),
                corner(0.0, 1.0, 30.0),
            ],
            0,
            0,
        );
        raster.draw(
            [
                corner(-9.0, 1.0, 2.0),
                corner(9.0, 1.0, 2.0),
                corner(0.0, -30.0, 2.0),
            ],
            1,
            0,
        );
        let around = Around::new();
        let floor = |z: f32| {
            let at = Vec3::new(0.0, 1.0, z);
            (0..4)
                .map(|turn| around.openness(&raster, at, Vec3::NEG_Y, turn))
                .sum::<f32>()
                / 4.0
        };
        assert!(floor(1.3) > 0.95, "{}", floor(1.3));
        assert!(floor(1.98) < 0.8, "{}", floor(1.98));
        assert!(floor(1.98) > 0.2, "{}", floor(1.98));
    }
}
