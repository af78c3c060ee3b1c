//! What comes in: frames and prompts.

use serde::{Deserialize, Serialize};

use super::answer::{Accepted, AnswerKind, NoneReason};
use super::chains::{Chains, Links, ThingMotion, unknown};
use super::error::EngineError;
use super::frames::Newest;
use super::machine::Engine;
use super::names::{FrameId, PromptId};
use super::open::{Open, Stage};
use super::shape::PromptShape;
use crate::motion::FrameMotion;

/// What the engine needs to know of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameNews {
    /// Its number, larger than that of the frame before.
    pub frame: FrameId,
    /// Its capture, microseconds of the host's monotonic clock.
    pub capture_us: i64,
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Any number that is larger for sharper frames of one camera, if it is measured.
    pub sharpness: Option<f32>,
    /// The motion from the frame before; none for the first one, or if it is not estimated. Without it
    /// nothing can be moved from one frame to the next.
    pub motion: Option<FrameMotion>,
    /// How the thing that is watched ([`Engine::watched`]) went by itself; none if it went with the picture, or that is
    /// not known.
    pub thing: Option<ThingMotion>,
}

impl Engine {
    /// Takes a frame. One of another size than those before ends all that belongs to them: open
    /// prompts, keyframes, the last answer.
    ///
    /// # Errors
    /// When its numbers are none, or it is not later than the one before.
    pub fn on_frame(&mut self, now_us: i64, news: &FrameNews) -> Result<(), EngineError> {
        let now_us = self.advance(now_us);
        self.check_frame(now_us, news).inspect_err(|_| {
            self.counters.frames_refused += 1;
        })?;
        self.counters.frames += 1;
        self.stalled = false;
        let size = (news.width_px, news.height_px);
        let before = self.frames.newest().map(|n| (n.width_px, n.height_px));
        if before.is_some_and(|before| before != size) {
            self.change_size();
        }
        let newest_us = self.frames.newest().map(|n| n.capture_us);
        let link = fitting(news.motion.as_ref(), newest_us, news.capture_us);
        let thing = news.thing.filter(|found| found.thing == self.thing);
        let links = Links::new(link, thing.map(|found| found.motion));
        self.counters.things_followed += u64::from(thing.is_some());
        let newest = Newest {
            frame: news.frame,
            capture_us: news.capture_us,
            width_px: news.width_px,
            height_px: news.height_px,
            arrival_us: now_us,
        };
        self.frames.push(newest, &links);
        self.chains_mut().for_each(|chains| chains.extend(&links));
        let shift = self.shift();
        self.policy
            .on_frame(news.frame, news.capture_us, news.sharpness, shift);
        Ok(())
    }

    fn check_frame(&self, now_us: i64, news: &FrameNews) -> Result<(), EngineError> {
        let found_us = news.capture_us;
        if let Some(newest) = self.frames.newest() {
            if news.frame <= newest.frame {
                return Err(EngineError::FrameNumber {
                    newest: newest.frame,
                    found: news.frame,
                });
            }
            if found_us <= newest.capture_us {
                return Err(EngineError::FrameNotLater {
                    newest_us: newest.capture_us,
                    found_us,
                });
            }
        }
        self.check_past("frame", now_us, found_us)?;
        if news.width_px == 0 || news.height_px == 0 {
            return Err(EngineError::FrameSize {
                width_px: news.width_px,
                height_px: news.height_px,
            });
        }
        match news.sharpness {
            Some(value) if !value.is_finite() || value < 0.0 => {
                Err(EngineError::Sharpness { value })
            }
            _ => Ok(()),
        }
    }

    fn change_size(&mut self) {
        self.counters.size_changes += 1;
        self.frames.forget();
        self.policy.reset();
        self.keyframe = None;
        self.last = None;
        if let Some(job) = &mut self.encoding {
            job.useless = true;
        }
        if let Some(job) = &mut self.decoding {
            job.useless = true;
        }
        for open in self.open.iter_mut() {
            // What has been decoded is on a frame of the old size, as its prompt is.
            if open.fresh.is_none() {
                open.moved = None;
                open.stage = Stage::Done(Some(NoneReason::FrameSizeChanged));
            }
        }
    }

    /// Takes a prompt, in pixels of one of the latest frames, to be answered within `budget_us`
    /// microseconds, or the usual time.
    ///
    /// # Errors
    /// When the frame is not known, the prompt means nothing on it, or there is no time.
    pub fn on_prompt(
        &mut self,
        now_us: i64,
        frame: FrameId,
        shape: &PromptShape,
        budget_us: Option<i64>,
    ) -> Result<Accepted, EngineError> {
        let now_us = self.advance(now_us);
        let budget_us = budget_us.unwrap_or(self.options.budget_us);
        let chains = self
            .check_prompt(frame, shape, budget_us)
            .inspect_err(|_| self.counters.prompts_refused += 1)?;
        self.prompt_count += 1;
        self.counters.prompts += 1;
        let prompt = PromptId(self.prompt_count);
        let deadline_us = now_us.saturating_add(budget_us);
        let gone = self.open.push(Open {
            prompt,
            shape: *shape,
            chains,
            prompt_us: now_us,
            deadline_us,
            stage: Stage::Waiting,
            fresh: None,
            moved: None,
            move_tried: false,
            obstacle: None,
        });
        let superseded = gone.map(|open| {
            let kind = AnswerKind::None(NoneReason::Superseded { by: prompt });
            self.answer(&open, kind, None)
        });
        Ok(Accepted {
            prompt,
            deadline_us,
            superseded,
        })
    }

    fn check_prompt(
        &self,
        frame: FrameId,
        shape: &PromptShape,
        budget_us: i64,
    ) -> Result<Chains, EngineError> {
        let newest = self.frames.newest();
        let track = self.frames.track(frame);
        let (Some(newest), Some(track)) = (newest, track) else {
            return Err(EngineError::UnknownFrame {
                found: frame,
                newest: newest.map(|newest| newest.frame),
            });
        };
        shape
            .check(newest.width_px, newest.height_px)
            .map_err(EngineError::Prompt)?;
        if budget_us < 1 {
            return Err(EngineError::Budget { budget_us });
        }
        Ok(track.chains)
    }

    /// Wants the next good frame encoded, whatever the motion.
    pub fn ask_keyframe(&mut self) {
        self.policy.ask();
    }
}

/// The motion from the frame before; one that is not between the two tells nothing.
fn fitting(found: Option<&FrameMotion>, newest_us: Option<i64>, capture_us: i64) -> FrameMotion {
    let source_us = newest_us.unwrap_or(capture_us);
    match found {
        Some(link) if link.source_us == source_us && link.target_us == capture_us => *link,
        _ => unknown(source_us, capture_us),
    }
}
