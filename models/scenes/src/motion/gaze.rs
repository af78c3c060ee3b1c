//! Where a person looks, and what an eye tracker says about it.

use super::track::Track;
use crate::random::Random;
use crate::render::Intrinsics;
use glam::{Vec2, Vec3};

/// A stretch of looking at one thing: a fixation, or a pursuit if the thing moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// When the eye lands, seconds.
    pub from_s: f64,
    /// Index of the placed thing.
    pub placed: usize,
    /// The point looked at, in the thing's coordinates.
    pub point: Vec3,
}

/// One sample of an eye tracker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GazeSample {
    /// When it was taken, microseconds.
    pub time_us: u64,
    /// What the tracker says, pixels of the scene camera.
    pub pixel: Vec2,
    /// Whether the tracker saw an eye: not during blinks.
    pub valid: bool,
    /// Where the person really looked, pixels; nothing off the camera's back.
    pub truth: Option<Vec2>,
    /// The eye rests on a thing or follows it, rather than flying to the next.
    pub fixating: bool,
}

/// A tracker's errors, degrees.
const OFFSET_DEG: f32 = 0.7;
const JITTER_DEG: f32 = 0.25;
/// Mean time between blinks, seconds.
const BLINK_EVERY_S: f32 = 4.0;

/// A sequence of looks for `duration_s`: each at one of `candidates` (index of a placed thing and a
/// point of it), from a fifth of a second to two seconds, pursuits longer.
pub fn looks(
    random: &mut Random,
    candidates: &[(usize, Vec3)],
    moving: &[usize],
    duration_s: f64,
) -> Vec<Look> {
    let mut looks = Vec::new();
    let mut time = 0.0;
    while time < duration_s && !candidates.is_empty() {
        let (placed, point) = candidates[random.count(0, candidates.len() - 1)];
        looks.push(Look {
            from_s: time,
            placed,
            point,
        });
        let long = if moving.contains(&placed) { 2.5 } else { 1.0 };
        time += f64::from(random.log_range(0.25, 1.6) * long);
    }
    looks
}

/// Samples at `rate_hz`. `world_point` tells where a look's point is at a time.
pub fn gaze(
    random: &mut Random,
    camera: &Track,
    lens: &Intrinsics,
    looks: &[Look],
    duration_s: f64,
    rate_hz: f64,
    world_point: impl Fn(&Look, f64) -> Vec3,
) -> Vec<GazeSample> {
    let per_degree = lens.focal_px * libm::tanf(1.0f32.to_radians());
    let offset = Vec2::new(random.normal(), random.normal()) * OFFSET_DEG * per_degree;
    let mut next_blink = f64::from(random.range(0.5, 2.0 * BLINK_EVERY_S));
    let mut blink_ends = 0.0;
    let count = (duration_s * rate_hz) as usize;
    let mut samples = Vec::with_capacity(count);
    let mut current = 0;
    for index in 0..count {
        let time = index as f64 / rate_hz;
        while current + 1 < looks.len() && looks[current + 1].from_s <= time {
            current += 1;
        }
        let camera_from_world = camera.camera(time).inverse();
        let seen = |look: &Look| camera_from_world.point(world_point(look, time));
        let Some(look) = looks.get(current) else {
            break;
        };
        let mut target = seen(look);
        let mut fixating = true;
        if let Some(next) = looks.get(current + 1) {
            // A saccade's duration grows with its size: 2.2 ms a degree and 21 ms (main sequence).
            let goal = seen(next);
            let degrees = target.angle_between(goal).to_degrees();
            let lasts = f64::from(0.0022 * degrees + 0.021);
            let begun = time - (next.from_s - lasts);
            if begun > 0.0 {
                let t = (begun / lasts).clamp(0.0, 1.0) as f32;
                let eased = t * t * (3.0 - 2.0 * t);
                target = target
                    .normalize_or(Vec3::Z)
                    .lerp(goal.normalize_or(Vec3::Z), eased);
                fixating = false;
            }
        }
        if time >= next_blink {
            blink_ends = time + f64::from(random.range(0.1, 0.25));
            next_blink = blink_ends + f64::from(random.log_range(0.3, 3.0) * BLINK_EVERY_S);
        }
        let truth = lens.project(target);
        let jitter = Vec2::new(random.normal(), random.normal()) * JITTER_DEG * per_degree;
        samples.push(GazeSample {
            time_us: (time * 1e6 + 0.5) as u64,
            pixel: truth.unwrap_or(lens.centre_px) + offset + jitter,
            valid: time >= blink_ends && truth.is_some(),
            truth,
            fixating,
        });
    }
    samples
}
