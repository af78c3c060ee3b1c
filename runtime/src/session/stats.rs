//! What a session has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

use super::histogram::Quantiles;
use super::shared::Shared;
use crate::engine::gaze::GazeCounters;
use crate::engine::{EngineCounters, KeyframeCounters};

/// What a session has done so far. Nothing that is dropped, refused or late goes uncounted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SessionStats {
    /// What the engine counted: prompts, answers by kind, frames, jobs, hangs.
    pub engine: EngineCounters,
    /// What became of frames for the encoder.
    pub keyframes: KeyframeCounters,
    /// What the eyes did.
    pub gaze: GazeCounters,
    /// Prompts that were made of gaze samples.
    pub gaze_prompts: u64,
    /// From the push of a prompt, or of the gaze sample that made it, to its answer, pixels drawn.
    pub latency_ms: Quantiles,
    /// From the capture of an answer's keyframe to the answer.
    pub mask_age_ms: Quantiles,
    /// What encodings took, their keyframes' preparation included.
    pub encode_ms: Quantiles,
    /// What decodings took, drawing included.
    pub decode_ms: Quantiles,
    /// Answers within their prompt's budget, counted from its push.
    pub in_time: u64,
    /// Answers after it.
    pub missed: u64,
    /// Most of those in a row.
    pub longest_miss_streak: u64,
    /// Answers that nobody took before newer ones came.
    pub answers_dropped: u64,
    /// Frames pushed.
    pub frames_pushed: u64,
    /// Of those, left out: a newer one came before its motion was estimated, or no buffer was free.
    pub frames_dropped: u64,
    /// Samples of the gyroscope that did not reach the estimation of motion.
    pub imu_dropped: u64,
    /// Events that nobody took in time: with any, a recording cannot be replayed.
    pub events_dropped: u64,
    /// Encoders put in the place of others that hung.
    pub encoders_replaced: u64,
    /// Decoders put in the place of others that hung.
    pub decoders_replaced: u64,
}

impl SessionStats {
    pub(super) fn of(shared: &Shared) -> Self {
        let times = shared.outbox.times();
        let counts = &shared.counts;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let state = shared.lock();
        Self {
            engine: *state.engine.counters(),
            keyframes: *state.engine.keyframes().counters(),
            gaze: *state.engine.gaze().counters(),
            gaze_prompts: state.gaze_prompts,
            latency_ms: times.latency.quantiles(),
            mask_age_ms: times.mask_age.quantiles(),
            encode_ms: state.encode_times.quantiles(),
            decode_ms: state.decode_times.quantiles(),
            in_time: times.in_time,
            missed: times.missed,
            longest_miss_streak: times.longest_miss_streak,
            answers_dropped: times.dropped,
            frames_pushed: read(&counts.frames_pushed),
            frames_dropped: read(&counts.frames_dropped),
            imu_dropped: read(&counts.turns_dropped),
            events_dropped: state.events_dropped,
            encoders_replaced: state.encoder_generation,
            decoders_replaced: state.decoder_generation,
        }
    }
}
