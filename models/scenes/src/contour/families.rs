//! Contour families.

use super::{Contour, Point, capsule, letter, ribbon};
use crate::random::Random;
use std::f32::consts::{PI, TAU};

/// A kind of outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Ellipses and superellipses, from lens-like to boxy.
    Superellipse,
    /// One radius per direction, a sum of harmonics.
    Star,
    /// Straight edges: triangles, quadrilaterals, irregular polygons.
    Polygon,
    /// Right angles: bars, L and T and U shapes.
    Blocks,
    /// A polygon whose edges are broken again and again.
    Recursive,
    /// A body with limbs.
    Limbs,
    /// A profile turned about an axis: bottles, vases, cups.
    Bottle,
    /// A ring or a handle: an outline with a hole.
    Ring,
    /// A letter of strokes.
    Letter,
    /// Many leaves on branches.
    Foliage,
    /// A long thin band: a cable, a blade of grass, a pole.
    Ribbon,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 11] = [
        Self::Superellipse,
        Self::Star,
        Self::Polygon,
        Self::Blocks,
        Self::Recursive,
        Self::Limbs,
        Self::Bottle,
        Self::Ring,
        Self::Letter,
        Self::Foliage,
        Self::Ribbon,
    ];

    /// An outline of this family in [-1, 1]^2, more or less.
    pub fn draw(self, random: &mut Random) -> Contour {
        match self {
            Self::Superellipse => superellipse(random),
            Self::Star => {
                let roughness = random.range(0.05, 0.45);
                star(random, roughness)
            }
            Self::Polygon => {
                let corners = random.count(3, 9);
                polygon(random, corners)
            }
            Self::Blocks => blocks(random),
            Self::Recursive => recursive(random),
            Self::Limbs => limbs(random),
            Self::Bottle => bottle(random),
            Self::Ring => ring(random),
            Self::Letter => letter(random),
            Self::Foliage => foliage(random),
            Self::Ribbon => ribbon(random),
        }
    }
}

/// The unit circle, `points` corners.
pub fn ellipse(points: usize) -> Contour {
    let step = TAU / points as f32;
    let on_circle = |index| {
        let angle = index as f32 * step;
        [libm::cosf(angle), libm::sinf(angle)]
    };
    Contour::ring((0..points).map(on_circle).collect())
}

/// The rectangle between two corners.
pub fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Contour {
    Contour::ring(vec![
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
    ])
}

fn superellipse(random: &mut Random) -> Contour {
    let power = 2.0 / random.log_range(1.2, 8.0);
    let bend = |value: f32| value.signum() * libm::powf(value.abs(), power);
    ellipse(96).map(|[x, y]| [bend(x), bend(y)])
}

/// One radius per direction: harmonics up to the eighth, falling off.
pub fn star(random: &mut Random, roughness: f32) -> Contour {
    let falloff = random.range(0.7, 1.8);
    let waves: Vec<(f32, f32)> = (1..=8)
        .map(|order| {
            let amplitude = random.normal() * roughness / libm::powf(order as f32, falloff);
            (amplitude, random.angle())
        })
        .collect();
    let radius = |angle: f32| {
        let wave = |(index, (amplitude, phase)): (usize, &(f32, f32))| {
            amplitude * libm::cosf((index + 1) as f32 * angle + phase)
        };
        (0.8 + waves.iter().enumerate().map(wave).sum::<f32>()).clamp(0.15, 1.4)
    };
    let points = (0..128).map(|index| {
        let angle = index as f32 * TAU / 128.0;
        let radius = radius(angle);
        [radius * libm::cosf(angle), radius * libm::sinf(angle)]
    });
    Contour::ring(points.collect())
}

/// `corners` corners around the centre at uneven angles and radii.
pub fn polygon(random: &mut Random, corners: usize) -> Contour {
    let unevenness = random.range(0.0, 0.5);
    let turn = random.angle();
    let points = (0..corners).map(|index| {
        let jitter = random.range(-0.5, 0.5) * unevenness;
        let angle = turn + (index as f32 + jitter) * TAU / corners as f32;
        let radius = 1.0 - unevenness * random.unit();
        [radius * libm::cosf(angle), radius * libm::sinf(angle)]
    });
    Contour::ring(points.collect())
}

fn blocks(random: &mut Random) -> Contour {
    let bars = random.count(1, 3);
    let trunk = random.range(0.25, 0.9);
    let mut parts = vec![rectangle(-trunk, -1.0, trunk, 1.0)];
    for _ in 1..bars {
        let top = random.range(-1.0, 0.6);
        let bottom = (top + random.range(0.25, 0.9)).min(1.0);
        let left = random.range(-1.0, 0.2);
        parts.push(rectangle(left, top, left + random.range(0.6, 1.2), bottom));
    }
    Contour::union(parts)
}

fn recursive(random: &mut Random) -> Contour {
    let corners = random.count(3, 6);
    let mut ring: Vec<Point> = polygon(random, corners).rings.remove(0);
    let mut amplitude = random.range(0.15, 0.6);
    let decay = random.range(0.45, 0.75);
    while ring.len() < 200 {
        let mut finer = Vec::with_capacity(ring.len() * 2);
        for (index, a) in ring.iter().enumerate() {
            let b = ring[(index + 1) % ring.len()];
            let shift = amplitude * random.normal() * 0.5;
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            finer.push(*a);
            finer.push([
                (a[0] + b[0]) / 2.0 - dy * shift,
                (a[1] + b[1]) / 2.0 + dx * shift,
            ]);
        }
        ring = finer;
        amplitude *= decay;
    }
    Contour::ring(ring)
}

fn limbs(random: &mut Random) -> Contour {
    let body =
        star(random, 0.2).moved([random.range(0.3, 0.6), random.range(0.3, 0.6)], [0.0, 0.0]);
    let mut parts = vec![body];
    for _ in 0..random.count(2, 7) {
        let angle = random.angle();
        let reach = random.range(0.6, 1.1);
        let bend = random.normal() * 0.4;
        let knee = [
            0.5 * reach * libm::cosf(angle),
            0.5 * reach * libm::sinf(angle),
        ];
        let foot = [
            reach * libm::cosf(angle + bend),
            reach * libm::sinf(angle + bend),
        ];
        let thick = random.range(0.07, 0.2);
        parts.push(capsule([0.0, 0.0], knee, thick * 1.2, thick));
        parts.push(capsule(knee, foot, thick, thick * random.range(0.4, 1.1)));
    }
    Contour::union(parts)
}

/// A profile turned about the vertical axis, mouth at the top (y = -1).
pub fn bottle(random: &mut Random) -> Contour {
    let knots: Vec<f32> = (0..random.count(3, 6))
        .map(|_| random.range(0.2, 0.75))
        .collect();
    let sharp = random.chance(0.3);
    let half_width = |t: f32| {
        let place = t * (knots.len() - 1) as f32;
        let index = (place as usize).min(knots.len() - 2);
        let mut u = place - index as f32;
        if !sharp {
            u = u * u * (3.0 - 2.0 * u);
        }
        knots[index] + (knots[index + 1] - knots[index]) * u
    };
    let side = |sign: f32| {
        move |index: usize| {
            let t = index as f32 / 40.0;
            (t, sign)
        }
    };
    let right = (0..=40).map(side(1.0));
    let left = (0..=40).rev().map(side(-1.0));
    let points = right
        .chain(left)
        .map(|(t, sign)| [sign * half_width(t), 2.0 * t - 1.0]);
    Contour::ring(points.collect())
}

fn ring(random: &mut Random) -> Contour {
    let thickness = random.range(0.12, 0.5);
    let outer = if random.chance(0.6) {
        ellipse(96)
    } else {
        star(random, 0.2)
    };
    let inner = outer.moved([1.0 - thickness; 2], [random.normal() * 0.03; 2]);
    outer.without(inner)
}

fn foliage(random: &mut Random) -> Contour {
    let leaf_length = random.log_range(0.08, 0.3);
    let leaf_width = leaf_length * random.range(0.25, 0.7);
    let leaf = ellipse(12);
    let mut parts = Vec::new();
    for _ in 0..random.count(3, 7) {
        let angle = random.angle();
        let tip = [0.85 * libm::cosf(angle), 0.85 * libm::sinf(angle)];
        parts.push(capsule([0.0, 0.0], tip, 0.05, 0.02));
        for _ in 0..random.count(10, 40) {
            let along = libm::sqrtf(random.unit());
            let spread = 0.28 * along;
            let x = tip[0] * along + random.normal() * spread;
            let y = tip[1] * along + random.normal() * spread;
            let turn = angle + random.range(-PI, PI) * 0.6;
            let (sin, cos) = (libm::sinf(turn), libm::cosf(turn));
            parts.push(leaf.map(|[u, v]| {
                let (u, v) = (u * leaf_length, v * leaf_width);
                [x + cos * u - sin * v, y + sin * u + cos * v]
            }));
        }
    }
    Contour::union(parts)
}
