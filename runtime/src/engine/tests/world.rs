//! A camera, an encoder, a decoder and a mover that take made-up time.

use std::collections::BTreeMap;

use crate::engine::{
    Accepted, Actions, Answer, AnswerKind, Candidate, Candidates, DecodeJob, EncodeJob, Engine,
    EngineOptions, FrameId, FrameNews, JobFailed, MoveJob, NoneReason, Notice, PromptId,
    PromptShape, ThingId, ThingMotion,
};
use crate::geometry::{Bounds, Homography};
use crate::motion::{Evidence, FrameMotion, Lost, Motion};

pub(super) const FRAME_US: i64 = 33_333;

/// What the machines of a world take, and do wrong.
#[derive(Clone, Debug)]
pub(super) struct Machines {
    pub(super) encode_us: i64,
    pub(super) decode_us: i64,
    pub(super) move_us: i64,
    /// By how much later than asked for the engine is polled.
    pub(super) wake_us: i64,
    pub(super) encoder_fails: bool,
    pub(super) encoder_hangs: bool,
    pub(super) decoder_fails: bool,
    pub(super) decoder_hangs: bool,
    /// Pixels that the picture moves with each frame; none loses the motion.
    pub(super) motion_px: Option<f64>,
    /// Pixels that the thing watched moves with each frame, if by itself.
    pub(super) thing_px: Option<f64>,
    /// What that is said of, if not of what is watched.
    pub(super) stale_thing: Option<ThingId>,
    /// Of every mask with the last answer's.
    pub(super) agreement: f32,
}

impl Default for Machines {
    fn default() -> Self {
        Self {
            encode_us: 120_000,
            decode_us: 3_000,
            move_us: 500,
            wake_us: 50,
            encoder_fails: false,
            encoder_hangs: false,
            decoder_fails: false,
            decoder_hangs: false,
            motion_px: Some(2.0),
            thing_px: None,
            stale_thing: None,
            agreement: 0.5,
        }
    }
}

/// A world with one engine.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) machines: Machines,
    pub(super) now_us: i64,
    pub(super) frame: u64,
    pub(super) size: (u32, u32),
    before_us: Option<i64>,
    encoding: Option<(EncodeJob, i64)>,
    decoding: Option<(DecodeJob, i64)>,
    moving: Option<(MoveJob, i64)>,
    wake_us: Option<i64>,
    pub(super) accepted: BTreeMap<PromptId, i64>,
    pub(super) answers: Vec<Answer>,
    pub(super) notices: Vec<Notice>,
    pub(super) decodes: Vec<DecodeJob>,
    pub(super) encodes: Vec<EncodeJob>,
    /// Everything that was decided, to compare runs.
    pub(super) journal: Vec<String>,
}

impl World {
    pub(super) fn new(options: EngineOptions, machines: Machines) -> Self {
        Self {
            engine: Engine::new(options),
            machines,
            now_us: 1_000_000,
            frame: 0,
            size: (1280, 720),
            before_us: None,
            encoding: None,
            decoding: None,
            moving: None,
            wake_us: None,
            accepted: BTreeMap::new(),
            answers: Vec::new(),
            notices: Vec::new(),
            decodes: Vec::new(),
            encodes: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// One with a keyframe.
    pub(super) fn running(options: EngineOptions, machines: Machines) -> Self {
        let mut world = Self::new(options, machines);
        for _ in 0..8 {
            world.frame();
            world.run(FRAME_US);
        }
        assert!(world.engine.keyframe().is_some());
        world
    }

    pub(super) fn frame(&mut self) {
        self.frame += 1;
        let source_us = self.before_us.unwrap_or(self.now_us);
        let motion = FrameMotion {
            source_us,
            target_us: self.now_us,
            motion: self
                .machines
                .motion_px
                .map(|px| Motion::exact(Homography::translation(px, 0.0))),
            evidence: Evidence::Nothing {
                flow: Lost::SizeChanged,
            },
        };
        let news = FrameNews {
            frame: FrameId(self.frame),
            capture_us: self.now_us,
            width_px: self.size.0,
            height_px: self.size.1,
            sharpness: None,
            motion: Some(motion),
            thing: self
                .machines
                .thing_px
                .zip(self.engine.watched())
                .map(|(px, watched)| ThingMotion {
                    thing: self.machines.stale_thing.unwrap_or(watched.thing),
                    motion: Motion::exact(Homography::translation(px, 0.0)),
                }),
        };
        self.engine.on_frame(self.now_us, &news).unwrap();
        self.before_us = Some(self.now_us);
        self.poll();
    }

    pub(super) fn prompt(&mut self, x_px: f32, y_px: f32) -> PromptId {
        let shape = PromptShape::point(x_px, y_px);
        let frame = FrameId(self.frame);
        let accepted = self
            .engine
            .on_prompt(self.now_us, frame, &shape, None)
            .unwrap();
        self.accept(&accepted);
        self.poll();
        accepted.prompt
    }

    pub(super) fn accept(&mut self, accepted: &Accepted) {
        self.accepted.insert(accepted.prompt, accepted.deadline_us);
        self.answers.extend(accepted.superseded);
    }

    pub(super) fn poll(&mut self) {
        let actions = self.engine.poll(self.now_us);
        self.journal.push(format!("{} {actions:?}", self.now_us));
        assert!(actions.next_us.is_none_or(|next_us| next_us > self.now_us));
        self.act(&actions);
    }

    /// Both machines are thrown away and made anew.
    pub(super) fn replace_both(&mut self) {
        self.engine.on_encoder_replaced(self.now_us);
        self.engine.on_decoder_replaced(self.now_us);
        (self.encoding, self.decoding) = (None, None);
        self.poll();
    }

    pub(super) fn act(&mut self, actions: &Actions) {
        self.answers.extend(actions.answers());
        self.notices.extend(actions.notices());
        if let Some(job) = actions.encode {
            assert!(self.encoding.is_none(), "one job at a time");
            self.encodes.push(job);
            self.encoding = Some((job, self.now_us + self.machines.encode_us));
        }
        if let Some(job) = actions.decode {
            assert!(self.decoding.is_none(), "one job at a time");
            self.decodes.push(job);
            self.decoding = Some((job, self.now_us + self.machines.decode_us));
        }
        if let Some(job) = actions.move_mask {
            assert!(self.moving.is_none(), "one job at a time");
            self.moving = Some((job, self.now_us + self.machines.move_us));
        }
        self.wake_us = actions
            .next_us
            .map(|next_us| next_us + self.machines.wake_us);
    }

    /// Lets time go by.
    pub(super) fn run(&mut self, duration_us: i64) {
        let end_us = self.now_us + duration_us;
        loop {
            let encoded = self.encoding.filter(|_| !self.machines.encoder_hangs);
            let decoded = self.decoding.filter(|_| !self.machines.decoder_hangs);
            let times = [
                encoded.map(|(_, time_us)| time_us),
                decoded.map(|(_, time_us)| time_us),
                self.moving.map(|(_, time_us)| time_us),
                self.wake_us,
            ];
            let next_us = times.into_iter().flatten().min();
            let Some(next_us) = next_us.filter(|&next_us| next_us <= end_us) else {
                break;
            };
            self.now_us = self.now_us.max(next_us);
            if let Some((job, _)) = encoded.filter(|job| job.1 <= self.now_us) {
                self.encoding = None;
                let result = if self.machines.encoder_fails {
                    Err(JobFailed)
                } else {
                    Ok(())
                };
                self.engine
                    .on_encoded(self.now_us, job.keyframe, result)
                    .unwrap();
            }
            if let Some((job, _)) = decoded.filter(|job| job.1 <= self.now_us) {
                self.decoding = None;
                let result = if self.machines.decoder_fails {
                    Err(JobFailed)
                } else {
                    Ok(found(&job, self.machines.agreement))
                };
                self.engine
                    .on_decoded(self.now_us, job.job, result)
                    .unwrap();
            }
            if let Some((job, _)) = self.moving.filter(|job| job.1 <= self.now_us) {
                self.moving = None;
                self.engine.on_moved(self.now_us, job.job, Ok(())).unwrap();
            }
            self.poll();
        }
        self.now_us = end_us;
    }

    /// Lets all prompts run out, and checks what must hold in any world.
    pub(super) fn finish(&mut self) {
        self.run(60_000_000);
        let mut seen = BTreeMap::new();
        for answer in &self.answers {
            assert!(
                seen.insert(answer.prompt, answer).is_none(),
                "answered twice: {answer:?}"
            );
            assert_eq!(self.accepted.get(&answer.prompt), Some(&answer.deadline_us));
            assert_eq!(answer.in_time(), answer.answered_us <= answer.deadline_us);
            assert!(answer.latency_us() >= 0);
            assert!(answer.mask_age_us.is_none_or(|age_us| age_us >= 0));
            assert!(answer.frame_age_us.is_none_or(|age_us| age_us >= 0));
            let has_none = matches!(answer.kind, AnswerKind::None(_));
            assert_eq!(answer.drawn.is_none(), has_none);
            if let AnswerKind::None(NoneReason::Superseded { by }) = answer.kind {
                assert!(by > answer.prompt, "newest wins");
            }
            if let (AnswerKind::Fresh, Some(drawn)) = (answer.kind, &answer.drawn) {
                assert_eq!(drawn.decoded_for, answer.prompt);
            }
        }
        assert_eq!(seen.len(), self.accepted.len(), "every prompt is answered");
        let counters = self.engine.counters();
        assert_eq!(counters.prompts, counters.answers());
        assert_eq!(counters.answers(), self.answers.len() as u64);
        let missed = self
            .answers
            .iter()
            .filter(|answer| !answer.in_time())
            .count();
        assert_eq!(counters.missed, missed as u64);
    }

    pub(super) fn kind(&self, prompt: PromptId) -> AnswerKind {
        let answer = self.answers.iter().find(|answer| answer.prompt == prompt);
        answer.unwrap().kind
    }
}

/// Masks of 200 pixels around the prompt, and nested ones.
pub(super) fn found(job: &DecodeJob, agreement: f32) -> Candidates {
    let anchor = job.shape.anchor().unwrap_or_default();
    let masks = [0_u8, 1, 2, 3].map(|index| {
        let half_px = 100.0 / f64::from(index.max(1));
        Candidate {
            index: index.into(),
            predicted_iou: 0.9 - 0.01 * f32::from(index),
            stability: 0.9,
            area_px: 4.0 * half_px * half_px,
            bounds: Some(Bounds {
                x0_px: anchor.x_px - half_px,
                y0_px: anchor.y_px - half_px,
                x1_px: anchor.x_px + half_px,
                y1_px: anchor.y_px + half_px,
            }),
            agreement: job.memory.map(|_| agreement),
        }
    });
    Candidates::new(&masks)
}
