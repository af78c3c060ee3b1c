//! One picture: rasterise, then shade every pixel once.

use super::lens::Intrinsics;
use super::light::{Light, Shadow};
use super::occlusion::Around;
use super::raster::{Drawn, Raster};
use super::shade::{Batch, LANES};
use super::tile::Tile;
use crate::palette::Colour;
use crate::space::{Pose, Thing, laid_along, laid_on};
use glam::{Mat3, Vec2, Vec3};
use std::cell::OnceCell;

/// Largest stretch of a texture that a tile holds, metres: beyond that it repeats.
const LARGEST_TILE_M: f32 = 3.0;

/// How much work a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// One ray a pixel, hard shadows.
    Fast,
    /// Four rays a pixel, soft shadows, light that does not reach into corners, relief, reflections, blur of motion and focus.
    Fine,
}

/// A thing at its place.
#[derive(Debug, Clone, Copy)]
pub struct Instance<'a> {
    /// What it is.
    pub thing: &'a Thing,
    /// Where it is at the time of the picture.
    pub world_from_thing: Pose,
    /// Label of its piece 0; the others follow.
    pub first_label: u16,
}

/// A picture before a sensor: row by row.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Light at every pixel.
    pub colours: Vec<Colour>,
    /// Finest piece at every pixel.
    pub labels: Vec<u16>,
    /// Distance along the camera's axis, metres; zero where nothing is.
    pub depth_m: Vec<f32>,
}

impl Shot {
    /// Where a camera focuses that looks at the middle of the picture: the nearest that it sees there, metres.
    pub fn sharp_m(&self, width: usize) -> f32 {
        let height = self.depth_m.len() / width;
        let rows = height * 2 / 5..(height * 3 / 5).max(height * 2 / 5 + 1);
        let middle =
            rows.flat_map(|row| &self.depth_m[row * width..][width * 2 / 5..=width * 3 / 5]);
        let nearest = middle
            .filter(|depth| **depth > 0.0)
            .fold(f32::INFINITY, |a, b| a.min(*b));
        if nearest.is_finite() { nearest } else { 1.0 }
    }
}

/// A corner of a thing at its place.
#[derive(Debug, Clone, Copy)]
struct Vertex {
    /// World, metres.
    position: Vec3,
    /// World, of any length.
    normal: Vec3,
}

/// A camera that takes pictures, with its buffers.
#[derive(Debug, Clone)]
pub struct View {
    lens: Intrinsics,
    planes: Vec<Vec2>,
    /// Image coordinates farthest from the axis, with a margin for a camera that turns.
    widest: f32,
    /// Image coordinates of a pixel's width and height.
    spread: f32,
    quality: Quality,
    raster: Raster,
    around: Around,
    /// Positions of one thing as the camera sees them.
    corners: Vec<Vec3>,
    /// Positions and normals of all things in sight, in the world.
    vertices: Vec<Vertex>,
    /// Index of each placed thing's first vertex.
    first_vertex: Vec<usize>,
    /// For fast pictures: a tile for every material of every placed thing that was seen so far.
    tiles: Vec<Vec<OnceCell<Tile>>>,
}

impl View {
    /// A camera with this lens.
    pub fn new(lens: Intrinsics, quality: Quality) -> Self {
        let planes = lens.planes();
        let (mut low, mut high) = (planes[0], planes[0]);
        for plane in &planes {
            low = low.min(*plane);
            high = high.max(*plane);
        }
        let spread = 1.0 / lens.focal_px;
        let step = if quality == Quality::Fine {
            spread / 2.0
        } else {
            spread
        };
        let margin = Vec2::splat(2.0 * spread);
        Self {
            lens,
            planes,
            widest: low.abs().max(high.abs()).max_element() * 1.4 + 0.3,
            spread,
            quality,
            raster: Raster::new(low - margin, high + margin, step),
            around: Around::new(),
            corners: Vec::new(),
            vertices: Vec::new(),
            first_vertex: Vec::new(),
            tiles: Vec::new(),
        }
    }

    /// Draws all things as a camera with `camera_at(row)` (`world_from_camera` when `row`, 0..=1 of the
    /// picture's height, is read out) sees them.
    fn draw(&mut self, instances: &[Instance<'_>], camera_at: &impl Fn(f32) -> Pose) {
        self.raster.clear();
        self.vertices.clear();
        self.first_vertex.clear();
        let middle = camera_at(0.5).inverse();
        let read_out: Vec<Pose> = (0..=8)
            .map(|step| camera_at(step as f32 / 8.0).inverse())
            .collect();
        let height = self.lens.height as f32;
        for (placed, instance) in instances.iter().enumerate() {
            self.first_vertex.push(self.vertices.len());
            let camera_from_thing = middle.then(&instance.world_from_thing);
            let (low, high) = instance.thing.bounds();
            let centre = camera_from_thing.point((low + high) * 0.5);
            let radius = (high - low).length() * 0.5;
            let widest = self.widest;
            let aside = Vec2::new(centre.x, centre.y).abs().max_element();
            if centre.z < -radius
                || aside - radius * (1.0 + widest) > widest * centre.z.max(0.0) + radius
            {
                continue;
            }
            self.corners.clear();
            for (position, normal) in instance.thing.positions.iter().zip(&instance.thing.normals) {
                let world = instance.world_from_thing.point(*position);
                self.vertices.push(Vertex {
                    position: world,
                    normal: instance.world_from_thing.direction(*normal),
                });
                let mut point = camera_from_thing.point(*position);
                if let Some(pixel) = self.lens.project(point) {
                    // A rolling shutter reads this row at its own time.
                    let row = (pixel.y / height).clamp(0.0, 1.0) * 8.0;
                    let (before, part) = (row as usize, row - row.floor());
                    let first = read_out[before].point(world);
                    let second = read_out[(before + 1).min(8)].point(world);
                    point = first.lerp(second, part);
                }
                self.corners.push(point);
            }
            for (face, corners) in instance.thing.faces.iter().enumerate() {
                let corners = corners.corners.map(|index| self.corners[index as usize]);
                self.raster.draw(corners, placed as u32, face as u32);
            }
        }
    }

    /// Takes a picture. Every pixel's colour is the mean over rays at `offsets` (pixels) from its centre;
    /// its label and depth are what its centre sees.
    pub fn shoot(
        &mut self,
        instances: &[Instance<'_>],
        light: &Light,
        shadow: &Shadow,
        offsets: &[Vec2],
        camera_at: impl Fn(f32) -> Pose,
    ) -> Shot {
        self.draw(instances, &camera_at);
        if self.quality == Quality::Fast && self.tiles.len() != instances.len() {
            let empty =
                |instance: &Instance<'_>| vec![OnceCell::new(); instance.thing.materials.len()];
            self.tiles = instances.iter().map(empty).collect();
        }
        let count = self.planes.len();
        let mut shot = Shot {
            colours: Vec::with_capacity(count),
            labels: Vec::with_capacity(count),
            depth_m: Vec::with_capacity(count),
        };
        let world_from_camera = camera_at(0.5);
        let eye = world_from_camera.translation;
        let rotation = Mat3::from_quat(world_from_camera.rotation.conjugate());
        // What is mirrored is the scene's, as its lamp is.
        let surroundings = light.key.position.x.to_bits() ^ light.key.position.y.to_bits();
        let met = |ray: Vec2| {
            let drawn = self.raster.at(ray)?;
            let (weights, depth_m) = drawn.meet(ray);
            Some((drawn, weights, depth_m))
        };
        let mut batch = Batch::new();
        for planes in self.planes.chunks(LANES) {
            let mut centres = [None; LANES];
            let mut sums = [[0.0; 3]; LANES];
            for (centre, plane) in centres.iter_mut().zip(planes) {
                *centre = met(*plane);
            }
            for (turn, offset) in offsets.iter().enumerate() {
                let mut hits = centres;
                if *offset != Vec2::ZERO {
                    for (hit, plane) in hits.iter_mut().zip(planes) {
                        *hit = met(*plane + *offset * self.spread);
                    }
                }
                for (lane, hit) in hits.iter().enumerate() {
                    let Some((drawn, weights, depth_m)) = hit else {
                        continue;
                    };
                    let normal = self.put(drawn, *weights, instances, &mut batch, lane);
                    if self.quality == Quality::Fine {
                        let plane = planes[lane] + *offset * self.spread;
                        let point = plane.extend(1.0) * *depth_m;
                        let normal = (rotation * normal).normalize_or_zero();
                        let normal = if normal.dot(point) > 0.0 {
                            -normal
                        } else {
                            normal
                        };
                        batch.set_open(
                            lane,
                            self.around.openness(&self.raster, point, normal, turn),
                        );
                    }
                }
                let mut colours = batch.shade(eye, light, |point, normal| {
                    self.lit(point, normal, shadow, turn)
                });
                if self.quality == Quality::Fine {
                    let mirrored = batch.mirrored(light, surroundings);
                    for (sums, more) in colours.iter_mut().zip(mirrored) {
                        for (sum, more) in sums.iter_mut().zip(more) {
                            *sum += more;
                        }
                    }
                }
                for (lane, sum) in sums.iter_mut().enumerate() {
                    for channel in 0..3 {
                        sum[channel] += match hits[lane] {
                            Some(_) => colours[channel][lane],
                            None => light.sky[0][channel],
                        };
                    }
                }
            }
            for (centre, sum) in centres.iter().zip(sums).take(planes.len()) {
                let (label, depth_m) = centre.map_or((0, 0.0), |(drawn, _, depth_m)| {
                    let instance = &instances[drawn.placed as usize];
                    let piece = instance.thing.faces[drawn.face as usize].piece;
                    (instance.first_label + u16::from(piece), depth_m)
                });
                shot.colours
                    .push(sum.map(|channel| channel / offsets.len() as f32));
                shot.labels.push(label);
                shot.depth_m.push(depth_m);
            }
        }
        shot
    }

    /// Puts the surface where a ray meets a triangle into the batch. -> its normal in the world without relief, of any length.
    fn put(
        &self,
        drawn: &Drawn,
        weights: Vec3,
        instances: &[Instance<'_>],
        batch: &mut Batch,
        lane: usize,
    ) -> Vec3 {
        let thing = instances[drawn.placed as usize].thing;
        let face = &thing.faces[drawn.face as usize];
        let [a, b, c] = face.corners.map(|index| index as usize);
        let blend =
            |values: &[Vec3]| values[a] * weights.x + values[b] * weights.y + values[c] * weights.z;
        let material = &thing.materials[usize::from(face.material)];
        let own = blend(&thing.normals);
        let on = laid_on(blend(&thing.positions), own);
        let base = match self.tiles.get(drawn.placed as usize) {
            Some(tiles) => tiles[usize::from(face.material)]
                .get_or_init(|| {
                    let (low, high) = thing.bounds();
                    Tile::of(material, (high - low).max_element().min(LARGEST_TILE_M))
                })
                .at(on),
            None => material.colour_on(on),
        };
        let first = self.first_vertex[drawn.placed as usize];
        let [a, b, c] = [a, b, c].map(|index| &self.vertices[first + index]);
        let point = a.position * weights.x + b.position * weights.y + c.position * weights.z;
        let normal = a.normal * weights.x + b.normal * weights.y + c.normal * weights.z;
        let mut bent = normal;
        if self.quality == Quality::Fine {
            let slope = material.relief.slope_at(on);
            let [across, along] = laid_along(own);
            let own = own.normalize_or_zero() - across * slope.x - along * slope.y;
            bent = instances[drawn.placed as usize]
                .world_from_thing
                .direction(own);
        }
        batch.set(lane, point, bent, base, material.gloss, material.glow);
        normal
    }

    /// The part of the key lamp that a point (world) of a surface with this normal sees, 0..=1.
    fn lit(&self, point: Vec3, normal: Vec3, shadow: &Shadow, turn: usize) -> f32 {
        if self.quality == Quality::Fast {
            return f32::from(u8::from(shadow.lit(point, normal)));
        }
        let distance_m = (shadow.world_from_light.translation - point).length();
        let soft_m = 0.004 + 0.006 * distance_m.min(3.0);
        let side = normal.any_orthonormal_vector();
        let other = normal.cross(side);
        let (u, v) = [(1.0, 0.3), (-0.3, 1.0), (0.6, -0.8), (-0.8, -0.5)][turn % 4];
        let reached = [(u, v), (-u, -v)]
            .into_iter()
            .filter(|(u, v)| shadow.lit(point + (side * *u + other * *v) * soft_m, normal));
        reached.count() as f32 / 2.0
    }
}
