//! The filter over a sliding window, and the conversions.

use core::fmt;

use heapless::Deque;

use super::exchange::{Exchange, ExchangeError, Interval, LinkDelay};
use super::fit::{Line, Point};

/// The most that device and host may drift apart, parts per million: more than two bad crystals.
pub const MAX_DRIFT_PPM: f64 = 300.0;

/// The most that the drift may change within the window, parts per million: a crystal's warming by some degrees.
pub const WANDER_PPM: f64 = 1.0;

/// Of so many exchanges in a row the one with the shortest round trip is kept.
const BUCKET: u8 = 8;

/// Exchanges older than this say too little about a drift that wanders.
const MAX_AGE_US: f64 = 120e6;

/// So many contradictions in a row show a clock that was set, not a link that hiccups.
const CONTRADICTIONS: u8 = 3;

/// A host time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostTime {
    /// Microseconds of the host's clock.
    pub host_us: u64,
    /// The true time lies within this many microseconds, before or after.
    pub error_us: u32,
}

/// Why a device time cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockError {
    /// No exchange has been observed yet.
    NotSynchronised,
    /// The time belongs to another life of the device than the exchanges.
    OtherBoot {
        /// The boot number of the exchanges.
        synchronised: u16,
    },
}

impl fmt::Display for ClockError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSynchronised => out.write_str("no ping has been answered yet"),
            Self::OtherBoot { synchronised } => {
                write!(
                    out,
                    "the device has started anew; its clock was known for boot {synchronised}"
                )
            }
        }
    }
}

impl core::error::Error for ClockError {}

/// Converts one device's times. `N` is the number of exchanges in the window, each the best of eight.
#[derive(Clone, Debug)]
pub struct ClockSync<const N: usize = 64> {
    delay: LinkDelay,
    state: Option<State<N>>,
    restarts: u32,
}

/// What is known of one life of the device.
#[derive(Clone, Debug)]
struct State<const N: usize> {
    boot: u16,
    /// The first exchange: zero of all times inside. Host times two, for the half microseconds of middles.
    origin_device_us: u32,
    origin_host_twice_us: u64,
    points: Deque<Point, N>,
    in_bucket: u8,
    contradictions: u8,
    line: Line,
}

impl<const N: usize> Default for ClockSync<N> {
    fn default() -> Self {
        Self::new(LinkDelay::default())
    }
}

impl<const N: usize> ClockSync<N> {
    /// Knows nothing but the link's least delay.
    pub fn new(delay: LinkDelay) -> Self {
        const { assert!(N >= 4, "a drift needs some exchanges") }
        Self {
            delay,
            state: None,
            restarts: 0,
        }
    }

    /// Learns from an exchange. One with another boot number begins anew.
    ///
    /// # Errors
    ///
    /// An exchange that cannot be; nothing is learnt from it.
    pub fn observe(&mut self, exchange: &Exchange) -> Result<(), ExchangeError> {
        let interval = exchange.interval(self.delay)?;
        let state = self
            .state
            .take()
            .filter(|state| state.boot == exchange.boot);
        let Some(mut state) = state else {
            self.restarts = self.restarts.wrapping_add(1);
            self.state = State::begin(exchange.boot, interval);
            return Ok(());
        };
        let learnt = state.learn(interval);
        if state.contradictions >= CONTRADICTIONS {
            self.restarts = self.restarts.wrapping_add(1);
            self.state = State::begin(exchange.boot, interval);
            return Ok(());
        }
        self.state = Some(state);
        learnt
    }

    /// The host time of a device time that lies within half an hour of `now_us`, the host's time.
    ///
    /// # Errors
    ///
    /// See [`ClockError`].
    pub fn host_from_device(
        &self,
        boot: u16,
        device_us: u32,
        now_us: u64,
    ) -> Result<HostTime, ClockError> {
        let state = self.state.as_ref().ok_or(ClockError::NotSynchronised)?;
        if state.boot != boot {
            return Err(ClockError::OtherBoot {
                synchronised: state.boot,
            });
        }
        let device = state.unwrap_device(device_us, now_us.saturating_mul(2));
        let since_origin = device + state.line.offset_us(device);
        let twice = state.origin_host_twice_us as f64 + since_origin * 2.0;
        // Rounding to a whole microsecond on either side.
        let error = state.line.bound_us(device) + 1.5;
        Ok(HostTime {
            host_us: (twice / 2.0 + 0.5) as u64,
            error_us: (error + 0.5) as u32,
        })
    }

    /// How much faster the host's clock runs than the device's, parts per million; `None` before the first exchange.
    pub fn drift_ppm(&self) -> Option<f64> {
        self.state.as_ref().map(|state| state.line.drift_ppm())
    }

    /// How often the clock began anew, the first time included: new boot numbers, and clocks that were set.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }
}

impl<const N: usize> State<N> {
    fn begin(boot: u16, interval: Interval) -> Option<Self> {
        let point = Point {
            device_us: 0.0,
            offset_us: 0.0,
            radius_us: interval.radius_us,
        };
        let mut points = Deque::new();
        let _ = points.push_back(point);
        Some(Self {
            boot,
            origin_device_us: interval.device_us,
            origin_host_twice_us: interval.host_twice_us,
            line: Line::fit(points.make_contiguous())?,
            points,
            in_bucket: 1,
            contradictions: 0,
        })
    }

    /// Device time since the origin without wraps: of all times with these 32 bits, the one nearest to the host's time.
    fn unwrap_device(&self, device_us: u32, host_twice_us: u64) -> f64 {
        let host = (host_twice_us as i64 - self.origin_host_twice_us as i64) as f64 / 2.0;
        // The offset at a host time instead of a device time: wrong by the drift of the offset, which is nothing
        // beside half an hour.
        let expected = (host - self.line.offset_us(host)) as i64;
        let wrapped = device_us
            .wrapping_sub(self.origin_device_us)
            .wrapping_sub(expected as u32) as i32;
        (expected + i64::from(wrapped)) as f64
    }

    fn learn(&mut self, interval: Interval) -> Result<(), ExchangeError> {
        let device_us = self.unwrap_device(interval.device_us, interval.host_twice_us);
        let host = (interval.host_twice_us as i64 - self.origin_host_twice_us as i64) as f64 / 2.0;
        let point = Point {
            device_us,
            offset_us: host - device_us,
            radius_us: interval.radius_us,
        };
        let away = (point.offset_us - self.line.offset_us(device_us)).abs();
        let newest = self
            .points
            .back()
            .map_or(device_us, |newest| newest.device_us);
        if away > point.radius_us + self.line.bound_us(device_us) || device_us < newest {
            self.contradictions += 1;
            return Err(ExchangeError::Contradicts);
        }
        self.contradictions = 0;
        self.keep(point);
        if let Some(line) = Line::fit(self.points.make_contiguous()) {
            self.line = line;
        }
        Ok(())
    }

    /// Keeps the best point of each bucket, and of those the newest.
    fn keep(&mut self, point: Point) {
        if self.in_bucket >= BUCKET || self.points.is_empty() {
            self.in_bucket = 0;
            if self.points.is_full() {
                self.points.pop_front();
            }
            let _ = self.points.push_back(point);
        } else if let Some(best) = self
            .points
            .back_mut()
            .filter(|best| best.radius_us > point.radius_us)
        {
            *best = point;
        }
        self.in_bucket += 1;
        while self
            .points
            .front()
            .is_some_and(|front| point.device_us - front.device_us > MAX_AGE_US)
            && self.points.len() > 1
        {
            self.points.pop_front();
        }
    }
}
