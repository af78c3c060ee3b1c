//! Light: the sky, one lamp or sun with shadows, more lamps without.

use super::raster::Raster;
use crate::palette::Colour;
use crate::space::Pose;
use glam::{Mat3, Vec2, Vec3};

/// A lamp: a sun if it is far away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamp {
    /// Where it is, world, metres.
    pub position: Vec3,
    /// Its light on a surface that faces it at `reach_m`.
    pub colour: Colour,
    /// Distance at which its light is `colour`, metres; it falls with the square of the distance.
    pub reach_m: f32,
}

/// All light of a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Light from above and from below.
    pub sky: [Colour; 2],
    /// The lamp that casts shadows.
    pub key: Lamp,
    /// More lamps.
    pub fill: Vec<Lamp>,
}

/// What the key lamp sees: all else is in its shadow.
#[derive(Debug, Clone)]
pub struct Shadow {
    light_from_world: Pose,
    /// That of `light_from_world`.
    rotation: Mat3,
    /// Pose of the lamp's view.
    pub world_from_light: Pose,
    /// Its nearest surfaces.
    pub raster: Raster,
}

impl Shadow {
    /// The view of `lamp` on a ball of `radius_m` around `middle`, `samples` across.
    pub fn new(lamp: &Lamp, middle: Vec3, radius_m: f32, samples: usize) -> Self {
        // A camera needs a horizon: a lamp straight above gets a tilt of no consequence.
        let aside = Vec3::new(1e-3, 2e-3, 0.0) * (lamp.position - middle).length();
        let world_from_light = Pose::looking(lamp.position + aside, middle);
        let distance = (lamp.position - middle).length();
        let half = if distance > radius_m * 1.2 {
            radius_m / (distance * distance - radius_m * radius_m).sqrt()
        } else {
            4.0
        };
        let raster = Raster::new(
            Vec2::splat(-half),
            Vec2::splat(half),
            2.0 * half / samples as f32,
        );
        let light_from_world = world_from_light.inverse();
        Self {
            light_from_world,
            rotation: Mat3::from_quat(light_from_world.rotation),
            world_from_light,
            raster,
        }
    }

    /// Whether light reaches a point (world) of a surface with this normal.
    pub fn lit(&self, point: Vec3, normal: Vec3) -> bool {
        let seen = self.rotation * point + self.light_from_world.translation;
        if seen.z <= 0.0 {
            return true;
        }
        let lifted = seen + self.rotation * normal * (0.004 * seen.z).min(0.03);
        let plane = lifted.truncate() / lifted.z;
        // As a product: a plane's inverse depth may be zero or less beside its triangle.
        self.raster.inverse_depth(plane) * (lifted.z * 0.999 - 0.004) <= 1.0
    }
}
