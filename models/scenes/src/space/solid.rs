//! Solids that things are built from: triangles with normals, in metres.

use crate::contour::{Contour, signed_area};
use glam::{Vec2, Vec3};
use std::f32::consts::TAU;

/// A closed or open surface. Triangles turn counter-clockwise seen from outside.
#[derive(Debug, Clone, Default)]
pub struct Solid {
    /// Positions, metres.
    pub positions: Vec<Vec3>,
    /// Outward normals of unit length, one a position.
    pub normals: Vec<Vec3>,
    /// Corners of each triangle: indices of positions.
    pub triangles: Vec<[u32; 3]>,
}

impl Solid {
    fn quad(&mut self, corners: [Vec3; 4]) {
        let normal = (corners[1] - corners[0])
            .cross(corners[2] - corners[0])
            .normalize_or_zero();
        let first = self.positions.len() as u32;
        self.positions.extend(corners);
        self.normals.extend([normal; 4]);
        self.triangles.push([first, first + 1, first + 2]);
        self.triangles.push([first, first + 2, first + 3]);
    }

    /// A box of `size`, its middle at the origin.
    pub fn cuboid(size: Vec3) -> Self {
        let mut solid = Self::default();
        let half = size * 0.5;
        for axis in 0..3 {
            for sign in [-1.0, 1.0] {
                let mut outward = Vec3::ZERO;
                outward[axis] = sign;
                let mut across = Vec3::ZERO;
                across[(axis + 1) % 3] = 1.0;
                let along = outward.cross(across);
                let at = |u: f32, v: f32| (outward + across * u + along * v) * half;
                solid.quad([at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0)]);
            }
        }
        solid
    }

    /// An ellipsoid with these radii around the origin.
    pub fn ellipsoid(radii: Vec3, segments: usize) -> Self {
        let rings = (segments / 2).max(3);
        let profile: Vec<Vec2> = (0..=rings)
            .map(|ring| {
                let angle = (ring as f32 / rings as f32 - 0.5) * TAU * 0.5;
                Vec2::new(libm::cosf(angle).max(0.0), libm::sinf(angle))
            })
            .collect();
        let mut solid = Self::lathe(&profile, segments);
        for (position, normal) in solid.positions.iter_mut().zip(&mut solid.normals) {
            *normal = (*position / radii).normalize_or_zero();
            *position *= radii;
        }
        solid
    }

    /// A profile of (radius, height) points, from the bottom up, turned around the z axis. Where the
    /// profile bends by more than 40 degrees it has an edge. A radius of zero closes an end.
    pub fn lathe(profile: &[Vec2], segments: usize) -> Self {
        let mut solid = Self::default();
        let slopes: Vec<Vec2> = profile
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).normalize_or_zero())
            .collect();
        for (index, pair) in profile.windows(2).enumerate() {
            let slope = slopes[index];
            let blend = |other: Option<&Vec2>| match other {
                Some(other) if other.dot(slope) > 0.766 => (*other + slope).normalize_or_zero(),
                _ => slope,
            };
            let before = blend(index.checked_sub(1).and_then(|index| slopes.get(index)));
            let after = blend(slopes.get(index + 1));
            let first = solid.positions.len() as u32;
            for step in 0..=segments {
                let angle = TAU * (step % segments) as f32 / segments as f32;
                let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
                for (point, tangent) in [(pair[0], before), (pair[1], after)] {
                    solid
                        .positions
                        .push(Vec3::new(point.x * cos, point.x * sin, point.y));
                    // The tangent turned outwards.
                    solid
                        .normals
                        .push(Vec3::new(tangent.y * cos, tangent.y * sin, -tangent.x));
                }
            }
            for step in 0..segments as u32 {
                let corner = first + 2 * step;
                if pair[0].x > 0.0 {
                    solid.triangles.push([corner, corner + 2, corner + 3]);
                }
                if pair[1].x > 0.0 {
                    solid.triangles.push([corner, corner + 3, corner + 1]);
                }
            }
        }
        solid
    }

    /// An upright cylinder or cone with closed ends, its bottom at z = 0.
    pub fn cylinder(bottom_radius: f32, top_radius: f32, height: f32, segments: usize) -> Self {
        Self::lathe(
            &[
                Vec2::new(0.0, 0.0),
                Vec2::new(bottom_radius, 0.0),
                Vec2::new(top_radius, height),
                Vec2::new(0.0, height),
            ],
            segments,
        )
    }

    /// A ring around the z axis: a round bar of `thickness` (radius) bent to a circle of `radius`.
    pub fn torus(radius: f32, thickness: f32, segments: usize) -> Self {
        let steps = 8;
        let profile: Vec<Vec2> = (0..=steps)
            .map(|step| {
                let angle = TAU * ((step % steps) as f32 / steps as f32 + 0.5);
                let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
                Vec2::new(radius + thickness * cos, thickness * sin)
            })
            .collect();
        let mut solid = Self::lathe(&profile, segments);
        for (position, normal) in solid.positions.iter().zip(&mut solid.normals) {
            let middle = position.with_z(0.0).normalize_or_zero() * radius;
            *normal = (*position - middle).normalize_or(*normal);
        }
        solid
    }

    /// A round tube along `path` with closed ends; `radius` tells its radius at 0..=1 of the way.
    pub fn tube(path: &[Vec3], segments: usize, radius: impl Fn(f32) -> f32) -> Self {
        let mut solid = Self::default();
        if path.len() < 2 {
            return solid;
        }
        let last = path.len() - 1;
        let direction = |index: usize| {
            (path[(index + 1).min(last)] - path[index.saturating_sub(1)]).normalize_or(Vec3::Z)
        };
        let start = direction(0);
        let mut side = start.any_orthonormal_vector();
        for (index, middle) in path.iter().enumerate() {
            let along = direction(index);
            // Carried along the path, so that the tube does not twist.
            side = (side - along * side.dot(along)).normalize_or(along.any_orthonormal_vector());
            let other = along.cross(side);
            let radius = radius(index as f32 / last as f32);
            for step in 0..segments {
                let angle = TAU * step as f32 / segments as f32;
                let outward = side * libm::cosf(angle) + other * libm::sinf(angle);
                solid.positions.push(*middle + outward * radius);
                solid.normals.push(outward);
            }
        }
        let count = segments as u32;
        for ring in 0..last as u32 {
            for step in 0..count {
                let (a, b) = (ring * count + step, ring * count + (step + 1) % count);
                solid.triangles.push([a, b, b + count]);
                solid.triangles.push([a, b + count, a + count]);
            }
        }
        for (ring, outward) in [(0, -start), (last, direction(last))] {
            let middle = solid.positions.len() as u32;
            solid.positions.push(path[ring]);
            solid.normals.push(outward);
            for step in 0..count {
                let (a, b) = (
                    ring as u32 * count + step,
                    ring as u32 * count + (step + 1) % count,
                );
                solid.triangles.push(if ring == 0 {
                    [middle, b, a]
                } else {
                    [middle, a, b]
                });
            }
        }
        solid
    }

    /// A limb: a tube from `a` to `b` with round ends.
    pub fn capsule(a: Vec3, b: Vec3, radius_a: f32, radius_b: f32, segments: usize) -> Self {
        let along = (b - a).normalize_or(Vec3::Z);
        let mut path = Vec::new();
        let mut radii = Vec::new();
        for step in 0..=4 {
            let angle = TAU * 0.25 * step as f32 / 4.0;
            path.push(a - along * (radius_a * libm::cosf(angle)));
            radii.push(radius_a * libm::sinf(angle));
        }
        for step in 0..=4 {
            let angle = TAU * 0.25 * step as f32 / 4.0;
            path.push(b + along * (radius_b * libm::sinf(angle)));
            radii.push((radius_b * libm::cosf(angle)).max(0.0));
        }
        let last = radii.len() - 1;
        let mut solid = Self::tube(&path, segments, |t| {
            radii[((t * last as f32 + 0.5) as usize).min(last)]
        });
        let length = (b - a).length();
        for (position, normal) in solid.positions.iter().zip(&mut solid.normals) {
            let nearest = a + along * (*position - a).dot(along).clamp(0.0, length);
            *normal = (*position - nearest).normalize_or(*normal);
        }
        solid
    }

    /// An outline (x and y, metres) drawn out to `height` along z, from z = 0; holes are cut out.
    pub fn prism(outline: &Contour, height: f32) -> Self {
        let mut solid = Self::default();
        let groups: Vec<Vec<&Vec<[f32; 2]>>> = if outline.holes {
            vec![outline.rings.iter().collect()]
        } else {
            outline.rings.iter().map(|ring| vec![ring]).collect()
        };
        for group in groups {
            let mut flat = Vec::new();
            let mut holes = Vec::new();
            for (index, ring) in group.iter().enumerate() {
                if index > 0 {
                    holes.push(flat.len() / 2);
                }
                flat.extend(ring.iter().flatten().copied());
            }
            let Ok(triangles) = earcutr::earcut(&flat, &holes, 2) else {
                continue;
            };
            let point = |index: usize, z: f32| Vec3::new(flat[2 * index], flat[2 * index + 1], z);
            for corners in triangles.chunks_exact(3) {
                let [a, b, c] = [corners[0], corners[1], corners[2]];
                let turn = (point(b, 0.0) - point(a, 0.0))
                    .cross(point(c, 0.0) - point(a, 0.0))
                    .z;
                let (b, c) = if turn > 0.0 { (b, c) } else { (c, b) };
                for (z, normal, corners) in
                    [(height, Vec3::Z, [a, b, c]), (0.0, -Vec3::Z, [a, c, b])]
                {
                    let first = solid.positions.len() as u32;
                    solid.positions.extend(corners.map(|index| point(index, z)));
                    solid.normals.extend([normal; 3]);
                    solid.triangles.push([first, first + 1, first + 2]);
                }
            }
            for (index, ring) in group.iter().enumerate() {
                // Outer rings turn counter-clockwise, holes clockwise, for their walls to face out.
                let outwards = (signed_area(ring) > 0.0) == (index == 0);
                for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                    let (a, b) = if outwards { (a, b) } else { (b, a) };
                    let wall = [(a, 0.0), (b, 0.0), (b, height), (a, height)];
                    solid.quad(wall.map(|(point, z)| Vec3::new(point[0], point[1], z)));
                }
            }
        }
        solid
    }

    /// A rectangle in the plane z = 0, seen from above, cut into `cells` by `cells`, its middle at the
    /// origin; `height` tells z at (x, y).
    pub fn sheet(size: Vec2, cells: usize, height: impl Fn(Vec2) -> f32) -> Self {
        let mut solid = Self::default();
        let at = |i: usize, j: usize| {
            let unit = Vec2::new(i as f32, j as f32) / cells as f32 - 0.5;
            let point = unit * size;
            point.extend(height(point))
        };
        let step = size / cells as f32;
        for j in 0..=cells {
            for i in 0..=cells {
                let point = at(i, j);
                let side = Vec2::new(step.x * 0.5, 0.0);
                let ahead = Vec2::new(0.0, step.y * 0.5);
                let slope_x = height(point.truncate() + side) - height(point.truncate() - side);
                let slope_y = height(point.truncate() + ahead) - height(point.truncate() - ahead);
                solid.positions.push(point);
                solid
                    .normals
                    .push(Vec3::new(-slope_x / step.x, -slope_y / step.y, 1.0).normalize());
            }
        }
        let row = cells as u32 + 1;
        for j in 0..cells as u32 {
            for i in 0..cells as u32 {
                let corner = j * row + i;
                solid.triangles.push([corner, corner + 1, corner + 1 + row]);
                solid
                    .triangles
                    .push([corner, corner + 1 + row, corner + row]);
            }
        }
        solid
    }

    /// Every position changed; normals follow from the triangles, smooth where positions are shared.
    pub fn bent(mut self, change: impl Fn(Vec3) -> Vec3) -> Self {
        for position in &mut self.positions {
            *position = change(*position);
        }
        let mut normals = vec![Vec3::ZERO; self.positions.len()];
        for corners in &self.triangles {
            let [a, b, c] = corners.map(|index| self.positions[index as usize]);
            let normal = (b - a).cross(c - a);
            for index in corners {
                normals[*index as usize] += normal;
            }
        }
        for (normal, old) in normals.iter().zip(&mut self.normals) {
            *old = normal.normalize_or(*old);
        }
        self
    }

    /// Turned and moved.
    pub fn placed(mut self, pose: &super::Pose) -> Self {
        for position in &mut self.positions {
            *position = pose.point(*position);
        }
        for normal in &mut self.normals {
            *normal = pose.direction(*normal);
        }
        self
    }

    /// Moved.
    pub fn moved(self, by: Vec3) -> Self {
        self.placed(&super::Pose::at(by))
    }

    /// Scaled along the axes by positive factors.
    pub fn scaled(mut self, by: Vec3) -> Self {
        for (position, normal) in self.positions.iter_mut().zip(&mut self.normals) {
            *position *= by;
            *normal = (*normal / by).normalize_or(*normal);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::rectangle;

    /// Signed volume: positive where triangles turn counter-clockwise seen from outside.
    fn volume(solid: &Solid) -> f32 {
        solid
            .triangles
            .iter()
            .map(|corners| {
                let [a, b, c] = corners.map(|index| solid.positions[index as usize]);
                a.dot(b.cross(c)) / 6.0
            })
            .sum()
    }

    fn normals_agree(solid: &Solid) -> bool {
        solid.triangles.iter().all(|corners| {
            let [a, b, c] = corners.map(|index| solid.positions[index as usize]);
            let face = (b - a).cross(c - a);
            let mean: Vec3 = corners
                .iter()
                .map(|index| solid.normals[*index as usize])
                .sum();
            face.length() < 1e-9 || face.dot(mean) >= 0.0
        })
    }

    #[test]
    fn solids_are_closed_and_face_outwards() {
        let path = [
            Vec3::ZERO,
            Vec3::new(0.0, 0.0, 1.0),
            Vec3::new(0.0, 0.0, 2.0),
        ];
        let frame = rectangle(-1.0, -1.0, 1.0, 1.0).without(rectangle(-0.5, -0.5, 0.5, 0.5));
        let cases = [
            ("cuboid", Solid::cuboid(Vec3::new(1.0, 2.0, 3.0)), 6.0),
            (
                "ellipsoid",
                Solid::ellipsoid(Vec3::new(1.0, 2.0, 0.5), 64),
                TAU * 2.0 / 3.0,
            ),
            ("cylinder", Solid::cylinder(1.0, 1.0, 2.0, 64), TAU),
            ("tube", Solid::tube(&path, 64, |_| 1.0), TAU),
            (
                "torus",
                Solid::torus(1.0, 0.3, 64),
                // The bar has eight sides.
                TAU * 4.0 * libm::sinf(TAU / 8.0) * 0.3 * 0.3,
            ),
            (
                "capsule",
                Solid::capsule(Vec3::ZERO, Vec3::Z, 0.5, 0.5, 64),
                TAU * 0.125 + TAU * 2.0 / 3.0 * 0.125,
            ),
            ("prism", Solid::prism(&frame, 1.0), 3.0),
        ];
        for (name, solid, expected) in cases {
            let volume = volume(&solid);
            assert!(
                (volume - expected).abs() < 0.06 * expected,
                "{name}: {volume} {expected}"
            );
            assert!(normals_agree(&solid), "{name}");
            assert_eq!(solid.positions.len(), solid.normals.len());
        }
    }
}
