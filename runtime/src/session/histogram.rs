//! Distributions of times, in fixed memory.

/// Steps between one power of two and the next: quantiles are off by at most a 64th.
const STEPS: usize = 64;
/// Powers of two beyond the first 64 microseconds: up to nine hours.
const OCTAVES: usize = 29;

/// A distribution of times in microseconds. Of fixed size; nothing is forgotten.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    longest_us: i64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// Quantiles of a distribution, milliseconds; zeros of an empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Quantiles {
    /// Half of the times are at most this.
    #[serde(rename = "p50")]
    pub p50_ms: f64,
    /// 99 of 100 times are at most this.
    #[serde(rename = "p99")]
    pub p99_ms: f64,
    /// 999 of 1000 times are at most this.
    #[serde(rename = "p999")]
    pub p999_ms: f64,
    /// The longest time, exactly.
    #[serde(rename = "max")]
    pub max_ms: f64,
}

impl Histogram {
    /// No times yet. Allocates here and never again.
    #[must_use]
    pub fn new() -> Self {
        Self {
            counts: vec![0; STEPS * (OCTAVES + 1)],
            count: 0,
            longest_us: 0,
        }
    }

    /// Takes a time, microseconds; negative ones count as zero.
    pub fn push(&mut self, time_us: i64) {
        let time_us = time_us.max(0);
        let bin = bin(time_us.unsigned_abs()).min(self.counts.len() - 1);
        self.counts[bin] += 1;
        self.count += 1;
        self.longest_us = self.longest_us.max(time_us);
    }

    /// Times taken.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The time that this share of all does not exceed, microseconds, up to a 64th of itself.
    #[must_use]
    pub fn quantile_us(&self, share: f64) -> i64 {
        let wanted = (share.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            seen += count;
            // The last bin takes all that is longer.
            if seen >= wanted && bin + 1 < self.counts.len() {
                return last_of(bin).min(self.longest_us);
            }
        }
        self.longest_us
    }

    /// What is published of it.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        let ms = |share| self.quantile_us(share) as f64 / 1e3;
        Quantiles {
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            p999_ms: ms(0.999),
            max_ms: self.longest_us as f64 / 1e3,
        }
    }
}

/// Times below 64 have bins of their own; above, 64 bins share what lies between two powers of two.
fn bin(time_us: u64) -> usize {
    let octave = (time_us | 1).ilog2().saturating_sub(STEPS.ilog2()) as usize;
    // The first two octaves have the same width.
    (octave * STEPS) + (time_us >> octave) as usize
}

/// The longest time of a bin.
fn last_of(bin: usize) -> i64 {
    let octave = (bin / STEPS).saturating_sub(1);
    let first = (bin - octave * STEPS) as i64;
    ((first + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close_and_the_longest_is_exact() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantiles(), Quantiles::default());
        for time_us in 1..=10_000 {
            histogram.push(time_us);
        }
        for (share, expected_us) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.999, 9_990.0)] {
            let found_us = histogram.quantile_us(share) as f64;
            assert!(
                (found_us / expected_us - 1.0).abs() < 1.0 / 64.0,
                "{found_us}"
            );
        }
        assert_eq!(histogram.quantiles().max_ms, 10.0);
        histogram.push(i64::MAX);
        histogram.push(-5);
        assert_eq!(histogram.quantile_us(1.0), i64::MAX);
    }

    #[test]
    fn every_time_lies_in_its_bin() {
        for time_us in (0..5_000).chain([1 << 20, (1 << 20) - 1, 1 << 33]) {
            let bin = bin(time_us as u64);
            assert!(last_of(bin) >= time_us, "{time_us}");
            assert!(bin == 0 || last_of(bin - 1) < time_us, "{time_us}");
        }
    }
}
