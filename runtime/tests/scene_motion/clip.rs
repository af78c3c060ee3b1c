//! A clip of a scene with its truth.

use fixate::frame::{Frame, PixelFormat};
use fixate::geometry::{Bounds, Covariance, Point};
use fixate::mask::LogitsView;
use fixate::motion::{GyroNoise, GyroTrack, Intrinsics, Motion, warp_logits_into};
use fixate::preprocess::Placement;
use fixate_scenes::scene::{Scene, SceneFrame};
use glam::{Vec2, Vec3};
use std::collections::BTreeMap;

pub(crate) const WIDTH: usize = 640;
pub(crate) const HEIGHT: usize = 480;

/// What was measured of one method at one age.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) errors_px: Vec<f64>,
    /// Errors in predicted deviations.
    pub(crate) ratios: Vec<f64>,
    pub(crate) overlaps: Vec<f64>,
}

impl Measured {
    pub(crate) fn add(&mut self, other: Self) {
        self.errors_px.extend(other.errors_px);
        self.ratios.extend(other.ratios);
        self.overlaps.extend(other.overlaps);
    }
}

pub(crate) type Table = BTreeMap<(usize, usize), Measured>;

pub(crate) fn time_s(index: usize) -> f64 {
    0.1 + index as f64 / 30.0
}

/// A thing worth a mask.
#[derive(Clone)]
pub(crate) struct SeenThing {
    placed: usize,
    /// One a pixel, in a square as wide as the picture.
    pub(crate) logits: Vec<f32>,
    pub(crate) bounds: Bounds,
    /// Visible pixels.
    area: usize,
}

/// Where the picture lies in a thing's logits.
pub(crate) const PLACEMENT: Placement = Placement {
    image_width_px: WIDTH as u32,
    image_height_px: HEIGHT as u32,
    resized_width_px: WIDTH as u32,
    resized_height_px: HEIGHT as u32,
    input_size_px: WIDTH as u32,
};

impl SeenThing {
    pub(crate) fn view(&self) -> LogitsView<'_> {
        LogitsView {
            width: WIDTH,
            height: WIDTH,
            values: &self.logits,
        }
    }

    pub(crate) fn contains(&self, point: Point) -> bool {
        let (x, y) = (point.x_px.round() as usize, point.y_px.round() as usize);
        self.logits[y.min(HEIGHT - 1) * WIDTH + x.min(WIDTH - 1)] > 0.0
    }
}

/// The camera when it reads the row of a pixel.
fn camera(scene: &Scene, frame: usize, y: f32) -> fixate_scenes::space::Pose {
    let part = f64::from(y / HEIGHT as f32) - 0.5;
    scene.camera.camera(time_s(frame) + part * scene.readout_s)
}

/// Where the surface at a pixel of one frame is seen in another; nothing if it is not.
fn truth(
    scene: &Scene,
    seen: &[SceneFrame],
    from: usize,
    to: usize,
    at: [usize; 2],
) -> Option<Vec2> {
    let index = at[1] * WIDTH + at[0];
    let (label, depth_m) = (seen[from].labels[index], seen[from].depth_m[index]);
    if depth_m <= 0.0 {
        return None;
    }
    let placed = scene
        .placed
        .iter()
        .rev()
        .find(|placed| placed.first_label <= label)?;
    let plane = scene
        .lens
        .plane_from_pixel(Vec2::new(at[0] as f32, at[1] as f32));
    let world = camera(scene, from, at[1] as f32).point(plane.extend(1.0) * depth_m);
    let local = placed.pose(time_s(from)).inverse().point(world);
    let world: Vec3 = placed.pose(time_s(to)).point(local);
    let mut pixel = Vec2::new(at[0] as f32, at[1] as f32);
    let mut point = Vec3::ZERO;
    for _ in 0..4 {
        point = camera(scene, to, pixel.y).inverse().point(world);
        pixel = scene.lens.project(point)?;
    }
    let inside = pixel.x >= 0.0
        && pixel.y >= 0.0
        && pixel.x <= (WIDTH - 1) as f32
        && pixel.y <= (HEIGHT - 1) as f32;
    if !inside {
        return None;
    }
    let there = pixel.y.round() as usize * WIDTH + pixel.x.round() as usize;
    let hidden = seen[to].labels[there] != label
        || (seen[to].depth_m[there] - point.z).abs() > 0.03 * point.z;
    (!hidden).then_some(pixel)
}

pub(crate) struct Clip<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) frames: &'a [SceneFrame],
    pub(crate) gyro: GyroTrack,
    pub(crate) intrinsics: Intrinsics,
}

impl Clip<'_> {
    pub(crate) fn turned(&self, from: usize, to: usize) -> Motion {
        let [from, to] = [from, to].map(|index| self.frames[index].time_us as i64);
        self.gyro
            .motion(from, to, &self.intrinsics, &GyroNoise::default())
            .unwrap()
    }

    pub(crate) fn frame(&self, index: usize) -> Frame<'_> {
        let frame = &self.frames[index];
        let (width, height) = (WIDTH as u32, HEIGHT as u32);
        let time_us = frame.time_us as i64;
        Frame::contiguous(PixelFormat::Rgb8, width, height, &frame.rgb, time_us).unwrap()
    }

    pub(crate) fn points(
        &self,
        from: usize,
        to: usize,
        method: usize,
        motion: &Motion,
        table: &mut Table,
    ) {
        let measured = table.entry((method, to - from)).or_default();
        for y in (12..HEIGHT).step_by(24) {
            for x in (12..WIDTH).step_by(24) {
                let Some(expected) = truth(self.scene, self.frames, from, to, [x, y]) else {
                    continue;
                };
                let expected = Point::new(f64::from(expected.x), f64::from(expected.y));
                let point = Point::new(x as f64, y as f64);
                let Some((moved, covariance)) = motion.move_point(point, &Covariance::default())
                else {
                    continue;
                };
                let error_px = moved.distance_px(expected);
                measured.errors_px.push(error_px);
                let deviation_px = covariance.largest_deviation_px();
                measured.ratios.push(error_px / deviation_px.max(1e-9));
            }
        }
    }

    /// Logits of the things worth a mask, one a pixel, with their bounds and visible pixels.
    pub(crate) fn things(&self, index: usize) -> Vec<SeenThing> {
        let labels = &self.frames[index].labels;
        let mut things = Vec::new();
        for (placed, thing) in self.scene.placed.iter().enumerate() {
            let own = self.labels_of(placed);
            let mut logits = vec![-4.0; WIDTH * WIDTH];
            let mut bounds = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
            let mut area = 0;
            for (pixel, label) in labels.iter().enumerate() {
                if own.contains(label) {
                    let (x, y) = (pixel % WIDTH, pixel / WIDTH);
                    logits[pixel] = 4.0;
                    area += 1;
                    bounds[0] = bounds[0].min(x as f64);
                    bounds[1] = bounds[1].min(y as f64);
                    bounds[2] = bounds[2].max(x as f64);
                    bounds[3] = bounds[3].max(y as f64);
                }
            }
            if !thing.thing.stuff && area > 600 {
                let [x0_px, y0_px, x1_px, y1_px] = bounds;
                let bounds = Bounds {
                    x0_px,
                    y0_px,
                    x1_px,
                    y1_px,
                };
                things.push(SeenThing {
                    placed,
                    logits,
                    bounds,
                    area,
                });
            }
        }
        things
    }

    fn labels_of(&self, placed: usize) -> std::ops::Range<u16> {
        let placed = &self.scene.placed[placed];
        placed.first_label..placed.first_label + placed.thing.pieces.len() as u16
    }

    /// IoU of a moved mask with the thing's visible pixels; nothing if most of it is out of sight.
    pub(crate) fn overlap(&self, thing: &SeenThing, to: usize, motion: &Motion) -> Option<f64> {
        let mut moved = vec![0.0; WIDTH * WIDTH];
        warp_logits_into(
            thing.view(),
            &PLACEMENT,
            motion.target_from_source(),
            &mut moved,
        )
        .unwrap();
        let own = self.labels_of(thing.placed);
        let (mut both, mut either, mut area) = (0, 0, 0);
        for (logit, label) in moved.iter().zip(&self.frames[to].labels) {
            let (predicted, there) = (*logit > 0.0, own.contains(label));
            both += usize::from(predicted && there);
            either += usize::from(predicted || there);
            area += usize::from(there);
        }
        (area * 2 > thing.area).then(|| f64::from(both as u32) / f64::from(either as u32))
    }
}
