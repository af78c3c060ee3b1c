//! What a prompt gets.

use serde::{Deserialize, Serialize};

use super::choice::{Candidate, Candidates, Choice};
use super::ladder::Rung;
use super::names::{FrameId, JobId, KeyframeId, PromptId};
use crate::motion::Motion;

/// Which rung of the ladder an answer stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerKind {
    /// Decoded for this prompt.
    Fresh,
    /// Decoded earlier, for a prompt of the same thing, and moved to this frame.
    Propagated,
    /// The last answer, of the same thing, as it was: nothing newer was there by the deadline.
    Held,
    /// Nothing.
    None(NoneReason),
}

/// Why there is no mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NoneReason {
    /// No frame has been encoded yet, or none of this size.
    NoKeyframe,
    /// And none will be soon: the encoder has failed several times in a row.
    EncoderFailing,
    /// And none will be: the encoder does not come back.
    EncoderHung,
    /// The camera has given no frame for too long.
    CameraStalled,
    /// How the picture moved since the keyframe is not known.
    MotionLost,
    /// What is prompted is not on the keyframe.
    OffKeyframe,
    /// There was no time to decode, and the last answer is of another thing, or too old.
    NoTime,
    /// The decoder has failed.
    DecoderFailed,
    /// The decoder does not come back.
    DecoderHung,
    /// The decoder found no mask there.
    NothingFound,
    /// A newer prompt came before this one was decoded.
    Superseded {
        /// The newer prompt.
        by: PromptId,
    },
    /// Frames have another size than the prompt's.
    FrameSizeChanged,
}

/// A mask drawn on a frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// The decoding that made it; names the pixels.
    pub job: JobId,
    /// Prompt that was decoded.
    pub decoded_for: PromptId,
    /// How it was decoded.
    pub rung: Rung,
    /// Keyframe that was decoded from.
    pub keyframe: KeyframeId,
    /// Capture of the keyframe, microseconds.
    pub keyframe_us: i64,
    /// Frame that it is drawn on.
    pub frame: FrameId,
    /// Capture of that frame, microseconds.
    pub frame_us: i64,
    /// Motion that brings the keyframe's pixels to the frame.
    pub frame_from_keyframe: Motion,
    /// All masks of the prompt, those that are not shown too.
    pub candidates: Candidates,
    /// The mask shown.
    pub choice: Choice,
    /// Standard deviation of the prompt's place on the frame, from gaze and motion; pixels.
    pub deviation_px: f64,
}

/// The one answer of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The prompt.
    pub prompt: PromptId,
    /// What it stands on.
    pub kind: AnswerKind,
    /// The mask; none for that kind alone.
    pub drawn: Option<Drawn>,
    /// When the prompt came, microseconds.
    pub prompt_us: i64,
    /// When the answer was due, microseconds.
    pub deadline_us: i64,
    /// When it was given, microseconds.
    pub answered_us: i64,
    /// From the keyframe's capture to the answer, microseconds.
    pub mask_age_us: Option<i64>,
    /// From the capture of the frame drawn on to the answer, microseconds.
    pub frame_age_us: Option<i64>,
    /// Whether the camera had stalled.
    pub camera_stalled: bool,
}

impl AnswerKind {
    /// "fresh", "propagated", "held" or "none".
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Propagated => "propagated",
            Self::Held => "held",
            Self::None(_) => "none",
        }
    }
}

impl Drawn {
    /// The candidate that is shown.
    #[must_use]
    pub fn shown(&self) -> Option<&Candidate> {
        self.candidates.at(self.choice.position)
    }
}

impl Answer {
    /// Whether it was given by its deadline.
    #[must_use]
    pub fn in_time(&self) -> bool {
        self.answered_us <= self.deadline_us
    }

    /// From the prompt to the answer, microseconds.
    #[must_use]
    pub fn latency_us(&self) -> i64 {
        super::names::age_us(self.answered_us, self.prompt_us)
    }
}

/// A prompt that was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accepted {
    /// Its name.
    pub prompt: PromptId,
    /// When its answer is due, microseconds.
    pub deadline_us: i64,
    /// The answer of the prompt that it has taken the place of.
    pub superseded: Option<Answer>,
}
