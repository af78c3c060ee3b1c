//! From the eye at rest to a fixation, and to its end.

use super::detection::Detection;
use super::fixation::Fixation;
use super::tracker::GazeTracker;
use super::update::{GazeEvent, GazeState};
use crate::geometry::Point;

/// A fixation's spread and speed are of its latest samples: this long, microseconds.
const SPREAD_US: i64 = 200_000;

/// Since when the eye rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    /// Probably; the judgement is late.
    pub(super) begin_us: i64,
    /// Surely.
    pub(super) clean_us: i64,
}

impl GazeTracker {
    pub(super) fn resting(&mut self, time_us: i64, point: Point) -> Option<GazeEvent> {
        let late_us = self.options.detection.window_us();
        let rest = *self.rest.get_or_insert(Rest {
            begin_us: match self.options.detection {
                Detection::Velocity(_) => time_us.saturating_sub(late_us / 2),
                Detection::Dispersion(_) => time_us.saturating_sub(late_us),
            },
            clean_us: match self.options.detection {
                Detection::Velocity(_) => time_us,
                Detection::Dispersion(_) => time_us.saturating_sub(late_us),
            },
        });
        if self.fixation.is_some() {
            self.state = GazeState::Fixation;
            return self.go_on(time_us, point, rest);
        }
        self.state = GazeState::Settling;
        if time_us.saturating_sub(rest.begin_us) < self.options.shortest_fixation_us {
            return None;
        }
        self.begin(time_us, rest)
    }

    fn begin(&mut self, time_us: i64, rest: Rest) -> Option<GazeEvent> {
        let line = self.window.line(rest.clean_us)?;
        // The mean of what has been seen is a better start than any single sample.
        self.filter.reset();
        let point = self.filter.push(time_us, line.middle);
        let near_px = self.options.merge_rad * self.options.px_per_rad;
        let before = self.ended.take().filter(|before| {
            rest.begin_us.saturating_sub(before.newest_us) <= self.options.merge_us
                && before.point.distance_px(point) <= near_px
        });
        if before.is_none() {
            self.counters.fixations += 1;
            self.dwelt = false;
        }
        let fixation = Fixation {
            begin_us: before.map_or(rest.begin_us, |before| before.begin_us),
            newest_us: time_us,
            point,
            spread: line.spread,
            speed_rad_s: 0.0,
            pursuit: false,
        };
        self.fixation = Some(fixation);
        self.state = GazeState::Fixation;
        Some(GazeEvent::FixationBegan(fixation))
    }

    fn go_on(&mut self, time_us: i64, point: Point, rest: Rest) -> Option<GazeEvent> {
        let since_us = rest.clean_us.max(time_us.saturating_sub(SPREAD_US));
        let noise_px = self.noise_px();
        let point = self.filter.push(time_us, point);
        let fixation = self.fixation.as_mut()?;
        fixation.newest_us = time_us;
        fixation.point = point;
        if let Some(line) = self.window.line(since_us).filter(|line| line.count >= 4) {
            fixation.spread = line.spread;
            let speed_px_s = line.speed_px_s();
            fixation.speed_rad_s = speed_px_s / self.options.px_per_rad;
            fixation.pursuit = fixation.speed_rad_s > self.options.pursuit_rad_s
                && speed_px_s > 3.0 * line.speed_error_px_s(noise_px);
        }
        let fixation = *fixation;
        if !self.dwelt && fixation.duration_us() >= self.options.dwell_us {
            self.dwelt = true;
            self.counters.dwells += 1;
            return Some(GazeEvent::Dwell(fixation));
        }
        None
    }

    pub(super) fn end(&mut self) -> Option<GazeEvent> {
        let fixation = self.fixation.take()?;
        self.ended = Some(fixation);
        Some(GazeEvent::FixationEnded(fixation))
    }
}
