//! The small unevenness of surfaces, as slopes that turn their normals (Blinn, "Simulation of wrinkled surfaces",
//! 1978).

use super::material::Substance;
use crate::noise::{cell, fractal, lattice};
use crate::random::Random;
use glam::Vec2;

/// Distance, in periods, over which a slope is measured.
const STEP: f32 = 0.05;

/// How a surface is uneven.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relief {
    /// Steepness: rise over run, about.
    slope: f32,
    /// Size of the unevenness in both directions of the texture's plane, metres.
    period_m: Vec2,
    /// Flat facets with creases between them, as of paper, rather than waves.
    creased: bool,
    seed: u32,
}

impl Relief {
    /// That of a substance on a thing of about `size_m` metres.
    pub fn of(substance: Substance, random: &mut Random, size_m: f32) -> Self {
        let (slope, fine, coarse) = match substance {
            Substance::Wood => (0.1, 0.005, 0.05),
            Substance::Cloth => (0.7, 0.05 * size_m, 0.5 * size_m),
            Substance::Metal | Substance::Paint => (0.1, 0.1 * size_m, size_m),
            Substance::Glaze => (0.05, 0.1 * size_m, size_m),
            Substance::Print => (0.45, 0.1 * size_m, 0.6 * size_m),
            Substance::Foliage => (0.9, 0.01, 0.15),
            Substance::Skin => (0.3, 0.05 * size_m, 0.4 * size_m),
            Substance::Fur => (0.7, 0.004, 0.04),
            Substance::Stone => (0.5, 0.005, 0.1),
            Substance::Brick => (0.3, 0.02, 0.1),
            Substance::Noise => (0.5, 0.02 * size_m, 0.5 * size_m),
        };
        let stretch = match substance {
            Substance::Wood | Substance::Fur => random.range(3.0, 8.0),
            _ => random.log_range(0.6, 1.7),
        };
        let period_m = random.log_range(fine, coarse.max(1.1 * fine)).max(1e-3);
        let period_m = match random.chance(0.5) {
            true => Vec2::new(period_m, period_m * stretch),
            false => Vec2::new(period_m * stretch, period_m),
        };
        let creased = match substance {
            Substance::Print => 0.7,
            Substance::Cloth | Substance::Noise => 0.2,
            _ => 0.0,
        };
        Self {
            // As many surfaces are smooth as are as rough as they can be.
            slope: slope * random.unit() * random.range(0.3, 1.0),
            period_m,
            creased: random.chance(creased),
            seed: random.seed(),
        }
    }

    /// Rise over run along the two axes of the texture's plane, at a point of it, metres.
    pub fn slope_at(&self, plane: Vec2) -> Vec2 {
        if self.slope < 0.01 {
            return Vec2::ZERO;
        }
        let at = plane / self.period_m;
        if self.creased {
            // Creases wander.
            let bent = |seed: u32| fractal(self.seed ^ seed, at.x, at.y, 2) - 0.5;
            let (_, facet) = cell(self.seed, at.x + 0.5 * bent(1), at.y + 0.5 * bent(2));
            let name = (facet * 65536.0) as i32;
            let side = |seed: u32| 2.0 * lattice(self.seed ^ seed, name, 0) - 1.0;
            return Vec2::new(side(3), side(4)) * self.slope;
        }
        let height = |x: f32, y: f32| fractal(self.seed, x, y, 2);
        let here = height(at.x, at.y);
        let across = height(at.x + STEP, at.y) - here;
        let along = height(at.x, at.y + STEP) - here;
        Vec2::new(across, along) * (self.slope / STEP)
    }
}
