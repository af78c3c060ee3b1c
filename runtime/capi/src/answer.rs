//! Answers and statistics as C has them.

use fixate::engine::{AnswerKind, NoneReason};
use fixate::session::{MaskPixels, SessionAnswer, SessionStats};

use crate::status::guarded;
use crate::versioned::{Versioned, init};

/// Decoded for this prompt.
pub const FIXATE_ANSWER_FRESH: u32 = 0;
/// Decoded earlier, for a prompt of the same thing, and moved to this frame.
pub const FIXATE_ANSWER_PROPAGATED: u32 = 1;
/// The last answer, of the same thing, as it was.
pub const FIXATE_ANSWER_HELD: u32 = 2;
/// Nothing; `none_reason` says why.
pub const FIXATE_ANSWER_NONE: u32 = 3;

/// The answer has a mask.
pub const FIXATE_NONE_NOT: u32 = 0;
/// No frame has been encoded yet, or none of this size.
pub const FIXATE_NONE_NO_KEYFRAME: u32 = 1;
/// The encoder has failed several times in a row.
pub const FIXATE_NONE_ENCODER_FAILING: u32 = 2;
/// The encoder does not come back.
pub const FIXATE_NONE_ENCODER_HUNG: u32 = 3;
/// The camera has given no frame for too long.
pub const FIXATE_NONE_CAMERA_STALLED: u32 = 4;
/// How the picture moved since the keyframe is not known.
pub const FIXATE_NONE_MOTION_LOST: u32 = 5;
/// What is prompted is not on the keyframe.
pub const FIXATE_NONE_OFF_KEYFRAME: u32 = 6;
/// There was no time, and the last answer is of another thing, or too old.
pub const FIXATE_NONE_NO_TIME: u32 = 7;
/// The decoder has failed.
pub const FIXATE_NONE_DECODER_FAILED: u32 = 8;
/// The decoder does not come back.
pub const FIXATE_NONE_DECODER_HUNG: u32 = 9;
/// There is no mask at this place.
pub const FIXATE_NONE_NOTHING_FOUND: u32 = 10;
/// A newer prompt came before this one was decoded.
pub const FIXATE_NONE_SUPERSEDED: u32 = 11;
/// Frames have another size than the prompt's.
pub const FIXATE_NONE_FRAME_SIZE_CHANGED: u32 = 12;
/// Another reason, of a later release.
pub const FIXATE_NONE_OTHER: u32 = 13;

/// The one answer of a prompt. Its mask stays with the session until the next answer is taken.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_answer {
    /// `sizeof(fixate_answer)`.
    pub struct_size: u32,
    /// A `FIXATE_ANSWER_` number.
    pub kind: u32,
    /// A `FIXATE_NONE_` number.
    pub none_reason: u32,
    /// Not 0: it was there within the budget.
    pub in_time: u32,
    /// The prompt, as `fixate_session_push_prompt` named it; prompts made of gaze count on.
    pub prompt: u64,
    /// The frame that the mask is drawn on, as `fixate_session_push_frame` named it; 0 without a mask.
    pub frame: u64,
    /// When the prompt, or the gaze sample that made it, was pushed; microseconds.
    pub pushed_us: i64,
    /// When the answer was there to be taken, microseconds.
    pub given_us: i64,
    /// Capture of the frame drawn on, microseconds; 0 without a mask.
    pub frame_us: i64,
    /// From the capture of the keyframe behind the mask to the answer, microseconds; -1 without a mask.
    pub mask_age_us: i64,
    /// Standard deviation of the prompt's place on the frame, pixels.
    pub deviation_px: f64,
    /// Pixels of the mask.
    pub area_px: u64,
    /// The box around the mask: left, top, width and height in pixels; all 0 if it is empty.
    pub box_px: [u32; 4],
    /// Columns and rows of the mask, as of its frame.
    pub size_px: [u32; 2],
    /// Columns and rows of its logits.
    pub logits_size: [u32; 2],
    /// The model's own estimate of the mask's intersection over union with the truth.
    pub predicted_iou: f32,
    /// How little the mask depends on its threshold, 0 to 1.
    pub stability: f32,
    /// Not 0: the camera had stalled.
    pub camera_stalled: u32,
    /// Which of the model's masks is shown; 0 is the single mask, 1 to 3 are nested.
    pub index: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_answer {
    const NAME: &'static str = "fixate_answer";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, index) + size_of::<u32>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            kind: FIXATE_ANSWER_NONE,
            none_reason: FIXATE_NONE_NOT,
            in_time: 0,
            prompt: 0,
            frame: 0,
            pushed_us: 0,
            given_us: 0,
            frame_us: 0,
            mask_age_us: -1,
            deviation_px: 0.0,
            area_px: 0,
            box_px: [0; 4],
            size_px: [0; 2],
            logits_size: [0; 2],
            predicted_iou: 0.0,
            stability: 0.0,
            camera_stalled: 0,
            index: 0,
        }
    }
}

/// Writes initial values. `struct_size` is `sizeof(fixate_answer)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `answer` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_answer_init(answer: *mut fixate_answer, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(answer, struct_size) })
}

impl fixate_answer {
    pub(crate) fn of(given: &SessionAnswer, pixels: &MaskPixels) -> Self {
        let answer = &given.answer;
        let (kind, none_reason) = kind(answer.kind);
        let mut out = Self {
            kind,
            none_reason,
            in_time: given.in_time().into(),
            prompt: answer.prompt.0,
            pushed_us: given.pushed_us,
            given_us: given.given_us,
            camera_stalled: answer.camera_stalled.into(),
            ..Self::initial()
        };
        if let Some(drawn) = answer.drawn.as_ref().filter(|_| given.has_pixels) {
            let bitmap = &pixels.bitmap;
            out.frame = drawn.frame.0;
            out.frame_us = drawn.frame_us;
            out.mask_age_us = answer.mask_age_us.unwrap_or(-1);
            out.deviation_px = drawn.deviation_px;
            out.area_px = bitmap.area();
            out.box_px = bitmap.bounding_box().map(|side| side as u32);
            out.size_px = [bitmap.width() as u32, bitmap.height() as u32];
            out.logits_size = [pixels.logits.width as u32, pixels.logits.height as u32];
            if let Some(candidate) = drawn.shown() {
                out.predicted_iou = candidate.predicted_iou;
                out.stability = candidate.stability;
                out.index = candidate.index as u32;
            }
        }
        out
    }
}

fn kind(kind: AnswerKind) -> (u32, u32) {
    let reason = match kind {
        AnswerKind::Fresh => return (FIXATE_ANSWER_FRESH, FIXATE_NONE_NOT),
        AnswerKind::Propagated => return (FIXATE_ANSWER_PROPAGATED, FIXATE_NONE_NOT),
        AnswerKind::Held => return (FIXATE_ANSWER_HELD, FIXATE_NONE_NOT),
        AnswerKind::None(reason) => match reason {
            NoneReason::NoKeyframe => FIXATE_NONE_NO_KEYFRAME,
            NoneReason::EncoderFailing => FIXATE_NONE_ENCODER_FAILING,
            NoneReason::EncoderHung => FIXATE_NONE_ENCODER_HUNG,
            NoneReason::CameraStalled => FIXATE_NONE_CAMERA_STALLED,
            NoneReason::MotionLost => FIXATE_NONE_MOTION_LOST,
            NoneReason::OffKeyframe => FIXATE_NONE_OFF_KEYFRAME,
            NoneReason::NoTime => FIXATE_NONE_NO_TIME,
            NoneReason::DecoderFailed => FIXATE_NONE_DECODER_FAILED,
            NoneReason::DecoderHung => FIXATE_NONE_DECODER_HUNG,
            NoneReason::NothingFound => FIXATE_NONE_NOTHING_FOUND,
            NoneReason::Superseded { .. } => FIXATE_NONE_SUPERSEDED,
            NoneReason::FrameSizeChanged => FIXATE_NONE_FRAME_SIZE_CHANGED,
            _ => FIXATE_NONE_OTHER,
        },
    };
    (FIXATE_ANSWER_NONE, reason)
}

/// Quantiles of a distribution of times, milliseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_quantiles {
    /// Half of the times are at most this.
    pub p50_ms: f64,
    /// 99 of 100 times are at most this.
    pub p99_ms: f64,
    /// 999 of 1000 times are at most this.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// What a session has done so far.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_stats {
    /// `sizeof(fixate_stats)`.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Prompts taken, those made of gaze too.
    pub prompts: u64,
    /// Answers given, the four kinds together.
    pub answers: u64,
    /// Answers within their prompt's budget, counted from its push.
    pub in_time: u64,
    /// Answers after it.
    pub missed: u64,
    /// Most of those in a row.
    pub longest_miss_streak: u64,
    /// Answers of each kind, by `FIXATE_ANSWER_` number.
    pub kinds: [u64; 4],
    /// Answers that nobody took before newer ones came.
    pub answers_dropped: u64,
    /// Frames pushed.
    pub frames_pushed: u64,
    /// Of those, left out.
    pub frames_dropped: u64,
    /// Frames encoded.
    pub keyframes: u64,
    /// Prompts made of gaze samples.
    pub gaze_prompts: u64,
    /// From the push of a prompt to its answer.
    pub latency: fixate_quantiles,
    /// From the capture of an answer's keyframe to the answer.
    pub mask_age: fixate_quantiles,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_stats {
    const NAME: &'static str = "fixate_stats";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, mask_age) + size_of::<fixate_quantiles>();

    fn initial() -> Self {
        const NO_TIMES: fixate_quantiles = fixate_quantiles {
            p50_ms: 0.0,
            p99_ms: 0.0,
            p999_ms: 0.0,
            max_ms: 0.0,
        };
        Self {
            struct_size: size_of::<Self>() as u32,
            reserved: 0,
            prompts: 0,
            answers: 0,
            in_time: 0,
            missed: 0,
            longest_miss_streak: 0,
            kinds: [0; 4],
            answers_dropped: 0,
            frames_pushed: 0,
            frames_dropped: 0,
            keyframes: 0,
            gaze_prompts: 0,
            latency: NO_TIMES,
            mask_age: NO_TIMES,
        }
    }
}

/// Writes initial values. `struct_size` is `sizeof(fixate_stats)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `stats` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_stats_init(stats: *mut fixate_stats, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(stats, struct_size) })
}

impl fixate_stats {
    pub(crate) fn of(stats: &SessionStats) -> Self {
        let quantiles = |from: fixate::session::Quantiles| fixate_quantiles {
            p50_ms: from.p50_ms,
            p99_ms: from.p99_ms,
            p999_ms: from.p999_ms,
            max_ms: from.max_ms,
        };
        let engine = &stats.engine;
        Self {
            prompts: engine.prompts,
            answers: engine.answers(),
            in_time: stats.in_time,
            missed: stats.missed,
            longest_miss_streak: stats.longest_miss_streak,
            kinds: [engine.fresh, engine.propagated, engine.held, engine.none],
            answers_dropped: stats.answers_dropped,
            frames_pushed: stats.frames_pushed,
            frames_dropped: stats.frames_dropped,
            keyframes: engine.keyframes,
            gaze_prompts: stats.gaze_prompts,
            latency: quantiles(stats.latency_ms),
            mask_age: quantiles(stats.mask_age_ms),
            ..Self::initial()
        }
    }
}
