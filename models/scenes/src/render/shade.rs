//! Light on many surfaces at once: arrays of one component each, so that the compiler works on several
//! of them with every instruction.

use super::light::{Lamp, Light};
use crate::noise::fractal;
use crate::palette::Colour;
use glam::Vec3;

/// Surfaces a batch holds.
pub(super) const LANES: usize = 32;

/// One number of every surface.
type Lane = [f32; LANES];

/// Less than the square of any length that counts, and more than zero.
const TINY: f32 = 1e-20;

/// Surfaces on which light falls.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    point: [Lane; 3],
    normal: [Lane; 3],
    base: [Lane; 3],
    gloss: Lane,
    glow: Lane,
    open: Lane,
    sight: [Lane; 3],
    received: [Lane; 3],
    shine: Lane,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            point: [[0.0; LANES]; 3],
            normal: [[0.0; LANES]; 3],
            base: [[0.0; LANES]; 3],
            gloss: [0.0; LANES],
            glow: [0.0; LANES],
            open: [1.0; LANES],
            sight: [[0.0; LANES]; 3],
            received: [[0.0; LANES]; 3],
            shine: [0.0; LANES],
        }
    }

    /// Puts a surface at `lane`: a point (world, metres), its normal of any length, its colour, the strength of
    /// its highlight and of its own light.
    pub(super) fn set(
        &mut self,
        lane: usize,
        point: Vec3,
        normal: Vec3,
        base: Colour,
        gloss: f32,
        glow: f32,
    ) {
        for axis in 0..3 {
            self.point[axis][lane] = point[axis];
            self.normal[axis][lane] = normal[axis];
            self.base[axis][lane] = base[axis];
        }
        self.gloss[lane] = gloss;
        self.glow[lane] = glow;
    }

    /// Says what part of the light from everywhere the surface at `lane` gets, 0..=1; one if nobody says.
    pub(super) fn set_open(&mut self, lane: usize, open: f32) {
        self.open[lane] = open;
    }

    /// Colours as `eye` sees them. `lit` says what part of the key lamp a point with a normal sees; it is not asked
    /// where the surface turns its back on the lamp.
    pub(super) fn shade(
        &mut self,
        eye: Vec3,
        light: &Light,
        lit: impl Fn(Vec3, Vec3) -> f32,
    ) -> [Lane; 3] {
        self.face(eye);
        for channel in 0..3 {
            let (above, below) = (light.sky[0][channel], light.sky[1][channel]);
            for lane in 0..LANES {
                let up = self.normal[2][lane] * 0.5 + 0.5;
                self.received[channel][lane] = (below + (above - below) * up) * self.open[lane];
            }
        }
        self.shine = [0.0; LANES];
        let mut facing = self.facing(&light.key);
        for (lane, facing) in facing.iter_mut().enumerate() {
            if *facing > 0.0 {
                *facing *= lit(
                    self.vector(&self.point, lane),
                    self.vector(&self.normal, lane),
                );
            }
        }
        self.add(&light.key, &facing);
        for lamp in &light.fill {
            let facing = self.facing(lamp);
            self.add(lamp, &facing);
        }
        let mut seen = [[0.0; LANES]; 3];
        for (channel, seen) in seen.iter_mut().enumerate() {
            let glint = light.key.colour[channel];
            let (base, received) = (&self.base[channel], &self.received[channel]);
            for (lane, seen) in seen.iter_mut().enumerate() {
                *seen = base[lane] * (received[lane] + self.glow[lane])
                    + self.gloss[lane] * self.shine[lane] * glint;
            }
        }
        seen
    }

    /// What glossy surfaces mirror of the surroundings, for the eye that `shade` was asked for: Schlick's share of a sky with a
    /// horizon and of bright windows, which lie where `seed` says.
    pub(super) fn mirrored(&self, light: &Light, seed: u32) -> [Lane; 3] {
        let mut seen = [[0.0; LANES]; 3];
        for lane in 0..LANES {
            let gloss = self.gloss[lane];
            if gloss < 0.1 {
                continue;
            }
            let (normal, sight) = (
                self.vector(&self.normal, lane),
                self.vector(&self.sight, lane),
            );
            let cosine = normal.dot(sight).clamp(0.0, 1.0);
            let to = normal * (2.0 * cosine) - sight;
            let up = ((to.z + 0.1) * 4.0).clamp(0.0, 1.0);
            let (x, y) = (2.2 * to.x + 0.7 * to.z, 2.2 * to.y - 0.5 * to.z);
            let window = ((fractal(seed, x, y, 2) - 0.55) * 12.0).clamp(0.0, 1.0);
            let straight = 0.04 + 0.3 * gloss * gloss;
            let grazing = (1.0 - cosine) * (1.0 - cosine);
            let share = gloss * (straight + (1.0 - straight) * grazing * grazing * (1.0 - cosine));
            for (channel, seen) in seen.iter_mut().enumerate() {
                let (above, below) = (light.sky[0][channel], light.sky[1][channel]);
                let around = below * 0.6 + (above * 1.6 - below * 0.6) * up;
                let around = around + window * (light.key.colour[channel] + above);
                seen[lane] = share * around * self.open[lane];
            }
        }
        seen
    }

    /// Normals at unit length and on the eye's side; directions to the eye.
    fn face(&mut self, eye: Vec3) {
        let ([px, py, pz], [nx, ny, nz], [sx, sy, sz]) =
            (&self.point, &mut self.normal, &mut self.sight);
        for lane in 0..LANES {
            let (x, y, z) = (eye.x - px[lane], eye.y - py[lane], eye.z - pz[lane]);
            let scale = 1.0 / (x * x + y * y + z * z).max(TINY).sqrt();
            (sx[lane], sy[lane], sz[lane]) = (x * scale, y * scale, z * scale);
            let (x, y, z) = (nx[lane], ny[lane], nz[lane]);
            let scale = 1.0 / (x * x + y * y + z * z).max(TINY).sqrt();
            let away = x * sx[lane] + y * sy[lane] + z * sz[lane] < 0.0;
            let scale = if away { -scale } else { scale };
            (nx[lane], ny[lane], nz[lane]) = (x * scale, y * scale, z * scale);
        }
    }

    /// How much of the lamp's light each surface gets: by its angle and distance.
    fn facing(&self, lamp: &Lamp) -> Lane {
        let ([px, py, pz], [nx, ny, nz]) = (&self.point, &self.normal);
        let reach = lamp.reach_m * lamp.reach_m;
        let mut facing = [0.0; LANES];
        for lane in 0..LANES {
            let [x, y, z] = [
                lamp.position.x - px[lane],
                lamp.position.y - py[lane],
                lamp.position.z - pz[lane],
            ];
            let square = (x * x + y * y + z * z).max(1e-6);
            let cosine = (nx[lane] * x + ny[lane] * y + nz[lane] * z) / square.sqrt();
            facing[lane] = cosine.max(0.0) * (reach / square).min(16.0);
        }
        facing
    }

    /// Adds the light of a lamp, and its highlight: Blinn's, with the thirty-second power, about 12 degrees wide.
    fn add(&mut self, lamp: &Lamp, facing: &Lane) {
        for (received, colour) in self.received.iter_mut().zip(lamp.colour) {
            for lane in 0..LANES {
                received[lane] += colour * facing[lane];
            }
        }
        let ([px, py, pz], [nx, ny, nz], [sx, sy, sz]) = (&self.point, &self.normal, &self.sight);
        for lane in 0..LANES {
            let [x, y, z] = [
                lamp.position.x - px[lane],
                lamp.position.y - py[lane],
                lamp.position.z - pz[lane],
            ];
            let scale = 1.0 / (x * x + y * y + z * z).max(1e-6).sqrt();
            let [x, y, z] = [
                x * scale + sx[lane],
                y * scale + sy[lane],
                z * scale + sz[lane],
            ];
            let length = (x * x + y * y + z * z).max(TINY).sqrt();
            let mut shine = ((nx[lane] * x + ny[lane] * y + nz[lane] * z) / length).max(0.0);
            shine *= shine;
            shine *= shine;
            shine *= shine;
            shine *= shine;
            shine *= shine;
            self.shine[lane] += shine * facing[lane];
        }
    }

    fn vector(&self, parts: &[Lane; 3], lane: usize) -> Vec3 {
        Vec3::new(parts[0][lane], parts[1][lane], parts[2][lane])
    }
}
