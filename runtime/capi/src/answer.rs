//! Answers as C has them.

use fixate::engine::{AnswerKind, Candidate, NoneReason};
use fixate::session::{MaskPixels, SessionAnswer};

use crate::mask::fixate_candidate;
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
    /// Masks that this one was chosen from, for `fixate_session_candidate`; 0 without a mask.
    pub candidate_count: u32,
    /// The position among those of the one shown.
    pub shown: u32,
    /// When the answer was due, microseconds.
    pub deadline_us: i64,
    /// From the capture of the frame drawn on to the answer, microseconds; -1 without a mask.
    pub frame_age_us: i64,
    /// The keyframe behind the mask; they are counted from 1. 0 without a mask.
    pub keyframe: u64,
    /// Capture of the keyframe, microseconds; 0 without a mask.
    pub keyframe_us: i64,
    /// The prompt that was decoded: this one if the answer is fresh; 0 without a mask.
    pub decoded_for: u64,
    /// Brings the keyframe's pixels to the frame: a homography, row after row; all 0 without a mask.
    pub frame_from_keyframe: [f64; 9],
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
            candidate_count: 0,
            shown: 0,
            deadline_us: 0,
            frame_age_us: -1,
            keyframe: 0,
            keyframe_us: 0,
            decoded_for: 0,
            frame_from_keyframe: [0.0; 9],
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
            deadline_us: answer.deadline_us,
            ..Self::initial()
        };
        if let Some(drawn) = answer.drawn.as_ref().filter(|_| given.has_pixels) {
            let bitmap = &pixels.bitmap;
            out.frame = drawn.frame.0;
            out.frame_us = drawn.frame_us;
            out.mask_age_us = answer.mask_age_us.unwrap_or(-1);
            out.deviation_px = drawn.deviation_px;
            out.candidate_count = drawn.candidates.iter().count() as u32;
            out.shown = drawn.choice.position as u32;
            out.frame_age_us = answer.frame_age_us.unwrap_or(-1);
            out.keyframe = drawn.keyframe.0;
            out.keyframe_us = drawn.keyframe_us;
            out.decoded_for = drawn.decoded_for.0;
            let rows = drawn.frame_from_keyframe.target_from_source().rows();
            out.frame_from_keyframe.copy_from_slice(rows.as_flattened());
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

/// A candidate of an answer whose mask these pixels are.
pub(crate) fn session_candidate(known: &Candidate, pixels: &MaskPixels) -> fixate_candidate {
    // Whole pixels that the box touches; casting makes negative numbers zero.
    let sides = known.bounds.map_or([0; 4], |bounds| {
        let (left, top) = (bounds.x0_px.floor() as u32, bounds.y0_px.floor() as u32);
        let side = |from: u32, to: f64| (to.ceil() as u32).saturating_sub(from);
        [left, top, side(left, bounds.x1_px), side(top, bounds.y1_px)]
    });
    fixate_candidate {
        index: known.index as u32,
        predicted_iou: known.predicted_iou,
        stability: known.stability,
        area_px: known.area_px.round() as u64,
        box_px: sides,
        logits_size: [pixels.logits.width as u32, pixels.logits.height as u32],
        agreement: known.agreement.unwrap_or(-1.0),
        ..fixate_candidate::initial()
    }
}
