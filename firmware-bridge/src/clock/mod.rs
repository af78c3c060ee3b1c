//! From the device's wrapping microseconds to the host's time, with a bound on the error.
//!
//! The host pings, the device answers with the times of receiving and sending. One exchange puts the true host time
//! of a device time into an interval: not before the ping was sent, not after the answer came. Its width is the
//! round trip without the turnaround; its middle is right when both ways took equally long.
//!
//! 1. [`Pinger`] numbers the pings and pairs the answers; an [`Exchange`] is such a pair, and [`LinkDelay`]
//!    takes from it what is known of the way.
//! 2. [`ClockSync`] keeps the exchange with the shortest round trip of every few, for they waited least in
//!    queues, fits offset and drift to those in a sliding window, and converts.
//!
//! The bound that comes with each conversion follows from the intervals alone, whatever the jitter's distribution
//! and symmetry: it holds as long as the device's clock runs evenly within [`sync::WANDER_PPM`] over the window. The
//! device stamps a ping when its last byte came, and an answer before its first byte leaves; the host does the same.

mod exchange;
mod fit;
mod pinger;
pub mod sync;

pub use exchange::{Exchange, ExchangeError, LinkDelay};
pub use pinger::Pinger;
pub use sync::{ClockError, ClockSync, HostTime};
