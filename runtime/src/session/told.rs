//! All that a session's engine is told: enough to have the same answers again.

use crate::engine::{Answer, Event};

/// One thing that a session's engine was told, or what it answered, in order. The events alone, given to an
/// engine with the same options ([`replay`](crate::engine::replay)), make it answer the same, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would allocate on the threads that answer"
)]
pub enum Told {
    /// A call, those that were refused and polls too. Times never run backwards.
    Event(Event),
    /// An answer to the calls so far.
    Answer(Answer),
}
