//! From what is known to what is to be done.

use super::actions::{Actions, Notice};
use super::answer::{Answer, AnswerKind};
use super::machine::Engine;
use super::names::age_us;
use super::open::{Open, Stage};

impl Engine {
    /// What is to be done at this time. Call it after each input and report, and when the last poll
    /// said.
    pub fn poll(&mut self, now_us: i64) -> Actions {
        self.advance(now_us);
        let mut actions = Actions::default();
        for (slot, notice) in actions.notices.iter_mut().zip([
            self.watch_encoder(),
            self.watch_failures(),
            self.watch_decoder(),
            self.watch_camera(),
        ]) {
            *slot = notice;
        }
        // First what may free a prompt from waiting, then what is due.
        actions.encode = self.start_encoding();
        actions.decode = self.start_decoding();
        actions.move_mask = self.start_moving();
        for slot in &mut actions.answers {
            *slot = self.next_answer();
        }
        actions.next_us = self.next_us();
        actions
    }

    fn watch_encoder(&mut self) -> Option<Notice> {
        let job = self.encoding.as_mut()?;
        let overdue = age_us(self.now_us, job.started_us) >= self.options.encoder_watchdog_us;
        if job.hung || !overdue {
            return None;
        }
        job.hung = true;
        self.counters.encoder_hangs += 1;
        Some(Notice::EncoderHung {
            keyframe: job.track.keyframe,
        })
    }

    fn watch_failures(&mut self) -> Option<Notice> {
        let retry_us = self.rest_until_us?;
        if self.failing {
            return None;
        }
        self.failing = true;
        Some(Notice::EncoderFailing {
            failures: self.failures,
            retry_us,
        })
    }

    fn watch_decoder(&mut self) -> Option<Notice> {
        let job = self.decoding.as_mut()?;
        let overdue = age_us(self.now_us, job.started_us) >= self.options.decoder_watchdog_us;
        if job.hung || !overdue {
            return None;
        }
        job.hung = true;
        self.counters.decoder_hangs += 1;
        Some(Notice::DecoderHung { job: job.job })
    }

    fn watch_camera(&mut self) -> Option<Notice> {
        let since_us = self.frames.newest()?.arrival_us;
        if self.stalled || age_us(self.now_us, since_us) < self.options.camera_stall_us {
            return None;
        }
        self.stalled = true;
        self.counters.camera_stalls += 1;
        Some(Notice::CameraStalled { since_us })
    }

    /// The next answer that is ready or due.
    fn next_answer(&mut self) -> Option<Answer> {
        let now_us = self.now_us;
        let ladder = &self.ladder;
        let open = self.open.take(|open| {
            let due = now_us >= ladder.latest_answer_us(open.deadline_us);
            let undecoded = matches!(open.stage, Stage::Undecoded(_) | Stage::Waiting);
            let done = matches!(open.stage, Stage::Done(_));
            due || done || (undecoded && open.moved.is_some())
        })?;
        Some(self.close(&open))
    }

    fn close(&mut self, open: &Open) -> Answer {
        if let Some(drawn) = open.fresh {
            return self.answer(open, AnswerKind::Fresh, Some(drawn));
        }
        if let Stage::Done(Some(reason)) = open.stage {
            return self.answer(open, AnswerKind::None(reason), None);
        }
        if let Some(drawn) = open.moved {
            // What is held next is what was shown last.
            if let Some(last) = self
                .last
                .as_mut()
                .filter(|last| last.drawn.job == drawn.job)
            {
                last.drawn = drawn;
            }
            return self.answer(open, AnswerKind::Propagated, Some(drawn));
        }
        if let Some(drawn) = self.usable_last(open).map(|last| last.drawn) {
            return self.answer(open, AnswerKind::Held, Some(drawn));
        }
        let reason = self.why_none(open);
        self.answer(open, AnswerKind::None(reason), None)
    }

    /// When something will be due that is not yet.
    fn next_us(&self) -> Option<i64> {
        let mut next_us: Option<i64> = None;
        let mut at = |time_us: i64| {
            if time_us > self.now_us {
                next_us = Some(next_us.map_or(time_us, |before_us| before_us.min(time_us)));
            }
        };
        for open in self.open.iter() {
            at(self.ladder.latest_answer_us(open.deadline_us));
            if !open.move_tried && self.last.is_some() {
                at(self.ladder.latest_move_us(open.deadline_us));
            }
        }
        if let Some(job) = self.encoding.filter(|job| !job.hung) {
            at(job
                .started_us
                .saturating_add(self.options.encoder_watchdog_us));
        }
        if let Some(job) = self.decoding.filter(|job| !job.hung) {
            at(job
                .started_us
                .saturating_add(self.options.decoder_watchdog_us));
        }
        if let Some(newest) = self.frames.newest().filter(|_| !self.stalled) {
            at(newest
                .arrival_us
                .saturating_add(self.options.camera_stall_us));
        }
        if self.encoding.is_none() {
            self.rest_until_us.into_iter().for_each(&mut at);
            self.policy.ready_us().into_iter().for_each(&mut at);
        }
        next_us
    }
}
