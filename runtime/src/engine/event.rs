//! Everything that an engine is told, as values: what goes into a recording.

use serde::{Deserialize, Serialize};

use super::actions::Actions;
use super::answer::{Accepted, Answer};
use super::choice::Candidates;
use super::error::EngineError;
use super::gaze::GazeSample;
use super::inputs::FrameNews;
use super::looking::GazeOutcome;
use super::machine::Engine;
use super::names::{FrameId, JobId, KeyframeId};
use super::reports::JobFailed;
use super::shape::PromptShape;

/// One call of an [`Engine`]. `now_us` is its time, microseconds of the host's monotonic clock.
///
/// What an engine answers follows from its options and its events alone, in their order: refused ones
/// and polls too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would allocate on the threads that are recorded"
)]
#[non_exhaustive]
pub enum Event {
    /// [`Engine::on_frame`].
    Frame {
        /// When.
        now_us: i64,
        /// The frame.
        news: FrameNews,
    },
    /// [`Engine::on_prompt`].
    Prompt {
        /// When.
        now_us: i64,
        /// The frame prompted on.
        frame: FrameId,
        /// The prompt.
        shape: PromptShape,
        /// Time for the answer; none for the usual one.
        budget_us: Option<i64>,
    },
    /// [`Engine::on_gaze`].
    Gaze {
        /// When.
        now_us: i64,
        /// The sample.
        sample: GazeSample,
    },
    /// [`Engine::on_imu`].
    Imu {
        /// When.
        now_us: i64,
        /// Of the sample.
        time_us: i64,
        /// About the camera's axes.
        rate_rad_s: [f64; 3],
    },
    /// [`Engine::on_encoded`].
    Encoded {
        /// When.
        now_us: i64,
        /// The job.
        keyframe: KeyframeId,
        /// What came of it.
        result: Result<(), JobFailed>,
    },
    /// [`Engine::on_encoder_replaced`].
    EncoderReplaced {
        /// When.
        now_us: i64,
    },
    /// [`Engine::on_decoded`].
    Decoded {
        /// When.
        now_us: i64,
        /// The job.
        job: JobId,
        /// What came of it.
        result: Result<Candidates, JobFailed>,
    },
    /// [`Engine::on_decoder_replaced`].
    DecoderReplaced {
        /// When.
        now_us: i64,
    },
    /// [`Engine::on_moved`].
    Moved {
        /// When.
        now_us: i64,
        /// The job.
        job: JobId,
        /// What came of it.
        result: Result<(), JobFailed>,
    },
    /// [`Engine::ask_keyframe`]. It has no time: it acts with the next event.
    AskKeyframe,
    /// [`Engine::poll`].
    Poll {
        /// When.
        now_us: i64,
    },
}

/// What an engine returned for an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would allocate on the thread that decides"
)]
#[non_exhaustive]
pub enum Outcome {
    /// It was taken, and there is nothing to say.
    Taken,
    /// It was refused.
    Refused(EngineError),
    /// A prompt was taken.
    Prompted(Accepted),
    /// A gaze sample was taken.
    Looked(GazeOutcome),
    /// What is to be done.
    Polled(Actions),
}

impl Event {
    /// Its time, microseconds of the host's monotonic clock; none for what has none.
    #[must_use]
    pub fn now_us(&self) -> Option<i64> {
        match *self {
            Self::Frame { now_us, .. }
            | Self::Prompt { now_us, .. }
            | Self::Gaze { now_us, .. }
            | Self::Imu { now_us, .. }
            | Self::Encoded { now_us, .. }
            | Self::EncoderReplaced { now_us }
            | Self::Decoded { now_us, .. }
            | Self::DecoderReplaced { now_us }
            | Self::Moved { now_us, .. }
            | Self::Poll { now_us } => Some(now_us),
            Self::AskKeyframe => None,
        }
    }
}

impl Engine {
    /// Makes the call that the event stands for.
    pub fn on_event(&mut self, event: &Event) -> Outcome {
        let plain = |result: Result<(), EngineError>| match result {
            Ok(()) => Outcome::Taken,
            Err(error) => Outcome::Refused(error),
        };
        match *event {
            Event::Frame { now_us, ref news } => plain(self.on_frame(now_us, news)),
            Event::Prompt {
                now_us,
                frame,
                ref shape,
                budget_us,
            } => match self.on_prompt(now_us, frame, shape, budget_us) {
                Ok(accepted) => Outcome::Prompted(accepted),
                Err(error) => Outcome::Refused(error),
            },
            Event::Gaze { now_us, ref sample } => match self.on_gaze(now_us, sample) {
                Ok(outcome) => Outcome::Looked(outcome),
                Err(error) => Outcome::Refused(error),
            },
            Event::Imu {
                now_us,
                time_us,
                rate_rad_s,
            } => plain(self.on_imu(now_us, time_us, rate_rad_s)),
            Event::Encoded {
                now_us,
                keyframe,
                result,
            } => plain(self.on_encoded(now_us, keyframe, result)),
            Event::EncoderReplaced { now_us } => {
                self.on_encoder_replaced(now_us);
                Outcome::Taken
            }
            Event::Decoded {
                now_us,
                job,
                result,
            } => plain(self.on_decoded(now_us, job, result)),
            Event::DecoderReplaced { now_us } => {
                self.on_decoder_replaced(now_us);
                Outcome::Taken
            }
            Event::Moved {
                now_us,
                job,
                result,
            } => plain(self.on_moved(now_us, job, result)),
            Event::AskKeyframe => {
                self.ask_keyframe();
                Outcome::Taken
            }
            Event::Poll { now_us } => Outcome::Polled(self.poll(now_us)),
        }
    }
}

impl Outcome {
    /// The answers given with it, oldest prompt first: those of a poll, and that of a prompt which had to
    /// go for a newer one.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        let accepted = match self {
            Self::Prompted(accepted) => Some(accepted),
            Self::Looked(outcome) => outcome.accepted.as_ref(),
            _ => None,
        };
        let polled = match self {
            Self::Polled(actions) => Some(actions),
            _ => None,
        };
        let superseded = accepted.and_then(|accepted| accepted.superseded.as_ref());
        superseded
            .into_iter()
            .chain(polled.into_iter().flat_map(Actions::answers))
    }
}
