//! Objects put together from parts: animals, people, plants, vehicles, vessels, buildings.

use super::{Shape, split};
use crate::contour::{Contour, bottle, capsule, ellipse, polygon, rectangle, star};
use crate::random::Random;

/// An object of parts.
pub(super) fn draw(random: &mut Random) -> Shape {
    let mut pieces = match random.weighted(&[1.5, 1.2, 1.0, 1.0, 1.0, 1.0, 0.8]) {
        0 => animal(random),
        1 => person(random),
        2 => plant(random),
        3 => vehicle(random),
        4 => vessel(random),
        5 => building(random),
        _ => assembly(random),
    };
    for piece in &mut pieces {
        split::divide(random, piece, 0.2);
    }
    Shape::united(pieces)
}

fn blob(random: &mut Random, centre: [f32; 2], half: [f32; 2]) -> Contour {
    let roughness = random.range(0.02, 0.15);
    star(random, roughness).moved([half[0] * 1.2, half[1] * 1.2], centre)
}

fn animal(random: &mut Random) -> Vec<Shape> {
    let thick = random.range(0.05, 0.13);
    let depth = random.range(0.25, 0.45);
    let mut pieces = Vec::new();
    for index in 0..4 {
        let x = [-0.5, -0.35, 0.3, 0.45][index] + random.normal() * 0.05;
        let foot = [x + random.normal() * 0.12, random.range(0.7, 1.0)];
        pieces.push(Shape::plain(capsule(
            [x, 0.0],
            foot,
            thick * 1.3,
            thick * 0.7,
        )));
    }
    let tail = [-1.0 + random.range(-0.1, 0.2), random.range(-0.7, 0.4)];
    pieces.push(Shape::plain(capsule(
        [-0.55, 0.0],
        tail,
        thick,
        thick * random.range(0.2, 1.2),
    )));
    pieces.push(Shape::plain(blob(random, [0.0, 0.0], [0.65, depth])));
    let head = [random.range(0.6, 0.85), random.range(-0.65, -0.1)];
    let radius = random.range(0.18, 0.32);
    pieces.push(Shape::plain(capsule(
        [0.45, -0.05],
        head,
        radius * 0.8,
        radius * 0.6,
    )));
    let mut skull = Shape::plain(blob(random, head, [radius * 1.2, radius]));
    let eye = ellipse(16).moved(
        [radius * 0.14; 2],
        [head[0] + radius * 0.3, head[1] - radius * 0.2],
    );
    let ear = polygon(random, 3).moved(
        [radius * 0.45, radius * 0.6],
        [head[0] - radius * 0.4, head[1] - radius],
    );
    let snout = ellipse(24).moved(
        [radius * 0.5, radius * 0.35],
        [head[0] + radius, head[1] + radius * 0.2],
    );
    skull.outline = Contour::union([skull.outline, ear.clone(), snout.clone()]);
    skull.pieces = vec![Shape::plain(ear), Shape::plain(snout), Shape::plain(eye)];
    pieces.push(skull);
    pieces
}

fn person(random: &mut Random) -> Vec<Shape> {
    let shoulder = random.range(0.22, 0.34);
    let arm = random.range(0.07, 0.11);
    let mut pieces = Vec::new();
    for side in [-1.0, 1.0] {
        let foot = [side * random.range(0.08, 0.35), 1.0];
        let mut leg = Shape::plain(capsule([side * 0.13, 0.15], foot, 0.15, 0.09));
        leg.pieces.push(Shape::plain(
            ellipse(24).moved([0.16, 0.08], [foot[0] + 0.03, foot[1]]),
        ));
        leg.outline = Contour::union([leg.outline, leg.pieces[0].outline.clone()]);
        pieces.push(leg);
    }
    let waist = shoulder * random.range(0.6, 0.9);
    let torso = vec![
        [-shoulder, -0.5],
        [shoulder, -0.5],
        [waist, 0.22],
        [-waist, 0.22],
    ];
    pieces.push(Shape::plain(Contour::ring(torso)));
    for side in [-1.0, 1.0] {
        let elbow = [
            side * (shoulder + random.range(0.02, 0.25)),
            random.range(-0.35, 0.0),
        ];
        let hand = [
            elbow[0] + random.normal() * 0.2,
            elbow[1] + random.range(-0.3, 0.35),
        ];
        let upper = capsule(
            [side * (shoulder - arm * 0.6), -0.43],
            elbow,
            arm,
            arm * 0.85,
        );
        let lower = capsule(elbow, hand, arm * 0.85, arm * 0.6);
        let palm = Shape::plain(ellipse(16).moved([arm * 0.9; 2], hand));
        let outline = Contour::union([upper, lower, palm.outline.clone()]);
        pieces.push(Shape {
            outline,
            pieces: vec![palm],
        });
    }
    let tall = random.range(0.17, 0.22);
    let face = ellipse(40).moved([tall * 0.78, tall], [0.0, -0.76]);
    let hair = blob(
        random,
        [0.0, -0.82 - tall * 0.25],
        [tall * 0.85, tall * 0.75],
    );
    let mut head = Shape {
        outline: Contour::union([face.clone(), hair.clone()]),
        pieces: Vec::new(),
    };
    head.pieces = vec![
        Shape::plain(hair),
        Shape::plain(face.moved([0.85, 0.9], [0.0, -0.06])),
    ];
    pieces.push(head);
    pieces
}

fn plant(random: &mut Random) -> Vec<Shape> {
    let trunk = random.range(0.05, 0.14);
    let mut pieces = vec![Shape::plain(capsule(
        [0.0, 1.0],
        [0.0, -0.2],
        trunk,
        trunk * 0.7,
    ))];
    if random.chance(0.5) {
        for _ in 0..random.count(4, 9) {
            let centre = [random.normal() * 0.35, random.range(-0.9, 0.3)];
            let size = random.range(0.2, 0.45);
            pieces.push(Shape::plain(star(random, 0.3).moved([size; 2], centre)));
        }
    } else {
        for _ in 0..random.count(5, 12) {
            let angle = random.range(-2.6, -0.5);
            let reach = random.range(0.5, 1.0);
            let tip = [reach * libm::cosf(angle), reach * libm::sinf(angle)];
            pieces.push(Shape::plain(capsule(
                [0.0, 0.1],
                tip,
                random.range(0.08, 0.2),
                0.02,
            )));
        }
    }
    if random.chance(0.4) {
        let pot = vec![[-0.4, 0.5], [0.4, 0.5], [0.28, 1.1], [-0.28, 1.1]];
        pieces.push(Shape::plain(Contour::ring(pot)));
    }
    pieces
}

fn vehicle(random: &mut Random) -> Vec<Shape> {
    let nose = random.range(-0.2, 0.3);
    let roof = random.range(-0.75, -0.4);
    let body = vec![
        [-1.0, -0.1],
        [-0.95, 0.35],
        [0.95, 0.35],
        [1.0, nose],
        [0.55, -0.15],
    ];
    let cabin = vec![[-0.75, -0.1], [-0.5, roof], [0.3, roof], [0.6, -0.1]];
    let mut cabin = Shape::plain(Contour::ring(cabin));
    let inner = |left: f32, right: f32| Shape::plain(rectangle(left, roof + 0.07, right, -0.16));
    cabin.pieces = vec![inner(-0.5, -0.1), inner(-0.04, 0.32)];
    let mut pieces = vec![cabin, Shape::plain(Contour::ring(body))];
    let radius = random.range(0.17, 0.27);
    for x in [-0.58, 0.58] {
        let outline = ellipse(48).moved([radius; 2], [x, 0.36]);
        let hub = Shape::plain(ellipse(32).moved([radius * 0.55; 2], [x, 0.36]));
        pieces.push(Shape {
            outline,
            pieces: vec![hub],
        });
    }
    pieces
}

fn vessel(random: &mut Random) -> Vec<Shape> {
    let body = bottle(random);
    let mut pieces = Vec::new();
    if random.chance(0.5) {
        let side = if random.chance(0.5) { 1.0 } else { -1.0 };
        let outer = ellipse(48).moved([0.35, 0.5], [side * 0.55, 0.0]);
        let inner = ellipse(48).moved([0.22, 0.36], [side * 0.55, 0.0]);
        pieces.push(Shape::plain(outer.without(inner)));
    }
    let mut body = Shape::plain(body);
    if random.chance(0.7) {
        let (top, bottom) = (random.range(-0.4, 0.1), random.range(0.3, 0.8));
        let mut label = Shape::plain(rectangle(-1.0, top, 1.0, bottom));
        split::divide(random, &mut label, 0.5);
        body.pieces.push(label);
    }
    if random.chance(0.6) {
        body.pieces.push(Shape::plain(rectangle(
            -1.0,
            -1.1,
            1.0,
            random.range(-0.95, -0.6),
        )));
    }
    pieces.push(body);
    pieces
}

fn building(random: &mut Random) -> Vec<Shape> {
    let mut pieces = Vec::new();
    let eaves = random.range(-0.6, 0.0);
    let overhang = random.range(0.0, 0.15);
    let mut wall = Shape::plain(rectangle(-0.8, eaves, 0.8, 1.0));
    split::divide(random, &mut wall, 0.9);
    pieces.push(wall);
    let edge = 0.8 + overhang;
    let peak = random.range(-0.8, 0.8);
    let roof = vec![
        [-edge, eaves],
        [edge, eaves],
        [peak.max(0.0), -1.0],
        [peak.min(0.0), -1.0],
    ];
    pieces.push(Shape::plain(Contour::ring(roof)));
    if random.chance(0.6) {
        let x = random.range(-0.6, 0.6);
        pieces.push(Shape::plain(rectangle(x - 0.15, 0.4, x + 0.15, 1.0)));
    }
    pieces
}

fn assembly(random: &mut Random) -> Vec<Shape> {
    (0..random.count(2, 5))
        .map(|_| {
            let outline = match random.count(0, 3) {
                0 => rectangle(-1.0, -1.0, 1.0, 1.0),
                1 => ellipse(48),
                2 => {
                    let corners = random.count(3, 6);
                    polygon(random, corners)
                }
                _ => bottle(random),
            };
            let half = [random.range(0.2, 0.7), random.range(0.2, 0.7)];
            Shape::plain(outline.moved(half, [random.range(-0.4, 0.4), random.range(-0.4, 0.4)]))
        })
        .collect()
}
