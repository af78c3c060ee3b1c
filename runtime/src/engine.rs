//! Decisions: which frame to encode, what to decode for a prompt, which answer to give by when.
//!
//! No threads, no clock, no pixels. Time is an argument, in microseconds of one monotonic clock; frames,
//! keyframes and masks are names, sizes and motions. The same inputs give the same decisions, and
//! nothing allocates once an [`Engine`] is made. The modules are layers, lowest first:
//!
//! 1. [`FrameId`], [`KeyframeId`], [`PromptId`], [`JobId`], [`ThingId`]: what things are called.
//! 2. [`PromptShape`]: a prompt of fixed size, moved between frames.
//! 3. [`RunningQuantile`]: what something usually costs.
//! 4. [`gaze`]: from gaze samples to fixations, and from those to prompts.
//! 5. [`KeyframePolicy`]: which frame to encode next.
//! 6. [`Ladder`]: what can still be done before a deadline.
//! 7. [`Candidates`]: which of the nested masks to show.
//! 8. [`Answer`], [`Actions`]: what comes out.
//! 9. [`Engine`]: all of them, from inputs to actions; [`Watched`]: what it wants to be told the way of.
//! 10. [`Event`], [`replay`]: its calls as values, recorded and made again.
//!
//! Feed an engine with its `on_` methods and call [`Engine::poll`] after each, and at the latest when
//! the last poll said; do what the actions say, and report what came of it.

mod actions;
mod answer;
mod chains;
mod choice;
mod counters;
mod error;
mod event;
mod frames;
pub mod gaze;
mod inputs;
mod keyframes;
mod ladder;
mod looking;
mod machine;
mod names;
mod open;
mod options;
mod poll;
mod quantile;
mod replay;
mod reports;
mod shape;
mod start;
#[cfg(test)]
mod tests;
mod watched;
mod window;

pub use actions::{Actions, DecodeJob, EncodeJob, Memory, MoveJob, Notice};
pub use answer::{Accepted, Answer, AnswerKind, Drawn, NoneReason};
pub use chains::ThingMotion;
pub use choice::{Candidate, Candidates, Choice, ChoiceOptions};
pub use counters::EngineCounters;
pub use error::EngineError;
pub use event::{Event, Outcome};
pub use inputs::FrameNews;
pub use keyframes::{
    EncodeReason, KeyframeCounters, KeyframeOptions, KeyframePolicy, Selected, Shift,
};
pub use ladder::{Ladder, LadderOptions, Rung};
pub use looking::GazeOutcome;
pub use machine::Engine;
pub use names::{FrameId, JobId, KeyframeId, PromptId, ThingId};
pub use options::EngineOptions;
pub use quantile::RunningQuantile;
pub use replay::replay;
pub use reports::JobFailed;
pub use shape::{PromptShape, ShapeError};
pub use watched::Watched;
