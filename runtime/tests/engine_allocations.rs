//! Once it is made, an engine allocates nothing.
#![expect(unsafe_code, reason = "an allocator that counts is unsafe to write")]

mod counting_allocator;

use fixate::engine::gaze::GazeSample;
use fixate::engine::{
    Candidate, Candidates, Engine, EngineOptions, FrameId, FrameNews, JobFailed, PromptShape,
    ThingMotion,
};
use fixate::geometry::{Bounds, Homography};
use fixate::motion::{Evidence, FrameMotion, Intrinsics, Lost, Motion};
use fixate::prompt::PromptBox;

fn found() -> Candidates {
    let mask = |index| Candidate {
        index,
        predicted_iou: 0.9,
        stability: 0.9,
        area_px: 10_000.0,
        bounds: Some(Bounds::of_image(640, 480)),
        agreement: Some(0.5),
    };
    Candidates::new(&[0, 1, 2, 3].map(mask))
}

/// Polls and reports until nothing is left to do; some decodings are late, some jobs fail.
fn work(engine: &mut Engine, now_us: i64, index: u64) -> usize {
    let mut answers = 0;
    for late_us in [0, 200, 9_950] {
        let time_us = now_us + late_us;
        let actions = engine.poll(time_us);
        answers += actions.answers().count();
        if let Some(job) = actions.encode {
            let result = if index % 11 == 3 {
                Err(JobFailed)
            } else {
                Ok(())
            };
            assert!(engine.on_encoded(time_us, job.keyframe, result).is_ok());
        }
        if let Some(job) = actions.decode {
            let late_us = if index % 97 == 5 { 9_800 } else { 100 };
            let result = if index % 13 == 3 {
                Err(JobFailed)
            } else {
                Ok(found())
            };
            assert!(
                engine
                    .on_decoded(time_us + late_us, job.job, result)
                    .is_ok()
            );
        }
        if let Some(job) = actions.move_mask {
            assert!(engine.on_moved(time_us + 50, job.job, Ok(())).is_ok());
        }
    }
    answers
}

#[test]
fn an_engine_allocates_nothing_once_it_is_made() {
    let mut options = EngineOptions::default();
    options.intrinsics = Intrinsics::new(500.0, 500.0, 320.0, 240.0).ok();
    let mut engine = Engine::new(options);
    let bounds = PromptBox {
        x0_px: 200.0,
        y0_px: 200.0,
        x1_px: 300.0,
        y1_px: 300.0,
    };
    let before = counting_allocator::calls_of_this_thread();
    let mut answers = 0;
    for index in 0..2_000_u64 {
        let now_us = 1_000_000 + index as i64 * 16_000;
        let motion = FrameMotion {
            source_us: now_us - 16_000,
            target_us: now_us,
            motion: (index % 50 != 0).then(|| Motion::exact(Homography::translation(1.0, 0.5))),
            evidence: Evidence::Nothing {
                flow: Lost::SizeChanged,
            },
        };
        let news = FrameNews {
            frame: FrameId(index),
            capture_us: now_us,
            width_px: if index < 1_000 { 640 } else { 320 },
            height_px: 480,
            sharpness: Some((index % 10) as f32),
            motion: Some(motion),
            thing: engine
                .watched()
                .filter(|_| index % 30 == 0)
                .map(|watched| ThingMotion {
                    thing: watched.thing,
                    motion: Motion::exact(Homography::translation(3.0, 0.0)),
                }),
        };
        engine.on_frame(now_us, &news).unwrap();
        engine.on_imu(now_us, now_us, [0.0, 0.1, 0.0]).unwrap();
        let place_px = 160.0 + if index % 200 < 100 { 0.0 } else { 120.0 };
        let sample = GazeSample::at(now_us, place_px, 200.0);
        let outcome = engine.on_gaze(now_us, &sample).unwrap();
        answers += usize::from(outcome.accepted.is_some_and(|a| a.superseded.is_some()));
        answers += work(&mut engine, now_us, index);
        let shape = PromptShape::bounds(bounds);
        let accepted = engine
            .on_prompt(now_us + 10_000, FrameId(index), &shape, Some(5_000))
            .unwrap();
        answers += usize::from(accepted.superseded.is_some());
        assert!(
            engine
                .on_prompt(now_us, FrameId(index), &shape, Some(0))
                .is_err()
        );
        let actions = engine.poll(now_us + 14_800);
        answers += actions.answers().count();
        if let Some(job) = actions.decode {
            let decoded = engine.on_decoded(now_us + 15_500, job.job, Ok(found()));
            assert!(decoded.is_ok());
        }
    }
    let after = counting_allocator::calls_of_this_thread();
    assert_eq!(after - before, 0);
    let counters = engine.counters();
    assert!(counters.fresh > 500 && counters.none > 100, "{counters:?}");
    assert_eq!(counters.answers(), answers as u64);
}
