//! Cameras that people and robots carry.

use super::gaze::Look;
use super::spline::Spline;
use super::track::Track;
use crate::random::Random;
use glam::{DVec3, Vec3};
use std::f64::consts::{PI, TAU};

/// Samples of a track, seconds apart.
const INTERVAL_S: f64 = 0.02;

/// What carries the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A standing or seated person's head: it follows the eyes, late and not all the way.
    Head,
    /// A walking person's head.
    Walker,
    /// A robot's wrist that reaches for the first thing looked at.
    Wrist,
}

/// The track of a camera that starts at `eye`. `world_point` tells where a look's point is at a time.
pub fn carry(
    random: &mut Random,
    carrier: Carrier,
    eye: Vec3,
    looks: &[Look],
    duration_s: f64,
    world_point: impl Fn(&Look, f64) -> Vec3,
) -> Track {
    let start = eye.as_dvec3();
    let (steps, fine) = ((duration_s / INTERVAL_S) as usize + 3, 10);
    // A critically damped spring turns the head towards what the eyes hold.
    let stiffness = match carrier {
        Carrier::Head | Carrier::Walker => f64::from(random.range(7.0, 14.0)),
        Carrier::Wrist => f64::from(random.range(2.0, 4.0)),
    };
    let share = if carrier == Carrier::Wrist {
        1.0
    } else {
        f64::from(random.range(0.6, 0.95))
    };
    let pace = f64::from(random.range(0.6, 1.4));
    let cadence = f64::from(random.range(1.6, 2.1));
    let sway = DVec3::new(
        random.angle().into(),
        random.angle().into(),
        random.angle().into(),
    );
    let roll_phase = f64::from(random.angle());
    let mut position = start;
    let mut walked = 0.0;
    let mut angles: Option<[[f64; 2]; 2]> = None;
    let mut samples = Vec::with_capacity(steps);
    let mut current = 0;
    for step in 0..steps * fine {
        let time = step as f64 * INTERVAL_S / fine as f64;
        let tick = INTERVAL_S / fine as f64;
        // A hand keeps to the thing that it reaches for.
        while carrier != Carrier::Wrist
            && current + 1 < looks.len()
            && looks[current + 1].from_s <= time
        {
            current += 1;
        }
        let target = looks
            .get(current)
            .map_or(start + DVec3::X, |look| world_point(look, time).as_dvec3());
        let towards = target - position;
        let (yaw, pitch) = (
            libm::atan2(towards.y, towards.x),
            libm::atan2(towards.z, libm::hypot(towards.x, towards.y)),
        );
        let state = angles.get_or_insert([[yaw, 0.0], [pitch, 0.0]]);
        for (axis, goal) in [yaw, pitch * share - 0.05].into_iter().enumerate() {
            let [value, speed] = &mut state[axis];
            let mut error = goal - *value;
            if axis == 0 {
                error -= TAU * libm::round(error / TAU);
                // The eyes go the rest of the way.
                error *= if error.abs() > 0.2 { 1.0 } else { share };
            }
            *speed += (stiffness * stiffness * error - 2.0 * stiffness * *speed) * tick;
            *value += *speed * tick;
        }
        match carrier {
            Carrier::Walker => {
                walked += pace * tick;
                let heading = state[0][0];
                position +=
                    DVec3::new(libm::cos(heading), libm::sin(heading), 0.0) * (0.6 * pace * tick);
            }
            Carrier::Wrist => {
                let distance = towards.length();
                if distance > 0.25 {
                    position += towards * (0.35 * tick);
                    position +=
                        DVec3::new(-towards.y, towards.x, 0.0) * (0.15 * tick * libm::sin(time));
                }
            }
            Carrier::Head => {}
        }
        if step % fine == 0 {
            let wave = |hertz: f64, phase: f64| libm::sin(TAU * hertz * time + phase);
            let mut at = position
                + DVec3::new(
                    wave(0.31, sway.x) * 0.012,
                    wave(0.23, sway.y) * 0.012,
                    wave(0.27, sway.z) * 0.006,
                );
            if walked > 0.0 {
                at.z += 0.02 * wave(cadence, 0.0);
                at.y += 0.015 * wave(cadence / 2.0, PI / 3.0);
            }
            let [[yaw, _], [pitch, _]] = *state;
            let tremor = 0.002 * wave(7.3, sway.x);
            let roll = 0.03 * wave(0.17, roll_phase);
            samples.push([at.x, at.y, at.z, yaw + tremor, pitch + tremor * 0.7, roll]);
        }
    }
    Track(Spline {
        interval_s: INTERVAL_S,
        samples,
    })
}
