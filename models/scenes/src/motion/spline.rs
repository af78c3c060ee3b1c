//! Smooth functions of time through evenly spaced samples, with exact derivatives.

/// A uniform cubic B-spline of `N` channels: twice continuously differentiable, so that speeds and
/// accelerations exist everywhere. It smooths its samples a little.
#[derive(Debug, Clone)]
pub struct Spline<const N: usize> {
    /// Seconds between samples.
    pub interval_s: f64,
    /// Samples, the first at time zero; never empty.
    pub samples: Vec<[f64; N]>,
}

impl<const N: usize> Spline<N> {
    /// Value, speed and acceleration at `time_s`; before the first and after the last sample it rests.
    pub fn at(&self, time_s: f64) -> [[f64; N]; 3] {
        let last = self.samples.len() as f64 - 1.0;
        let place = (time_s / self.interval_s).clamp(0.0, last);
        let index = place.floor();
        let u = place - index;
        let sample = |offset: f64| {
            let wanted = (index + offset).clamp(0.0, last);
            self.samples[wanted as usize]
        };
        let points = [sample(-1.0), sample(0.0), sample(1.0), sample(2.0)];
        let v = 1.0 - u;
        let weights = [
            [
                v * v * v / 6.0,
                (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
                (-3.0 * u * u * u + 3.0 * u * u + 3.0 * u + 1.0) / 6.0,
                u * u * u / 6.0,
            ],
            [
                -v * v / 2.0,
                (3.0 * u * u - 4.0 * u) / 2.0,
                (-3.0 * u * u + 2.0 * u + 1.0) / 2.0,
                u * u / 2.0,
            ],
            [v, 3.0 * u - 2.0, -3.0 * u + 1.0, u],
        ];
        let mut scale = 1.0;
        weights.map(|weights| {
            let combined = std::array::from_fn(|channel| {
                let terms = weights.iter().zip(&points);
                terms
                    .map(|(weight, point)| weight * point[channel])
                    .sum::<f64>()
                    * scale
            });
            scale /= self.interval_s;
            combined
        })
    }

    /// Seconds from the first sample to the last.
    pub fn duration_s(&self) -> f64 {
        (self.samples.len() - 1) as f64 * self.interval_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_the_value() {
        let samples = (0..40).map(|i| [libm::sin(f64::from(i) * 0.3)]).collect();
        let spline = Spline {
            interval_s: 0.02,
            samples,
        };
        for step in 5..60 {
            let time = f64::from(step) * 0.011;
            let h = 1e-5;
            let [value, speed, acceleration] = spline.at(time);
            let (before, after) = (spline.at(time - h)[0][0], spline.at(time + h)[0][0]);
            assert!(((after - before) / (2.0 * h) - speed[0]).abs() < 1e-3);
            let second = (after - 2.0 * value[0] + before) / (h * h);
            assert!(
                (second - acceleration[0]).abs() < 0.05,
                "{second} {acceleration:?}"
            );
        }
    }
}
