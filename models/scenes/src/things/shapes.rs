//! Shapes that several families share.

use crate::contour::Contour;
use crate::noise::value;
use crate::random::Random;
use crate::space::{Pose, Solid};
use glam::{Mat3, Quat, Vec2, Vec3, vec2, vec3};
use std::collections::BTreeMap;
use std::f32::consts::{FRAC_PI_2, PI};

/// `steps` + 1 points of the curve `at` from 0 to 1.
pub(super) fn curve(steps: usize, at: impl Fn(f32) -> Vec3) -> Vec<Vec3> {
    (0..=steps)
        .map(|step| at(step as f32 / steps as f32))
        .collect()
}

/// A bow from `a` to `b` that `pull` draws towards itself.
pub(super) fn bow(a: Vec3, pull: Vec3, b: Vec3, steps: usize) -> Vec<Vec3> {
    curve(steps, |t| a.lerp(pull, t).lerp(pull.lerp(b, t), t))
}

/// A smooth line of (radius, height) through `knots` (Catmull and Rom's spline).
pub(super) fn smooth(knots: &[[f32; 2]], steps: usize) -> Vec<Vec2> {
    let last = knots.len() - 1;
    let knot = |index: usize| Vec2::from(knots[index.min(last)]);
    let mut points = Vec::new();
    for index in 0..last {
        let (a, b) = (knot(index), knot(index + 1));
        let before = (b - knot(index.saturating_sub(1))) * 0.5;
        let after = (knot(index + 2) - a) * 0.5;
        for step in 0..steps {
            let t = step as f32 / steps as f32;
            let (u, v) = (t * t * (3.0 - 2.0 * t), 1.0 - t);
            let point = a.lerp(b, u) + before * (t * v * v) - after * (t * t * v);
            points.push(point.max(vec2(0.0, f32::MIN)));
        }
    }
    points.push(knot(last));
    points
}

/// A profile turned around the z axis, as [`Solid::lathe`] does. Points may come twice in a row.
pub(super) fn turn(profile: &[Vec2], around: usize) -> Solid {
    let mut points = profile.to_vec();
    points.dedup_by(|a, b| a.distance(*b) < 1e-6);
    Solid::lathe(&points, around)
}

/// A profile of corners turned around the z axis.
pub(super) fn turned(profile: &[[f32; 2]], around: usize) -> Solid {
    let points: Vec<Vec2> = profile.iter().copied().map(Vec2::from).collect();
    turn(&points, around)
}

/// A flat round face at `height`, seen from above.
pub(super) fn disc(radius: f32, height: f32, around: usize) -> Solid {
    turned(&[[radius, height], [0.0, height]], around)
}

/// Outside and inside of a hollow body that is open at the top. Its `profile` goes from the middle of
/// its bottom to its rim.
pub(super) fn shell(profile: &[Vec2], wall: f32, around: usize) -> [Solid; 2] {
    let rim = profile.last().copied().unwrap_or_default();
    let mut outside = profile.to_vec();
    outside.push(vec2((rim.x - wall).max(0.0), rim.y));
    let inside: Vec<Vec2> = profile
        .iter()
        .rev()
        .map(|point| vec2((point.x - wall).max(0.0), (point.y + wall).min(rim.y)))
        .collect();
    [turn(&outside, around), turn(&inside, around)]
}

/// A box of `size` around `middle`.
pub(super) fn block(size: Vec3, middle: Vec3) -> Solid {
    Solid::cuboid(size).moved(middle)
}

/// A straight round bar.
pub(super) fn rod(a: Vec3, b: Vec3, radius_a: f32, radius_b: f32, around: usize) -> Solid {
    Solid::tube(&[a, b], around, |t| radius_a + (radius_b - radius_a) * t)
}

/// A rectangle around the origin with round corners.
pub(super) fn rounded(width: f32, depth: f32, radius: f32) -> Contour {
    // Straight edges of no length would have no direction.
    let radius = radius.min(0.49 * width.min(depth));
    let corners = [(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)];
    let corner = |(index, (x, y)): (usize, (f32, f32))| {
        (0..=4).map(move |step| {
            let angle = (index as f32 + step as f32 / 4.0) * FRAC_PI_2;
            [
                x * (width * 0.5 - radius) + radius * libm::cosf(angle),
                y * (depth * 0.5 - radius) + radius * libm::sinf(angle),
            ]
        })
    };
    Contour::ring(corners.into_iter().enumerate().flat_map(corner).collect())
}

/// A board with round corners that lies on z = 0.
pub(super) fn slab(size: Vec3, radius: f32) -> Solid {
    Solid::prism(&rounded(size.x, size.y, radius), size.z)
}

/// A round-edged block of `size` around the origin, between an ellipsoid and a box.
pub(super) fn pillow(size: Vec3, segments: usize) -> Solid {
    let ball = Solid::ellipsoid(Vec3::ONE, segments);
    smoothed(ball.bent(|point| {
        let square = point * point;
        let norm = square.dot(square).sqrt().sqrt();
        point / norm * size * 0.5
    }))
}

/// The outline, drawn in (y, z), made `width` wide across x.
pub(super) fn sideways(outline: &Contour, width: f32) -> Solid {
    let turn = Quat::from_mat3(&Mat3::from_cols(Vec3::Y, Vec3::Z, Vec3::X));
    Solid::prism(outline, width).placed(&Pose::new(turn, Vec3::X * (-0.5 * width)))
}

/// The outline, drawn in (x, z), made `depth` deep from y = 0 towards the front.
pub(super) fn upright(outline: &Contour, depth: f32) -> Solid {
    Solid::prism(outline, depth).placed(&Pose::new(forwards(), Vec3::ZERO))
}

/// Turns what points up to the front.
pub(super) fn forwards() -> Quat {
    Quat::from_rotation_x(FRAC_PI_2)
}

/// Turns what points up to the right: wheels.
pub(super) fn rightwards() -> Quat {
    Quat::from_rotation_y(FRAC_PI_2)
}

/// Turns what points along x to a heading, then up by `lift`.
pub(super) fn outward(heading: f32, lift: f32) -> Quat {
    Quat::from_rotation_z(heading) * Quat::from_rotation_y(-lift)
}

/// `solid` turned, then moved.
pub(super) fn placed(solid: Solid, rotation: Quat, at: Vec3) -> Solid {
    solid.placed(&Pose::new(rotation, at))
}

/// One normal wherever positions meet: lathes and ellipsoids have several there, which show once
/// they are bent.
pub(super) fn smoothed(mut solid: Solid) -> Solid {
    let key = |point: Vec3| point.to_array().map(|value| (value * 1e5).round() as i32);
    let mut sums = BTreeMap::new();
    for (position, normal) in solid.positions.iter().zip(&solid.normals) {
        *sums.entry(key(*position)).or_insert(Vec3::ZERO) += *normal;
    }
    for (position, normal) in solid.positions.iter().zip(&mut solid.normals) {
        if let Some(sum) = sums.get(&key(*position)) {
            *normal = sum.normalize_or(*normal);
        }
    }
    solid
}

/// Every triangle flat, with edges between them.
pub(super) fn faceted(solid: &Solid) -> Solid {
    let mut flat = Solid::default();
    for corners in &solid.triangles {
        let [a, b, c] = corners.map(|index| solid.positions[index as usize]);
        let normal = (b - a).cross(c - a).normalize_or(Vec3::Z);
        let first = flat.positions.len() as u32;
        flat.positions.extend([a, b, c]);
        flat.normals.extend([normal; 3]);
        flat.triangles.push([first, first + 1, first + 2]);
    }
    flat
}

/// `solid` with bumps about `size` wide and up to `height` high.
pub(super) fn bumpy(solid: Solid, random: &mut Random, size: f32, height: f32) -> Solid {
    let seed = random.seed();
    let bumps = |point: Vec3| {
        let at = point / size;
        let sum = value(seed, at.x, at.y + 0.3 * at.z)
            + value(seed ^ 1, at.y, at.z + 0.3 * at.x)
            + value(seed ^ 2, at.z, at.x + 0.3 * at.y);
        // The mean of three hardly leaves its middle.
        ((sum / 3.0 - 0.5) * 4.0).clamp(-1.0, 1.0)
    };
    smoothed(solid.bent(|point| point + point.normalize_or_zero() * (height * bumps(point))))
}

/// A leaf or petal from the origin along x, its upper side up; `droop` bends its tip down by that
/// fraction of its length.
pub(super) fn leaf(length: f32, width: f32, droop: f32) -> Solid {
    let spine = curve(4, |t| vec3(length * t, 0.0, 0.0));
    let wide = |t: f32| (0.5 * width * libm::sinf(PI * t)).max(0.0);
    Solid::tube(&spine, 4, wide)
        .scaled(vec3(1.0, 1.0, 0.1))
        .bent(|point| point + Vec3::Z * (0.25 * point.y.abs() - droop * point.x * point.x / length))
}

/// `count` small leaves about `size` long near the surface of an ellipsoid around the origin.
pub(super) fn leaves(random: &mut Random, radii: Vec3, count: usize, size: f32) -> Solid {
    let mut solid = Solid::default();
    let direction = |random: &mut Random| {
        vec3(random.normal(), random.normal(), random.normal()).normalize_or(Vec3::Z)
    };
    for _ in 0..count {
        let middle = direction(random) * radii * random.range(0.95, 1.25);
        let along = direction(random);
        let across = along.any_orthonormal_vector() * (size * random.range(0.2, 0.35));
        let along = along * (size * random.range(0.35, 0.65));
        let normal = along.cross(across).normalize_or(Vec3::Z);
        let corners = [
            middle - along,
            middle + across,
            middle + along,
            middle - across,
        ];
        // Both sides can be seen.
        for (normal, order) in [(-normal, [0, 1, 2, 3]), (normal, [0, 3, 2, 1])] {
            let first = solid.positions.len() as u32;
            solid
                .positions
                .extend(order.map(|index: usize| corners[index]));
            solid.normals.extend([normal; 4]);
            solid.triangles.push([first, first + 1, first + 2]);
            solid.triangles.push([first, first + 2, first + 3]);
        }
    }
    solid
}
