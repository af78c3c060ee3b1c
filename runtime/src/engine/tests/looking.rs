//! From gaze to answers.

use super::world::{FRAME_US, Machines, World};
use crate::engine::gaze::{GazeSample, GazeState};
use crate::engine::{AnswerKind, EngineError, EngineOptions, KeyframeId};
use crate::geometry::Point;
use crate::motion::Intrinsics;

const GAZE_US: i64 = 8_000;

/// Looks at a point for so many samples, with frames; gives the states.
fn look(world: &mut World, x_px: f64, samples: usize) -> Vec<GazeState> {
    let mut states = Vec::new();
    for index in 0..samples {
        if index % 4 == 0 {
            world.frame();
        }
        let sample = GazeSample::at(world.now_us, x_px, 300.0);
        let outcome = world.engine.on_gaze(world.now_us, &sample).unwrap();
        if let Some(accepted) = outcome.accepted {
            world.accept(&accepted);
        }
        states.push(outcome.update.state);
        world.poll();
        world.run(GAZE_US);
    }
    states
}

#[test]
fn fixations_prompt_and_saccades_do_not() {
    let mut world = World::running(EngineOptions::default(), Machines::default());
    look(&mut world, 300.0, 100);
    let prompts = world.engine.counters().prompts;
    assert!(prompts > 80, "{prompts}");
    let states = look(&mut world, 900.0, 100);
    let saccade = states.iter().filter(|&&state| state == GazeState::Saccade);
    assert!((2..12).contains(&saccade.count()), "{states:?}");
    let fixated = states.iter().filter(|&&state| state == GazeState::Fixation);
    let counters = *world.engine.counters();
    // The sample that the jump begins with looks like the fixation before.
    assert!(counters.prompts - prompts <= fixated.count() as u64);
    world.finish();
    let counters = world.engine.counters();
    assert_eq!((counters.missed, counters.none), (0, 0), "{counters:?}");
    assert!(counters.fresh > 150);
    let last = world.answers.last().unwrap().drawn.unwrap();
    let shown = last.candidates.at(last.choice.position).unwrap();
    assert!(
        shown.bounds.unwrap().contains(Point::new(890.0, 300.0)),
        "{shown:?}"
    );
}

#[test]
fn gaze_off_the_frame_and_from_the_future_is_counted() {
    let mut world = World::running(EngineOptions::default(), Machines::default());
    look(&mut world, -300.0, 60);
    let counters = *world.engine.counters();
    assert_eq!(counters.prompts, 0);
    assert!(counters.gaze_off_frame > 40);
    let future = GazeSample::at(world.now_us + 3_600_000_000, 5.0, 5.0);
    let refused = world.engine.on_gaze(world.now_us, &future);
    assert!(matches!(refused, Err(EngineError::FromFuture { .. })));
    let refused = world.engine.on_imu(world.now_us, i64::MAX, [0.0; 3]);
    assert!(matches!(refused, Err(EngineError::FromFuture { .. })));
    // Neither stands in the way of what follows.
    look(&mut world, 300.0, 60);
    assert!(world.engine.counters().prompts > 40);
    assert_eq!(world.engine.counters().gaze_refused, 1);
}

/// The head turns by 46 degrees/s and the gaze stays on a thing.
#[test]
fn a_gyroscope_keeps_fixations_while_the_head_turns() {
    let run = |with_gyroscope: bool| {
        let options = EngineOptions {
            intrinsics: Intrinsics::new(900.0, 900.0, 640.0, 360.0).ok(),
            ..EngineOptions::default()
        };
        let mut world = World::running(options, Machines::default());
        let rate_rad_s = 0.8;
        let start_us = world.now_us;
        let mut lost = 0;
        for index in 0..100 {
            if with_gyroscope {
                let rates = [0.0, rate_rad_s, 0.0];
                world
                    .engine
                    .on_imu(world.now_us, world.now_us, rates)
                    .unwrap();
            }
            let angle = rate_rad_s * (world.now_us - start_us) as f64 * 1e-6 - 0.3;
            let x_px = 640.0 - 900.0 * angle.tan();
            let sample = GazeSample::at(world.now_us, x_px, 360.0);
            let update = world.engine.on_gaze(world.now_us, &sample).unwrap().update;
            lost += usize::from(index > 25 && update.state != GazeState::Fixation);
            world.now_us += GAZE_US;
        }
        lost
    };
    assert_eq!(run(true), 0);
    assert!(run(false) > 60);
}

#[test]
fn the_same_thing_is_remembered_and_all_candidates_stay() {
    let mut world = World::running(EngineOptions::default(), Machines::default());
    world.frame();
    world.prompt(300.0, 300.0);
    world.run(FRAME_US);
    world.frame();
    world.prompt(310.0, 300.0);
    world.run(FRAME_US);
    world.prompt(900.0, 300.0);
    world.run(FRAME_US);
    let memories: Vec<_> = world
        .decodes
        .iter()
        .map(|job| job.memory.map(|m| m.job))
        .collect();
    assert_eq!(memories, [None, Some(world.decodes[0].job), None]);
    for answer in &world.answers {
        assert_eq!(answer.kind, AnswerKind::Fresh);
        assert_eq!(answer.drawn.unwrap().candidates.iter().count(), 4);
    }
    let last = world.decodes.last().unwrap().job;
    assert!(world.engine.needs(last) && !world.engine.needs(world.decodes[0].job));
    assert!(world.engine.needs_keyframe(world.decodes[2].keyframe));
    assert!(!world.engine.needs_keyframe(KeyframeId(999)));
}

/// Prompts are moved to the keyframe and answers to the newest frame.
#[test]
fn prompts_go_back_and_masks_come_forward() {
    let mut world = World::running(EngineOptions::default(), Machines::default());
    world.frame();
    world.prompt(300.0, 300.0);
    world.run(FRAME_US);
    let job = world.decodes[0];
    let anchor = job.shape.anchor().unwrap();
    let there = job
        .frame_from_keyframe
        .target_from_source()
        .apply(anchor)
        .unwrap();
    assert!(
        there.distance_px(Point::new(300.0, 300.0)) < 1e-3,
        "{there:?}"
    );
    assert!(
        anchor.x_px < 299.0,
        "the picture has moved by 2 px a frame: {anchor:?}"
    );
    assert_eq!(world.answers[0].drawn.unwrap().frame, job.frame);
}
