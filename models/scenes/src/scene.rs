//! A scene: things at their places, light, a carried camera, looks; and its frames.

use crate::camera;
use crate::canvas::Canvas;
use crate::motion::{Carrier, GazeSample, Inertial, Look, Track, carry, gaze, looks};
use crate::places::{self, Place};
use crate::random::Random;
use crate::render::{Focus, Instance, Intrinsics, Light, Quality, Shadow, Shot, View};
use crate::space::{Pose, Thing};
use crate::truth::{Level, MAX_NODES, Node, Truth};
use glam::{Vec2, Vec3};

/// Rays of a pixel, from its centre, pixels: no two in one row or column.
const OFFSETS: [Vec2; 4] = [
    Vec2::new(-0.125, -0.375),
    Vec2::new(0.375, -0.125),
    Vec2::new(0.125, 0.375),
    Vec2::new(-0.375, 0.125),
];

/// How a thing is where it is.
#[derive(Debug, Clone)]
pub enum Path {
    /// It stays.
    Still(Pose),
    /// It moves by itself.
    Moving(Track),
}

/// A thing at its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What it is.
    pub thing: Thing,
    /// Where it is.
    pub path: Path,
    /// Label of its piece 0; the others follow.
    pub first_label: u16,
}

impl Placed {
    /// `world_from_thing` at a time.
    pub fn pose(&self, time_s: f64) -> Pose {
        match &self.path {
            Path::Still(pose) => *pose,
            Path::Moving(track) => track.thing(time_s),
        }
    }
}

/// What a scene is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// How long its tracks are, seconds.
    pub duration_s: f64,
    /// Speed or looks.
    pub quality: Quality,
    /// Only kinds that training never shows, rather than only those that it does.
    pub held_out: bool,
}

/// A scene.
#[derive(Debug, Clone)]
pub struct Scene {
    /// All things, stuff first.
    pub placed: Vec<Placed>,
    /// All light.
    pub light: Light,
    /// The camera's lens.
    pub lens: Intrinsics,
    /// The camera's way.
    pub camera: Track,
    /// What carries the camera.
    pub carrier: Carrier,
    /// What the person looks at.
    pub looks: Vec<Look>,
    /// Time between the first and the last row's readout, seconds.
    pub readout_s: f64,
    /// Time that the shutter is open, seconds.
    pub exposure_s: f64,
    /// Where its pictures are sharp; only those of [`Quality::Fine`] are not so everywhere.
    pub focus: Focus,
    quality: Quality,
    film: Random,
    eyes: Random,
    duration_s: f64,
    middle: Vec3,
    radius_m: f32,
}

/// A frame and its truth.
#[derive(Debug, Clone)]
pub struct SceneFrame {
    /// Capture of the middle row, microseconds.
    pub time_us: u64,
    /// Packed RGB.
    pub rgb: Vec<u8>,
    /// Label of the finest piece at every pixel; the same thing has the same labels in all frames.
    pub labels: Vec<u16>,
    /// Distance along the camera's axis, metres; zero where nothing is.
    pub depth_m: Vec<f32>,
    /// The camera at the time of the middle row.
    pub world_from_camera: Pose,
}

impl Scene {
    /// The scene of `seed`.
    pub fn new(seed: u64, options: &Options) -> Self {
        let mut random = Random::new(seed ^ 0x5CE4_E5CE);
        let place = places::draw(&mut random, options.held_out);
        let mut lens_random = random.split();
        let field = lens_random.range(0.85, 1.6);
        let bend = lens_random.range(-0.12, 0.03);
        let lens = Intrinsics::new(options.width, options.height, field, [bend, -0.15 * bend]);
        let Place {
            placed,
            light,
            eye,
            targets,
            middle,
            radius_m,
        } = place;
        let carrier = [
            Carrier::Head,
            Carrier::Head,
            Carrier::Walker,
            Carrier::Wrist,
        ][random.count(0, 3)];
        let moving: Vec<usize> = (0..placed.len())
            .filter(|index| matches!(placed[*index].path, Path::Moving(_)))
            .collect();
        let looks = looks(&mut random.split(), &targets, &moving, options.duration_s);
        let at = |look: &Look, time: f64| placed[look.placed].pose(time).point(look.point);
        let camera = carry(
            &mut random.split(),
            carrier,
            eye,
            &looks,
            options.duration_s,
            at,
        );
        let mut optics = random.split();
        Self {
            focus: Focus::draw(&mut Random::new(seed ^ 0xF0C5)),
            readout_s: f64::from(optics.range(0.0, 0.025)),
            exposure_s: f64::from(optics.log_range(0.0005, 0.025)),
            eyes: random.split(),
            film: random.split(),
            placed,
            light,
            lens,
            camera,
            carrier,
            looks,
            quality: options.quality,
            duration_s: options.duration_s,
            middle,
            radius_m,
        }
    }

    /// Narrows the lens until what is looked at, at a time, is `share` of the picture's width, and is in its middle; not beyond
    /// what lenses can, and not if it is far from where the head points.
    pub fn close_up(&mut self, share: f32, time_s: f64) {
        let camera = self.camera.camera(time_s);
        let Some(look) = self.looks.iter().rev().find(|look| look.from_s <= time_s) else {
            return;
        };
        let placed = &self.placed[look.placed];
        let (low, high) = placed.thing.bounds();
        let middle = placed.pose(time_s).point((low + high) * 0.5);
        let seen = camera.inverse().point(middle);
        let away_m = seen.length();
        if seen.truncate().length() > 0.7 * seen.z || away_m < 0.05 {
            return;
        }
        let field = 2.0 * libm::atanf((high - low).length() / (2.0 * away_m * share));
        let wide = 2.0 * libm::atanf(self.lens.width as f32 / (2.0 * self.lens.focal_px));
        let field = field.clamp(0.1, wide);
        // A hand that holds a long lens keeps its pictures as sharp.
        self.exposure_s *= f64::from(field / wide);
        self.readout_s *= f64::from(field / wide);
        let (width, height) = (self.lens.width, self.lens.height);
        self.lens = Intrinsics::new(width, height, field, self.lens.radial);
        if let Some(pixel) = self.lens.project(seen) {
            self.lens.centre_px += self.lens.centre_px - pixel;
        }
    }

    /// Gaze samples of the whole track at `rate_hz`.
    pub fn gaze(&self, rate_hz: f64) -> Vec<GazeSample> {
        let at = |look: &Look, time: f64| self.placed[look.placed].pose(time).point(look.point);
        gaze(
            &mut self.eyes.clone(),
            &self.camera,
            &self.lens,
            &self.looks,
            self.duration_s,
            rate_hz,
            at,
        )
    }

    /// What an ideal inertial sensor at the camera measures.
    pub fn inertial(&self, time_s: f64) -> Inertial {
        self.camera.inertial(time_s)
    }

    /// Something that takes this scene's pictures.
    pub fn photographer(&self) -> Photographer<'_> {
        let samples = if self.quality == Quality::Fine {
            2048
        } else {
            1024
        };
        Photographer {
            scene: self,
            view: View::new(self.lens, self.quality),
            shadow: Shadow::new(&self.light.key, self.middle, self.radius_m, samples),
            shadow_time_s: None,
        }
    }

    /// Truth with at most 255 nodes, of what a frame shows: labels of a frame to a tree of the visible.
    pub fn truth(&self, labels: &[u16]) -> Truth {
        let total = self.placed.last().map_or(0, |last| {
            usize::from(last.first_label) + last.thing.pieces.len()
        });
        let mut parents = vec![None; total];
        let mut levels = vec![(Level::Whole, false); total];
        for placed in &self.placed {
            let first = usize::from(placed.first_label);
            for (index, piece) in placed.thing.pieces.iter().enumerate() {
                parents[first + index] = piece.parent.map(|parent| first + usize::from(parent));
                levels[first + index] = (piece.level, placed.thing.stuff);
            }
        }
        let mut seen = vec![0usize; total];
        for label in labels {
            seen[usize::from(*label)] += 1;
        }
        let mut needed = vec![false; total];
        for (label, pixels) in seen.iter().enumerate() {
            let mut current = (*pixels > 0).then_some(label);
            while let Some(index) = current {
                needed[index] = true;
                current = parents[index];
            }
        }
        // The finest go first if there are too many.
        for fine in [Level::Subpart, Level::Part] {
            let mut over = needed
                .iter()
                .filter(|used| **used)
                .count()
                .saturating_sub(MAX_NODES);
            for label in (0..total).rev() {
                if over > 0 && needed[label] && levels[label].0 == fine {
                    needed[label] = false;
                    over -= 1;
                }
            }
        }
        let mut names = vec![0u8; total];
        let mut nodes = Vec::new();
        for label in 0..total {
            let kept = parents[label].map(|parent| names[parent]);
            if needed[label] && nodes.len() < MAX_NODES {
                names[label] = nodes.len() as u8;
                nodes.push(Node {
                    parent: kept,
                    level: levels[label].0,
                    stuff: levels[label].1,
                });
            } else {
                names[label] = kept.unwrap_or(0);
            }
        }
        Truth {
            width: self.lens.width,
            height: self.lens.height,
            labels: labels
                .iter()
                .map(|label| names[usize::from(*label)])
                .collect(),
            nodes,
        }
    }
}

/// Takes the pictures of a scene, with the buffers that this needs.
#[derive(Debug)]
pub struct Photographer<'a> {
    scene: &'a Scene,
    view: View,
    shadow: Shadow,
    shadow_time_s: Option<f64>,
}

impl Photographer<'_> {
    /// The frame whose middle row is taken at `time_s`.
    pub fn frame(&mut self, time_s: f64) -> SceneFrame {
        let scene = self.scene;
        let instances = |time: f64| -> Vec<Instance<'_>> {
            scene
                .placed
                .iter()
                .map(|placed| Instance {
                    thing: &placed.thing,
                    world_from_thing: placed.pose(time),
                    first_label: placed.first_label,
                })
                .collect()
        };
        let things = instances(time_s);
        let moves = scene
            .placed
            .iter()
            .any(|placed| matches!(placed.path, Path::Moving(_)));
        if self.shadow_time_s.is_none() || (moves && self.shadow_time_s != Some(time_s)) {
            self.cast(&things);
            self.shadow_time_s = Some(time_s);
        }
        let mut take = |time: f64, things: &[Instance<'_>], offsets: &[Vec2]| {
            let camera = |row: f32| {
                scene
                    .camera
                    .camera(time + (f64::from(row) - 0.5) * scene.readout_s)
            };
            self.view
                .shoot(things, &scene.light, &self.shadow, offsets, camera)
        };
        let blurred = scene.quality == Quality::Fine && scene.exposure_s > 0.004;
        let first = match scene.quality {
            Quality::Fast => &[Vec2::ZERO][..],
            Quality::Fine if blurred => &OFFSETS[..1],
            Quality::Fine => &OFFSETS[..],
        };
        let mut shot = take(time_s, &things, first);
        if blurred {
            let parts = [-0.45, -0.2, 0.25];
            for (part, offset) in parts.into_iter().zip(&OFFSETS[1..]) {
                let time = time_s + part * scene.exposure_s;
                let more = take(time, &instances(time), std::slice::from_ref(offset));
                for (sum, colour) in shot.colours.iter_mut().zip(more.colours) {
                    *sum = std::array::from_fn(|channel| sum[channel] + colour[channel]);
                }
            }
            for colour in &mut shot.colours {
                *colour = colour.map(|channel| channel / 4.0);
            }
        }
        if scene.quality == Quality::Fine {
            let sharp_m = shot.sharp_m(scene.lens.width);
            scene.focus.blur(&mut shot, scene.lens.width, sharp_m);
        }
        let Shot {
            colours,
            labels,
            depth_m,
        } = shot;
        let canvas = Canvas {
            width: scene.lens.width,
            height: scene.lens.height,
            colours,
            labels: Vec::new(),
        };
        let time_us = (time_s * 1e6 + 0.5) as u64;
        // Neighbouring times must give unrelated noise: an odd factor spreads them.
        let grain = (time_us as u32).wrapping_mul(0x9E37_79B1);
        let rgb = match scene.quality {
            Quality::Fine => camera::expose(&canvas, &mut scene.film.clone(), grain),
            Quality::Fast => camera::expose_fast(&canvas),
        };
        SceneFrame {
            time_us,
            rgb,
            labels,
            depth_m,
            world_from_camera: scene.camera.camera(time_s),
        }
    }

    fn cast(&mut self, things: &[Instance<'_>]) {
        self.shadow.raster.clear();
        let light_from_world = self.shadow.world_from_light.inverse();
        for (placed, instance) in things.iter().enumerate() {
            if instance.thing.stuff {
                continue;
            }
            let light_from_thing = light_from_world.then(&instance.world_from_thing);
            let points: Vec<Vec3> = instance
                .thing
                .positions
                .iter()
                .map(|position| light_from_thing.point(*position))
                .collect();
            for (face, corners) in instance.thing.faces.iter().enumerate() {
                let corners = corners.corners.map(|index| points[index as usize]);
                self.shadow.raster.draw(corners, placed as u32, face as u32);
            }
        }
    }
}
