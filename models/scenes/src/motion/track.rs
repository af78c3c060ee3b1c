//! The way of a camera or of a thing through space.

use super::spline::Spline;
use crate::space::Pose;
use glam::{DMat3, DVec3, Mat3, Quat, Vec3};

/// Gravity, m/s^2.
pub const GRAVITY: f64 = 9.81;

/// A pose at every time: channels x, y, z (metres), yaw, pitch, roll (radians).
///
/// A camera at yaw 0, pitch 0 looks along world x with the horizon level; yaw turns it to the left,
/// pitch up, roll clockwise in the image's own plane. A thing uses the yaw alone.
#[derive(Debug, Clone)]
pub struct Track(pub Spline<6>);

/// What an inertial sensor at the camera measures, in camera coordinates, without its errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inertial {
    /// Angular velocity, rad/s.
    pub gyro: Vec3,
    /// Specific force, m/s^2: at rest it points up, away from the ground.
    pub accel: Vec3,
}

fn about_z(angle: f64) -> DMat3 {
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    DMat3::from_cols(
        DVec3::new(cos, sin, 0.0),
        DVec3::new(-sin, cos, 0.0),
        DVec3::Z,
    )
}

/// Pitch up: about -y.
fn pitched(angle: f64) -> DMat3 {
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    DMat3::from_cols(
        DVec3::new(cos, 0.0, sin),
        DVec3::Y,
        DVec3::new(-sin, 0.0, cos),
    )
}

/// World from a camera that looks along x with the horizon level.
fn level() -> DMat3 {
    DMat3::from_cols(-DVec3::Y, -DVec3::Z, DVec3::X)
}

impl Track {
    /// `world_from_camera`.
    pub fn camera(&self, time_s: f64) -> Pose {
        let [value, ..] = self.0.at(time_s);
        let [x, y, z, yaw, pitch, roll] = value;
        let rotation = about_z(yaw) * pitched(pitch) * level() * about_z(roll);
        Pose::new(
            Quat::from_mat3(&Mat3::from_cols(
                rotation.x_axis.as_vec3(),
                rotation.y_axis.as_vec3(),
                rotation.z_axis.as_vec3(),
            ))
            .normalize(),
            DVec3::new(x, y, z).as_vec3(),
        )
    }

    /// `world_from_thing` of a thing that stays upright.
    pub fn thing(&self, time_s: f64) -> Pose {
        let [x, y, z, yaw, ..] = self.0.at(time_s)[0];
        let half = yaw * 0.5;
        let rotation = Quat::from_xyzw(0.0, 0.0, libm::sin(half) as f32, libm::cos(half) as f32);
        Pose::new(rotation, DVec3::new(x, y, z).as_vec3())
    }

    /// What an ideal inertial sensor at the camera measures.
    pub fn inertial(&self, time_s: f64) -> Inertial {
        let [value, speed, acceleration] = self.0.at(time_s);
        let [.., yaw, pitch, roll] = value;
        let [.., yaw_rate, pitch_rate, roll_rate] = speed;
        let last = level() * about_z(roll);
        let world_from_camera = about_z(yaw) * pitched(pitch) * last;
        let about_pitch = DVec3::new(0.0, -pitch_rate, 0.0)
            + pitched(pitch).transpose() * DVec3::new(0.0, 0.0, yaw_rate);
        let gyro = DVec3::new(0.0, 0.0, roll_rate) + last.transpose() * about_pitch;
        let [x, y, z, ..] = acceleration;
        let accel = world_from_camera.transpose() * DVec3::new(x, y, z + GRAVITY);
        Inertial {
            gyro: gyro.as_vec3(),
            accel: accel.as_vec3(),
        }
    }

    /// Speed through the world, m/s.
    pub fn velocity(&self, time_s: f64) -> DVec3 {
        let [x, y, z, ..] = self.0.at(time_s)[1];
        DVec3::new(x, y, z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wandering() -> Track {
        let samples = (0..150)
            .map(|index| {
                let t = f64::from(index) * 0.02;
                [
                    1.2 * t,
                    0.3 * libm::sin(t),
                    1.6 + 0.02 * libm::sin(12.0 * t),
                    0.8 * libm::sin(1.3 * t),
                    0.4 * libm::sin(2.1 * t),
                    0.1 * libm::sin(3.0 * t),
                ]
            })
            .collect();
        Track(Spline {
            interval_s: 0.02,
            samples,
        })
    }

    #[test]
    fn a_camera_looks_where_yaw_and_pitch_say() {
        let still = |yaw: f64, pitch: f64| {
            Track(Spline {
                interval_s: 1.0,
                samples: vec![[0.0, 0.0, 0.0, yaw, pitch, 0.0]; 2],
            })
        };
        let forward = |track: Track| track.camera(0.0).direction(Vec3::Z);
        assert!((forward(still(0.0, 0.0)) - Vec3::X).length() < 1e-6);
        assert!(forward(still(std::f64::consts::FRAC_PI_2, 0.0)).distance(Vec3::Y) < 1e-5);
        assert!(forward(still(0.0, 1.0)).z > 0.8);
        assert!(still(0.3, 0.0).camera(0.0).direction(Vec3::Y).z < -0.99);
    }

    #[test]
    fn integrating_the_inertial_sensor_gives_the_pose_change() {
        let track = wandering();
        let (from, to, steps) = (0.2, 2.2, 20_000);
        let step = (to - from) / f64::from(steps);
        let start = track.camera(from);
        let mut rotation = start.rotation.as_dquat();
        let mut position = start.translation.as_dvec3();
        let mut velocity = track.velocity(from);
        for index in 0..steps {
            let sample = track.inertial(from + (f64::from(index) + 0.5) * step);
            let gyro = sample.gyro.as_dvec3() * step;
            let middle = rotation * glam::DQuat::from_scaled_axis(gyro * 0.5);
            let force = middle * sample.accel.as_dvec3() - DVec3::new(0.0, 0.0, GRAVITY);
            position += velocity * step + force * (0.5 * step * step);
            velocity += force * step;
            rotation = (rotation * glam::DQuat::from_scaled_axis(gyro)).normalize();
        }
        let end = track.camera(to);
        assert!(rotation.as_quat().angle_between(end.rotation) < 2e-3);
        assert!(position.as_vec3().distance(end.translation) < 1e-2);
    }
}
