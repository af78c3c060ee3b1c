//! Which frame to encode next.
//!
//! One job at a time; while it runs, the newest good frame waits and takes the place of the one before.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::names::FrameId;
use super::quantile::RunningQuantile;

/// When a frame is worth encoding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyframeOptions {
    /// The picture has moved by this share of its width since the keyframe.
    pub moved_share: f64,
    /// The keyframe is this old, microseconds.
    pub oldest_us: i64,
    /// A frame is sharp if its number is at least this share of the latest frames' median.
    pub sharp_share: f64,
    /// When a frame has been wanted for so long, a blurry one will do; microseconds.
    pub blurry_after_us: i64,
    /// Frames that wait for the encoder for longer than this are let go, microseconds.
    pub longest_wait_us: i64,
    /// From the start of a job to that of the next at least, microseconds: spares heat and power.
    pub least_interval_us: i64,
}

impl Default for KeyframeOptions {
    fn default() -> Self {
        Self {
            moved_share: 0.03,
            oldest_us: 500_000,
            sharp_share: 0.6,
            blurry_after_us: 200_000,
            longest_wait_us: 150_000,
            least_interval_us: 0,
        }
    }
}

/// How far the picture has moved since the newest keyframe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shift {
    /// There is no keyframe.
    NoKeyframe,
    /// It is not known.
    Lost,
    /// By this share of the frame's width, for a keyframe of this age.
    Share {
        /// Largest over the picture, 0 and more.
        share: f64,
        /// From the keyframe's capture to the frame's, microseconds.
        age_us: i64,
    },
}

/// Why a frame is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeReason {
    /// There is no keyframe yet, or none of this size.
    First,
    /// Someone asked, or a prompt was off the keyframe.
    Asked,
    /// The motion since the keyframe is not known.
    Lost,
    /// The picture has moved enough.
    Moved,
    /// The keyframe is too old.
    Old,
}

/// A frame chosen for the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The frame.
    pub frame: FrameId,
    /// Its capture, microseconds.
    pub capture_us: i64,
    /// Why.
    pub reason: EncodeReason,
}

/// What became of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct KeyframeCounters {
    /// Frames seen.
    pub frames: u64,
    /// Given to the encoder.
    pub selected: u64,
    /// Not wanted: the picture had not moved, the keyframe was young.
    pub unneeded: u64,
    /// Wanted, but blurry.
    pub blurry: u64,
    /// Waited for the encoder until a newer one came.
    pub superseded: u64,
    /// Waited for the encoder for too long.
    pub expired: u64,
}

/// Chooses frames for the encoder. Of fixed size.
#[derive(Clone, Debug)]
pub struct KeyframePolicy {
    options: KeyframeOptions,
    sharpness: RunningQuantile,
    waiting: Option<(FrameId, i64)>,
    wanted_since_us: Option<i64>,
    asked: bool,
    started_us: Option<i64>,
    counters: KeyframeCounters,
}

impl KeyframePolicy {
    /// A policy that has seen nothing.
    #[must_use]
    pub fn new(options: KeyframeOptions) -> Self {
        Self {
            options,
            sharpness: RunningQuantile::new(),
            waiting: None,
            wanted_since_us: None,
            asked: false,
            started_us: None,
            counters: KeyframeCounters::default(),
        }
    }

    /// What became of frames.
    #[must_use]
    pub fn counters(&self) -> &KeyframeCounters {
        &self.counters
    }

    /// The frame that waits for the encoder.
    #[must_use]
    pub fn waiting(&self) -> Option<FrameId> {
        self.waiting.map(|(frame, _)| frame)
    }

    /// Wants the next good frame, whatever the motion.
    pub fn ask(&mut self) {
        self.asked = true;
    }

    /// Forgets frames and their sharpness, as when their size changes.
    pub fn reset(&mut self) {
        *self = Self {
            counters: self.counters,
            ..Self::new(self.options)
        };
    }

    /// Takes a frame: it waits for the encoder if it is wanted and good. `sharpness` is any number that
    /// is larger for sharper frames of one camera; without it, every frame is sharp.
    pub fn on_frame(
        &mut self,
        frame: FrameId,
        capture_us: i64,
        sharpness: Option<f32>,
        shift: Shift,
    ) {
        self.counters.frames += 1;
        let sharp = self.is_sharp(sharpness);
        if self.reason(shift).is_none() {
            self.wanted_since_us = None;
            self.counters.unneeded += 1;
            return;
        }
        let since_us = *self.wanted_since_us.get_or_insert(capture_us);
        let patient = capture_us.saturating_sub(since_us) < self.options.blurry_after_us;
        if !sharp && patient {
            self.counters.blurry += 1;
            return;
        }
        if self.waiting.replace((frame, capture_us)).is_some() {
            self.counters.superseded += 1;
        }
    }

    /// Lets the frame go that waits if it was captured before this, microseconds.
    pub fn expire(&mut self, oldest_us: i64) {
        let expired = self
            .waiting
            .take_if(|(_, capture_us)| *capture_us < oldest_us);
        self.counters.expired += u64::from(expired.is_some());
    }

    /// The frame to encode now, for an encoder that is idle. `newest_us` is the capture of the newest
    /// frame, `shift` its distance from the newest keyframe: what was wanted while the encoder was busy
    /// may not be any more.
    pub fn select(&mut self, now_us: i64, newest_us: i64, shift: Shift) -> Option<Selected> {
        self.expire(newest_us.saturating_sub(self.options.longest_wait_us));
        let (frame, capture_us) = self.waiting?;
        let Some(reason) = self.reason(shift) else {
            self.waiting = None;
            self.counters.unneeded += 1;
            return None;
        };
        if self.ready_us().is_some_and(|ready_us| now_us < ready_us) {
            return None;
        }
        self.waiting = None;
        self.wanted_since_us = None;
        self.asked = false;
        self.started_us = Some(now_us);
        self.counters.selected += 1;
        Some(Selected {
            frame,
            capture_us,
            reason,
        })
    }

    /// When the frame that waits may start, if one waits for that; microseconds.
    #[must_use]
    pub fn ready_us(&self) -> Option<i64> {
        self.waiting?;
        let started_us = self.started_us?;
        Some(started_us.saturating_add(self.options.least_interval_us))
    }

    fn reason(&self, shift: Shift) -> Option<EncodeReason> {
        match shift {
            Shift::NoKeyframe => Some(EncodeReason::First),
            _ if self.asked => Some(EncodeReason::Asked),
            Shift::Lost => Some(EncodeReason::Lost),
            Shift::Share { share, .. } if share >= self.options.moved_share => {
                Some(EncodeReason::Moved)
            }
            Shift::Share { age_us, .. } if age_us >= self.options.oldest_us => {
                Some(EncodeReason::Old)
            }
            Shift::Share { .. } => None,
        }
    }

    fn is_sharp(&mut self, sharpness: Option<f32>) -> bool {
        let Some(value) = sharpness.map(f64::from) else {
            return true;
        };
        let median = self.sharpness.value(0.5);
        self.sharpness.push(value);
        median.is_none_or(|median| value >= self.options.sharp_share * median)
    }
}
