//! Motion: cameras on heads and wrists, things that move by themselves, eyes that look about.

mod gaze;
mod head;
mod spline;
mod track;

pub use gaze::{GazeSample, Look, gaze, looks};
pub use head::{Carrier, carry};
pub use spline::Spline;
pub use track::{GRAVITY, Inertial, Track};
