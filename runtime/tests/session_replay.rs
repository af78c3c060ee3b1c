//! What a session's engine was told makes another engine answer the same.

mod session_rig;

use std::time::Duration;

use crossbeam_channel::unbounded;
use fixate::engine::gaze::GazeSample;
use fixate::engine::{Event, replay};
use fixate::session::{Told, now_us};
use session_rig::{Does, Part, Rig, ends, options};

#[test]
fn a_recorded_session_replays_to_the_same_answers() {
    ends(|| {
        let (sender, receiver) = unbounded();
        let mut options = options();
        options.told = Some(sender);
        // Some of everything: failures, hangs, slowness.
        let encoder = Part::new(|call| match call % 7 {
            3 => Does::Fails,
            5 => Does::NotANumber,
            _ => Does::Takes(Duration::from_millis(20)),
        });
        let decoder = Part::new(|call| match call % 23 {
            4 => Does::Fails,
            9..=11 => Does::Takes(Duration::from_millis(40)),
            _ => Does::Takes(Duration::from_millis(2)),
        });
        let mut rig = Rig::new(&encoder, &decoder, &options);
        for round in 0..120 {
            rig.run(1);
            let _ = rig.session.push_gaze(&GazeSample::at(now_us(), 60.0, 60.0));
            let _ = rig.session.push_imu(now_us(), [0.0, 0.1, 0.0]);
            if round % 40 == 13 {
                rig.size_px = (200 + round, 120);
            }
            if round % 10 == 5 {
                for _ in 0..5 {
                    let _ = rig.prompt();
                }
            }
            if round % 50 == 30 {
                rig.session.ask_keyframe().unwrap();
                std::thread::sleep(Duration::from_millis(150));
            }
        }
        let engine_options = *rig.session.engine_options();
        let stats = rig.finish();
        assert_eq!(stats.events_dropped, 0);
        let (mut events, mut recorded) = (Vec::new(), Vec::new());
        for told in receiver.try_iter() {
            match told {
                Told::Event(event) => events.push(event),
                Told::Answer(answer) => recorded.push(answer),
            }
        }
        assert_eq!(recorded.len() as u64, stats.engine.answers());
        assert!(stats.engine.fresh > 20, "{stats:?}");
        assert!(replay(engine_options, &events).eq(recorded.iter().copied()));

        // Written down and read again, they are the same, to the last bit.
        let value = serde_json::to_value((&engine_options, &events)).unwrap();
        let (read_options, read): (fixate::engine::EngineOptions, Vec<Event>) =
            serde_json::from_value(value).unwrap();
        assert_eq!(read_options, engine_options);
        assert_eq!(read, events);
        assert!(replay(read_options, &read).eq(recorded));
    });
}
