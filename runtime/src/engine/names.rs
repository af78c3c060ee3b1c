//! What frames, keyframes, prompts and jobs are called: the engine handles names, never pixels.

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub u64);
    };
}

name!(
    /// A frame. The caller counts them; later frames have larger numbers.
    FrameId
);
name!(
    /// A frame sent to the encoder, and what came of it. The engine counts them.
    KeyframeId
);
name!(
    /// A prompt that the engine has taken. The engine counts them.
    PromptId
);
name!(
    /// A piece of work for the decoder's thread. The engine counts them.
    JobId
);
name!(
    /// A thing that answers are of, one after the other. The engine counts them.
    ThingId
);

/// How long ago `then_us` was at `now_us`; zero, never less, when clocks disagree. Microseconds.
pub(super) fn age_us(now_us: i64, then_us: i64) -> i64 {
    now_us.saturating_sub(then_us).max(0)
}
