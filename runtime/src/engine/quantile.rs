//! Running quantiles of the latest measurements.

/// Measurements kept. Enough for a 98th percentile, few enough to forget a hiccup within seconds.
const KEPT: usize = 64;

/// A quantile of the latest [`RunningQuantile::CAPACITY`] measurements. Of fixed size; older
/// measurements are forgotten, so that it follows a machine that gets hot or is shared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunningQuantile {
    values: [f64; KEPT],
    count: usize,
    next: usize,
}

impl Default for RunningQuantile {
    fn default() -> Self {
        Self::new()
    }
}

impl RunningQuantile {
    /// Measurements kept.
    pub const CAPACITY: usize = KEPT;

    /// Nothing measured yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            values: [0.0; KEPT],
            count: 0,
            next: 0,
        }
    }

    /// Takes a measurement; numbers that are not finite are ignored.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.values[self.next] = value;
        self.next = (self.next + 1) % KEPT;
        self.count = (self.count + 1).min(KEPT);
    }

    /// Forgets the oldest measurement.
    pub fn forget_oldest(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// Measurements held now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The smallest measurement that at least this share of them does not exceed; none before the
    /// first. `share` is from 0 (the least) to 1 (the largest).
    #[must_use]
    pub fn value(&self, share: f64) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let mut sorted = [0.0; KEPT];
        for (back, slot) in sorted[..self.count].iter_mut().enumerate() {
            *slot = self.values[(self.next + KEPT - 1 - back) % KEPT];
        }
        let rank = (share.clamp(0.0, 1.0) * self.count as f64).ceil() as usize;
        let rank = rank.saturating_sub(1).min(last);
        let (_, value, _) = sorted[..self.count].select_nth_unstable_by(rank, f64::total_cmp);
        Some(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_latest_measurements() {
        let mut quantile = RunningQuantile::new();
        assert_eq!(quantile.value(0.5), None);
        quantile.push(f64::NAN);
        assert_eq!(quantile.count(), 0);
        for value in 1..=10 {
            quantile.push(f64::from(value));
        }
        assert_eq!(quantile.value(0.0), Some(1.0));
        assert_eq!(quantile.value(0.5), Some(5.0));
        assert_eq!(quantile.value(0.95), Some(10.0));
        quantile.forget_oldest();
        assert_eq!(quantile.value(0.0), Some(2.0));
        for _ in 0..RunningQuantile::CAPACITY {
            quantile.push(3.0);
        }
        assert_eq!(quantile.value(1.0), Some(3.0));
        assert_eq!(quantile.count(), RunningQuantile::CAPACITY);
    }
}
