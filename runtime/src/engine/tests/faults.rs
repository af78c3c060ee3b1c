//! One fault at a time.

use super::world::{FRAME_US, Machines, World};
use crate::engine::{
    AnswerKind, EncodeReason, EngineError, EngineOptions, FrameId, FrameNews, JobFailed, JobId,
    KeyframeId, NoneReason, Notice, PromptShape, Rung,
};

fn default_world() -> World {
    World::running(EngineOptions::default(), Machines::default())
}

/// Frames and a prompt with each, for so many frames.
fn live(world: &mut World, frames: usize) {
    for _ in 0..frames {
        world.frame();
        world.prompt(300.0, 300.0);
        world.run(FRAME_US);
    }
}

fn last_kind(world: &World) -> AnswerKind {
    world.answers.last().unwrap().kind
}

#[test]
fn all_is_well() {
    let mut world = default_world();
    live(&mut world, 300);
    world.finish();
    let counters = world.engine.counters();
    assert_eq!((counters.fresh, counters.missed), (300, 0));
    assert!(counters.keyframes >= 18, "{counters:?}");
    assert!(
        world
            .notices
            .iter()
            .all(|n| matches!(n, Notice::CameraStalled { .. }))
    );
    let ages = world.answers.iter().filter_map(|answer| answer.mask_age_us);
    assert!(ages.max().unwrap() < 700_000);
}

#[test]
fn an_encoder_that_fails_three_times_rests_and_is_tried_again() {
    let mut world = default_world();
    world.machines.encoder_fails = true;
    live(&mut world, 30);
    let failing = world
        .notices
        .iter()
        .filter(|n| matches!(n, Notice::EncoderFailing { failures: 3, .. }));
    assert_eq!(failing.count(), 1);
    let tried = world.encodes.len();
    live(&mut world, 20);
    // It rests for 30 frames.
    assert!(world.encodes.len() <= tried + 1);
    // Meanwhile the old keyframe answers.
    assert_eq!(last_kind(&world), AnswerKind::Fresh);
    world.machines.encoder_fails = false;
    live(&mut world, 60);
    assert!(world.encodes.len() > tried);
    assert!(world.answers.last().unwrap().mask_age_us.unwrap() < 700_000);
    world.finish();
}

#[test]
fn an_encoder_that_never_works_leaves_reasons() {
    let machines = Machines {
        encoder_fails: true,
        ..Machines::default()
    };
    let mut world = World::new(EngineOptions::default(), machines);
    live(&mut world, 2);
    assert_eq!(last_kind(&world), AnswerKind::None(NoneReason::NoKeyframe));
    live(&mut world, 20);
    assert_eq!(
        last_kind(&world),
        AnswerKind::None(NoneReason::EncoderFailing)
    );
    world.finish();
    assert_eq!(world.engine.counters().missed, 0);
}

#[test]
fn a_hanging_encoder_is_noticed_once_and_can_be_replaced() {
    let mut world = default_world();
    world.machines.encoder_hangs = true;
    live(&mut world, 200);
    let hung: Vec<_> = world
        .notices
        .iter()
        .filter_map(|n| match n {
            Notice::EncoderHung { keyframe } => Some(*keyframe),
            _ => None,
        })
        .collect();
    assert_eq!(hung.len(), 1);
    world.machines.encoder_hangs = false;
    world.replace_both();
    live(&mut world, 20);
    assert!(world.answers.last().unwrap().mask_age_us.unwrap() < 700_000);
    let late = world.engine.on_encoded(world.now_us, hung[0], Ok(()));
    assert_eq!(late, Err(EngineError::UnknownKeyframe { found: hung[0] }));
    assert_eq!(world.engine.counters().unknown_jobs, 1);
    world.finish();
}

#[test]
fn a_stalled_camera_is_said_and_ends_in_none() {
    let mut world = default_world();
    live(&mut world, 3);
    world.run(300_000);
    let stalled = |n: &&Notice| matches!(n, Notice::CameraStalled { .. });
    assert_eq!(world.notices.iter().filter(stalled).count(), 1);
    world.prompt(300.0, 300.0);
    world.run(FRAME_US);
    let answer = *world.answers.last().unwrap();
    assert_eq!(
        (answer.kind, answer.camera_stalled),
        (AnswerKind::Fresh, true)
    );
    assert!(answer.frame_age_us.unwrap() > 300_000);
    world.run(5_000_000);
    world.prompt(300.0, 300.0);
    world.run(FRAME_US);
    assert_eq!(
        last_kind(&world),
        AnswerKind::None(NoneReason::CameraStalled)
    );
    live(&mut world, 20);
    let answer = world.answers.last().unwrap();
    assert_eq!(
        (answer.kind, answer.camera_stalled),
        (AnswerKind::Fresh, false)
    );
    world.finish();
}

#[test]
fn frames_of_another_size_end_what_belongs_to_the_old_ones() {
    let mut world = default_world();
    live(&mut world, 5);
    let prompt = world.prompt(300.0, 300.0);
    world.run(1_000);
    world.size = (640, 480);
    world.frame();
    assert_eq!(
        world.kind(prompt),
        AnswerKind::None(NoneReason::FrameSizeChanged)
    );
    world.run(FRAME_US);
    assert_eq!(world.engine.keyframe(), None);
    let old = FrameId(world.frame - 1);
    let shape = PromptShape::point(5.0, 5.0);
    let refused = world.engine.on_prompt(world.now_us, old, &shape, None);
    assert!(matches!(refused, Err(EngineError::UnknownFrame { .. })));
    live(&mut world, 20);
    assert_eq!(last_kind(&world), AnswerKind::Fresh);
    assert_eq!(world.encodes.last().unwrap().reason, EncodeReason::Moved);
    world.finish();
}

#[test]
fn a_hundred_times_too_many_prompts_are_all_answered() {
    let mut world = default_world();
    for _ in 0..20 {
        world.frame();
        for _ in 0..400 {
            world.prompt(300.0, 300.0);
            world.run(83);
        }
    }
    world.finish();
    let counters = *world.engine.counters();
    assert_eq!((counters.prompts, counters.missed), (8_000, 0));
    assert!(counters.fresh > 150, "{counters:?}");
    assert_eq!(
        counters.fresh + counters.propagated + counters.superseded,
        8_000
    );
}

#[test]
fn a_slow_decoder_goes_down_the_ladder_and_back() {
    let mut world = default_world();
    live(&mut world, 10);
    world.machines.decode_us = 50_000;
    live(&mut world, 10);
    assert_eq!(last_kind(&world), AnswerKind::Propagated);
    world.machines.decode_us = 2_000;
    live(&mut world, 100);
    assert_eq!(last_kind(&world), AnswerKind::Fresh);
    world.finish();
    assert_eq!(world.engine.counters().missed, 0);
    assert!(world.decodes.iter().any(|job| job.rung != Rung::Candidates));
}

#[test]
fn without_a_mover_the_last_answer_is_held_and_never_for_another_thing() {
    let mut world = default_world();
    live(&mut world, 5);
    world.machines.decoder_hangs = true;
    world.machines.move_us = 1_000_000;
    live(&mut world, 2);
    assert_eq!(last_kind(&world), AnswerKind::Held);
    world.prompt(900.0, 600.0);
    world.run(FRAME_US);
    assert_eq!(last_kind(&world), AnswerKind::None(NoneReason::NoTime));
    world.run(1_000_000);
    assert!(
        world
            .notices
            .iter()
            .any(|n| matches!(n, Notice::DecoderHung { .. }))
    );
    world.machines.decoder_hangs = false;
    world.finish();
}

#[test]
fn lost_motion_asks_for_a_keyframe() {
    let mut world = default_world();
    live(&mut world, 10);
    world.machines.motion_px = None;
    world.frame();
    let prompt = world.prompt(300.0, 300.0);
    world.run(FRAME_US);
    assert_eq!(world.kind(prompt), AnswerKind::None(NoneReason::MotionLost));
    world.machines.motion_px = Some(2.0);
    live(&mut world, 12);
    assert_eq!(last_kind(&world), AnswerKind::Fresh);
    world.finish();
}

#[test]
fn a_failing_decoder_falls_back() {
    let mut world = default_world();
    live(&mut world, 5);
    world.machines.decoder_fails = true;
    live(&mut world, 1);
    assert_eq!(last_kind(&world), AnswerKind::Propagated);
    world.prompt(900.0, 600.0);
    world.run(FRAME_US);
    assert_eq!(
        last_kind(&world),
        AnswerKind::None(NoneReason::DecoderFailed)
    );
    world.finish();
}

#[test]
fn prompts_and_frames_that_mean_nothing_are_refused_and_counted() {
    let mut world = default_world();
    let (now_us, frame) = (world.now_us, world.frame);
    let mut prompt = |frame, x_px, budget_us| {
        let shape = PromptShape::point(x_px, 5.0);
        world
            .engine
            .on_prompt(now_us, FrameId(frame), &shape, budget_us)
            .unwrap_err()
    };
    assert!(matches!(
        prompt(frame + 1, 5.0, None),
        EngineError::UnknownFrame { .. }
    ));
    assert!(matches!(
        prompt(frame, 1280.0, None),
        EngineError::Prompt(_)
    ));
    assert!(matches!(
        prompt(frame, f32::NAN, None),
        EngineError::Prompt(_)
    ));
    assert!(matches!(
        prompt(frame, 5.0, Some(0)),
        EngineError::Budget { budget_us: 0 }
    ));
    let good = FrameNews {
        frame: FrameId(frame + 1),
        capture_us: now_us,
        width_px: 1280,
        height_px: 720,
        sharpness: None,
        motion: None,
        thing: None,
    };
    for bad in [
        FrameNews {
            frame: FrameId(frame),
            ..good
        },
        FrameNews {
            capture_us: now_us - 1_000_000,
            ..good
        },
        FrameNews {
            capture_us: now_us + 1_000_000,
            ..good
        },
        FrameNews {
            width_px: 0,
            ..good
        },
        FrameNews {
            sharpness: Some(f32::NAN),
            ..good
        },
    ] {
        let error = world.engine.on_frame(now_us, &bad).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    assert!(world.engine.on_imu(now_us, 5, [f64::NAN; 3]).is_err());
    let unknown = world.engine.on_decoded(now_us, JobId(999), Err(JobFailed));
    assert!(matches!(unknown, Err(EngineError::UnknownJob { .. })));
    assert!(world.engine.on_moved(now_us, JobId(999), Ok(())).is_err());
    assert!(
        world
            .engine
            .on_encoded(now_us, KeyframeId(999), Ok(()))
            .is_err()
    );
    let counters = *world.engine.counters();
    assert_eq!((counters.prompts_refused, counters.frames_refused), (4, 5));
    assert_eq!((counters.imu_refused, counters.unknown_jobs), (1, 3));
    world.finish();
}

#[test]
fn an_encoder_slower_than_masks_may_be_old_and_a_decoder_slower_than_the_budget_still_bring_masks()
{
    let mut world = default_world();
    let limit_us = EngineOptions::default().oldest_mask_us;
    world.machines.encode_us = limit_us + 500_000;
    world.machines.decode_us = 14_000;
    // So little that the prompt stays on the thing.
    world.machines.motion_px = Some(0.1);
    live(&mut world, 300);
    let before = world.answers.len();
    live(&mut world, 300);
    world.finish();
    let answers = &world.answers[before..];
    let shown = answers.iter().filter(|answer| answer.drawn.is_some());
    assert!(
        shown.clone().count() * 10 > answers.len() * 9,
        "{answers:?}"
    );
    let ages = shown.filter_map(|answer| answer.mask_age_us);
    assert!(ages.max().unwrap() > limit_us);
}
