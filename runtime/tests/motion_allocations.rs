//! After the first frames, motion allocates nothing.
#![expect(unsafe_code, reason = "an allocator that counts is unsafe to write")]

mod counting_allocator;

use fixate::frame::{Frame, PixelFormat};
use fixate::geometry::{Bounds, Covariance, Homography, Point};
use fixate::mask::LogitsView;
use fixate::motion::{
    FlowEstimator, GrayPyramid, GyroNoise, GyroTrack, Intrinsics, MotionChain, MotionEstimator,
    object_motion, warp_logits_into,
};
use fixate::preprocess::Placement;

const WIDTH: usize = 640;
const HEIGHT: usize = 480;

/// A texture that moves by whole pixels; none at all where `flat`.
fn picture(shift: usize, flat: bool) -> Vec<u8> {
    let value = |index: usize| {
        let (x, y) = ((index % WIDTH + shift) / 9, (index / WIDTH + 2 * shift) / 7);
        (x * 7919 + y * 104_729 + x * y * 31) % 251
    };
    (0..WIDTH * HEIGHT)
        .map(|index| if flat { 80 } else { value(index) as u8 })
        .collect()
}

#[test]
fn motion_allocates_nothing_after_the_first_frames() {
    let mut estimator = MotionEstimator::new(3);
    let mut flow = FlowEstimator::new(3);
    let mut keyframe = GrayPyramid::new();
    let mut gyro = GyroTrack::new();
    let intrinsics = Intrinsics::new(500.0, 500.0, 320.0, 240.0).unwrap();
    let placement = Placement {
        image_width_px: WIDTH as u32,
        image_height_px: HEIGHT as u32,
        resized_width_px: 256,
        resized_height_px: 192,
        input_size_px: 256,
    };
    let logits = vec![1.0; 64 * 64];
    let mut moved = vec![0.0; 64 * 64];
    let view = LogitsView {
        width: 64,
        height: 64,
        values: &logits,
    };
    let pictures: Vec<_> = (0..12).map(|shift| picture(shift, shift == 8)).collect();
    let bounds = Bounds {
        x0_px: 100.0,
        y0_px: 80.0,
        x1_px: 300.0,
        y1_px: 280.0,
    };
    let mut chain = MotionChain::new(0);
    let (mut found, mut held) = (0, 0);
    let mut before = 0;
    for (index, bytes) in pictures.iter().enumerate() {
        if index == 3 {
            before = counting_allocator::calls_of_this_thread();
        }
        let time_us = index as i64 * 33_000;
        let (width, height) = (WIDTH as u32, HEIGHT as u32);
        let frame = Frame::contiguous(PixelFormat::Gray8, width, height, bytes, time_us).unwrap();
        for part in 0..7 {
            gyro.push(time_us + part * 4_700, [0.001, 0.0, 0.0])
                .unwrap();
        }
        let turned = gyro
            .motion(
                (time_us - 33_000).max(0),
                time_us,
                &intrinsics,
                &GyroNoise::default(),
            )
            .unwrap();
        let Some(link) = estimator.push(&frame, Some(&turned)).unwrap() else {
            continue;
        };
        match link.evidence {
            fixate::motion::Evidence::Flow { .. } => found += 1,
            _ => held += 1,
        }
        chain.extend(&link).unwrap();
        let motion = *chain.newest_from_keyframe().unwrap();
        let _ = chain.point_in_keyframe(Point::new(9.0, 9.0), &Covariance::default());
        let map = motion.target_from_source();
        warp_logits_into(view, &placement, map, &mut moved).unwrap();
        let newest = estimator.newest();
        let _ = flow.estimate(estimator.before(), newest, &Homography::IDENTITY);
        let _ = object_motion(
            &mut flow,
            estimator.before(),
            newest,
            &motion,
            bounds,
            |_| true,
        );
        keyframe.copy_from(newest);
    }
    let counted = counting_allocator::calls_of_this_thread() - before;
    assert_eq!((found, held), (9, 2));
    assert_eq!(counted, 0);
}
