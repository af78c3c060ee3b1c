//! What holds whatever happens.

use proptest::prelude::*;

use super::world::{FRAME_US, Machines, World};
use crate::engine::gaze::GazeSample;
use crate::engine::{AnswerKind, EngineOptions, NoneReason};

/// Something that happens in a world.
#[derive(Clone, Debug)]
enum Step {
    Frame,
    Prompt(f32, f32),
    Gaze(f64, f64, bool),
    Wait(i64),
    Size(u32),
    Motion(Option<f64>),
    Thing(Option<f64>, f32),
    Encoder {
        us: i64,
        fails: bool,
        hangs: bool,
    },
    Decoder {
        us: i64,
        fails: bool,
        hangs: bool,
    },
    Mover(i64),
    /// The clock goes back by so much for one poll.
    Backwards(i64),
    ReplaceBoth,
}

fn step() -> impl Strategy<Value = Step> {
    let trouble = || (prop::bool::weighted(0.15), prop::bool::weighted(0.1));
    prop_oneof![
        6 => Just(Step::Frame),
        10 => (0.0_f32..600.0, 0.0_f32..400.0).prop_map(|(x, y)| Step::Prompt(x, y)),
        6 => (-50.0..700.0, -50.0..500.0, prop::bool::weighted(0.9))
            .prop_map(|(x, y, valid)| Step::Gaze(x, y, valid)),
        10 => (1_i64..60_000).prop_map(Step::Wait),
        2 => (1_i64..3_000_000).prop_map(Step::Wait),
        1 => prop::sample::select(vec![640_u32, 1280]).prop_map(Step::Size),
        2 => prop::option::weighted(0.8, -20.0..20.0).prop_map(Step::Motion),
        2 => (prop::option::weighted(0.7, -20.0..20.0), 0.0_f32..1.0)
            .prop_map(|(px, agreement)| Step::Thing(px, agreement)),
        2 => (1_i64..400_000, trouble())
            .prop_map(|(us, (fails, hangs))| Step::Encoder { us, fails, hangs }),
        2 => (1_i64..30_000, trouble())
            .prop_map(|(us, (fails, hangs))| Step::Decoder { us, fails, hangs }),
        1 => (1_i64..12_000).prop_map(Step::Mover),
        1 => (1_i64..100_000).prop_map(Step::Backwards),
        1 => Just(Step::ReplaceBoth),
    ]
}

fn play(steps: &[Step], wake_us: i64) -> World {
    let machines = Machines {
        wake_us,
        ..Machines::default()
    };
    let mut world = World::new(EngineOptions::default(), machines);
    world.frame();
    for step in steps {
        match *step {
            Step::Frame => {
                world.run(1_000);
                world.frame();
            }
            Step::Prompt(x_px, y_px) => {
                world.prompt(x_px, y_px);
            }
            Step::Gaze(x_px, y_px, valid) => {
                world.run(2_000);
                let sample = GazeSample {
                    valid,
                    ..GazeSample::at(world.now_us, x_px, y_px)
                };
                let outcome = world.engine.on_gaze(world.now_us, &sample).unwrap();
                if let Some(accepted) = outcome.accepted {
                    world.accept(&accepted);
                }
                world.poll();
            }
            Step::Wait(duration_us) => world.run(duration_us),
            Step::Size(width_px) => world.size.0 = width_px,
            Step::Motion(motion_px) => world.machines.motion_px = motion_px,
            Step::Thing(thing_px, agreement) => {
                world.machines.thing_px = thing_px;
                world.machines.agreement = agreement;
            }
            Step::Encoder { us, fails, hangs } => {
                world.machines.encode_us = us;
                world.machines.encoder_fails = fails;
                world.machines.encoder_hangs = hangs;
            }
            Step::Decoder { us, fails, hangs } => {
                world.machines.decode_us = us;
                world.machines.decoder_fails = fails;
                world.machines.decoder_hangs = hangs;
            }
            Step::Mover(us) => world.machines.move_us = us,
            Step::Backwards(by_us) => {
                let now_us = world.now_us;
                world.now_us -= by_us;
                let actions = world.engine.poll(world.now_us);
                world.now_us = now_us;
                world.act(&actions);
            }
            Step::ReplaceBoth => world.replace_both(),
        }
    }
    world.machines.encoder_hangs = false;
    world.machines.decoder_hangs = false;
    world.finish();
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One answer each, counted if late, newest first, ages never negative; and again the same.
    #[test]
    fn every_prompt_gets_one_honest_answer(
        steps in prop::collection::vec(step(), 1..120),
        wake_us in prop::sample::select(vec![0_i64, 50, 5_000]),
    ) {
        let world = play(&steps, wake_us);
        let again = play(&steps, wake_us);
        prop_assert_eq!(&world.journal, &again.journal);
        prop_assert_eq!(world.engine.counters(), again.engine.counters());
    }

    /// An engine that is polled when it asks for it is never late, whatever the machines do.
    #[test]
    fn prompt_polls_mean_no_misses(steps in prop::collection::vec(step(), 1..120)) {
        let world = play(&steps, 400);
        prop_assert_eq!(world.engine.counters().missed, 0);
    }

    /// Of a burst, the first is decoded at once and the last when the decoder is free.
    #[test]
    fn the_newest_of_a_burst_wins(burst in 3_usize..200, decode_us in 100_i64..4_000) {
        let machines = Machines { decode_us, ..Machines::default() };
        let mut world = World::running(EngineOptions::default(), machines);
        let prompts: Vec<_> = (0..burst).map(|_| world.prompt(300.0, 300.0)).collect();
        world.run(FRAME_US);
        let decoded: Vec<_> = world.decodes.iter().map(|job| job.prompt).collect();
        prop_assert_eq!(decoded, vec![prompts[0], prompts[burst - 1]]);
        for (index, &prompt) in prompts.iter().enumerate() {
            let kind = world.kind(prompt);
            if index == 0 || index == burst - 1 {
                prop_assert_eq!(kind, AnswerKind::Fresh);
            } else {
                let by = prompts[index + 1];
                prop_assert_eq!(kind, AnswerKind::None(NoneReason::Superseded { by }));
            }
        }
        world.finish();
    }
}
