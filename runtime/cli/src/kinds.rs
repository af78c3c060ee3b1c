//! How many answers of which kind.

use fixate::engine::{AnswerKind, EngineCounters};
use serde::Serialize;
use std::fmt;

/// How many answers of which kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Kinds {
    fresh: u64,
    propagated: u64,
    held: u64,
    none: u64,
}

impl Kinds {
    /// Counts one more.
    pub(crate) fn count(&mut self, kind: AnswerKind) {
        *match kind {
            AnswerKind::Fresh => &mut self.fresh,
            AnswerKind::Propagated => &mut self.propagated,
            AnswerKind::Held => &mut self.held,
            AnswerKind::None(_) => &mut self.none,
        } += 1;
    }
}

impl From<&EngineCounters> for Kinds {
    fn from(counters: &EngineCounters) -> Self {
        Self {
            fresh: counters.fresh,
            propagated: counters.propagated,
            held: counters.held,
            none: counters.none,
        }
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fresh,
            propagated,
            held,
            none,
        } = self;
        write!(
            f,
            "{fresh} fresh, {propagated} propagated, {held} held, {none} none"
        )
    }
}
