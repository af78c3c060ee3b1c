//! Cutting a shape into pieces: bands, wedges, islands, windows.

use super::Shape;
use crate::contour::{Contour, Family, Placement, ellipse, rectangle};
use crate::random::Random;

/// With probability `chance` gives `shape` pieces, and those, more rarely, pieces of their own.
pub(super) fn divide(random: &mut Random, shape: &mut Shape, chance: f32) {
    let Some([left, top, right, bottom]) = shape.outline.bounds() else {
        return;
    };
    if !random.chance(chance) {
        return;
    }
    let centre = [(left + right) / 2.0, (top + bottom) / 2.0];
    let half = [(right - left) / 2.0, (bottom - top) / 2.0];
    shape.pieces = match random.weighted(&[1.2, 1.0, 1.2, 0.5]) {
        0 => bands(random),
        1 => cut(random),
        2 => islands(random),
        _ => windows(random),
    }
    .into_iter()
    .map(|piece| Shape::plain(piece.moved(half, centre)))
    .collect();
    for piece in &mut shape.pieces {
        divide(random, piece, chance * 0.35);
    }
}

/// A region on one side of a wavy line across the unit square, at signed distance `offset` from
/// the centre along direction `angle`.
fn half_plane(random: &mut Random, angle: f32, offset: f32) -> Contour {
    let wave = random.range(0.0, 0.15);
    let (frequency, phase) = (random.range(1.0, 6.0), random.angle());
    let edge = (0..=32).map(|index| {
        let t = index as f32 / 8.0 - 2.0;
        [t, offset + wave * libm::sinf(frequency * t + phase)]
    });
    let ring = edge.chain([[2.0, 3.0], [-2.0, 3.0]]).collect();
    let turned = Placement {
        centre: [0.0; 2],
        scale: [1.0; 2],
        turn: angle,
    };
    Contour::ring(ring).placed(&turned)
}

/// Successive bands along a direction: each covers all that follows, so later ones lie on top.
fn bands(random: &mut Random) -> Vec<Contour> {
    let angle = random.angle();
    let count = random.count(1, 3);
    let mut offsets: Vec<f32> = (0..count).map(|_| random.range(-0.7, 0.7)).collect();
    offsets.sort_by(f32::total_cmp);
    offsets
        .into_iter()
        .map(|offset| half_plane(random, angle, offset))
        .collect()
}

/// One or two half-planes in unrelated directions.
fn cut(random: &mut Random) -> Vec<Contour> {
    (0..random.count(1, 2))
        .map(|_| {
            let (angle, offset) = (random.angle(), random.range(-0.3, 0.6));
            half_plane(random, angle, offset)
        })
        .collect()
}

/// Spots, eyes, labels, fruits: outlines inside the outline.
fn islands(random: &mut Random) -> Vec<Contour> {
    const FAMILIES: [Family; 6] = [
        Family::Superellipse,
        Family::Star,
        Family::Polygon,
        Family::Recursive,
        Family::Letter,
        Family::Ring,
    ];
    let family = FAMILIES[random.count(0, FAMILIES.len() - 1)];
    let alike = random.chance(0.5).then(|| family.draw(random));
    let size = random.range(0.15, 0.6);
    (0..random.count(1, 5))
        .map(|_| {
            let outline = alike.clone().unwrap_or_else(|| family.draw(random));
            let size = size * random.range(0.7, 1.3);
            let placement = Placement {
                centre: [random.range(-0.6, 0.6), random.range(-0.6, 0.6)],
                scale: [size, size * random.range(0.6, 1.4)],
                turn: random.normal() * 0.4,
            };
            outline.placed(&placement)
        })
        .collect()
}

/// A grid of equal panes.
fn windows(random: &mut Random) -> Vec<Contour> {
    let (columns, rows) = (random.count(1, 4), random.count(1, 4));
    let fill = random.range(0.4, 0.85);
    let pane = if random.chance(0.8) {
        rectangle(-1.0, -1.0, 1.0, 1.0)
    } else {
        ellipse(24)
    };
    let mut panes = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let x = (2.0 * column as f32 + 1.0) / columns as f32 - 1.0;
            let y = (2.0 * row as f32 + 1.0) / rows as f32 - 1.0;
            let scale = [fill / columns as f32, fill / rows as f32];
            panes.push(pane.moved(scale, [0.9 * x, 0.9 * y]));
        }
    }
    panes
}
