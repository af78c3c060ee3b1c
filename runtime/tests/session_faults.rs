//! Cameras, trackers, encoders, decoders and users that do wrong: no deadlock, no panic, no lost thread,
//! every prompt answered or counted.

mod session_rig;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fixate::engine::gaze::{GazeError, GazeSample};
use fixate::engine::{EngineError, FrameId};
use fixate::frame::{Frame, PixelFormat};
use fixate::prompt::Prompt;
use fixate::session::{MaskPixels, Session, SessionError, now_us};
use session_rig::{Does, HANGS_AFTER_US, Part, Rig, ends, model, options, picture};

#[test]
fn a_good_session_answers_with_fresh_masks() {
    ends(|| {
        let mut rig = Rig::new(&Part::good(), &Part::good(), &options());
        rig.run_until(|stats| stats.engine.fresh >= 30);
        let stats = rig.finish();
        assert!(stats.engine.keyframes > 1);
        assert_eq!(stats.engine.unknown_jobs, 0);
        assert_eq!(stats.engine.decodes_failed, 0);
    });
}

#[test]
fn gaze_that_pauses_and_jumps_back_in_time_is_refused_and_goes_on() {
    ends(|| {
        let mut rig = Rig::new(&Part::good(), &Part::good(), &options());
        let session = Arc::clone(&rig.session);
        rig.run_until(|stats| stats.engine.keyframes > 0);
        let look = |rig: &mut Rig, prompts: u64| {
            rig.run_until(|stats| {
                for _ in 0..2 {
                    std::thread::sleep(Duration::from_millis(3));
                    session
                        .push_gaze(&GazeSample::at(now_us(), 70.0, 60.0))
                        .unwrap();
                }
                stats.gaze_prompts >= prompts
            });
        };
        look(&mut rig, 5);
        // Two seconds without a sample.
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            rig.run(1);
        }
        let prompts = session.stats().gaze_prompts;
        look(&mut rig, prompts + 5);
        let early_us = now_us() - 5_000_000;
        let refused = session.push_gaze(&GazeSample::at(early_us, 70.0, 60.0));
        assert!(matches!(
            refused,
            Err(SessionError::Refused(EngineError::Gaze(
                GazeError::NotLater { .. }
            )))
        ));
        let future_us = now_us() + 5_000_000;
        assert!(
            session
                .push_gaze(&GazeSample::at(future_us, 70.0, 60.0))
                .is_err()
        );
        assert!(
            session
                .push_gaze(&GazeSample::at(now_us(), f64::NAN, 0.0))
                .is_err()
        );
        let prompts = session.stats().gaze_prompts;
        look(&mut rig, prompts + 5);
        assert_eq!(rig.finish().engine.gaze_refused, 3);
    });
}

#[test]
fn a_camera_that_stalls_and_bursts_loses_frames_and_no_prompt() {
    ends(|| {
        let mut rig = Rig::new(&Part::good(), &Part::good(), &options());
        rig.run_until(|stats| stats.engine.keyframes > 0);
        let until = Instant::now() + Duration::from_millis(600);
        while Instant::now() < until {
            rig.prompt().unwrap();
            rig.take(Duration::from_millis(7));
        }
        let begin_us = now_us() - 60_000;
        for index in 0..60 {
            rig.frame_of(begin_us + index * 1_000).unwrap();
        }
        assert!(matches!(
            rig.frame_of(begin_us),
            Err(SessionError::Refused(EngineError::FrameNotLater { .. }))
        ));
        assert!(matches!(
            rig.frame_of(now_us() + 9_000_000),
            Err(SessionError::Refused(EngineError::FromFuture { .. }))
        ));
        let fresh = rig.session.stats().engine.fresh;
        rig.run_until(|stats| stats.engine.fresh > fresh + 5);
        let stats = rig.finish();
        assert!(stats.engine.camera_stalls > 0);
        assert_eq!(
            stats.engine.frames + stats.frames_dropped,
            stats.frames_pushed
        );
        assert!(stats.frames_dropped >= 2);
    });
}

#[test]
fn frames_may_change_their_size() {
    ends(|| {
        let mut rig = Rig::new(&Part::good(), &Part::good(), &options());
        for (round, size_px) in [(160, 120), (96, 200), (64, 64), (320, 180)]
            .into_iter()
            .enumerate()
        {
            rig.size_px = size_px;
            let fresh = rig.session.stats().engine.fresh;
            rig.run_until(|stats| {
                stats.engine.size_changes == round as u64 && stats.engine.fresh > fresh + 5
            });
            let newest = rig.answers.iter().rev().find(|answer| answer.has_pixels);
            assert!(newest.is_some());
        }
        rig.finish();
    });
}

#[test]
fn an_encoder_that_fails_panics_or_gives_nan_is_tried_again() {
    for does in [Does::Fails, Does::Panics, Does::NotANumber] {
        ends(move || {
            let encoder = Part::new(move |call| if call < 4 { does } else { Does::Well });
            let mut rig = Rig::new(&encoder, &Part::good(), &options());
            rig.run_until(|stats| stats.engine.fresh >= 5);
            let stats = rig.finish();
            assert_eq!(stats.engine.encodes_failed, 4);
            assert!(stats.engine.keyframes > 0);
        });
    }
}

#[test]
fn an_encoder_that_hangs_is_replaced() {
    ends(|| {
        let encoder = Part::new(|call| if call == 2 { Does::Hangs } else { Does::Well });
        let mut options = options();
        options.engine.encoder_watchdog_us = HANGS_AFTER_US;
        let mut rig = Rig::new(&encoder, &Part::good(), &options);
        rig.run_until(|stats| stats.encoders_replaced > 0 && stats.engine.keyframes > 5);
        encoder.gate.open();
        rig.run(10);
        let stats = rig.finish();
        assert!(stats.engine.encoder_hangs > 0);
        assert_eq!(stats.engine.unknown_jobs, 0);
    });
}

#[test]
fn encoders_that_all_hang_are_not_replaced_for_ever() {
    ends(|| {
        let encoder = Part::new(|call| if call == 0 { Does::Well } else { Does::Hangs });
        let mut options = options();
        options.most_given_up = 2;
        options.engine.encoder_watchdog_us = HANGS_AFTER_US;
        options.stop_within = Duration::from_millis(100);
        options.engine.oldest_mask_us = 200_000;
        let mut rig = Rig::new(&encoder, &Part::good(), &options);
        rig.run_until(|stats| stats.encoders_replaced == 2 && stats.engine.encoder_hangs == 3);
        rig.run(30);
        let stats = rig.session.stats();
        assert_eq!(stats.encoders_replaced, 2);
        assert_eq!(encoder.gate.waiting.load(Ordering::SeqCst), 3);
        // Three hang, and nobody waits for them for long.
        assert_eq!(rig.session.stop(), 3);
        encoder.gate.open();
    });
}

#[test]
fn a_decoder_that_fails_panics_or_hangs_costs_no_prompt_its_answer() {
    for does in [Does::Fails, Does::Panics, Does::Hangs] {
        ends(move || {
            let decoder = Part::new(move |call| {
                if (10..14).contains(&call) && (does != Does::Hangs || call == 10) {
                    does
                } else {
                    Does::Well
                }
            });
            let mut options = options();
            if does == Does::Hangs {
                options.engine.decoder_watchdog_us = HANGS_AFTER_US;
            }
            let mut rig = Rig::new(&Part::good(), &decoder, &options);
            rig.run_until(|stats| {
                stats.engine.fresh >= 20
                    && stats.engine.decodes_failed + stats.decoders_replaced > 0
            });
            decoder.gate.open();
            rig.run(5);
            let stats = rig.finish();
            match does {
                Does::Hangs => assert!(stats.decoders_replaced > 0),
                _ => assert_eq!(stats.engine.decodes_failed, 4),
            }
        });
    }
}

#[test]
fn a_slow_decoder_is_bridged_by_masks_that_move() {
    ends(|| {
        let decoder = Part::new(|call| {
            if call > 10 {
                Does::Takes(Duration::from_millis(60))
            } else {
                Does::Well
            }
        });
        let mut rig = Rig::new(&Part::good(), &decoder, &options());
        rig.run_until(|stats| stats.engine.propagated > 3 && stats.engine.fresh > 3);
        rig.finish();
    });
}

#[test]
fn a_flood_of_prompts_is_answered_or_counted() {
    ends(|| {
        // It sleeps meanwhile: prompts pile up even where one core does everything.
        let decoder = Part::new(|_| Does::Takes(Duration::from_millis(2)));
        let mut rig = Rig::new(&Part::good(), &decoder, &options());
        rig.run_until(|stats| stats.engine.fresh > 0);
        for _ in 0..20 {
            rig.frame().unwrap();
            for _ in 0..500 {
                rig.prompt().unwrap();
            }
            rig.take(Duration::from_millis(1));
        }
        let stats = rig.finish();
        assert!(stats.engine.prompts >= 10_000);
        assert!(stats.engine.superseded > 1_000);
    });
}

#[test]
fn bad_prompts_and_frames_are_refused() {
    ends(|| {
        let rig = Rig::new(&Part::good(), &Part::good(), &options());
        let session = &rig.session;
        let early = session.push_prompt(None, &Prompt::point(1.0, 1.0), None);
        assert!(matches!(
            early,
            Err(SessionError::Refused(EngineError::UnknownFrame { .. }))
        ));
        let first = session.push_prompt(Some(FrameId(1)), &Prompt::point(1.0, 1.0), None);
        assert_eq!(
            first,
            Err(SessionError::NeverPushed {
                found: FrameId(1),
                newest: None
            })
        );
        let mut rig = rig;
        rig.run_until(|stats| stats.engine.frames > 2);
        let newest = rig.frame().unwrap();
        let session = &rig.session;
        let prompt_on =
            |frame| session.push_prompt(Some(FrameId(frame)), &Prompt::point(1.0, 1.0), None);
        // Its motion need not be known yet.
        assert!(prompt_on(newest.0).is_ok());
        for never in [newest.0 + 1, u64::MAX, 0] {
            let error = prompt_on(never).unwrap_err();
            let expected = SessionError::NeverPushed {
                found: FrameId(never),
                newest: Some(newest),
            };
            assert_eq!(error, expected);
            let text = error.to_string();
            assert!(
                text.contains(&format!("frame {never}, but frames up to {}", newest.0)),
                "{text}"
            );
        }
        for prompt in [
            Prompt::point(f32::NAN, 0.0),
            Prompt::point(-1.0, 0.0),
            Prompt::default(),
        ] {
            assert!(session.push_prompt(None, &prompt, None).is_err());
        }
        let point = Prompt::point(5.0, 5.0);
        assert!(session.push_prompt(None, &point, Some(0)).is_err());
        assert!(session.push_imu(now_us(), [f64::INFINITY; 3]).is_err());
        assert!(session.push_imu(now_us(), [0.0; 3]).is_ok());
        let mut masked = point;
        masked.mask = Some(fixate::mask::MaskLogits::default());
        assert_eq!(
            session.push_prompt(None, &masked, None),
            Err(SessionError::MaskPrompt)
        );
        rig.finish();
    });
}

/// Waits until this holds, for threads that must first get somewhere.
fn wait_for(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn stopping_is_possible_in_every_stage() {
    // At once.
    ends(|| {
        let rig = Rig::new(&Part::good(), &Part::good(), &options());
        rig.finish();
        drop(Session::start(
            model(&Part::good(), &Part::good()),
            &options(),
        ));
    });
    // While encoding, and while decoding.
    for stage in 0..2 {
        ends(move || {
            let slow = Part::new(|_| Does::Takes(Duration::from_millis(120)));
            let parts = [Part::good(), Part::good()];
            let parts = [0, 1].map(|part| {
                if part == stage {
                    slow.clone()
                } else {
                    parts[part].clone()
                }
            });
            let mut rig = Rig::new(&parts[0], &parts[1], &options());
            wait_for(|| {
                rig.run(1);
                slow.calls.load(Ordering::SeqCst) > 0
            });
            assert_eq!(rig.session.stop(), 0);
        });
    }
    // While the decoder hangs: nobody waits for ever, and the answers are counted.
    ends(|| {
        let decoder = Part::new(|_| Does::Hangs);
        let mut options = options();
        options.stop_within = Duration::from_millis(50);
        options.engine.decoder_watchdog_us = 60_000_000;
        let mut rig = Rig::new(&Part::good(), &decoder, &options);
        wait_for(|| {
            rig.run(1);
            decoder.gate.waiting.load(Ordering::SeqCst) > 0
        });
        assert_eq!(rig.session.stop(), 1);
        decoder.gate.open();
    });
    // While someone waits for an answer.
    ends(|| {
        let rig = Rig::new(&Part::good(), &Part::good(), &options());
        let session = Arc::clone(&rig.session);
        let waits = Arc::new(AtomicBool::new(false));
        let waiting = Arc::clone(&waits);
        let reader = std::thread::spawn(move || {
            waiting.store(true, Ordering::SeqCst);
            session.wait_answer(Duration::from_secs(100), &mut MaskPixels::new())
        });
        wait_for(|| waits.load(Ordering::SeqCst));
        rig.session.stop();
        assert_eq!(reader.join().unwrap(), None);
    });
    // While everyone pushes.
    ends(|| {
        let rig = Rig::new(&Part::good(), &Part::good(), &options());
        let ended = Arc::new(AtomicBool::new(false));
        let pushers: Vec<_> = (0..3)
            .map(|pusher| {
                let (session, ended) = (Arc::clone(&rig.session), Arc::clone(&ended));
                std::thread::spawn(move || {
                    let bytes = picture(pusher, (64, 64));
                    let mut refused = 0;
                    while !ended.load(Ordering::SeqCst) {
                        let frame = Frame::contiguous(PixelFormat::Gray8, 64, 64, &bytes, now_us())
                            .unwrap();
                        refused += usize::from(session.push_frame(&frame).is_err());
                        let prompt = Prompt::point(5.0, 5.0);
                        refused += usize::from(session.push_prompt(None, &prompt, None).is_err());
                        let _ = session.push_imu(now_us(), [0.0; 3]);
                        let _ = session.push_gaze(&GazeSample::at(now_us(), 5.0, 5.0));
                        let _ = session.poll_answer(&mut MaskPixels::new());
                        std::thread::yield_now();
                    }
                    refused
                })
            })
            .collect();
        wait_for(|| rig.session.stats().engine.prompts > 100);
        assert_eq!(rig.session.stop(), 0);
        ended.store(true, Ordering::SeqCst);
        for pusher in pushers {
            pusher.join().unwrap();
        }
    });
}
