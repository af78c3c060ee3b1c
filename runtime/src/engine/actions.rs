//! What is to be done.

use super::answer::Answer;
use super::keyframes::EncodeReason;
use super::ladder::Rung;
use super::names::{FrameId, JobId, KeyframeId, PromptId};
use super::shape::PromptShape;
use crate::geometry::Bounds;
use crate::motion::Motion;

/// Encode a frame; report with [`Engine::on_encoded`](super::Engine::on_encoded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeJob {
    /// What the keyframe will be called.
    pub keyframe: KeyframeId,
    /// The frame.
    pub frame: FrameId,
    /// Why this one.
    pub reason: EncodeReason,
}

/// An earlier answer that masks are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// The decoding that made it.
    pub job: JobId,
    /// From its keyframe to that of the new decoding.
    pub keyframe_from_memory: Motion,
}

/// Decode a prompt and draw its masks; report with
/// [`Engine::on_decoded`](super::Engine::on_decoded).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodeJob {
    /// Its name.
    pub job: JobId,
    /// The prompt.
    pub prompt: PromptId,
    /// How to decode.
    pub rung: Rung,
    /// The keyframe to decode from.
    pub keyframe: KeyframeId,
    /// The prompt in pixels of the keyframe.
    pub shape: PromptShape,
    /// Whether the prompt leaves several nested things open.
    pub ambiguous: bool,
    /// For [`Rung::Window`]: the part of the keyframe to decode, pixels.
    pub window: Option<Bounds>,
    /// The frame to draw on.
    pub frame: FrameId,
    /// From the keyframe to that frame.
    pub frame_from_keyframe: Motion,
    /// The last answer, if the prompt is of the same thing: its agreement with the new masks steadies
    /// the choice.
    pub memory: Option<Memory>,
    /// Since when that answer is there, microseconds. With it and `ambiguous`,
    /// [`ChoiceOptions::choose`](super::ChoiceOptions::choose) tells which mask the engine will choose,
    /// so that this one alone need be drawn.
    pub memory_age_us: Option<i64>,
    /// When the answer is due, microseconds.
    pub deadline_us: i64,
}

/// Move the mask of an earlier decoding to a newer frame; report with
/// [`Engine::on_moved`](super::Engine::on_moved). Not to be done on the thread that decodes: it is what
/// there is when that one is late.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoveJob {
    /// Its name.
    pub job: JobId,
    /// The prompt that it is for.
    pub prompt: PromptId,
    /// The decoding whose mask is moved.
    pub decoded: JobId,
    /// The frame to draw on.
    pub frame: FrameId,
    /// From the decoding's keyframe to that frame.
    pub frame_from_keyframe: Motion,
    /// When the answer is due, microseconds.
    pub deadline_us: i64,
}

/// Something has gone wrong outside; said once each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The encoder has failed several times in a row. It is tried again after a pause.
    EncoderFailing {
        /// In a row.
        failures: u32,
        /// When it is tried again, microseconds.
        retry_us: i64,
    },
    /// The encoder does not come back. Replace it
    /// ([`Engine::on_encoder_replaced`](super::Engine::on_encoder_replaced)), or wait.
    EncoderHung {
        /// The job that it hangs in.
        keyframe: KeyframeId,
    },
    /// The decoder does not come back. Replace it
    /// ([`Engine::on_decoder_replaced`](super::Engine::on_decoder_replaced)), or wait.
    DecoderHung {
        /// The job that it hangs in.
        job: JobId,
    },
    /// The camera gives no frames.
    CameraStalled {
        /// When the last one came, microseconds.
        since_us: i64,
    },
}

/// Notices that one poll may give: one of each.
pub(super) const MOST_NOTICES: usize = 4;
/// Prompts that may be open at once: one that is decoded, one that waits.
pub(super) const MOST_OPEN: usize = 2;

/// What is to be done now, and when to ask again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Actions {
    pub(super) answers: [Option<Answer>; MOST_OPEN],
    pub(super) notices: [Option<Notice>; MOST_NOTICES],
    /// A frame to encode.
    pub encode: Option<EncodeJob>,
    /// A prompt to decode.
    pub decode: Option<DecodeJob>,
    /// A mask to move.
    pub move_mask: Option<MoveJob>,
    /// Poll again at this time at the latest, microseconds; without it, after the next input. Later
    /// means answers after their deadlines, earlier does no harm.
    pub next_us: Option<i64>,
}

impl Actions {
    /// Answers to give, oldest prompt first.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().flatten()
    }

    /// What has gone wrong.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().flatten()
    }
}
