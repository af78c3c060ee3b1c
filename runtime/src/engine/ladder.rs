//! What can still be done before a deadline.
//!
//! From the best to the least: three candidates and the single mask, the single mask, a window around
//! the prompt, the last answer moved to this frame, the last answer as it is, nothing. The ladder
//! knows what the first four cost on this machine, from measurements, and takes the highest that is in
//! time.

use serde::{Deserialize, Serialize};

use super::quantile::RunningQuantile;

/// A rung measured so often since it was last tried anew is in use.
const IN_USE: usize = 8;
/// Prompts between two tries of a rung that is always too slow, at most.
const MOST_PATIENCE: u32 = 2048;

/// What a decoder's thread can do for a prompt, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rung {
    /// Decode the three nested candidates and the single mask.
    Candidates,
    /// Decode the single mask.
    Single,
    /// Decode the single mask in a window around the prompt alone.
    Window,
    /// Move the last answer to this frame.
    Moved,
}

impl Rung {
    /// All, best first.
    pub const ALL: [Self; 4] = [Self::Candidates, Self::Single, Self::Window, Self::Moved];
    /// Those that decode, best first.
    pub const DECODING: [Self; 3] = [Self::Candidates, Self::Single, Self::Window];

    fn index(self) -> usize {
        match self {
            Self::Candidates => 0,
            Self::Single => 1,
            Self::Window => 2,
            Self::Moved => 3,
        }
    }
}

/// How costs are judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LadderOptions {
    /// A rung costs what this share of its measurements does not exceed.
    pub share: f64,
    /// What rungs cost before they are measured, best first, microseconds.
    pub unmeasured_us: [i64; 4],
    /// Kept free before the deadline, for waking up and handing over; microseconds.
    pub margin_us: i64,
    /// After so many prompts for which a rung was too slow, half of its measurements are forgotten, so
    /// that it is tried again after a hiccup; twice as many prompts after each try in vain.
    pub forget_after: u32,
    /// Whether the decoder can decode a window alone.
    pub window: bool,
}

impl Default for LadderOptions {
    fn default() -> Self {
        Self {
            share: 0.98,
            unmeasured_us: [6_000, 5_000, 3_000, 1_000],
            margin_us: 500,
            forget_after: 16,
            window: true,
        }
    }
}

/// What the rungs cost, and which is in time. Of fixed size.
#[derive(Clone, Debug)]
pub struct Ladder {
    options: LadderOptions,
    costs: [RunningQuantile; 4],
    refused: [u32; 4],
    patience: [u32; 4],
}

impl Ladder {
    /// A ladder that has measured nothing.
    #[must_use]
    pub fn new(options: LadderOptions) -> Self {
        Self {
            options,
            costs: [RunningQuantile::new(); 4],
            refused: [0; 4],
            patience: [options.forget_after; 4],
        }
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &LadderOptions {
        &self.options
    }

    /// Takes what a rung has cost, from the start to the result; microseconds.
    pub fn measure(&mut self, rung: Rung, cost_us: i64) {
        let index = rung.index();
        self.costs[index].push(cost_us.max(0) as f64);
        self.refused[index] = 0;
        if self.costs[index].count() >= IN_USE {
            self.patience[index] = self.options.forget_after;
        }
    }

    /// What a rung costs, microseconds.
    #[must_use]
    pub fn cost_us(&self, rung: Rung) -> i64 {
        let index = rung.index();
        self.costs[index]
            .value(self.options.share)
            .map_or(self.options.unmeasured_us[index], |cost| cost as i64)
    }

    /// The best decoding rung that is done within this time, margin included; none if none is. A
    /// prompt that leaves no doubt does not need the candidates.
    pub fn decoding(&mut self, left_us: i64, ambiguous: bool) -> Option<Rung> {
        let usable_us = left_us.saturating_sub(self.options.margin_us);
        let mut best = None;
        for rung in Rung::DECODING {
            let wanted = match rung {
                Rung::Candidates => ambiguous,
                Rung::Window => self.options.window,
                Rung::Single | Rung::Moved => true,
            };
            if !wanted || best.is_some() {
                continue;
            }
            if self.cost_us(rung) <= usable_us {
                best = Some(rung);
            } else {
                self.refuse(rung);
            }
        }
        best
    }

    /// The last moment for moving the last answer, so that it is there by the deadline.
    #[must_use]
    pub fn latest_move_us(&self, deadline_us: i64) -> i64 {
        self.latest_answer_us(deadline_us)
            .saturating_sub(self.cost_us(Rung::Moved))
    }

    /// The last moment for giving what there is.
    #[must_use]
    pub fn latest_answer_us(&self, deadline_us: i64) -> i64 {
        deadline_us.saturating_sub(self.options.margin_us)
    }

    fn refuse(&mut self, rung: Rung) {
        let index = rung.index();
        self.refused[index] += 1;
        if self.refused[index] < self.patience[index] {
            return;
        }
        self.refused[index] = 0;
        let costs = &mut self.costs[index];
        for _ in 0..costs.count().div_ceil(2) {
            costs.forget_oldest();
        }
        if costs.count() == 0 {
            // The next prompt tries it. If that is in vain it is answered from a lower rung.
            self.patience[index] = self.patience[index].saturating_mul(2).min(MOST_PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_time_means_a_lower_rung() {
        let mut ladder = Ladder::new(LadderOptions::default());
        for _ in 0..20 {
            ladder.measure(Rung::Candidates, 4_000);
            ladder.measure(Rung::Single, 3_000);
            ladder.measure(Rung::Window, 1_500);
        }
        assert_eq!(ladder.decoding(4_500, true), Some(Rung::Candidates));
        assert_eq!(ladder.decoding(4_500, false), Some(Rung::Single));
        assert_eq!(ladder.decoding(4_499, true), Some(Rung::Single));
        assert_eq!(ladder.decoding(2_000, true), Some(Rung::Window));
        assert_eq!(ladder.decoding(1_999, true), None);
        assert_eq!(ladder.decoding(i64::MIN, true), None);
        assert_eq!(ladder.latest_move_us(100_000), 98_500);
    }

    #[test]
    fn a_hiccup_is_forgotten_and_slowness_is_not() {
        let mut ladder = Ladder::new(LadderOptions {
            window: false,
            ..LadderOptions::default()
        });
        ladder.measure(Rung::Single, 50_000);
        for _ in 0..10 {
            ladder.measure(Rung::Single, 3_000);
        }
        let tries = (0..100).position(|_| ladder.decoding(10_000, false).is_some());
        assert_eq!(tries, Some(16));
        let mut slow = Ladder::new(LadderOptions::default());
        let mut tries = 0;
        for _ in 0..20_000 {
            if let Some(rung) = slow.decoding(10_000, false) {
                slow.measure(rung, 50_000);
                tries += 1;
            }
        }
        assert!((10..60).contains(&tries), "{tries}");
    }
}
