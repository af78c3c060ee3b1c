//! Which frames are chosen.

use super::*;

fn still(age_us: i64) -> Shift {
    Shift::Share { share: 0.0, age_us }
}

#[test]
fn the_newest_good_frame_is_taken_once_the_encoder_is_idle() {
    let mut policy = KeyframePolicy::new(KeyframeOptions::default());
    for index in 0..3_u8 {
        let time_us = i64::from(index) * 33_000;
        policy.on_frame(FrameId(index.into()), time_us, None, Shift::NoKeyframe);
    }
    let first = policy.select(70_000, 66_000, Shift::NoKeyframe).unwrap();
    assert_eq!(
        (first.frame, first.reason),
        (FrameId(2), EncodeReason::First)
    );
    assert_eq!(policy.select(70_000, 66_000, Shift::NoKeyframe), None);
    assert_eq!(policy.counters().superseded, 2);
}

#[test]
fn frames_are_wanted_for_motion_age_loss_and_on_request() {
    let mut policy = KeyframePolicy::new(KeyframeOptions::default());
    let reason = |policy: &mut KeyframePolicy, shift| {
        policy.on_frame(FrameId(1), 0, None, shift);
        policy.select(0, 0, shift).map(|selected| selected.reason)
    };
    assert_eq!(reason(&mut policy, still(499_999)), None);
    assert_eq!(reason(&mut policy, still(500_000)), Some(EncodeReason::Old));
    assert_eq!(reason(&mut policy, Shift::Lost), Some(EncodeReason::Lost));
    let moved = Shift::Share {
        share: 0.05,
        age_us: 0,
    };
    assert_eq!(reason(&mut policy, moved), Some(EncodeReason::Moved));
    policy.ask();
    assert_eq!(reason(&mut policy, still(0)), Some(EncodeReason::Asked));
    assert_eq!(reason(&mut policy, still(0)), None);
}

#[test]
fn blurry_frames_wait_and_stale_ones_go() {
    let mut policy = KeyframePolicy::new(KeyframeOptions::default());
    for index in 0..10 {
        policy.on_frame(FrameId(index), 0, Some(1.0), still(0));
    }
    policy.on_frame(FrameId(10), 0, Some(0.5), Shift::Lost);
    assert_eq!(policy.select(0, 0, Shift::Lost), None);
    assert_eq!(policy.counters().blurry, 1);
    policy.on_frame(FrameId(11), 200_000, Some(0.5), Shift::Lost);
    assert!(policy.select(200_000, 200_000, Shift::Lost).is_some());
    policy.on_frame(FrameId(12), 300_000, Some(1.0), Shift::Lost);
    assert_eq!(policy.select(460_000, 460_000, Shift::Lost), None);
    assert_eq!(policy.counters().expired, 1);
    policy.on_frame(FrameId(13), 500_000, Some(1.0), Shift::Lost);
    assert_eq!(policy.select(500_000, 500_000, still(0)), None);
}

#[test]
fn jobs_keep_their_distance() {
    let mut policy = KeyframePolicy::new(KeyframeOptions {
        least_interval_us: 100_000,
        ..KeyframeOptions::default()
    });
    policy.on_frame(FrameId(1), 0, None, Shift::NoKeyframe);
    assert!(policy.select(0, 0, Shift::NoKeyframe).is_some());
    policy.on_frame(FrameId(2), 33_000, None, Shift::Lost);
    assert_eq!(policy.select(33_000, 33_000, Shift::Lost), None);
    assert_eq!(policy.ready_us(), Some(100_000));
    assert!(policy.select(100_000, 66_000, Shift::Lost).is_some());
}
