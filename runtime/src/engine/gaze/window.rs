//! The latest gaze samples: their line and their spread.

use crate::geometry::{Covariance, Homography, Point};

/// Samples kept: a quarter of a second at 250 Hz.
const KEPT: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) time_us: i64,
    pub(super) point: Point,
}

/// A straight line through samples over time, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// Samples that it goes through.
    pub(super) count: usize,
    /// Mean of the samples.
    pub(super) middle: Point,
    /// How fast the point moves, pixels/s in x and y.
    pub(super) speed_px_s: [f64; 2],
    /// Sum over samples of squared distances from their mean time, s^2.
    pub(super) time_spread_s2: f64,
    /// Covariance of the samples about the line.
    pub(super) spread: Covariance,
}

impl Line {
    pub(super) fn speed_px_s(&self) -> f64 {
        self.speed_px_s[0].hypot(self.speed_px_s[1])
    }

    /// Standard error of the speed if single samples have this standard deviation, pixels/s.
    pub(super) fn speed_error_px_s(&self, noise_px: f64) -> f64 {
        noise_px / self.time_spread_s2.sqrt()
    }
}

/// The latest samples, in order. Of fixed size; the oldest goes when there are too many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    samples: [Sample; KEPT],
    count: usize,
    next: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            samples: [Sample {
                time_us: 0,
                point: Point {
                    x_px: 0.0,
                    y_px: 0.0,
                },
            }; KEPT],
            count: 0,
            next: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    pub(super) fn push(&mut self, time_us: i64, point: Point) {
        self.samples[self.next] = Sample { time_us, point };
        self.next = (self.next + 1) % KEPT;
        self.count = (self.count + 1).min(KEPT);
    }

    /// Newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Sample> + Clone {
        (0..self.count).map(|back| &self.samples[(self.next + KEPT - 1 - back) % KEPT])
    }

    /// Moves the samples with the picture, so that a gaze that stays on a thing while the head turns
    /// stays one place.
    pub(super) fn carry(&mut self, now_from_before: &Homography) {
        for sample in &mut self.samples {
            match now_from_before.apply(sample.point) {
                Some(point) => sample.point = point,
                None => {
                    self.count = 0;
                    return;
                }
            }
        }
    }

    /// Samples not older than `since_us`, newest first.
    pub(super) fn since(&self, since_us: i64) -> impl Iterator<Item = &Sample> + Clone {
        self.newest_first()
            .take_while(move |sample| sample.time_us >= since_us)
    }

    /// The line through the samples since then; none for fewer than two.
    pub(super) fn line(&self, since_us: i64) -> Option<Line> {
        let samples = self.since(since_us);
        let count = samples.clone().count();
        let newest_us = samples.clone().next()?.time_us;
        if count < 2 {
            return None;
        }
        let seconds = |sample: &Sample| (sample.time_us - newest_us) as f64 * 1e-6;
        let share = 1.0 / count as f64;
        let (mut time, mut x, mut y) = (0.0, 0.0, 0.0);
        for sample in samples.clone() {
            time += seconds(sample) * share;
            x += sample.point.x_px * share;
            y += sample.point.y_px * share;
        }
        let (mut tt, mut tx, mut ty) = (0.0, 0.0, 0.0);
        for sample in samples.clone() {
            let t = seconds(sample) - time;
            tt += t * t;
            tx += t * (sample.point.x_px - x);
            ty += t * (sample.point.y_px - y);
        }
        let speed_px_s = [tx / tt, ty / tt];
        // Two numbers of each axis are fitted; never fewer than one is left over.
        let left_over = count.saturating_sub(2).max(1) as f64;
        let mut spread = Covariance::default();
        for sample in samples {
            let t = seconds(sample) - time;
            let dx = sample.point.x_px - x - speed_px_s[0] * t;
            let dy = sample.point.y_px - y - speed_px_s[1] * t;
            spread.xx_px2 += dx * dx / left_over;
            spread.xy_px2 += dx * dy / left_over;
            spread.yy_px2 += dy * dy / left_over;
        }
        Some(Line {
            count,
            middle: Point::new(x, y),
            speed_px_s,
            time_spread_s2: tt,
            spread,
        })
    }

    /// Width plus height of the box around the samples since then, pixels (I-DT's dispersion).
    pub(super) fn dispersion_px(&self, since_us: i64) -> f64 {
        let start = [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        let [x0, x1, y0, y1] = self.since(since_us).fold(start, |box_px, sample| {
            let Point { x_px, y_px } = sample.point;
            [
                box_px[0].min(x_px),
                box_px[1].max(x_px),
                box_px[2].min(y_px),
                box_px[3].max(y_px),
            ]
        });
        (x1 - x0).max(0.0) + (y1 - y0).max(0.0)
    }
}
