//! What came out of a session, as its reader saw it.

use super::bridge::SummaryWay;
use super::player::Player;
use super::recording::MaskWay;
use crate::kinds::Kinds;
use fixate::engine::{AnswerKind, NoneReason, PromptId};
use fixate::mask::Bitmap;
use fixate::session::{Histogram, MaskPixels, Session, now_us};
use std::collections::BTreeMap;
use std::time::Duration;

/// Masks kept to be compared with the truth after the run.
const MOST_CASES: f64 = 300.0;
/// Masks kept to be drawn.
const MOST_PICTURES: f64 = 6.0;

/// A mask that was shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) prompt: PromptId,
    pub(super) kind: AnswerKind,
    /// The clip's frame that was shown last when the mask was there.
    pub(super) newest: usize,
    pub(super) mask: Kept,
    pub(super) predicted_iou: f32,
    pub(super) stability: f32,
}

/// A mask in an eighth of the memory.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    width: usize,
    height: usize,
    bits: Vec<u8>,
}

impl Kept {
    fn of(bitmap: &Bitmap) -> Self {
        let eight = |bytes: &[u8]| {
            let mut bits = 0;
            for (place, byte) in bytes.iter().enumerate() {
                bits |= byte << place;
            }
            bits
        };
        Self {
            width: bitmap.width(),
            height: bitmap.height(),
            bits: bitmap.bytes().chunks(8).map(eight).collect(),
        }
    }

    pub(super) fn contains(&self, pixel: usize) -> bool {
        self.bits
            .get(pixel / 8)
            .is_some_and(|bits| bits >> (pixel % 8) & 1 == 1)
    }

    pub(super) fn bitmap(&self) -> Bitmap {
        Bitmap::from_fn(self.width, self.height, |x, y| {
            self.contains(y * self.width + x)
        })
    }
}

/// What came out.
pub(super) struct Journal {
    budget_us: i64,
    /// Masks are kept so far apart, microseconds.
    case_every_us: i64,
    picture_every_us: Option<i64>,
    next_case_us: i64,
    next_picture_us: i64,
    pixels: MaskPixels,
    /// Where answers go for a device that asked.
    pub(super) summaries: Option<SummaryWay>,
    /// Where masks go for a recording.
    pub(super) masks: Option<MaskWay>,
    pub(super) answers: u64,
    pub(super) in_time: u64,
    pub(super) longest_miss_streak: u64,
    miss_streak: u64,
    pub(super) kinds: Kinds,
    /// Why there was nothing to show.
    pub(super) reasons: BTreeMap<&'static str, u64>,
    pub(super) latency: Histogram,
    pub(super) mask_age: Histogram,
    pub(super) cases: Vec<Shown>,
    pub(super) pictures: Vec<Shown>,
}

impl Journal {
    pub(super) fn new(budget_us: i64, seconds: f64, pictures: bool) -> Self {
        let every_us = |most: f64| (seconds * 1e6 / most) as i64;
        Self {
            budget_us,
            case_every_us: every_us(MOST_CASES),
            picture_every_us: pictures.then(|| every_us(MOST_PICTURES)),
            next_case_us: i64::MIN,
            next_picture_us: i64::MIN,
            pixels: MaskPixels::new(),
            summaries: None,
            masks: None,
            answers: 0,
            in_time: 0,
            longest_miss_streak: 0,
            miss_streak: 0,
            kinds: Kinds::default(),
            reasons: BTreeMap::new(),
            latency: Histogram::new(),
            mask_age: Histogram::new(),
            cases: Vec::with_capacity(MOST_CASES as usize + 2),
            pictures: Vec::new(),
        }
    }

    /// Waits for an answer, and notes it at the time at which its pixels are here.
    pub(super) fn take(&mut self, session: &Session, within: Duration, player: &Player<'_>) {
        let Some(given) = session.wait_answer(within, &mut self.pixels) else {
            return;
        };
        let now_us = now_us();
        let latency_us = now_us - given.pushed_us;
        self.answers += 1;
        self.latency.push(latency_us);
        if latency_us <= self.budget_us {
            self.in_time += 1;
            self.miss_streak = 0;
        } else {
            self.miss_streak += 1;
            self.longest_miss_streak = self.longest_miss_streak.max(self.miss_streak);
        }
        self.kinds.count(given.answer.kind);
        if let AnswerKind::None(reason) = given.answer.kind {
            *self.reasons.entry(reason_name(reason)).or_default() += 1;
        }
        if let Some(summaries) = &self.summaries {
            let in_time = latency_us <= self.budget_us;
            summaries.tell(&given.answer, in_time, &self.pixels.bitmap);
        }
        let Some(drawn) = given.answer.drawn else {
            return;
        };
        self.mask_age.push(now_us - drawn.keyframe_us);
        if let Some(masks) = &mut self.masks {
            masks.show(now_us, &given.answer, &self.pixels.bitmap);
        }
        let case = now_us >= self.next_case_us;
        let picture_every_us = self
            .picture_every_us
            .filter(|_| now_us >= self.next_picture_us);
        if !case && picture_every_us.is_none() {
            return;
        }
        let chosen = drawn.shown();
        let shown = Shown {
            prompt: given.answer.prompt,
            kind: given.answer.kind,
            newest: player.newest(),
            mask: Kept::of(&self.pixels.bitmap),
            predicted_iou: chosen.map_or(0.0, |chosen| chosen.predicted_iou),
            stability: chosen.map_or(0.0, |chosen| chosen.stability),
        };
        if let Some(every_us) = picture_every_us {
            self.next_picture_us = now_us + every_us;
            self.pictures.push(shown.clone());
        }
        if case {
            self.next_case_us = now_us + self.case_every_us;
            self.cases.push(shown);
        }
    }
}

fn reason_name(reason: NoneReason) -> &'static str {
    match reason {
        NoneReason::NoKeyframe => "no_keyframe",
        NoneReason::EncoderFailing => "encoder_failing",
        NoneReason::EncoderHung => "encoder_hung",
        NoneReason::CameraStalled => "camera_stalled",
        NoneReason::MotionLost => "motion_lost",
        NoneReason::OffKeyframe => "off_keyframe",
        NoneReason::NoTime => "no_time",
        NoneReason::DecoderFailed => "decoder_failed",
        NoneReason::DecoderHung => "decoder_hung",
        NoneReason::NothingFound => "nothing_found",
        NoneReason::Superseded { .. } => "superseded",
        NoneReason::FrameSizeChanged => "frame_size_changed",
        _ => "other",
    }
}
