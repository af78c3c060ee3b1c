//! Offset and drift of the device's clock from intervals, and how far off they can be.

use super::sync::{MAX_DRIFT_PPM, WANDER_PPM};

/// An interval in numbers that stay small: microseconds since the first exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Device time.
    pub(super) device_us: f64,
    /// Host time minus device time, the interval's middle.
    pub(super) offset_us: f64,
    /// Half the interval.
    pub(super) radius_us: f64,
}

/// Host time minus device time as a line, with a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// Where the bound is tightest, device time.
    anchor_us: f64,
    /// The offset there.
    offset_us: f64,
    /// Host microseconds gained on each of the device's.
    drift: f64,
    /// The offset's bound at the anchor.
    bound_us: f64,
    /// The drift's bound.
    drift_bound: f64,
}

/// Differences of round trips below this mean nothing, microseconds.
const NOISE_US: f64 = 10.0;

impl Line {
    /// The offset at a device time.
    pub(super) fn offset_us(&self, device_us: f64) -> f64 {
        self.offset_us + (device_us - self.anchor_us) * self.drift
    }

    /// The largest error of that offset.
    pub(super) fn bound_us(&self, device_us: f64) -> f64 {
        self.bound_us + (device_us - self.anchor_us).abs() * self.drift_bound
    }

    /// How much faster the host's clock runs, parts per million.
    pub(super) fn drift_ppm(&self) -> f64 {
        self.drift * 1e6
    }

    /// The line through points that are in the order of time; `None` for none.
    pub(super) fn fit(points: &[Point]) -> Option<Self> {
        let newest = *points.last()?;
        let (secant, secant_bound) = secant(points);
        let fastest = points
            .iter()
            .map(|point| point.radius_us)
            .fold(f64::INFINITY, f64::min);

        // Weighted least squares. A short round trip's middle errs little, so it counts much.
        let (mut total, mut x_sum, mut y_sum, mut xx_sum, mut xy_sum) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for point in points {
            let spread = NOISE_US + point.radius_us - fastest;
            let (weight, x) = (1.0 / (spread * spread), point.device_us - newest.device_us);
            let y = point.offset_us - newest.offset_us;
            total += weight;
            x_sum += weight * x;
            y_sum += weight * y;
            xx_sum += weight * x * x;
            xy_sum += weight * x * y;
        }
        let (x_mean, y_mean) = (x_sum / total, y_sum / total);
        let variance = xx_sum / total - x_mean * x_mean;
        let limit = MAX_DRIFT_PPM * 1e-6;
        // While the intervals allow any drift that a crystal may have, no drift is the better guess.
        let drift = if secant_bound < limit && variance > 0.0 {
            ((xy_sum / total - x_mean * y_mean) / variance).clamp(-limit, limit)
        } else {
            0.0
        };
        // The true drift lies within secant_bound of the secant's, and within the limit.
        let drift_bound =
            ((drift - secant).abs() + secant_bound).min(drift.abs() + limit) + WANDER_PPM * 1e-6;
        let line = Self {
            anchor_us: newest.device_us,
            offset_us: newest.offset_us + y_mean - x_mean * drift,
            drift,
            bound_us: 0.0,
            drift_bound,
        };

        // Each interval bounds the line's error at its own time; what it says about now grows with its age.
        let error_at = |point: &Point| {
            (line.offset_us(point.device_us) - point.offset_us).abs() + point.radius_us
        };
        let error_now = |point: &Point| {
            error_at(point) + (newest.device_us - point.device_us).abs() * drift_bound
        };
        let best = points
            .iter()
            .min_by(|a, b| error_now(a).total_cmp(&error_now(b)))?;
        Some(Self {
            anchor_us: best.device_us,
            offset_us: line.offset_us(best.device_us),
            bound_us: error_at(best),
            ..line
        })
    }
}

/// The drift between the best interval of the older half and that of the newer, and how far it may be off.
fn secant(points: &[Point]) -> (f64, f64) {
    let none = (0.0, f64::INFINITY);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return none;
    };
    let span = last.device_us - first.device_us;
    let older = points
        .iter()
        .filter(|point| point.device_us < first.device_us + span / 3.0);
    let newer = points
        .iter()
        .filter(|point| point.device_us > last.device_us - span / 3.0);
    let shortest = |a: &&Point, b: &&Point| a.radius_us.total_cmp(&b.radius_us);
    let (Some(older), Some(newer)) = (older.min_by(shortest), newer.min_by(shortest)) else {
        return none;
    };
    let between = newer.device_us - older.device_us;
    if between <= 0.0 {
        return none;
    }
    (
        (newer.offset_us - older.offset_us) / between,
        (newer.radius_us + older.radius_us) / between,
    )
}
