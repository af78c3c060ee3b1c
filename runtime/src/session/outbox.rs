//! Answers on their way out.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock::now_us;
use super::drawing::{Drawing, MaskPixels};
use super::histogram::Histogram;
use crate::engine::Answer;

/// Answers without pixels that are kept for each one with pixels.
const BARE_FOR_EACH: usize = 32;

/// An answer, and when it was there.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SessionAnswer {
    /// The engine's answer.
    pub answer: Answer,
    /// When the prompt, or the gaze sample that made it, was pushed; microseconds.
    pub pushed_us: i64,
    /// When the answer, its pixels drawn, was there to be taken; microseconds.
    pub given_us: i64,
    /// Whether pixels came with it; they do unless its kind is none.
    pub has_pixels: bool,
}

impl SessionAnswer {
    /// From the push to the answer, microseconds: the engine's own latency and what the threads around
    /// it took.
    #[must_use]
    pub fn latency_us(&self) -> i64 {
        self.given_us.saturating_sub(self.pushed_us).max(0)
    }

    /// Whether it was there within the prompt's budget.
    #[must_use]
    pub fn in_time(&self) -> bool {
        let budget_us = self
            .answer
            .deadline_us
            .saturating_sub(self.answer.prompt_us);
        self.latency_us() <= budget_us
    }
}

struct Ready {
    answer: SessionAnswer,
    drawing: Option<Arc<Drawing>>,
}

/// What has been measured of answers.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerTimes {
    pub(super) latency: Histogram,
    pub(super) mask_age: Histogram,
    pub(super) in_time: u64,
    pub(super) missed: u64,
    pub(super) miss_streak: u64,
    pub(super) longest_miss_streak: u64,
    pub(super) dropped: u64,
}

struct Inner {
    ready: VecDeque<Ready>,
    /// Of those, with pixels.
    drawn: usize,
    most_drawn: usize,
    times: AnswerTimes,
    closed: bool,
}

/// A queue of answers. A slow reader loses the oldest, which is counted.
pub(super) struct Outbox {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Outbox {
    pub(super) fn new(most_drawn: usize) -> Self {
        let most_drawn = most_drawn.max(1);
        Self {
            inner: Mutex::new(Inner {
                ready: VecDeque::with_capacity(most_drawn * (1 + BARE_FOR_EACH) + 1),
                drawn: 0,
                most_drawn,
                times: AnswerTimes::default(),
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an answer in, stamped now.
    pub(super) fn give(&self, answer: Answer, pushed_us: i64, drawing: Option<Arc<Drawing>>) {
        let mut inner = self.lock();
        let answer = SessionAnswer {
            answer,
            pushed_us,
            given_us: now_us(),
            has_pixels: drawing.is_some(),
        };
        inner.measure(&answer);
        inner.make_room(drawing.is_some());
        inner.drawn += usize::from(drawing.is_some());
        inner.ready.push_back(Ready { answer, drawing });
        drop(inner);
        self.changed.notify_one();
    }

    /// Takes the oldest answer, waiting for one at most so long; none after that, or at the end.
    /// Without pixels, `pixels` is left as it was.
    pub(super) fn take(&self, within: Duration, pixels: &mut MaskPixels) -> Option<SessionAnswer> {
        let until = Instant::now().checked_add(within);
        let mut inner = self.lock();
        let ready = loop {
            if let Some(ready) = inner.pop() {
                break ready;
            }
            let left = until.map_or(within, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if inner.closed || left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        drop(inner);
        if let Some(drawing) = &ready.drawing {
            pixels.copy_from(&drawing.pixels);
        }
        Some(ready.answer)
    }

    pub(super) fn times(&self) -> AnswerTimes {
        self.lock().times.clone()
    }

    /// Nobody waits any more; what is there can still be taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

impl Inner {
    fn pop(&mut self) -> Option<Ready> {
        let ready = self.ready.pop_front()?;
        self.drawn -= usize::from(ready.drawing.is_some());
        Some(ready)
    }

    fn measure(&mut self, answer: &SessionAnswer) {
        let times = &mut self.times;
        times.latency.push(answer.latency_us());
        if let Some(age_us) = answer.answer.mask_age_us {
            times.mask_age.push(age_us);
        }
        if answer.in_time() {
            times.in_time += 1;
            times.miss_streak = 0;
        } else {
            times.missed += 1;
            times.miss_streak += 1;
            times.longest_miss_streak = times.longest_miss_streak.max(times.miss_streak);
        }
    }

    /// Drops the oldest of its kind if there are too many: answers without pixels, of which a flood of
    /// prompts brings many, never cost one with pixels its place.
    fn make_room(&mut self, drawn: bool) {
        let (count, most) = if drawn {
            (self.drawn, self.most_drawn)
        } else {
            let bare = self.ready.len() - self.drawn;
            (bare, self.most_drawn * BARE_FOR_EACH)
        };
        if count < most {
            return;
        }
        let oldest = self
            .ready
            .iter()
            .position(|ready| ready.drawing.is_some() == drawn);
        if let Some(oldest) = oldest.and_then(|index| self.ready.remove(index)) {
            self.drawn -= usize::from(oldest.drawing.is_some());
            self.times.dropped += 1;
        }
    }
}
