//! What the eyes do.

use super::fixation::Fixation;

/// What the eyes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GazeState {
    /// Nothing is known: no samples, or none valid for long.
    NoSignal,
    /// No valid samples for a short time.
    Blink,
    /// The eye jumps; what was answered is held, nothing is prompted.
    Saccade,
    /// The eye rests, not yet long enough.
    Settling,
    /// The eye rests, or follows something.
    Fixation,
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GazeEvent {
    /// A fixation has begun, or goes on after a short interruption.
    FixationBegan(Fixation),
    /// A fixation is over.
    FixationEnded(Fixation),
    /// A fixation has lasted long enough to mean something; once for each.
    Dwell(Fixation),
}

/// What a sample has brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GazeUpdate {
    /// When the eyes were seen, the delay taken off; microseconds.
    pub time_us: i64,
    /// What the eyes do.
    pub state: GazeState,
    /// What has just happened.
    pub event: Option<GazeEvent>,
    /// The fixation, in that state.
    pub fixation: Option<Fixation>,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GazeCounters {
    /// Samples taken, valid or not.
    pub samples: u64,
    /// Samples refused because their time ran backwards or stood still.
    pub not_later: u64,
    /// Samples refused for their numbers.
    pub malformed: u64,
    /// Samples taken that say nothing: invalid, of low confidence, or off the calibration.
    pub invalid: u64,
    /// Blinks.
    pub blinks: u64,
    /// Saccades.
    pub saccades: u64,
    /// Fixations; interrupted ones that went on count once.
    pub fixations: u64,
    /// Dwells.
    pub dwells: u64,
}
