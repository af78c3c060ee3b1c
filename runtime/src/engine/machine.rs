//! The engine's state.

use super::answer::{Answer, AnswerKind, Drawn, NoneReason};
use super::chains::Following;
use super::counters::EngineCounters;
use super::frames::{Frames, KeyframeTrack};
use super::gaze::GazeTracker;
use super::keyframes::{KeyframePolicy, Shift};
use super::ladder::{Ladder, Rung};
use super::names::{FrameId, JobId, KeyframeId, PromptId, ThingId, age_us};
use super::open::{Open, OpenPrompts};
use super::options::EngineOptions;
use crate::geometry::Point;
use crate::motion::{GyroTrack, Motion};

/// A job of the encoder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    pub(super) track: KeyframeTrack,
    pub(super) started_us: i64,
    pub(super) hung: bool,
    /// Frames have changed their size since.
    pub(super) useless: bool,
}

/// A job of the decoder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoding {
    pub(super) job: JobId,
    pub(super) prompt: PromptId,
    pub(super) rung: Rung,
    /// Its keyframe; the chain goes on with every frame.
    pub(super) track: KeyframeTrack,
    /// What is prompted, in the keyframe.
    pub(super) anchor: Option<Anchor>,
    pub(super) following: Following,
    pub(super) ambiguous: bool,
    pub(super) frame: FrameId,
    pub(super) frame_us: i64,
    pub(super) frame_from_keyframe: Motion,
    /// Age of the last answer's keyframe if the prompt is of the same thing.
    pub(super) memory_us: Option<i64>,
    pub(super) started_us: i64,
    pub(super) hung: bool,
    pub(super) useless: bool,
}

/// A mask being moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moving {
    pub(super) job: JobId,
    pub(super) prompt: PromptId,
    pub(super) drawn: Drawn,
    pub(super) started_us: i64,
}

/// A place in a keyframe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub(super) point: Point,
    pub(super) spread: crate::geometry::Covariance,
}

/// The last answer with a mask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    pub(super) drawn: Drawn,
    pub(super) track: KeyframeTrack,
    pub(super) anchor: Option<Anchor>,
    pub(super) decoded_us: i64,
}

/// Decides which frame to encode, what to decode and what to answer.
///
/// Every prompt that is taken gets exactly one answer, from [`Engine::poll`] or, when a newer prompt
/// takes its place, from the call that brings that. Of prompts that wait, the newest wins; a prompt
/// that is being decoded is left to it.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) options: EngineOptions,
    pub(super) now_us: i64,
    pub(super) counters: EngineCounters,
    pub(super) gaze: GazeTracker,
    pub(super) gaze_prompt_us: Option<i64>,
    pub(super) gyro: GyroTrack,
    pub(super) frames: Frames,
    pub(super) policy: KeyframePolicy,
    pub(super) ladder: Ladder,
    pub(super) keyframe: Option<KeyframeTrack>,
    pub(super) encoding: Option<Encoding>,
    pub(super) failures: u32,
    pub(super) failing: bool,
    pub(super) rest_until_us: Option<i64>,
    pub(super) open: OpenPrompts,
    pub(super) decoding: Option<Decoding>,
    pub(super) moving: Option<Moving>,
    pub(super) last: Option<Last>,
    /// What the last answer shows.
    pub(super) thing: ThingId,
    pub(super) stalled: bool,
    pub(super) keyframe_count: u64,
    pub(super) prompt_count: u64,
    pub(super) job_count: u64,
}

impl Engine {
    /// An engine that has seen nothing. Allocates here and never again.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        Self {
            options,
            now_us: i64::MIN,
            counters: EngineCounters::default(),
            gaze: GazeTracker::new(options.gaze),
            gaze_prompt_us: None,
            gyro: GyroTrack::new(),
            frames: Frames::new(),
            policy: KeyframePolicy::new(options.keyframes),
            ladder: Ladder::new(options.ladder),
            keyframe: None,
            encoding: None,
            failures: 0,
            failing: false,
            rest_until_us: None,
            open: OpenPrompts::default(),
            decoding: None,
            moving: None,
            last: None,
            thing: ThingId(0),
            stalled: false,
            keyframe_count: 0,
            prompt_count: 0,
            job_count: 0,
        }
    }

    /// How often what happened.
    #[must_use]
    pub fn counters(&self) -> &EngineCounters {
        &self.counters
    }

    /// Fixations, blinks and saccades.
    #[must_use]
    pub fn gaze(&self) -> &GazeTracker {
        &self.gaze
    }

    /// What became of frames for the encoder.
    #[must_use]
    pub fn keyframes(&self) -> &KeyframePolicy {
        &self.policy
    }

    /// What decoding costs.
    #[must_use]
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// The keyframe that prompts are decoded from.
    #[must_use]
    pub fn keyframe(&self) -> Option<KeyframeId> {
        self.keyframe.as_ref().map(|track| track.keyframe)
    }

    /// Whether the pixels of this decoding may still be wanted, for moving, holding or comparing.
    #[must_use]
    pub fn needs(&self, job: JobId) -> bool {
        let last = self.last.as_ref().is_some_and(|last| last.drawn.job == job);
        let open = self.open.iter().flat_map(|open| [open.fresh, open.moved]);
        let moving = self.moving.as_ref().map(|moving| moving.drawn);
        last || open.chain([moving]).flatten().any(|drawn| drawn.job == job)
    }

    /// Whether this keyframe may still be wanted.
    #[must_use]
    pub fn needs_keyframe(&self, keyframe: KeyframeId) -> bool {
        let decoding = self.decoding.as_ref().map(|decoding| &decoding.track);
        [self.keyframe.as_ref(), decoding]
            .into_iter()
            .flatten()
            .any(|track| track.keyframe == keyframe)
    }

    /// Whether the pixels of this decoding, drawn on this frame, may still be wanted.
    #[must_use]
    pub fn needs_drawing(&self, job: JobId, frame: FrameId) -> bool {
        let open = self.open.iter().flat_map(|open| [open.fresh, open.moved]);
        let moving = self.moving.as_ref().map(|moving| moving.drawn);
        let last = self.last.as_ref().map(|last| last.drawn);
        open.chain([moving, last])
            .flatten()
            .any(|drawn| (drawn.job, drawn.frame) == (job, frame))
    }

    /// Whether the pixels of this frame may still be wanted, to be encoded.
    #[must_use]
    pub fn needs_frame(&self, frame: FrameId) -> bool {
        self.policy.waiting() == Some(frame)
    }

    /// The newest of the frames known that is not after this one: where a prompt belongs whose own
    /// frame was left out.
    #[must_use]
    pub fn frame_up_to(&self, frame: FrameId) -> Option<FrameId> {
        self.frames.up_to(frame)
    }

    /// When it was last told, microseconds; the least number before that.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Goes on to this time. Time that runs backwards stands still, and is counted.
    pub(super) fn advance(&mut self, now_us: i64) -> i64 {
        if now_us < self.now_us {
            self.counters.clock_backwards += 1;
        }
        self.now_us = self.now_us.max(now_us);
        self.now_us
    }

    pub(super) fn next_job(&mut self) -> JobId {
        self.job_count += 1;
        JobId(self.job_count)
    }

    /// How far the picture has moved since the newest keyframe.
    pub(super) fn shift(&self) -> Shift {
        let Some(track) = &self.keyframe else {
            return Shift::NoKeyframe;
        };
        let newest_us = self
            .frames
            .newest()
            .map_or(track.chains.frame_us(), |newest| newest.capture_us);
        track
            .shift_share()
            .map_or(Shift::Lost, |share| Shift::Share {
                share,
                age_us: age_us(newest_us, track.chains.frame_us()),
            })
    }

    /// Closes a prompt with this.
    pub(super) fn answer(&mut self, open: &Open, kind: AnswerKind, drawn: Option<Drawn>) -> Answer {
        let now_us = self.now_us;
        let answer = Answer {
            prompt: open.prompt,
            kind,
            prompt_us: open.prompt_us,
            deadline_us: open.deadline_us,
            answered_us: now_us,
            mask_age_us: drawn
                .as_ref()
                .map(|drawn| age_us(now_us, drawn.keyframe_us)),
            frame_age_us: drawn.as_ref().map(|drawn| age_us(now_us, drawn.frame_us)),
            drawn,
            camera_stalled: self.stalled,
        };
        self.counters.answered(&answer);
        answer
    }

    /// Whether a prompt is of what the last answer shows: the place prompted lies on the mask's box, as
    /// far as it is known. None if nothing is known of that.
    pub(super) fn same_thing(&self, open: &Open) -> Option<bool> {
        let last = self.last.as_ref()?;
        let Some(anchor) = open.shape.anchor() else {
            // Mask logits alone refine what was there.
            return Some(true);
        };
        let thing = Following::Thing;
        let newest_from_frame = open.chains.newest_from_frame(thing).ok()?;
        let last_from_frame = last
            .track
            .newest_from_keyframe(thing)?
            .inverse()
            .after(newest_from_frame);
        let (point, spread) = last_from_frame.move_point(anchor, &open.shape.spread())?;
        let bounds = last.drawn.shown()?.bounds?;
        // Two standard deviations; a pixel for rounding.
        let slack_px = 1.0 + 2.0 * spread.largest_deviation_px();
        let wide = crate::geometry::Bounds {
            x0_px: bounds.x0_px - slack_px,
            y0_px: bounds.y0_px - slack_px,
            x1_px: bounds.x1_px + slack_px,
            y1_px: bounds.y1_px + slack_px,
        };
        Some(wide.contains(point))
    }

    /// The last answer, if it is of the same thing and young enough to be shown again.
    pub(super) fn usable_last(&self, open: &Open) -> Option<&Last> {
        let last = self.last.as_ref()?;
        // What a fresh answer would be decoded from is not too old: an encoder may take longer than that.
        let filming = self.frames.newest().is_some_and(|newest| {
            age_us(self.now_us, newest.arrival_us) < self.options.camera_lost_us
        });
        let newest = filming && self.keyframe() == Some(last.drawn.keyframe);
        let age_us = age_us(self.now_us, last.drawn.keyframe_us);
        let young = newest || age_us <= self.options.oldest_mask_us;
        (young && self.same_thing(open) == Some(true)).then_some(last)
    }

    /// Why a prompt gets nothing.
    pub(super) fn why_none(&self, open: &Open) -> NoneReason {
        let obstacle = open.obstacle.unwrap_or(NoneReason::NoTime);
        match obstacle {
            NoneReason::NoKeyframe if self.failing => NoneReason::EncoderFailing,
            NoneReason::NoKeyframe if self.encoding.is_some_and(|job| job.hung) => {
                NoneReason::EncoderHung
            }
            NoneReason::NoTime if self.decoding.is_some_and(|job| job.hung) => {
                NoneReason::DecoderHung
            }
            obstacle => obstacle,
        }
    }
}

/// Standard deviation on the frame of a place in the keyframe, pixels.
pub(super) fn deviation_px(frame_from_keyframe: &Motion, anchor: Option<&Anchor>) -> f64 {
    anchor
        .and_then(|anchor| frame_from_keyframe.move_point(anchor.point, &anchor.spread))
        .map_or(frame_from_keyframe.misfit_px(), |(_, spread)| {
            spread.largest_deviation_px()
        })
}
