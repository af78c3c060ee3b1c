//! Pictures whose motion is known.

mod frame_by_frame;
mod pictures;

use super::*;
use crate::frame::{Frame, PixelFormat};
use crate::geometry::{Bounds, Homography, Point};
use pictures::{HEIGHT, WIDTH, hash, moved, picture, texture};

fn frame(bytes: &[u8], time_us: i64) -> Frame<'_> {
    Frame::contiguous(
        PixelFormat::Gray8,
        WIDTH as u32,
        HEIGHT as u32,
        bytes,
        time_us,
    )
    .unwrap()
}

fn pyramid(bytes: &[u8]) -> GrayPyramid {
    let mut pyramid = GrayPyramid::new();
    pyramid.build(&frame(bytes, 0));
    pyramid
}

fn estimate(source: &[u8], target: &[u8]) -> Result<FlowEstimate, Lost> {
    let (source, target) = (pyramid(source), pyramid(target));
    FlowEstimator::new(5).estimate(&source, &target, &Homography::IDENTITY)
}

/// The largest distance over a grid that covers the picture.
fn worst_px(found: &Homography, expected: &Homography) -> f64 {
    let mut worst = 0.0_f64;
    for y in (20..HEIGHT).step_by(40) {
        for x in (20..WIDTH).step_by(40) {
            let point = Point::new(x as f64, y as f64);
            let expected = expected.apply(point).unwrap();
            worst = worst.max(found.apply(point).unwrap().distance_px(expected));
        }
    }
    worst
}

fn maps() -> [Homography; 5] {
    [
        Homography::IDENTITY,
        Homography::translation(7.4, -3.3),
        Homography::new([[0.99, -0.06, 12.0], [0.06, 0.99, -9.0], [0.0, 0.0, 1.0]]).unwrap(),
        Homography::new([[1.04, 0.01, -14.0], [-0.02, 0.97, 6.0], [1e-4, -8e-5, 1.0]]).unwrap(),
        Homography::translation(-24.0, 15.0),
    ]
}

#[test]
fn known_homographies_are_found_to_a_tenth_of_a_pixel() {
    let source = moved(1, &Homography::IDENTITY);
    for map in maps() {
        let found = estimate(&source, &moved(1, &map)).unwrap();
        let worst = worst_px(found.motion.target_from_source(), &map);
        assert!(worst < 0.1, "{worst} {found:?}");
        assert_eq!(found.model, FlowModel::Homography);
        assert!(found.inlier_share() > 0.9);
        let centre = found.motion.deviation_px(Point::new(160.0, 120.0));
        assert!(centre < 0.2, "{centre}");
    }
}

#[test]
fn noise_blur_and_light_cost_little() {
    let map = maps()[3];
    let source = moved(2, &Homography::IDENTITY);
    let target = moved(2, &map);
    let noisy = |bytes: &[u8], seed: i64| -> Vec<u8> {
        let noise = |i: usize| (0..4).map(|k| hash(i as i64, k, seed)).sum::<f64>() - 2.0;
        let add =
            |(i, &byte): (usize, &u8)| (f64::from(byte) + 12.0 * noise(i)).clamp(0.0, 255.0) as u8;
        bytes.iter().enumerate().map(add).collect()
    };
    let found = estimate(&noisy(&source, 1), &noisy(&target, 2)).unwrap();
    let worst = worst_px(found.motion.target_from_source(), &map);
    assert!(worst < 0.4, "noise {worst}");

    // A shutter open while the picture moves by 7 pixels to both sides.
    let blurred: Vec<u8> = (0..WIDTH * HEIGHT)
        .map(|i| {
            let (x, y) = (i % WIDTH, i / WIDTH);
            let columns = x.saturating_sub(3)..(x + 4).min(WIDTH);
            let sum: usize = columns
                .clone()
                .map(|x| usize::from(target[y * WIDTH + x]))
                .sum();
            (sum / columns.len()) as u8
        })
        .collect();
    let found = estimate(&source, &blurred).unwrap();
    let worst = worst_px(found.motion.target_from_source(), &map);
    assert!(worst < 0.8, "blur {worst}");

    let darker: Vec<u8> = target.iter().map(|&byte| byte / 4 * 3 + 10).collect();
    let found = estimate(&source, &darker).unwrap();
    let worst = worst_px(found.motion.target_from_source(), &map);
    assert!(worst < 0.3, "light {worst}");
}

/// Two things that move by themselves and cover a quarter of the picture.
fn with_occluders(ground: &Homography, thing: &Homography) -> Vec<u8> {
    let (ground, thing) = (ground.inverse(), thing.inverse());
    picture(|point| {
        let on_thing = thing.apply(point).unwrap();
        let inside = [area(0), area(1)]
            .iter()
            .any(|area| area.contains(on_thing));
        if inside {
            texture(77, on_thing)
        } else {
            ground.apply(point).map_or(0.0, |source| texture(3, source))
        }
    })
}

fn area(index: usize) -> Bounds {
    let left = [40.0, 190.0][index];
    Bounds {
        x0_px: left,
        y0_px: 70.0,
        x1_px: left + 90.0,
        y1_px: 180.0,
    }
}

#[test]
fn things_that_move_by_themselves_do_not_pull_the_frame_along() {
    let ground = Homography::translation(5.0, 2.0);
    let thing = Homography::new([[1.01, -0.03, -4.0], [0.03, 1.01, 1.0], [0.0, 0.0, 1.0]]).unwrap();
    let still = Homography::IDENTITY;
    let (source, target) = (
        with_occluders(&still, &still),
        with_occluders(&ground, &thing),
    );
    let found = estimate(&source, &target).unwrap();
    let worst = worst_px(found.motion.target_from_source(), &ground);
    assert!(worst < 0.3, "{worst}");
    assert!(found.inlier_share() < 0.9);

    let (source, target) = (pyramid(&source), pyramid(&target));
    let mut flow = FlowEstimator::new(5);
    let mut motion_in = |bounds: Bounds| {
        let inside = |point: Point| bounds.contains(point);
        object_motion(&mut flow, &source, &target, &found.motion, bounds, inside)
    };
    let ObjectMotion::ByItself(own) = motion_in(area(0)) else {
        panic!("the thing moves by itself");
    };
    for corner in area(0).corners() {
        let expected = thing.apply(corner).unwrap();
        let error = own.motion.target_from_source().apply(corner).unwrap();
        assert!(error.distance_px(expected) < 0.5, "{own:?}");
    }
    let top = Bounds {
        x0_px: 20.0,
        y0_px: 5.0,
        x1_px: 300.0,
        y1_px: 55.0,
    };
    assert_eq!(motion_in(top), ObjectMotion::WithFrame);
    let nothing = Bounds {
        x0_px: 500.0,
        y0_px: f64::NAN,
        x1_px: 600.0,
        y1_px: 10.0,
    };
    assert!(matches!(motion_in(nothing), ObjectMotion::Unknown(_)));
}

#[test]
fn without_texture_or_after_a_jump_the_motion_is_lost() {
    let flat = picture(|_| 120.0);
    assert_eq!(
        estimate(&flat, &flat),
        Err(Lost::TooFewCorners { found: 0 })
    );
    let speckled =
        |seed: i64| picture(move |p| 120.0 + 5.0 * hash(p.x_px as i64, p.y_px as i64, seed));
    let noise = estimate(&speckled(1), &speckled(2));
    assert!(noise.is_err(), "{noise:?}");
    for seed in 10..16 {
        let jump = estimate(
            &moved(seed, &Homography::IDENTITY),
            &moved(seed + 50, &maps()[2]),
        );
        assert!(jump.is_err(), "{seed} {jump:?}");
    }
}

#[test]
fn few_corners_give_a_simpler_model() {
    // A small patch of texture on a flat wall.
    let patch = Bounds {
        x0_px: 100.0,
        y0_px: 90.0,
        x1_px: 150.0,
        y1_px: 120.0,
    };
    let seen = |shift: f64| {
        picture(move |p| {
            let source = Point::new(p.x_px - shift, p.y_px + shift);
            if patch.contains(source) {
                texture(4, source)
            } else {
                128.0
            }
        })
    };
    let found = estimate(&seen(0.0), &seen(3.0)).unwrap();
    assert!(found.model < FlowModel::Homography, "{found:?}");
    let moved = found
        .motion
        .target_from_source()
        .apply(Point::new(125.0, 105.0))
        .unwrap();
    assert!(moved.distance_px(Point::new(128.0, 102.0)) < 0.3);
}

#[test]
fn the_same_frames_give_the_same_motion_and_wild_starts_no_panic() {
    let (source, target) = (moved(1, &Homography::IDENTITY), moved(1, &maps()[3]));
    assert_eq!(estimate(&source, &target), estimate(&source, &target));
    let (source, target) = (pyramid(&source), pyramid(&target));
    let mut flow = FlowEstimator::new(5);
    for start in [
        Homography::translation(1e12, -1e12),
        Homography::translation(f64::NAN, 0.0),
        Homography::new([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.05, 0.03, 1.0]]).unwrap(),
        Homography::new([[1e-3, 0.0, 5.0], [0.0, 1e3, 0.0], [0.0, 0.0, 1.0]]).unwrap(),
    ] {
        let _ = flow.estimate(&source, &target, &start);
    }
    assert!(
        flow.estimate(&GrayPyramid::new(), &GrayPyramid::new(), &maps()[0])
            .is_err()
    );
}
