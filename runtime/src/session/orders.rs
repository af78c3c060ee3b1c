//! What threads are told to do, and what they tell.

use std::sync::Arc;

use super::decoding::Masks;
use super::pixels::HeldFrame;
use crate::decoder::Keyframe;
use crate::engine::{DecodeJob, JobFailed, KeyframeId, MoveJob};

/// For the encoder's thread.
pub(super) struct EncodeOrder {
    pub(super) keyframe: KeyframeId,
    pub(super) frame: HeldFrame,
}

/// For the decoder's thread.
pub(super) struct DecodeOrder {
    pub(super) job: DecodeJob,
    pub(super) keyframe: Arc<Keyframe>,
    /// The masks of the job's memory.
    pub(super) memory: Option<Arc<Masks>>,
}

/// For the thread that moves masks.
pub(super) struct MoveOrder {
    pub(super) job: MoveJob,
    pub(super) masks: Arc<Masks>,
}

/// For the thread that keeps the time.
pub(super) enum News {
    /// Something is due earlier than it knew.
    Earlier,
    /// The encoder is done. Its thread gives way to all others, so it must hold no lock that they
    /// want.
    Encoded {
        keyframe: KeyframeId,
        /// Which of the encoder's threads: those that were replaced are not listened to.
        generation: u64,
        took_us: i64,
        result: Result<Arc<Keyframe>, JobFailed>,
    },
    /// The session ends.
    Stop,
}
