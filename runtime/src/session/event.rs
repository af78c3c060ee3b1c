//! All that an engine is told: enough to have the same answers again.

use serde::{Deserialize, Serialize};

use crate::engine::gaze::GazeSample;
use crate::engine::{
    Accepted, Answer, Candidates, Engine, EngineOptions, FrameId, FrameNews, JobFailed, JobId,
    KeyframeId, PromptShape,
};

/// One thing that a session's engine was told, or answered. All in order, given to an engine with the
/// same options ([`replay`]), make it answer the same, bit for bit.
///
/// Times are those that the engine was told, microseconds of the host's monotonic clock; they never
/// run backwards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "a box would allocate")]
pub enum Event {
    /// A frame came, and its motion since the one before was estimated.
    Frame {
        /// When it was told.
        time_us: i64,
        /// What was told.
        news: FrameNews,
    },
    /// The eye tracker gave a sample.
    Gaze {
        /// When it was told.
        time_us: i64,
        /// What was told.
        sample: GazeSample,
    },
    /// Someone prompted.
    Prompt {
        /// When it was told.
        time_us: i64,
        /// The frame that it is on.
        frame: FrameId,
        /// The prompt, in pixels of the frame.
        shape: PromptShape,
        /// Time for the answer, microseconds; none for the usual.
        budget_us: Option<i64>,
    },
    /// The gyroscope gave a sample.
    Imu {
        /// When it was told.
        time_us: i64,
        /// When it was measured, microseconds.
        sample_us: i64,
        /// Angular velocity about the camera's axes, rad/s.
        rate_rad_s: [f64; 3],
    },
    /// A keyframe was asked for.
    KeyframeAsked {
        /// When it was told.
        time_us: i64,
    },
    /// The encoder is done.
    Encoded {
        /// When it was told.
        time_us: i64,
        /// The job.
        keyframe: KeyframeId,
        /// What came of it.
        result: Result<(), JobFailed>,
    },
    /// The decoder is done.
    Decoded {
        /// When it was told.
        time_us: i64,
        /// The job.
        job: JobId,
        /// What came of it.
        result: Result<Candidates, JobFailed>,
    },
    /// A mask was moved.
    Moved {
        /// When it was told.
        time_us: i64,
        /// The job.
        job: JobId,
        /// What came of it.
        result: Result<(), JobFailed>,
    },
    /// An encoder that hung was replaced.
    EncoderReplaced {
        /// When it was told.
        time_us: i64,
    },
    /// A decoder that hung was replaced.
    DecoderReplaced {
        /// When it was told.
        time_us: i64,
    },
    /// Nothing but time came. The engine is polled after every other event at the same time, too,
    /// which is not told apart.
    Poll {
        /// When it was told.
        time_us: i64,
    },
    /// The engine answered. It is no input: what a replay is compared with.
    Answered {
        /// The answer.
        answer: Answer,
    },
}

/// Tells an engine what an event says and polls it, as a session does; calls `answered` with what it
/// answers. What the engine refuses it refuses again.
pub fn apply(engine: &mut Engine, event: &Event, mut answered: impl FnMut(&Answer)) {
    let superseded = |accepted: Option<Accepted>| accepted.and_then(|accepted| accepted.superseded);
    let mut gone = None;
    let now_us = match *event {
        Event::Frame { time_us, ref news } => {
            let _ = engine.on_frame(time_us, news);
            time_us
        }
        Event::Gaze { time_us, sample } => {
            let outcome = engine.on_gaze(time_us, &sample).ok();
            gone = superseded(outcome.and_then(|outcome| outcome.accepted));
            time_us
        }
        Event::Prompt {
            time_us,
            frame,
            ref shape,
            budget_us,
        } => {
            gone = superseded(engine.on_prompt(time_us, frame, shape, budget_us).ok());
            time_us
        }
        Event::Imu {
            time_us,
            sample_us,
            rate_rad_s,
        } => {
            let _ = engine.on_imu(time_us, sample_us, rate_rad_s);
            time_us
        }
        Event::KeyframeAsked { time_us } => {
            engine.ask_keyframe();
            time_us
        }
        Event::Encoded {
            time_us,
            keyframe,
            result,
        } => {
            let _ = engine.on_encoded(time_us, keyframe, result);
            time_us
        }
        Event::Decoded {
            time_us,
            job,
            result,
        } => {
            let _ = engine.on_decoded(time_us, job, result);
            time_us
        }
        Event::Moved {
            time_us,
            job,
            result,
        } => {
            let _ = engine.on_moved(time_us, job, result);
            time_us
        }
        Event::EncoderReplaced { time_us } => {
            engine.on_encoder_replaced(time_us);
            time_us
        }
        Event::DecoderReplaced { time_us } => {
            engine.on_decoder_replaced(time_us);
            time_us
        }
        Event::Poll { time_us } => time_us,
        Event::Answered { .. } => return,
    };
    gone.iter().for_each(&mut answered);
    engine.poll(now_us).answers().for_each(answered);
}

/// The answers to a whole recording, in order.
#[must_use]
pub fn replay<'a>(
    options: EngineOptions,
    events: impl IntoIterator<Item = &'a Event>,
) -> Vec<Answer> {
    let mut engine = Engine::new(options);
    let mut answers = Vec::new();
    for event in events {
        apply(&mut engine, event, |answer| answers.push(*answer));
    }
    answers
}
