//! Where things are: metres, right-handed.
//!
//! World and thing coordinates: z up. Camera coordinates: x right, y down, z forward (OpenCV's).

use glam::{Mat3, Quat, Vec3};

/// A rotation and a translation, written `a_from_b`: it takes points of `b` to `a`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Rotation, of unit length.
    pub rotation: Quat,
    /// Origin of `b` in `a`, metres.
    pub translation: Vec3,
}

impl Pose {
    /// `a` and `b` are the same.
    pub const IDENTITY: Self = Self {
        rotation: Quat::IDENTITY,
        translation: Vec3::ZERO,
    };

    /// A rotation, then a translation.
    pub fn new(rotation: Quat, translation: Vec3) -> Self {
        Self {
            rotation,
            translation,
        }
    }

    /// A translation alone.
    pub fn at(translation: Vec3) -> Self {
        Self::new(Quat::IDENTITY, translation)
    }

    /// `world_from_camera` of a camera at `eye` that looks at `target` with the horizon level.
    /// `target` is neither `eye` nor straight above or below it.
    pub fn looking(eye: Vec3, target: Vec3) -> Self {
        let forward = (target - eye).normalize();
        let right = forward.cross(Vec3::Z).normalize();
        let down = forward.cross(right);
        Self::new(
            Quat::from_mat3(&Mat3::from_cols(right, down, forward)).normalize(),
            eye,
        )
    }

    /// A point of `b` in `a`.
    pub fn point(&self, point: Vec3) -> Vec3 {
        self.rotation * point + self.translation
    }

    /// A direction of `b` in `a`.
    pub fn direction(&self, direction: Vec3) -> Vec3 {
        self.rotation * direction
    }

    /// `b_from_a`.
    pub fn inverse(&self) -> Self {
        let rotation = self.rotation.conjugate();
        Self::new(rotation, rotation * -self.translation)
    }

    /// `a_from_c` of this `a_from_b` and `b_from_c`.
    pub fn then(&self, b_from_c: &Self) -> Self {
        Self::new(
            (self.rotation * b_from_c.rotation).normalize(),
            self.point(b_from_c.translation),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_sees_its_target_ahead_and_the_sky_above() {
        let world_from_camera = Pose::looking(Vec3::new(1.0, 2.0, 1.6), Vec3::new(4.0, 6.0, 1.0));
        let camera_from_world = world_from_camera.inverse();
        let target = camera_from_world.point(Vec3::new(4.0, 6.0, 1.0));
        assert!(target.x.abs() < 1e-5 && target.y.abs() < 1e-5 && target.z > 5.0);
        assert!(camera_from_world.direction(Vec3::Z).y < -0.9);
        let back = world_from_camera.then(&camera_from_world);
        assert!(back.translation.length() < 1e-5 && back.rotation.w.abs() > 0.99999);
    }
}
