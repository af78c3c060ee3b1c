//! Clips of procedural scenes: pictures, gaze, gyroscope, and the truth.

use super::clip::{Clip, Labels, Look, Tree, Turn};
use crate::arguments::Live;
use fixate::motion::Intrinsics;
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};
use fixate_scenes::truth::Level;
use indicatif::ProgressBar;

/// Seconds into a scene at which the clip begins.
const BEGIN_S: f64 = 0.1;
/// Of the gyroscope.
const TURNS_HZ: f64 = 200.0;

/// Takes the pictures of the scene of this seed.
pub(super) fn render(arguments: &Live, seed: u64) -> Clip {
    let (width, height) = (arguments.width as usize, arguments.height as usize);
    let fps = f64::from(arguments.fps);
    let count = ((f64::from(arguments.clip_seconds) * fps) as usize).max(2);
    let scene = Scene::new(
        seed,
        &Options {
            width,
            height,
            duration_s: BEGIN_S + count as f64 / fps + 0.5,
            quality: if arguments.fine {
                Quality::Fine
            } else {
                Quality::Fast
            },
            held_out: true,
        },
    );
    let (frames, labels) = photograph(&scene, count, fps);
    let length_s = (count - 1) as f64 / fps;
    let since_begin_us = |time_s: f64| ((time_s - BEGIN_S) * 1e6).round() as i64;
    let within = |time_s: f64| time_s >= BEGIN_S && time_s <= BEGIN_S + length_s;
    let gaze = scene.gaze(f64::from(arguments.gaze_hz));
    let looks = gaze
        .iter()
        .filter(|sample| within(sample.time_us as f64 * 1e-6))
        .map(|sample| Look {
            time_us: since_begin_us(sample.time_us as f64 * 1e-6),
            pixel: [sample.pixel.x.into(), sample.pixel.y.into()],
            valid: sample.valid,
            truth: sample.truth.map(|at| [at.x.into(), at.y.into()]),
        })
        .collect();
    let turns = (0..=(length_s * TURNS_HZ) as usize)
        .map(|index| {
            let time_s = BEGIN_S + index as f64 / TURNS_HZ;
            let gyro = scene.inertial(time_s).gyro;
            Turn {
                time_us: since_begin_us(time_s),
                rate_rad_s: [gyro.x.into(), gyro.y.into(), gyro.z.into()],
            }
        })
        .collect();
    let lens = &scene.lens;
    let focal_px = f64::from(lens.focal_px);
    Clip {
        width,
        height,
        fps,
        frames,
        looks,
        looks_return: true,
        turns,
        intrinsics: Intrinsics::new(
            focal_px,
            focal_px,
            lens.centre_px.x.into(),
            lens.centre_px.y.into(),
        )
        .ok(),
        labels,
        tree: tree(&scene),
    }
}

/// All pictures with their labels, on all processors.
fn photograph(scene: &Scene, count: usize, fps: f64) -> (Vec<Vec<u8>>, Vec<Labels>) {
    let progress = ProgressBar::new(count as u64);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut taken: Vec<Option<(Vec<u8>, Labels)>> = Vec::new();
    taken.resize_with(count, || None);
    let each = count.div_ceil(threads);
    std::thread::scope(|scope| {
        for (part, slots) in taken.chunks_mut(each).enumerate() {
            let progress = &progress;
            scope.spawn(move || {
                let mut photographer = scene.photographer();
                for (offset, slot) in slots.iter_mut().enumerate() {
                    let time_s = BEGIN_S + (part * each + offset) as f64 / fps;
                    let frame = photographer.frame(time_s);
                    *slot = Some((frame.rgb, Labels::of(&frame.labels)));
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    taken.into_iter().flatten().unzip()
}

fn tree(scene: &Scene) -> Tree {
    let mut tree = Tree::default();
    for placed in &scene.placed {
        for piece in &placed.thing.pieces {
            let parent = piece
                .parent
                .map(|parent| placed.first_label + u16::from(parent));
            tree.parents.push(parent);
            tree.levels.push(match piece.level {
                Level::Whole => 0,
                Level::Part => 1,
                Level::Subpart => 2,
            });
            tree.stuff.push(placed.thing.stuff);
        }
    }
    tree
}
