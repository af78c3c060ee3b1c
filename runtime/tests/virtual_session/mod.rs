//! A session made up by chance: frames, gaze, prompts, an encoder, a decoder and a mover that take made-up
//! time and sometimes fail, recorded as a real session would be.

use std::io::Cursor;

use fixate::engine::gaze::GazeSample;
use fixate::engine::{
    Answer, Candidate, Candidates, DecodeJob, Engine, EngineOptions, Event, FrameId, FrameNews,
    JobFailed, Outcome, PromptShape, ThingMotion,
};
use fixate::geometry::{Bounds, Homography};
use fixate::mask::Bitmap;
use fixate::motion::{Evidence, FrameMotion, GyroNoise, GyroTrack, Intrinsics, Lost, Motion};
use fixate::recording::{Recorder, RecorderOptions};

/// What was recorded.
pub(crate) struct Recorded {
    /// The MCAP file.
    pub(crate) file: Vec<u8>,
    pub(crate) options: EngineOptions,
    pub(crate) events: Vec<Event>,
    pub(crate) answers: Vec<Answer>,
}

/// Numbers that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

struct Session {
    chance: Chance,
    engine: Engine,
    recorder: Recorder<Cursor<Vec<u8>>>,
    gyro: GyroTrack,
    intrinsics: Intrinsics,
    now_us: i64,
    frame: u64,
    frame_us: Option<i64>,
    /// Reports to come, by their time.
    pending: Vec<(i64, Event)>,
    events: Vec<Event>,
    answers: Vec<Answer>,
}

/// Records a session of so many steps of some milliseconds.
pub(crate) fn record(seed: u64, steps: usize) -> Recorded {
    let intrinsics = Intrinsics::new(610.5, 612.25, 319.5, 239.5).unwrap();
    let mut options = EngineOptions::default();
    options.intrinsics = Some(intrinsics);
    options.gaze.px_per_rad = 611.0;
    options.camera_stall_us = 100_000;
    let recorder = Recorder::new(
        Cursor::new(Vec::new()),
        &options,
        RecorderOptions::default(),
    );
    let mut session = Session {
        chance: Chance(seed | 1 << 40),
        engine: Engine::new(options),
        recorder: recorder.unwrap(),
        gyro: GyroTrack::new(),
        intrinsics,
        now_us: 1_000_000,
        frame: 0,
        frame_us: None,
        pending: Vec::new(),
        events: Vec::new(),
        answers: Vec::new(),
    };
    for _ in 0..steps {
        session.step();
    }
    session.go_to(session.now_us + 5_000_000);
    Recorded {
        file: session.recorder.finish().unwrap().into_inner(),
        options,
        events: session.events,
        answers: session.answers,
    }
}

impl Session {
    /// Lets some milliseconds pass, with what was to come in them, then something comes in.
    fn step(&mut self) {
        let wait_us = 500 + self.chance.below(6_000) as i64;
        self.go_to(self.now_us + wait_us);
        match self.chance.below(10) {
            0..3 => self.frame(),
            3..6 => self.gaze(),
            6..8 => self.imu(),
            8 => self.prompt(),
            _ => match self.chance.below(20) {
                0 => self.call(Event::AskKeyframe),
                1 => self.call(Event::EncoderReplaced {
                    now_us: self.now_us,
                }),
                2 => self.call(Event::DecoderReplaced {
                    now_us: self.now_us,
                }),
                // Time that runs backwards, and a report of a job that nobody runs.
                3 => self.call(Event::Poll {
                    now_us: self.now_us - 9_000,
                }),
                4 => self.call(Event::Moved {
                    now_us: self.now_us,
                    job: fixate::engine::JobId(987_654),
                    result: Err(JobFailed),
                }),
                _ => {}
            },
        }
        self.poll();
    }

    fn frame(&mut self) {
        self.frame += 1;
        let source_us = self.frame_us.unwrap_or(self.now_us);
        let turned = self.gyro.motion(
            source_us,
            self.now_us,
            &self.intrinsics,
            &GyroNoise::default(),
        );
        let shift = Homography::translation(
            self.chance.between(-9.0, 9.0),
            self.chance.between(-5.0, 5.0),
        );
        let motion = match self.chance.below(80) {
            0 => None,
            1..40 => Some(Motion::exact(shift)),
            // The gyroscope does not always reach as far.
            _ => Some(turned.unwrap_or(Motion::exact(shift))),
        };
        let by_itself = self.chance.once_in(3);
        let own = Homography::translation(self.chance.between(-9.0, 9.0), 0.0);
        let width_px = if self.chance.once_in(400) { 320 } else { 640 };
        let news = FrameNews {
            frame: FrameId(self.frame),
            capture_us: self.now_us,
            width_px,
            height_px: 480,
            sharpness: Some(self.chance.between(0.0, 30.0) as f32),
            motion: Some(FrameMotion {
                source_us,
                target_us: self.now_us,
                motion,
                evidence: Evidence::Nothing {
                    flow: Lost::SizeChanged,
                },
            }),
            thing: self
                .engine
                .watched()
                .filter(|_| by_itself)
                .map(|watched| ThingMotion {
                    thing: watched.thing,
                    motion: Motion::exact(own),
                }),
        };
        self.frame_us = Some(self.now_us);
        self.call(Event::Frame {
            now_us: self.now_us,
            news,
        });
    }

    fn gaze(&mut self) {
        let calm = self.frame % 40 < 30;
        let spread_px = if calm { 4.0 } else { 300.0 };
        let sample = GazeSample {
            valid: !self.chance.once_in(15),
            confidence: (self.chance.once_in(3)).then(|| self.chance.between(0.0, 1.0) as f32),
            ..GazeSample::at(
                self.now_us - 3_000,
                320.0 + self.chance.between(-spread_px, spread_px),
                240.0 + self.chance.between(-spread_px, spread_px),
            )
        };
        self.call(Event::Gaze {
            now_us: self.now_us,
            sample,
        });
    }

    fn imu(&mut self) {
        let rate_rad_s = [0; 3].map(|_| self.chance.between(-0.4, 0.4));
        let time_us = self.now_us - 1_000;
        // Refused samples are recorded too.
        let _ = self.gyro.push(time_us, rate_rad_s);
        self.call(Event::Imu {
            now_us: self.now_us,
            time_us,
            rate_rad_s,
        });
    }

    fn prompt(&mut self) {
        let (x_px, y_px) = (
            self.chance.between(-5.0, 645.0),
            self.chance.between(0.0, 479.0),
        );
        let budget_us = self.chance.once_in(3).then(|| {
            // Sometimes there is no time at all, which is refused.
            self.chance.below(12_000) as i64
        });
        let frame = FrameId(self.frame.saturating_sub(self.chance.below(3)));
        self.call(Event::Prompt {
            now_us: self.now_us,
            frame,
            shape: PromptShape::point(x_px as f32, y_px as f32),
            budget_us,
        });
    }

    fn go_to(&mut self, end_us: i64) {
        loop {
            let due = self.pending.iter().map(|(time_us, _)| *time_us).min();
            let Some(time_us) = due.filter(|&time_us| time_us <= end_us) else {
                break;
            };
            let at = self.pending.iter().position(|(at_us, _)| *at_us == time_us);
            let (_, event) = self.pending.remove(at.unwrap());
            self.now_us = self.now_us.max(time_us);
            self.call(event);
            if !matches!(event, Event::Poll { .. }) {
                self.poll();
            }
        }
        self.now_us = end_us;
    }

    fn poll(&mut self) {
        self.pending
            .retain(|(_, event)| !matches!(event, Event::Poll { .. }));
        self.call(Event::Poll {
            now_us: self.now_us,
        });
    }

    fn call(&mut self, event: Event) {
        let outcome = self.engine.on_event(&event);
        self.recorder.on_call(&event, &outcome).unwrap();
        self.events.push(event);
        self.answers.extend(outcome.answers());
        for answer in outcome.answers() {
            if self.chance.once_in(8) {
                let mask = Bitmap::from_fn(64, 48, |x, y| x > 20 && y < 30 && x + y < 60);
                self.recorder.write_mask(answer, &mask).unwrap();
            }
        }
        let Outcome::Polled(actions) = outcome else {
            return;
        };
        if let Some(job) = actions.encode {
            let now_us = self.now_us + 20_000 + self.chance.below(200_000) as i64;
            let result = self.report(());
            let keyframe = job.keyframe;
            self.later(Event::Encoded {
                now_us,
                keyframe,
                result,
            });
        }
        if let Some(job) = actions.decode {
            let now_us = self.now_us + 500 + self.chance.below(9_000) as i64;
            let found = self.found(&job);
            let result = self.report(found);
            let job = job.job;
            self.later(Event::Decoded {
                now_us,
                job,
                result,
            });
        }
        if let Some(job) = actions.move_mask {
            let now_us = self.now_us + 100 + self.chance.below(1_500) as i64;
            let result = self.report(());
            let job = job.job;
            self.later(Event::Moved {
                now_us,
                job,
                result,
            });
        }
        if let Some(next_us) = actions.next_us {
            let now_us = next_us + self.chance.below(400) as i64;
            self.later(Event::Poll { now_us });
        }
    }

    fn later(&mut self, event: Event) {
        self.pending.push((event.now_us().unwrap(), event));
    }

    fn report<T>(&mut self, result: T) -> Result<T, JobFailed> {
        if self.chance.once_in(12) {
            Err(JobFailed)
        } else {
            Ok(result)
        }
    }

    fn found(&mut self, job: &DecodeJob) -> Candidates {
        let anchor = job.shape.anchor().unwrap_or_default();
        let masks = [0_usize, 1, 2, 3].map(|index| {
            let half_px = self.chance.between(5.0, 150.0);
            Candidate {
                index,
                predicted_iou: self.chance.between(0.2, 1.0) as f32,
                stability: self.chance.between(0.2, 1.0) as f32,
                area_px: 4.0 * half_px * half_px,
                bounds: Some(Bounds {
                    x0_px: anchor.x_px - half_px,
                    y0_px: anchor.y_px - half_px,
                    x1_px: anchor.x_px + half_px,
                    y1_px: anchor.y_px + half_px,
                }),
                agreement: job.memory.map(|_| self.chance.between(0.0, 1.0) as f32),
            }
        });
        Candidates::new(&masks[..1 + self.chance.below(4) as usize])
    }
}
