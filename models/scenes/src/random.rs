//! Seeded numbers: the only source of chance in this crate.

use std::f32::consts::TAU;

/// A seeded stream of numbers, the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(fastrand::Rng);

impl Random {
    /// A stream that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must give unrelated images: scramble before use.
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(fastrand::Rng::with_seed(mixed ^ (mixed >> 31)))
    }

    /// A stream of its own: what is drawn from it does not change what follows here.
    pub fn split(&mut self) -> Self {
        Self::new(self.0.u64(..))
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f32 {
        // 24 bits: every value is exact in f32.
        (self.0.u32(..) >> 8) as f32 / (1 << 24) as f32
    }

    /// A number in [low, high).
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A number in [low, high), each octave as likely as the next. Both bounds are positive.
    pub fn log_range(&mut self, low: f32, high: f32) -> f32 {
        libm::expf(self.range(libm::logf(low), libm::logf(high)))
    }

    /// A whole number in `low..=high`.
    pub fn count(&mut self, low: usize, high: usize) -> usize {
        self.0.usize(low..=high)
    }

    /// True with probability `probability`.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// A standard normal number (Box-Muller).
    pub fn normal(&mut self) -> f32 {
        let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - self.unit()));
        radius * libm::cosf(TAU * self.unit())
    }

    /// An angle in radians.
    pub fn angle(&mut self) -> f32 {
        self.unit() * TAU
    }

    /// A seed for something that keeps its own stream or hash.
    pub fn seed(&mut self) -> u32 {
        self.0.u32(..)
    }

    /// The index of a choice, as likely as its weight. Weights are not negative and not all zero.
    pub fn weighted(&mut self, weights: &[f32]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f32>();
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len() - 1
    }
}
