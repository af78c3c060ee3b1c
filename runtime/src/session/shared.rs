//! What the threads of a session share: one engine behind one lock.
//!
//! Whoever has something to tell the engine takes the lock, tells it, polls it, hands its orders out
//! and gives its answers, all within some ten microseconds. The encoder's thread alone never takes it,
//! because it gives way to all others and would keep them waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::now_us;
use super::decoding::{Made, Masks};
use super::drawing::Drawing;
use super::error::SessionError;
use super::outbox::Outbox;
use super::pixels::HeldFrame;
use super::state::State;
use crate::decoder::Keyframe;
use crate::engine::gaze::GazeSample;
use crate::engine::{
    Accepted, Event, FrameId, FrameNews, GazeOutcome, JobFailed, JobId, KeyframeId, Outcome,
    PromptShape, Watched,
};
use crate::newest::Newest;

/// What the threads of a session share.
pub(super) struct Shared {
    state: Mutex<State>,
    /// From whoever pushes frames to the camera's thread.
    pub(super) camera: Newest<HeldFrame>,
    pub(super) outbox: Outbox,
    pub(super) counts: Counts,
}

/// How often what happened outside of the engine.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) frames_pushed: AtomicU64,
    pub(super) frames_dropped: AtomicU64,
    pub(super) turns_dropped: AtomicU64,
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the time-keeping thread has to do for those that hang.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hung {
    pub(super) encoder: bool,
    pub(super) decoder: bool,
}

impl Shared {
    pub(super) fn new(state: State, answers_kept: usize) -> Self {
        Self {
            state: Mutex::new(state),
            camera: Newest::new(),
            outbox: Outbox::new(answers_kept),
            counts: Counts::default(),
        }
    }

    /// Does what the engine wants, and lets go of the lock.
    fn finish(&self, mut state: MutexGuard<'_, State>, time_us: i64) {
        state.poll(time_us, &self.outbox);
        let outgoing = std::mem::take(&mut state.outgoing);
        drop(state);
        outgoing.send();
    }

    /// Sends orders that are still there.
    pub(super) fn send_orders(&self) {
        let outgoing = std::mem::take(&mut self.lock().outgoing);
        outgoing.send();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a frame with its motion.
    pub(super) fn frame(&self, news: &FrameNews, frame: HeldFrame) {
        let mut state = self.lock();
        let time_us = state.time(now_us());
        let (now_us, news) = (time_us, *news);
        match state.tell(Event::Frame { now_us, news }) {
            Outcome::Refused(error) => log::warn!("a frame was refused: {error}"),
            _ => state.frames.push(frame),
        }
        self.finish(state, time_us);
    }

    /// What the last answer shows, with its masks.
    pub(super) fn watched(&self) -> Option<(Watched, Arc<Masks>)> {
        let state = self.lock();
        let watched = state.engine.watched()?;
        let masks = state.find(watched.job)?;
        Some((watched, masks))
    }

    /// Takes a gaze sample that was pushed at this time.
    pub(super) fn gaze(
        &self,
        pushed_us: i64,
        sample: &GazeSample,
    ) -> Result<GazeOutcome, SessionError> {
        let mut state = self.lock();
        state.check()?;
        let time_us = state.time(pushed_us);
        state.note(Event::Gaze {
            now_us: time_us,
            sample: *sample,
        });
        let outcome = state.engine.on_gaze(time_us, sample);
        if let Some(accepted) = outcome.as_ref().ok().and_then(|outcome| outcome.accepted) {
            state.gaze_prompts += 1;
            state.accept(&accepted, pushed_us, &self.outbox);
        }
        self.finish(state, time_us);
        Ok(outcome?)
    }

    /// Takes a prompt that was pushed at this time; without a frame, on the newest.
    pub(super) fn prompt(
        &self,
        pushed_us: i64,
        frame: Option<FrameId>,
        shape: &PromptShape,
        budget_us: Option<i64>,
    ) -> Result<Accepted, SessionError> {
        let mut state = self.lock();
        state.check()?;
        let time_us = state.time(pushed_us);
        let wanted = frame.unwrap_or(FrameId(u64::MAX));
        // The engine tells what is wrong with a frame that it never knew.
        let frame = state.engine.frame_up_to(wanted).unwrap_or(wanted);
        state.note(Event::Prompt {
            now_us: time_us,
            frame,
            shape: *shape,
            budget_us,
        });
        let accepted = state.engine.on_prompt(time_us, frame, shape, budget_us);
        if let Ok(accepted) = &accepted {
            state.accept(accepted, pushed_us, &self.outbox);
        }
        self.finish(state, time_us);
        Ok(accepted?)
    }

    /// Takes a sample of the gyroscope.
    pub(super) fn turn(&self, sample_us: i64, rate_rad_s: [f64; 3]) -> Result<(), SessionError> {
        let mut state = self.lock();
        state.check()?;
        let time_us = state.time(now_us());
        let told = state.tell(Event::Imu {
            now_us: time_us,
            time_us: sample_us,
            rate_rad_s,
        });
        self.finish(state, time_us);
        match told {
            Outcome::Refused(error) => Err(SessionError::Refused(error)),
            _ => Ok(()),
        }
    }

    /// Wants the next good frame encoded.
    pub(super) fn ask_keyframe(&self) -> Result<(), SessionError> {
        let mut state = self.lock();
        state.check()?;
        let time_us = state.time(now_us());
        state.tell(Event::AskKeyframe);
        self.finish(state, time_us);
        Ok(())
    }

    /// Takes what came of an encoding.
    pub(super) fn encoded(
        &self,
        generation: u64,
        keyframe: KeyframeId,
        took_us: i64,
        result: Result<Arc<Keyframe>, JobFailed>,
    ) {
        let mut state = self.lock();
        if generation != state.encoder_generation {
            return;
        }
        let time_us = state.time(now_us());
        state.encode_times.push(took_us);
        let told = result.as_ref().map(|_| ()).map_err(|failed| *failed);
        if let Ok(made) = result {
            state.keyframes.push((keyframe, made));
        }
        state.tell_encoded(time_us, keyframe, told);
        self.finish(state, time_us);
    }

    /// Takes what came of a decoding; false if the thread was replaced.
    pub(super) fn decoded(
        &self,
        generation: u64,
        job: JobId,
        took_us: i64,
        result: Result<Made, JobFailed>,
    ) -> bool {
        let mut state = self.lock();
        if generation != state.decoder_generation {
            return false;
        }
        let time_us = state.time(now_us());
        state.decode_times.push(took_us);
        let told = result.map(|made| {
            let Made {
                candidates,
                masks,
                drawing,
            } = made;
            state.masks.push(masks);
            state.drawings.extend(drawing);
            candidates
        });
        state.tell_decoded(time_us, job, told);
        self.finish(state, time_us);
        true
    }

    /// Takes what came of moving a mask.
    pub(super) fn moved(&self, job: JobId, result: Result<Arc<Drawing>, JobFailed>) {
        let mut state = self.lock();
        let time_us = state.time(now_us());
        let told = result.map(|drawing| state.drawings.push(drawing));
        state.tell_moved(time_us, job, told);
        self.finish(state, time_us);
    }

    /// Nothing but time came. Tells when it is to come next, and what hangs.
    pub(super) fn poll(&self) -> (Option<i64>, Hung) {
        let mut state = self.lock();
        let time_us = state.time(now_us());
        state.poll(time_us, &self.outbox);
        state.armed_us = state.next_us;
        let due = (state.next_us, std::mem::take(&mut state.hung));
        let outgoing = std::mem::take(&mut state.outgoing);
        drop(state);
        outgoing.send();
        due
    }
}
