//! What numbers a value takes, and which part of them 8 bits cover.

use serde::{Deserialize, Serialize};

/// Parts that the numbers between the least and the greatest are counted in.
const BINS: usize = 2048;

/// Parts of the whole range that are tried by methods that search.
const TRIALS: usize = 64;

/// How the part that 8 bits cover is chosen. What lies outside is clipped to its ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RangeMethod {
    /// All that was seen.
    MinMax,
    /// All but this fraction of the numbers at each end.
    Percentile(f64),
    /// The part whose distribution, quantised, tells most about that of the whole (Kullback and Leibler).
    Entropy,
    /// The part with the least mean squared error.
    Mse,
}

/// The numbers that a value took.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    least: f32,
    greatest: f32,
    counts: Vec<u64>,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            least: f32::INFINITY,
            greatest: f32::NEG_INFINITY,
            counts: Vec::new(),
        }
    }
}

impl Distribution {
    /// Takes numbers into the least and the greatest.
    pub(crate) fn widen(&mut self, values: &[f32]) {
        for value in values {
            self.least = self.least.min(*value);
            self.greatest = self.greatest.max(*value);
        }
    }

    /// Counts numbers, all of which have been taken into the least and the greatest.
    pub(crate) fn count(&mut self, values: &[f32]) {
        self.counts.resize(BINS, 0);
        let width = self.bin_width();
        for value in values {
            let bin = ((value - self.least) / width) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    fn bin_width(&self) -> f32 {
        ((self.greatest - self.least) / BINS as f32).max(f32::MIN_POSITIVE)
    }

    fn middle(&self, bin: usize) -> f64 {
        f64::from(self.least) + (bin as f64 + 0.5) * f64::from(self.bin_width())
    }

    /// The part that is covered by integers of this kind.
    pub(crate) fn range(&self, method: RangeMethod, integers: Integers) -> Range {
        let (least, greatest) = (self.least.min(0.0), self.greatest.max(0.0));
        if greatest <= least || !least.is_finite() || !greatest.is_finite() {
            return Range::new(0.0, 1.0, integers);
        }
        let part = |trial: usize| {
            let fraction = trial as f32 / TRIALS as f32;
            Range::new(least * fraction, greatest * fraction, integers)
        };
        let search = |cost: &dyn Fn(&Range) -> f64| {
            let mut best = (f64::INFINITY, part(TRIALS));
            for trial in (TRIALS / 8..=TRIALS).rev() {
                let range = part(trial);
                let cost = cost(&range);
                if cost < best.0 {
                    best = (cost, range);
                }
            }
            best.1
        };
        match method {
            RangeMethod::MinMax => part(TRIALS),
            RangeMethod::Percentile(fraction) => {
                let (low, high) = (self.quantile(fraction), self.quantile(1.0 - fraction));
                Range::new(
                    (low as f32).max(least).min(0.0),
                    (high as f32).min(greatest).max(0.0),
                    integers,
                )
            }
            RangeMethod::Mse => search(&|range| self.squared_error(range)),
            RangeMethod::Entropy => search(&|range| self.divergence(range)),
        }
    }

    fn quantile(&self, fraction: f64) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let wanted = fraction * total as f64;
        let mut below = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            below += count;
            if below as f64 >= wanted {
                return self.middle(bin);
            }
        }
        f64::from(self.greatest)
    }

    fn squared_error(&self, range: &Range) -> f64 {
        let error = |(bin, count): (usize, &u64)| {
            let value = self.middle(bin);
            let error = value - f64::from(range.rounded(value as f32));
            *count as f64 * error * error
        };
        self.counts.iter().enumerate().map(error).sum()
    }

    /// How little the quantised distribution tells of this one, in nats.
    fn divergence(&self, range: &Range) -> f64 {
        // Bins that become one integer share what falls into it; clipped ones fall into the ends.
        let mut masses = [0.0f64; 256];
        let mut members = [0u32; 256];
        let level = |bin: usize| {
            let value = (self.middle(bin) as f32 / range.scale).round_ties_even();
            let (low, _) = range.limits();
            (value.clamp(range.limits().0, range.limits().1) - low) as usize
        };
        let total: u64 = self.counts.iter().sum();
        for (bin, count) in self.counts.iter().enumerate() {
            masses[level(bin)] += *count as f64;
            // Clipped bins have no share of their own: the quantised distribution does not reach them.
            let inside = range.covers(self.middle(bin) as f32);
            members[level(bin)] += u32::from(*count > 0 && inside);
        }
        let mut divergence = 0.0;
        for (bin, count) in self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            let level = level(bin);
            let share = match range.covers(self.middle(bin) as f32) {
                true => masses[level] / f64::from(members[level].max(1)),
                false => 1e-3,
            };
            let count = *count as f64;
            divergence += count / total as f64 * (count / share).ln();
        }
        divergence
    }
}

/// Which integers activations become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Integers {
    /// 0 to 255, of which one stands for zero; what has no negative numbers gets all 256.
    Unsigned,
    /// -128 to 127, of which 0 stands for zero.
    Symmetric,
}

/// Integers for a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The number that one integer more is more.
    pub scale: f32,
    /// The integer that stands for zero.
    pub zero_point: i32,
    /// Which integers there are.
    pub integers: Integers,
}

impl Range {
    fn new(least: f32, greatest: f32, integers: Integers) -> Self {
        let (scale, zero_point) = match integers {
            Integers::Symmetric => (least.abs().max(greatest.abs()) / 127.0, 0),
            Integers::Unsigned => {
                let scale = (greatest - least) / 255.0;
                (scale, (-least / scale).round_ties_even() as i32)
            }
        };
        let scale = scale.max(f32::MIN_POSITIVE);
        Self {
            scale,
            zero_point: zero_point.clamp(0, 255),
            integers,
        }
    }

    /// The least and the greatest integer, counted from the one that stands for zero.
    pub(crate) fn limits(&self) -> (f32, f32) {
        let (least, greatest) = match self.integers {
            Integers::Unsigned => (0, 255),
            Integers::Symmetric => (-128, 127),
        };
        (
            (least - self.zero_point) as f32,
            (greatest - self.zero_point) as f32,
        )
    }

    /// A number as it is after quantisation.
    pub(crate) fn rounded(&self, value: f32) -> f32 {
        let (least, greatest) = self.limits();
        (value / self.scale)
            .round_ties_even()
            .clamp(least, greatest)
            * self.scale
    }

    fn covers(&self, value: f32) -> bool {
        let (least, greatest) = self.limits();
        let integer = value / self.scale;
        (least - 0.5..=greatest + 0.5).contains(&integer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [RangeMethod; 4] = [
        RangeMethod::MinMax,
        RangeMethod::Percentile(1e-3),
        RangeMethod::Entropy,
        RangeMethod::Mse,
    ];

    fn distribution(values: &[f32]) -> Distribution {
        let mut distribution = Distribution::default();
        distribution.widen(values);
        distribution.count(values);
        distribution
    }

    /// Ten thousand numbers of a bell of width 1, and one of 100.
    fn with_an_outlier() -> Vec<f32> {
        let mut state = 1u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut values: Vec<f32> = (0..10_000)
            .map(|_| (0..12).map(|_| uniform()).sum())
            .collect();
        values.push(100.0);
        values
    }

    #[test]
    fn all_that_was_seen_is_covered() {
        let range = distribution(&[-1.0, 0.5, 3.0]).range(RangeMethod::MinMax, Integers::Unsigned);
        assert_eq!(range.scale, 4.0 / 255.0);
        assert_eq!(range.zero_point, 64);
        assert!((range.rounded(3.0) - 3.0).abs() <= range.scale);
        let range = distribution(&[-1.0, 0.5, 3.0]).range(RangeMethod::MinMax, Integers::Symmetric);
        assert_eq!((range.scale, range.zero_point), (3.0 / 127.0, 0));
    }

    #[test]
    fn zero_stays_zero() {
        for values in [&[0.25f32, 1.0, 7.3][..], &[-3.0, -1.0], &[-0.3, 4.0]] {
            for integers in [Integers::Unsigned, Integers::Symmetric] {
                for method in METHODS {
                    let range = distribution(values).range(method, integers);
                    assert_eq!(range.rounded(0.0), 0.0);
                    assert!((0..=255).contains(&range.zero_point));
                }
            }
        }
    }

    #[test]
    fn what_is_never_negative_gets_all_integers() {
        let range = distribution(&[0.0, 2.0, 5.1]).range(RangeMethod::MinMax, Integers::Unsigned);
        assert_eq!((range.scale, range.zero_point), (5.1 / 255.0, 0));
    }

    #[test]
    fn outliers_are_clipped_by_those_who_search() {
        let values = with_an_outlier();
        let distribution = distribution(&values);
        let error = |method| {
            let range = distribution.range(method, Integers::Symmetric);
            let inner = &values[..values.len() - 1];
            inner
                .iter()
                .map(|value| (value - range.rounded(*value)).powi(2))
                .sum::<f32>()
        };
        let whole = error(RangeMethod::MinMax);
        for method in [RangeMethod::Percentile(1e-3), RangeMethod::Entropy] {
            assert!(error(method) < 0.1 * whole, "{method:?}");
        }
        // To this one the outlier is worth its price: it is the least of all in sum.
        let sum = |method| {
            let range = distribution.range(method, Integers::Symmetric);
            values
                .iter()
                .map(|value| (value - range.rounded(*value)).powi(2))
                .sum::<f32>()
        };
        for method in METHODS {
            assert!(sum(RangeMethod::Mse) <= 1.01 * sum(method), "{method:?}");
        }
    }

    #[test]
    fn nothing_and_nothing_but_zeros_have_a_range() {
        for values in [&[][..], &[0.0; 4]] {
            for method in METHODS {
                let range = distribution(values).range(method, Integers::Unsigned);
                assert!(range.scale > 0.0);
                assert_eq!(range.rounded(0.0), 0.0);
            }
        }
    }
}
