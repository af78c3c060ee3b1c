//! Which triangle each ray meets first, by homogeneous rasterisation (Olano and Greer, "Triangle scan
//! conversion using 2D homogeneous coordinates", 1997): no clipping, and a ray's exact point on its
//! triangle can be found again later.

use glam::{Mat3, Vec2, Vec3};

/// Nearest visible distance, metres.
const NEAR_M: f32 = 0.03;

/// No triangle.
pub const NOTHING: u32 = u32::MAX;

/// A triangle as the camera sees it.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// Takes a ray (x, y, 1) to the weights of the three corners, unnormalised: their sum is one
    /// over the depth.
    pub weights_from_ray: Mat3,
    /// Index of the placed thing.
    pub placed: u32,
    /// Index of its face.
    pub face: u32,
}

/// The nearest triangle at every sample of an undistorted image plane.
#[derive(Debug, Clone)]
pub struct Raster {
    /// Samples per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Image coordinates (x / z, y / z) of sample (0, 0).
    origin: Vec2,
    /// Image coordinates per sample.
    step: f32,
    /// One over it.
    samples_per_unit: f32,
    inverse_depth: Vec<f32>,
    nearest: Vec<u32>,
    /// All triangles that were drawn.
    pub drawn: Vec<Drawn>,
    /// What takes a ray (x, y, 1) to one over the depth of each of them.
    planes: Vec<Vec3>,
}

impl Raster {
    /// A plane from `low` to `high` (image coordinates), `step` between samples.
    pub fn new(low: Vec2, high: Vec2, step: f32) -> Self {
        let size = ((high - low) / step).ceil() + Vec2::ONE;
        let (width, height) = (size.x as usize, size.y as usize);
        Self {
            width,
            height,
            origin: low,
            step,
            samples_per_unit: 1.0 / step,
            inverse_depth: vec![0.0; width * height],
            nearest: vec![NOTHING; width * height],
            drawn: Vec::new(),
            planes: Vec::new(),
        }
    }

    /// Forgets all triangles.
    pub fn clear(&mut self) {
        self.inverse_depth.fill(0.0);
        self.nearest.fill(NOTHING);
        self.drawn.clear();
        self.planes.clear();
    }

    /// Draws a triangle with these corners in camera coordinates.
    pub fn draw(&mut self, corners: [Vec3; 3], placed: u32, face: u32) {
        let [a, b, c] = corners;
        let (nearest, farthest) = (a.z.min(b.z).min(c.z), a.z.max(b.z).max(c.z));
        if farthest < NEAR_M {
            return;
        }
        let volume = a.dot(b.cross(c));
        if volume.abs() < 1e-12 {
            return;
        }
        let (mut low, mut high) = (
            Vec2::ZERO,
            Vec2::new((self.width - 1) as f32, (self.height - 1) as f32),
        );
        if nearest > NEAR_M {
            let plane =
                corners.map(|corner| (corner.truncate() / corner.z - self.origin) / self.step);
            low = low.max(plane[0].min(plane[1]).min(plane[2]).ceil());
            high = high.min(plane[0].max(plane[1]).max(plane[2]).floor());
        }
        if low.x > high.x || low.y > high.y {
            return;
        }
        let weights_from_ray =
            Mat3::from_cols(b.cross(c), c.cross(a), a.cross(b)).transpose() * (1.0 / volume);
        let index = self.drawn.len() as u32;
        let mut seen = false;
        let across = weights_from_ray * Vec3::new(self.step, 0.0, 0.0);
        let (first, last) = (low.x as usize, high.x as usize);
        for row in low.y as usize..=high.y as usize {
            let start = self.origin + Vec2::new(low.x, row as f32) * self.step;
            let weights = weights_from_ray * start.extend(1.0);
            // The columns where all three weights are positive form one run.
            let (mut from, mut to) = (0.0f32, (last - first) as f32);
            for axis in 0..3 {
                let (value, slope) = (weights[axis], across[axis]);
                if slope == 0.0 {
                    if value < 0.0 {
                        to = -1.0;
                    }
                } else if slope > 0.0 {
                    from = from.max(-value / slope);
                } else {
                    to = to.min(-value / slope);
                }
            }
            if from > to {
                continue;
            }
            let (from, to) = (from.ceil() as usize, to.floor() as usize);
            if from > to {
                continue;
            }
            let line = row * self.width + first;
            let (sum, slope) = (weights.element_sum(), across.element_sum());
            let depths = &mut self.inverse_depth[line + from..=line + to];
            let ids = &mut self.nearest[line + from..=line + to];
            for (offset, (depth, id)) in depths.iter_mut().zip(ids).enumerate() {
                let inverse = sum + slope * (from + offset) as f32;
                if inverse > *depth && inverse < 1.0 / NEAR_M {
                    *depth = inverse;
                    *id = index;
                    seen = true;
                }
            }
        }
        if seen {
            let columns = weights_from_ray.to_cols_array_2d();
            self.planes
                .push(Vec3::from(columns.map(|column| column.iter().sum())));
            self.drawn.push(Drawn {
                weights_from_ray,
                placed,
                face,
            });
        }
    }

    /// The triangle that the ray through image coordinates `plane` meets first.
    pub fn at(&self, plane: Vec2) -> Option<&Drawn> {
        self.drawn.get(self.nearest[self.sample(plane)] as usize)
    }

    /// One over the depth of the plane of the triangle that the ray meets first; zero where there is none.
    pub fn inverse_depth(&self, plane: Vec2) -> f32 {
        match self.planes.get(self.nearest[self.sample(plane)] as usize) {
            Some(inverse_depth_from_ray) => inverse_depth_from_ray.dot(plane.extend(1.0)),
            None => 0.0,
        }
    }

    fn sample(&self, plane: Vec2) -> usize {
        let sample = (plane - self.origin) * self.samples_per_unit + 0.5;
        let (x, y) = (sample.x.max(0.0) as usize, sample.y.max(0.0) as usize);
        y.min(self.height - 1) * self.width + x.min(self.width - 1)
    }
}

impl Drawn {
    /// Weights of the corners (their sum is one) and depth, metres, where the ray through `plane` meets
    /// the triangle, or the point of it that is nearest in weights.
    pub fn meet(&self, plane: Vec2) -> (Vec3, f32) {
        let weights = (self.weights_from_ray * plane.extend(1.0)).max(Vec3::ZERO);
        let sum = weights.element_sum().max(1e-9);
        (weights / sum, 1.0 / sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_triangle_wins_and_meets_at_its_depth() {
        let mut raster = Raster::new(Vec2::splat(-1.0), Vec2::splat(1.0), 0.01);
        let big = |z: f32| {
            [
                Vec3::new(-9.0, -9.0, z),
                Vec3::new(9.0, -9.0, z),
                Vec3::new(0.0, 20.0, z),
            ]
        };
        raster.draw(big(3.0), 0, 0);
        raster.draw(
            big(2.0).map(|corner| corner * Vec3::new(0.05, 0.05, 1.0)),
            1,
            0,
        );
        raster.draw(big(5.0), 2, 0);
        let middle = raster.at(Vec2::ZERO).unwrap();
        assert_eq!(middle.placed, 1);
        assert!((middle.meet(Vec2::ZERO).1 - 2.0).abs() < 1e-4);
        assert_eq!(raster.at(Vec2::new(-0.9, -0.9)).unwrap().placed, 0);
    }

    #[test]
    fn a_floor_that_passes_under_the_camera_is_seen_ahead_only() {
        let mut raster = Raster::new(Vec2::splat(-1.0), Vec2::splat(1.0), 0.01);
        let floor = [
            Vec3::new(-50.0, 1.5, -50.0),
            Vec3::new(50.0, 1.5, -50.0),
            Vec3::new(0.0, 1.5, 200.0),
        ];
        raster.draw(floor, 0, 0);
        assert!(raster.at(Vec2::new(0.0, -0.3)).is_none());
        let below = raster.at(Vec2::new(0.0, 0.5)).unwrap();
        assert!((below.meet(Vec2::new(0.0, 0.5)).1 - 3.0).abs() < 1e-3);
    }
}
