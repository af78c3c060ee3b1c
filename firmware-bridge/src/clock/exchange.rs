//! One ping and its answer.

use core::fmt;

/// The four times of an exchange, and which life of the device they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The device's boot number, from the answer's frame.
    pub boot: u16,
    /// When the host sent the ping, host clock.
    pub host_sent_us: u64,
    /// When the device had received it, device clock, wrapping.
    pub device_received_us: u32,
    /// When the device sent the answer, device clock, wrapping.
    pub device_sent_us: u32,
    /// When the host had received it, host clock.
    pub host_received_us: u64,
}

/// The least time that each way takes: known, so that it need not widen the bound. Zero is always right;
/// [`Link::transmission_us`](crate::rates::Link::transmission_us) gives that of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkDelay {
    /// From sending a ping to its last byte's arrival, at least.
    pub ping_us: u32,
    /// From sending an answer to its last byte's arrival, at least.
    pub pong_us: u32,
}

/// Why an exchange says nothing about the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The host's times run backwards.
    Backwards,
    /// It took less time than the way itself: a [`LinkDelay`] that is too long, or times of different pings.
    TooFast,
    /// It took more than a second.
    TooSlow,
    /// It lies outside everything that the clock's earlier exchanges allow. After some of these in a row the
    /// clock is taken to have been set, and everything earlier is forgotten.
    Contradicts,
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Backwards => "the answer came before the ping was sent",
            Self::TooFast => "the round trip took less than the link's least time",
            Self::TooSlow => "the round trip took more than a second",
            Self::Contradicts => "the times contradict those of earlier exchanges",
        })
    }
}

impl core::error::Error for ExchangeError {}

/// What an exchange says: at this device time, the host's time lay within `radius_us` of the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    /// Middle of receiving and sending, device clock, wrapping, and half a microsecond if the sum is odd.
    pub(super) device_us: u32,
    /// The interval's middle, host clock, times two.
    pub(super) host_twice_us: u64,
    /// Half the interval.
    pub(super) radius_us: f64,
}

/// The longest round trip that is used.
const SLOWEST_US: u64 = 1_000_000;

/// Both clocks tick in whole microseconds, and each of the four times was rounded down.
const ROUNDING_US: f64 = 2.0;

impl Exchange {
    /// The host's interval for a device time.
    pub(super) fn interval(&self, delay: LinkDelay) -> Result<Interval, ExchangeError> {
        if self.host_received_us < self.host_sent_us {
            return Err(ExchangeError::Backwards);
        }
        if self.host_received_us - self.host_sent_us > SLOWEST_US {
            return Err(ExchangeError::TooSlow);
        }
        let turnaround = u64::from(self.device_sent_us.wrapping_sub(self.device_received_us));
        let earliest = self.host_sent_us.saturating_add(delay.ping_us.into());
        let latest = self.host_received_us.saturating_sub(delay.pong_us.into());
        // A turnaround of at most a second, measured by a clock that runs wrong by as much as is allowed.
        let spare = latest as i64 - earliest as i64 - turnaround as i64;
        if turnaround > SLOWEST_US || spare < -(turnaround as i64 / 1000) - ROUNDING_US as i64 {
            return Err(ExchangeError::TooFast);
        }
        Ok(Interval {
            device_us: self
                .device_received_us
                .wrapping_add((turnaround / 2) as u32),
            host_twice_us: earliest + latest,
            radius_us: spare.max(0) as f64 / 2.0 + turnaround as f64 / 1000.0 + ROUNDING_US,
        })
    }
}
