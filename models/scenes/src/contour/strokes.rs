//! Outlines around lines.

use super::{Contour, Point, signed_area};
use crate::random::Random;
use std::f32::consts::PI;

/// Everything within a radius of the segment from `a` to `b`; the radius goes from `radius_a` to
/// `radius_b`.
pub fn capsule(a: Point, b: Point, radius_a: f32, radius_b: f32) -> Contour {
    let heading = libm::atan2f(b[1] - a[1], b[0] - a[0]);
    let cap = |centre: Point, radius: f32, start: f32| {
        (0..=10).map(move |index| {
            let angle = heading + start + PI * index as f32 / 10.0;
            [
                centre[0] + radius * libm::cosf(angle),
                centre[1] + radius * libm::sinf(angle),
            ]
        })
    };
    Contour::ring(
        cap(b, radius_b, -PI / 2.0)
            .chain(cap(a, radius_a, PI / 2.0))
            .collect(),
    )
}

/// The union of capsules along a line of points.
fn stroke(points: &[Point], radius: f32) -> Vec<Contour> {
    points
        .windows(2)
        .map(|pair| capsule(pair[0], pair[1], radius, radius))
        .collect()
}

/// A smooth wandering band from left to right.
pub fn ribbon(random: &mut Random) -> Contour {
    let thick = random.log_range(0.02, 0.12);
    let wander = random.range(0.0, 0.35);
    let (frequency, phase) = (random.range(0.5, 2.5), random.angle());
    let (second, second_phase) = (frequency * random.range(1.5, 2.7), random.angle());
    let taper = random.range(0.2, 1.0);
    let mut parts = Vec::new();
    let at = |t: f32| {
        let wave = libm::sinf(frequency * t * PI + phase);
        [
            t,
            wander * (wave + 0.4 * libm::sinf(second * t * PI + second_phase)),
        ]
    };
    let radius = |t: f32| thick * (1.0 + (taper - 1.0) * (t + 1.0) / 2.0);
    for index in 0..40 {
        let (t, next) = (index as f32 / 20.0 - 1.0, (index + 1) as f32 / 20.0 - 1.0);
        parts.push(capsule(at(t), at(next), radius(t), radius(next)));
    }
    Contour::union(parts)
}

/// Strokes of a few capital letters and signs on the square [-1, 1]^2.
const LETTERS: [&[&[Point]]; 12] = [
    &[
        &[[-0.8, 1.0], [0.0, -1.0], [0.8, 1.0]],
        &[[-0.45, 0.2], [0.45, 0.2]],
    ],
    &[
        &[[0.7, -1.0], [-0.7, -1.0], [-0.7, 1.0], [0.7, 1.0]],
        &[[-0.7, 0.0], [0.5, 0.0]],
    ],
    &[
        &[[-0.7, -1.0], [-0.7, 1.0]],
        &[[0.7, -1.0], [0.7, 1.0]],
        &[[-0.7, 0.0], [0.7, 0.0]],
    ],
    &[
        &[[-0.7, -1.0], [-0.7, 1.0]],
        &[[0.7, -1.0], [-0.7, 0.1]],
        &[[-0.2, -0.2], [0.7, 1.0]],
    ],
    &[&[
        [-0.8, 1.0],
        [-0.8, -1.0],
        [0.0, 0.3],
        [0.8, -1.0],
        [0.8, 1.0],
    ]],
    &[&[[-0.7, 1.0], [-0.7, -1.0], [0.7, 1.0], [0.7, -1.0]]],
    &[&[[-0.8, -1.0], [0.8, -1.0]], &[[0.0, -1.0], [0.0, 1.0]]],
    &[&[[-0.8, -1.0], [0.8, 1.0]], &[[0.8, -1.0], [-0.8, 1.0]]],
    &[&[[-0.8, -1.0], [0.8, -1.0], [-0.8, 1.0], [0.8, 1.0]]],
    &[
        &[[-0.8, -1.0], [0.0, 0.0], [0.8, -1.0]],
        &[[0.0, 0.0], [0.0, 1.0]],
    ],
    &[&[
        [0.7, -0.8],
        [0.0, -1.0],
        [-0.7, -0.6],
        [0.6, 0.3],
        [0.5, 0.9],
        [-0.7, 0.9],
    ]],
    &[&[
        [0.0, -1.0],
        [0.8, 0.0],
        [0.0, 1.0],
        [-0.8, 0.0],
        [0.0, -1.0],
    ]],
];

/// A letter of thick strokes.
pub fn letter(random: &mut Random) -> Contour {
    let radius = random.range(0.1, 0.3);
    let strokes = LETTERS[random.count(0, LETTERS.len() - 1)];
    let contour = Contour::union(strokes.iter().flat_map(|points| stroke(points, radius)));
    debug_assert!(contour.rings.iter().all(|ring| signed_area(ring) >= 0.0));
    contour
}
