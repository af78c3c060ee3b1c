//! Whether a colour is commoner in a mask than beside it.

/// Bins of a channel.
const BINS: usize = 16;

/// A histogram counts a pixel in its bin's neighbours, too, by these shares in each channel: a binomial filter.
const SHARES: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// The probability that each bin has at least, in shares of what it has where all colours are equally common.
const LEAST: f32 = 0.08;

/// Log odds are at most this far from zero.
const SUREST: f32 = 3.0;

/// Histograms of what is in a mask and of what is beside it.
#[derive(Default)]
pub(super) struct Colours {
    /// Each pixel's bin.
    bins: Vec<u16>,
    inside: Histogram,
    beside: Histogram,
    /// Log odds of each bin.
    odds: Vec<f32>,
}

impl Colours {
    /// Adds to the log odds of each pixel `factor` times those of its colour. The image is red, green and blue in 0..=1; `likely` tells how
    /// likely each pixel is in the mask.
    pub(super) fn add_odds(
        &mut self,
        image: [&[f32]; 3],
        likely: &[f32],
        factor: f32,
        odds: &mut [f32],
    ) {
        let [red, green, blue] = image;
        let bin = |value: f32| ((value * BINS as f32) as usize).min(BINS - 1);
        let colours = red.iter().zip(green).zip(blue);
        self.bins.clear();
        self.bins.extend(colours.map(|((red, green), blue)| {
            ((bin(*red) * BINS + bin(*green)) * BINS + bin(*blue)) as u16
        }));
        let weighted = self.bins.iter().zip(likely);
        self.inside
            .count(weighted.clone().map(|(bin, likely)| (*bin, *likely)));
        self.beside
            .count(weighted.map(|(bin, likely)| (*bin, 1.0 - likely)));
        let both = self.inside.shares.iter().zip(&self.beside.shares);
        self.odds.clear();
        self.odds.extend(both.map(|(inside, beside)| {
            let least = LEAST / (BINS * BINS * BINS) as f32;
            let odds = ((inside + least) / (beside + least)).ln();
            odds.clamp(-SUREST, SUREST)
        }));
        for (odds, bin) in odds.iter_mut().zip(&self.bins) {
            *odds += factor * self.odds[usize::from(*bin)];
        }
    }
}

/// How common colours are.
#[derive(Default)]
struct Histogram {
    shares: Vec<f32>,
    spread: Vec<f32>,
}

impl Histogram {
    fn count(&mut self, weighted: impl Iterator<Item = (u16, f32)>) {
        self.shares.clear();
        self.shares.resize(BINS * BINS * BINS, 0.0);
        for (bin, weight) in weighted {
            self.shares[usize::from(bin)] += weight;
        }
        let sum: f32 = self.shares.iter().sum();
        if sum > 0.0 {
            for share in &mut self.shares {
                *share /= sum;
            }
        }
        for stride in [1, BINS, BINS * BINS] {
            self.spread_by(stride);
        }
    }

    /// Spreads what is in each bin along the channel whose next bin is `stride` further on.
    fn spread_by(&mut self, stride: usize) {
        self.spread.clear();
        self.spread.resize(self.shares.len(), 0.0);
        for (at, share) in self.shares.iter().enumerate().filter(|(_, s)| **s > 0.0) {
            let bin = at / stride % BINS;
            for (step, part) in SHARES.iter().enumerate() {
                // What would fall off the end is lost, for what is in the mask as for what is beside it.
                if let Some(to) = (bin + step).checked_sub(2).filter(|to| *to < BINS) {
                    self.spread[at - bin * stride + to * stride] += part * share;
                }
            }
        }
        std::mem::swap(&mut self.shares, &mut self.spread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log odds of pixels of these greys.
    fn odds(greys: &[f32], likely: &[f32]) -> Vec<f32> {
        let mut odds = vec![0.5; greys.len()];
        Colours::default().add_odds([greys, greys, greys], likely, 1.0, &mut odds);
        odds.iter().map(|odds| odds - 0.5).collect()
    }

    #[test]
    fn colours_of_one_side_tell_and_those_of_both_do_not() {
        // White is at the end of all channels.
        let greys = [0.1, 0.1, 0.5, 0.5, 1.0, 1.0];
        let found = odds(&greys, &[1.0, 1.0, 0.5, 0.5, 0.0, 0.0]);
        assert_eq!(found[0], SUREST);
        assert!(found[2].abs() < 0.01, "{}", found[2]);
        assert_eq!(found[5], -SUREST);
    }

    #[test]
    fn a_similar_colour_tells_less_than_the_same() {
        // One bin on from what is inside, and as far again from what is beside it.
        let greys = [0.2, 0.2, 0.2, 0.2 + 1.0 / 16.0, 0.2 + 4.0 / 16.0];
        let found = odds(&greys, &[1.0, 1.0, 1.0, 0.5, 0.0]);
        assert!(
            found[0] > found[3] && found[3] > 0.1 && found[4] < -1.0,
            "{found:?}"
        );
    }

    #[test]
    fn nothing_on_one_side_tells_nothing_wild() {
        for likely in [0.0, 1.0] {
            let found = odds(&[0.0, 0.3, 0.9], &[likely; 3]);
            assert!(found.iter().all(|odds| odds.is_finite()), "{found:?}");
        }
        assert!(odds(&[], &[]).is_empty());
    }
}
