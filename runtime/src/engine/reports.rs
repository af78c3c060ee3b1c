//! What has become of jobs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::answer::{Drawn, NoneReason};
use super::chains::Following;
use super::choice::Candidates;
use super::error::EngineError;
use super::ladder::Rung;
use super::machine::{Decoding, Engine, Last, deviation_px};
use super::names::{JobId, KeyframeId, age_us};
use super::open::Stage;
use super::watched::shows_the_same;

/// A job has failed; why is the caller's to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailed;

impl fmt::Display for JobFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the job has failed; the log tells why")
    }
}

impl std::error::Error for JobFailed {}

impl Engine {
    /// Takes what came of an encoding. Its keyframe is ready to be decoded from.
    ///
    /// # Errors
    /// When no such job is running; it is counted and changes nothing.
    pub fn on_encoded(
        &mut self,
        now_us: i64,
        keyframe: KeyframeId,
        result: Result<(), JobFailed>,
    ) -> Result<(), EngineError> {
        let now_us = self.advance(now_us);
        let Some(job) = self.encoding.take_if(|job| job.track.keyframe == keyframe) else {
            self.counters.unknown_jobs += 1;
            return Err(EngineError::UnknownKeyframe { found: keyframe });
        };
        if result.is_err() {
            self.counters.encodes_failed += 1;
            self.failures += 1;
            // The frame is gone; another is wanted at once.
            self.policy.ask();
            if self.failures >= self.options.encoder_failures {
                let until_us = now_us.saturating_add(self.options.encoder_rest_us);
                self.rest_until_us = Some(until_us);
            }
            return Ok(());
        }
        self.failures = 0;
        self.failing = false;
        self.rest_until_us = None;
        if job.useless {
            self.counters.encodes_discarded += 1;
            return Ok(());
        }
        self.counters.keyframes += 1;
        self.keyframe = Some(job.track);
        Ok(())
    }

    /// A new encoder is there in place of one that hung; what the old one may still report is unknown.
    pub fn on_encoder_replaced(&mut self, now_us: i64) {
        self.advance(now_us);
        if self.encoding.take().is_some() {
            self.policy.ask();
        }
        self.failures = 0;
        self.failing = false;
        self.rest_until_us = None;
    }

    /// Takes what came of a decoding: its masks' numbers.
    ///
    /// # Errors
    /// When no such job is running; it is counted and changes nothing.
    pub fn on_decoded(
        &mut self,
        now_us: i64,
        job: JobId,
        result: Result<Candidates, JobFailed>,
    ) -> Result<(), EngineError> {
        let now_us = self.advance(now_us);
        let Some(decoding) = self.decoding.take_if(|decoding| decoding.job == job) else {
            self.counters.unknown_jobs += 1;
            return Err(EngineError::UnknownJob { found: job });
        };
        let cost_us = age_us(now_us, decoding.started_us);
        self.ladder.measure(decoding.rung, cost_us);
        let found = match result {
            Ok(candidates) => self
                .draw(&decoding, &candidates)
                .ok_or(NoneReason::NothingFound),
            Err(JobFailed) => Err(NoneReason::DecoderFailed),
        };
        if found.is_err() {
            self.counters.decodes_failed += 1;
        }
        match self.open.decoding(job) {
            None => self.counters.decodes_late += 1,
            Some(open) => match &found {
                Ok(drawn) => {
                    open.fresh = Some(*drawn);
                    open.stage = Stage::Done(None);
                }
                Err(reason) => {
                    open.stage = Stage::Undecoded(*reason);
                    open.obstacle = Some(*reason);
                }
            },
        }
        if let Ok(drawn) = found
            && !decoding.useless
        {
            self.remember(&decoding, drawn);
        }
        Ok(())
    }

    /// Keeps what was decoded as the last answer.
    fn remember(&mut self, decoding: &Decoding, drawn: Drawn) {
        let following = decoding.following;
        let mut track = decoding.track;
        if !shows_the_same(following, drawn.shown()) {
            self.watch_another();
            if following == Following::Thing && track.chains.differ() {
                // Another thing, and so looked for along a way that is not its own: it was not there.
                self.last = None;
                return;
            }
            track.chains.forget_thing();
        }
        self.last = Some(Last {
            drawn,
            track,
            anchor: decoding.anchor,
            decoded_us: self.now_us,
        });
    }

    fn draw(&self, decoding: &Decoding, candidates: &Candidates) -> Option<Drawn> {
        let choice =
            self.options
                .choice
                .choose(candidates, decoding.ambiguous, decoding.memory_us)?;
        Some(Drawn {
            job: decoding.job,
            decoded_for: decoding.prompt,
            rung: decoding.rung,
            keyframe: decoding.track.keyframe,
            keyframe_us: decoding.track.chains.frame_us(),
            frame: decoding.frame,
            frame_us: decoding.frame_us,
            frame_from_keyframe: decoding.frame_from_keyframe,
            candidates: *candidates,
            choice,
            deviation_px: deviation_px(&decoding.frame_from_keyframe, decoding.anchor.as_ref()),
        })
    }

    /// A new decoder is there in place of one that hung; what the old one may still report is unknown.
    pub fn on_decoder_replaced(&mut self, now_us: i64) {
        self.advance(now_us);
        let Some(decoding) = self.decoding.take() else {
            return;
        };
        if let Some(open) = self.open.decoding(decoding.job) {
            open.stage = Stage::Undecoded(NoneReason::DecoderHung);
            open.obstacle = Some(NoneReason::DecoderHung);
        }
    }

    /// Takes what came of moving a mask.
    ///
    /// # Errors
    /// When no such job is running; it is counted and changes nothing.
    pub fn on_moved(
        &mut self,
        now_us: i64,
        job: JobId,
        result: Result<(), JobFailed>,
    ) -> Result<(), EngineError> {
        let now_us = self.advance(now_us);
        let Some(moving) = self.moving.take_if(|moving| moving.job == job) else {
            self.counters.unknown_jobs += 1;
            return Err(EngineError::UnknownJob { found: job });
        };
        self.ladder
            .measure(Rung::Moved, age_us(now_us, moving.started_us));
        match self.open.find(moving.prompt) {
            Some(open) if result.is_ok() && !matches!(open.stage, Stage::Done(_)) => {
                open.moved = Some(moving.drawn);
            }
            _ => self.counters.moves_unused += 1,
        }
        Ok(())
    }
}
