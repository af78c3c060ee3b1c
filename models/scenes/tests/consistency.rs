//! Depth, poses, labels and gaze of a scene tell one story.

use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene, SceneFrame};
use fixate_scenes::truth::Level;
use glam::{Vec2, Vec3};

const OPTIONS: Options = Options {
    width: 320,
    height: 240,
    duration_s: 2.0,
    quality: Quality::Fast,
    held_out: false,
};

/// `world_from_camera` when a row is read out.
fn pose_at(scene: &Scene, time_s: f64, row: f32) -> fixate_scenes::space::Pose {
    let part = f64::from(row) / OPTIONS.height as f64 - 0.5;
    scene.camera.camera(time_s + part * scene.readout_s)
}

/// Where the surface seen at a pixel of a frame at `from_s` is seen at `to_s`: pixel and depth.
fn moved(
    scene: &Scene,
    frame: &SceneFrame,
    pixel: (usize, usize),
    from_s: f64,
    to_s: f64,
) -> Option<(Vec2, f32)> {
    let index = pixel.1 * OPTIONS.width + pixel.0;
    let at = Vec2::new(pixel.0 as f32, pixel.1 as f32);
    let depth = frame.depth_m[index];
    let ray = scene.lens.plane_from_pixel(at);
    let seen = (ray * depth).extend(depth);
    let mut world = pose_at(scene, from_s, at.y).point(seen);
    let label = frame.labels[index];
    let owner = scene
        .placed
        .iter()
        .rfind(|placed| placed.first_label <= label)?;
    let own = owner.pose(from_s).inverse().point(world);
    world = owner.pose(to_s).point(own);
    let mut row = at.y;
    let mut found = None;
    for _ in 0..4 {
        let point: Vec3 = pose_at(scene, to_s, row).inverse().point(world);
        let pixel = scene.lens.project(point)?;
        row = pixel.y.clamp(0.0, OPTIONS.height as f32);
        found = Some((pixel, point.z));
    }
    found
}

#[test]
fn points_seen_in_one_frame_land_on_the_same_label_in_another() {
    let (mut checked, mut right) = (0, 0);
    for seed in 0..6 {
        let scene = Scene::new(seed, &OPTIONS);
        let (from_s, to_s) = (0.5, 0.6);
        let mut photographer = scene.photographer();
        let (first, second) = (photographer.frame(from_s), photographer.frame(to_s));
        for y in (4..OPTIONS.height).step_by(7) {
            for x in (4..OPTIONS.width).step_by(7) {
                let index = y * OPTIONS.width + x;
                if first.depth_m[index] == 0.0 {
                    continue;
                }
                let Some((pixel, depth)) = moved(&scene, &first, (x, y), from_s, to_s) else {
                    continue;
                };
                let (u, v) = (pixel.x.round(), pixel.y.round());
                let inside =
                    u >= 0.0 && v >= 0.0 && u < OPTIONS.width as f32 && v < OPTIONS.height as f32;
                if !inside {
                    continue;
                }
                let there = v as usize * OPTIONS.width + u as usize;
                // Something nearer may have come in front.
                if second.depth_m[there] < depth * 0.97 {
                    continue;
                }
                checked += 1;
                right += usize::from(first.labels[index] == second.labels[there]);
            }
        }
    }
    assert!(checked > 4000, "{checked}");
    assert!(right * 100 > checked * 97, "{right} of {checked}");
}

#[test]
fn a_fixating_eye_rests_on_its_thing() {
    let (mut checked, mut right) = (0, 0);
    for seed in 0..12 {
        let scene = Scene::new(seed, &OPTIONS);
        let mut photographer = scene.photographer();
        for sample in scene.gaze(4.0) {
            let time_s = sample.time_us as f64 / 1e6;
            let Some(look) = scene.looks.iter().rfind(|look| look.from_s <= time_s) else {
                continue;
            };
            let Some(pixel) = sample.truth.filter(|_| sample.fixating) else {
                continue;
            };
            let (x, y) = (pixel.x.round(), pixel.y.round());
            if !(x >= 0.0 && y >= 0.0 && x < OPTIONS.width as f32 && y < OPTIONS.height as f32) {
                continue;
            }
            let frame = photographer.frame(time_s);
            let index = y as usize * OPTIONS.width + x as usize;
            let placed = &scene.placed[look.placed];
            let target = placed.pose(time_s).point(look.point);
            let depth = frame.world_from_camera.inverse().point(target).z;
            if frame.depth_m[index] < depth * 0.9 {
                continue;
            }
            checked += 1;
            let last = placed.first_label + placed.thing.pieces.len() as u16;
            let near = [-2isize, 0, 2].iter().any(|dy| {
                [-2isize, 0, 2].iter().any(|dx| {
                    let other = index as isize + dy * OPTIONS.width as isize + dx;
                    let label = frame.labels.get(other.max(0) as usize);
                    label.is_some_and(|label| (placed.first_label..last).contains(label))
                })
            });
            right += usize::from(near);
        }
    }
    assert!(checked > 15, "{checked}");
    assert!(right * 10 >= checked * 9, "{right} of {checked}");
}

#[test]
fn the_truth_of_a_frame_is_a_tree_of_what_it_shows() {
    for seed in 0..8 {
        let scene = Scene::new(seed, &OPTIONS);
        let frame = scene.photographer().frame(0.3);
        let truth = scene.truth(&frame.labels);
        assert_eq!(truth.labels.len(), OPTIONS.width * OPTIONS.height);
        for (index, node) in truth.nodes.iter().enumerate() {
            match node.parent {
                None => assert_eq!(node.level, Level::Whole),
                Some(parent) => assert!(usize::from(parent) < index),
            }
        }
        assert!(truth.areas().iter().all(|area| *area > 0));
    }
}
