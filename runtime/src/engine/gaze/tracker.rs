//! From sample to sample: blinks, saccades, fixations, dwells.

use super::detection::Verdict;
use super::fixation::Fixation;
use super::one_euro::OneEuro;
use super::options::GazeOptions;
use super::resting::Rest;
use super::sample::{GazeError, GazeSample};
use super::update::{GazeCounters, GazeEvent, GazeState, GazeUpdate};
use super::window::Window;
use crate::engine::quantile::RunningQuantile;
use crate::geometry::{Homography, Point};

/// Median length of second differences of white noise of deviation 1 in each axis: sqrt(6) times
/// sqrt(2 ln 2).
const SECOND_DIFFERENCE: f64 = 2.884;

/// Follows the gaze. Of fixed size; the same samples give the same fixations.
#[derive(Clone, Debug)]
pub struct GazeTracker {
    pub(super) options: GazeOptions,
    pub(super) window: Window,
    pub(super) filter: OneEuro,
    /// Lengths of second differences, px: they see noise and hardly any of the eye's own motion.
    pub(super) roughness: RunningQuantile,
    pub(super) state: GazeState,
    pub(super) newest_us: Option<i64>,
    pub(super) valid_us: Option<i64>,
    pub(super) shut_since_us: Option<i64>,
    pub(super) ignore_until_us: i64,
    pub(super) rest: Option<Rest>,
    pub(super) fixation: Option<Fixation>,
    pub(super) ended: Option<Fixation>,
    pub(super) dwelt: bool,
    pub(super) counters: GazeCounters,
}

impl GazeTracker {
    /// A tracker that has seen nothing.
    #[must_use]
    pub fn new(options: GazeOptions) -> Self {
        Self {
            options,
            window: Window::new(),
            filter: OneEuro::new(options.smoothing),
            roughness: RunningQuantile::new(),
            state: GazeState::NoSignal,
            newest_us: None,
            valid_us: None,
            shut_since_us: None,
            ignore_until_us: i64::MIN,
            rest: None,
            fixation: None,
            ended: None,
            dwelt: false,
            counters: GazeCounters::default(),
        }
    }

    /// Forgets all samples, as after a clock change. Counters stay.
    pub fn reset(&mut self) {
        *self = Self {
            counters: self.counters,
            ..Self::new(self.options)
        };
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &GazeOptions {
        &self.options
    }

    /// How often what happened.
    #[must_use]
    pub fn counters(&self) -> &GazeCounters {
        &self.counters
    }

    /// Time of the newest sample taken, the delay taken off; microseconds.
    #[must_use]
    pub fn newest_us(&self) -> Option<i64> {
        self.newest_us
    }

    /// Takes a sample. `now_from_before` is how the picture moved since the sample before, where the
    /// head's motion is known: the eye turns against the head to stay on a thing, which is no jump.
    ///
    /// # Errors
    /// When the sample is not later than the one before, or its numbers are none.
    pub fn push(
        &mut self,
        sample: &GazeSample,
        now_from_before: Option<&Homography>,
    ) -> Result<GazeUpdate, GazeError> {
        let time_us = sample.time_us.saturating_sub(self.options.delay_us);
        if let Some(newest_us) = self.newest_us
            && time_us <= newest_us
        {
            self.counters.not_later += 1;
            let found_us = sample.time_us;
            return Err(GazeError::NotLater {
                newest_us: newest_us.saturating_add(self.options.delay_us),
                found_us,
            });
        }
        let point = self.checked(sample).inspect_err(|_| {
            self.counters.malformed += 1;
        })?;
        self.newest_us = Some(time_us);
        self.counters.samples += 1;
        if let Some(map) = now_from_before {
            self.carry(map);
        }
        let event = match point {
            Some(point) => self.seen(time_us, point),
            None => self.unseen(time_us),
        };
        let fixation = self.fixation.filter(|_| self.state == GazeState::Fixation);
        Ok(GazeUpdate {
            time_us,
            state: self.state,
            event,
            fixation,
        })
    }

    fn checked(&self, sample: &GazeSample) -> Result<Option<Point>, GazeError> {
        if let Some(value) = sample.confidence
            && !(0.0..=1.0).contains(&value)
        {
            return Err(GazeError::Confidence { value });
        }
        let sure = sample.confidence.unwrap_or(1.0) >= self.options.least_confidence;
        if !sample.valid || !sure {
            return Ok(None);
        }
        let point = match sample.position {
            super::GazePosition::Frame(point) | super::GazePosition::Tracker(point) => point,
        };
        if !point.is_finite() {
            return Err(GazeError::NotFinite { point });
        }
        Ok(sample.in_frame(&self.options.frame_from_tracker))
    }

    fn carry(&mut self, map: &Homography) {
        self.window.carry(map);
        self.filter.carry(map);
        for fixation in [&mut self.fixation, &mut self.ended] {
            if let Some(inside) = fixation {
                match map.apply(inside.point) {
                    Some(point) => inside.point = point,
                    None => *fixation = None,
                }
            }
        }
        if self.fixation.is_none() && self.state == GazeState::Fixation {
            self.rest = None;
            self.state = GazeState::Settling;
        }
    }

    fn unseen(&mut self, time_us: i64) -> Option<GazeEvent> {
        self.counters.invalid += 1;
        let since_us = *self.shut_since_us.get_or_insert(time_us);
        if since_us == time_us && self.state != GazeState::NoSignal {
            self.counters.blinks += 1;
            self.state = GazeState::Blink;
        }
        let shut_us = time_us.saturating_sub(since_us);
        if shut_us > self.options.longest_blink_us {
            self.state = GazeState::NoSignal;
        }
        if shut_us <= self.options.longest_gap_us {
            return None;
        }
        self.window.clear();
        self.rest = None;
        self.end()
    }

    fn seen(&mut self, time_us: i64, point: Point) -> Option<GazeEvent> {
        if self.shut_since_us.take().is_some() {
            self.ignore_until_us = time_us.saturating_add(self.options.after_blink_us);
            // What goes on after a short blink is judged anew, but stays what it was.
            self.window.clear();
        }
        if time_us < self.ignore_until_us {
            return None;
        }
        let gap_us = self
            .valid_us
            .map(|valid_us| time_us.saturating_sub(valid_us));
        self.valid_us = Some(time_us);
        let mut event = None;
        if gap_us.is_none_or(|gap_us| gap_us > self.options.longest_gap_us) {
            self.window.clear();
            self.rest = None;
            event = self.end();
        }
        self.window.push(time_us, point);
        self.measure_noise();
        let noise_px = self.noise_px();
        let px_per_rad = self.options.px_per_rad;
        let verdict = self
            .options
            .detection
            .judge(&self.window, time_us, px_per_rad, noise_px);
        let next = match verdict {
            Verdict::Jumping => self.jumping(),
            Verdict::Resting => self.resting(time_us, point),
            Verdict::Unknown if self.fixation.is_some() => self.resting(time_us, point),
            Verdict::Unknown => {
                self.state = GazeState::Settling;
                None
            }
        };
        event.or(next)
    }

    fn measure_noise(&mut self) {
        let mut newest = self.window.newest_first().map(|sample| sample.point);
        if let (Some(a), Some(b), Some(c)) = (newest.next(), newest.next(), newest.next()) {
            let second = |a: f64, b: f64, c: f64| a - 2.0 * b + c;
            self.roughness
                .push(second(a.x_px, b.x_px, c.x_px).hypot(second(a.y_px, b.y_px, c.y_px)));
        }
    }

    /// Standard deviation of single samples in each axis, pixels.
    pub(super) fn noise_px(&self) -> f64 {
        let least_px = self.options.least_noise_rad * self.options.px_per_rad;
        let median = self.roughness.value(0.5).unwrap_or(0.0);
        (median / SECOND_DIFFERENCE).max(least_px)
    }

    fn jumping(&mut self) -> Option<GazeEvent> {
        if self.state != GazeState::Saccade {
            self.counters.saccades += 1;
        }
        self.state = GazeState::Saccade;
        self.rest = None;
        self.end()
    }
}
