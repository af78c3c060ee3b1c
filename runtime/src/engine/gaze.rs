//! From gaze samples to prompts.
//!
//! 1. [`GazeSample`]: where the eyes point, when, and how sure the tracker is.
//! 2. [`OneEuro`]: smoothing that is heavy at rest and light in motion.
//! 3. `Window`: the latest samples, their line, their spread.
//! 4. [`Detection`]: fixation or saccade, by velocity (I-VT) or by dispersion (I-DT).
//! 5. [`Fixation`]: where it is, how uncertain, and the prompt made of it.
//! 6. [`GazeTracker`]: all of them, sample by sample; blinks, saccades, dwells.
//!
//! Angles come from pixels by one number, pixels per radian, which is the focal length near the
//! picture's centre; 30 degrees off it, angles are overestimated by a third.

mod detection;
mod fixation;
mod one_euro;
mod options;
mod resting;
mod sample;
#[cfg(test)]
mod tests;
mod tracker;
mod update;
mod window;

pub use detection::{Detection, Dispersion, Velocity};
pub use fixation::Fixation;
pub use one_euro::{OneEuro, OneEuroOptions};
pub use options::GazeOptions;
pub use sample::{GazeError, GazePosition, GazeSample};
pub use tracker::GazeTracker;
pub use update::{GazeCounters, GazeEvent, GazeState, GazeUpdate};
