//! What the estimator says of one frame after another.

use super::pictures::{moved, picture, texture};
use super::{frame, worst_px};
use crate::frame::{Frame, PixelFormat};
use crate::geometry::Homography;
use crate::motion::{
    Evidence, GyroNoise, GyroTrack, Intrinsics, Lost, MotionError, MotionEstimator,
};

#[test]
fn the_gyroscope_starts_the_flow_and_stands_in_for_it() {
    let intrinsics = Intrinsics::new(280.0, 280.0, 159.5, 119.5).unwrap();
    let mut gyro = GyroTrack::new();
    for index in 0..30 {
        gyro.push(index * 5_000, [0.4, -6.0, 1.0]).unwrap();
    }
    let turn = |from: i64, to: i64| {
        gyro.motion(from, to, &intrinsics, &GyroNoise::default())
            .unwrap()
    };
    // 57 pixels in 33 ms, too far for the flow alone.
    let turned = turn(0, 33_000);
    let map = *turned.target_from_source();
    let pictures = [
        moved(6, &Homography::IDENTITY),
        moved(6, &map),
        picture(|_| 9.0),
    ];
    let mut estimator = MotionEstimator::new(5);
    assert_eq!(estimator.push(&frame(&pictures[0], 0), None), Ok(None));
    let link = estimator
        .push(&frame(&pictures[1], 33_000), Some(&turned))
        .unwrap()
        .unwrap();
    assert!(matches!(link.evidence, Evidence::Flow { .. }), "{link:?}");
    let worst = worst_px(link.motion.unwrap().target_from_source(), &map);
    assert!(worst < 0.15, "{worst}");
    let turned = turn(33_000, 66_000);
    let link = estimator
        .push(&frame(&pictures[2], 66_000), Some(&turned))
        .unwrap()
        .unwrap();
    assert!(matches!(link.evidence, Evidence::Gyro { .. }));
    assert_eq!(link.motion, Some(turned));
    let link = estimator
        .push(&frame(&pictures[2], 99_000), None)
        .unwrap()
        .unwrap();
    assert_eq!(
        (link.motion, link.source_us, link.target_us),
        (None, 66_000, 99_000)
    );
}

#[test]
fn a_thing_that_fills_the_view_does_not_pass_for_the_frame() {
    let intrinsics = Intrinsics::new(280.0, 280.0, 159.5, 119.5).unwrap();
    let mut gyro = GyroTrack::new();
    for index in 0..10 {
        gyro.push(index * 5_000, [0.0, -1.5, 0.0]).unwrap();
    }
    let turned = gyro
        .motion(0, 33_000, &intrinsics, &GyroNoise::default())
        .unwrap();
    let ground = turned.target_from_source();
    // Half of the picture goes with the camera.
    let seen = |map: &Homography| {
        let back = map.inverse();
        picture(|point| match back.apply(point) {
            Some(source) if point.x_px < 130.0 => texture(3, source),
            _ => texture(9, point),
        })
    };
    let mut estimator = MotionEstimator::new(5);
    let (first, second) = (seen(&Homography::IDENTITY), seen(ground));
    estimator.push(&frame(&first, 0), None).unwrap();
    let link = estimator
        .push(&frame(&second, 33_000), Some(&turned))
        .unwrap()
        .unwrap();
    let flow_lost = matches!(
        link.evidence,
        Evidence::Gyro {
            flow: Lost::AgainstGyro { .. }
        }
    );
    assert!(flow_lost, "{link:?}");
}

#[test]
fn frames_out_of_order_are_refused_and_new_sizes_begin_anew() {
    let picture = moved(1, &Homography::IDENTITY);
    let mut estimator = MotionEstimator::new(5);
    estimator.push(&frame(&picture, 50), None).unwrap();
    assert_eq!(
        estimator.push(&frame(&picture, 50), None),
        Err(MotionError::NotLater {
            newest_us: 50,
            found_us: 50
        })
    );
    for (index, (width, height)) in [(160, 120), (1, 1), (7, 3), (16, 900)]
        .into_iter()
        .enumerate()
    {
        let bytes = &picture[..width * height];
        let (width, height, time_us) = (width as u32, height as u32, 60 + index as i64);
        let small = Frame::contiguous(PixelFormat::Gray8, width, height, bytes, time_us).unwrap();
        let link = estimator.push(&small, None).unwrap().unwrap();
        let flow = Lost::SizeChanged;
        assert_eq!(link.evidence, Evidence::Nothing { flow });
    }
    let bytes = &picture[..16 * 900];
    let same = Frame::contiguous(PixelFormat::Gray8, 16, 900, bytes, 70).unwrap();
    assert!(estimator.push(&same, None).unwrap().is_some());
    estimator.reset();
    assert_eq!(estimator.push(&frame(&picture, 0), None), Ok(None));
    assert!(
        estimator
            .push(&frame(&picture, 9), None)
            .unwrap()
            .unwrap()
            .motion
            .is_some()
    );
}
