//! Which motion most matches agree on, however wrong the others are.

use super::fit::Match;
use super::generators::FlowModel;
use crate::geometry::{Homography, Point};

/// Samples at most.
const MOST_SAMPLES: usize = 160;
/// Sampling ends when a sample of agreeing matches has been missed with less than this probability.
const MISSED: f64 = 1e-3;

/// Seeded numbers: the same seed, the same motion.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `count`, which is at most 2^32.
    fn below(&mut self, count: usize) -> usize {
        (((self.next() >> 32) * count as u64) >> 32) as usize
    }

    /// `N` different numbers below `count`, which is at least `N`.
    fn sample<const N: usize>(&mut self, count: usize) -> [usize; N] {
        let mut picked = [0; N];
        for place in 0..N {
            // From the numbers not yet picked, counted over the picked ones in order.
            let mut number = self.below(count - place);
            let mut sorted = picked;
            sorted[..place].sort_unstable();
            for &other in &sorted[..place] {
                number += usize::from(number >= other);
            }
            picked[place] = number;
        }
        picked
    }
}

/// The map, `start` or a change of it by the model, that the matches agree on best, and how many
/// are within `tolerance` of it. Each match costs the square of its distance, at most that of the
/// tolerance.
///
/// Sources: Fischler and Bolles, "Random Sample Consensus", Communications of the ACM 24(6), 1981; the
/// cost is MSAC's, Torr and Zisserman, "MLESAC", Computer Vision and Image Understanding 78, 2000.
pub(crate) fn consensus(
    model: FlowModel,
    start: Homography,
    matches: &[Match],
    tolerance: f64,
    chance: &mut Chance,
) -> (Homography, usize) {
    let score = |map: &Homography| {
        let (mut cost, mut agreeing) = (0.0, 0);
        for m in matches {
            let share = m.residual(map) / tolerance;
            cost += (share * share).min(1.0);
            agreeing += usize::from(share < 1.0);
        }
        (cost, agreeing)
    };
    let mut best = start;
    let (mut least, mut most) = score(&start);
    if matches.len() < model.sample_size() {
        return (best, most);
    }
    let mut needed = MOST_SAMPLES as f64;
    let mut taken = 0;
    while taken < MOST_SAMPLES && (taken as f64) < needed {
        taken += 1;
        let Some(map) = sampled(model, &start, matches, chance) else {
            continue;
        };
        let (cost, agreeing) = score(&map);
        if cost < least {
            (best, least, most) = (map, cost, agreeing);
            let share = agreeing as f64 / matches.len() as f64;
            let all = share.powi(model.sample_size() as i32);
            needed = MISSED.ln() / (1.0 - all).max(1e-9).ln();
        }
    }
    (best, most)
}

/// The map through as many matches as determine the model.
fn sampled(
    model: FlowModel,
    start: &Homography,
    matches: &[Match],
    chance: &mut Chance,
) -> Option<Homography> {
    let moved = |index: usize| Some((start.apply(matches[index].source)?, matches[index].target));
    let change = match model {
        FlowModel::Translation => {
            let [index] = chance.sample(matches.len());
            let (a, b) = moved(index)?;
            Homography::translation(b.x_px - a.x_px, b.y_px - a.y_px)
        }
        FlowModel::Similarity => {
            let [first, second] = chance.sample(matches.len());
            similarity([moved(first)?, moved(second)?])?
        }
        FlowModel::Homography => {
            let picked: [usize; 4] = chance.sample(matches.len());
            let mut pairs = [(Point::default(), Point::default()); 4];
            for (pair, index) in pairs.iter_mut().zip(picked) {
                *pair = moved(index)?;
            }
            let from = projective_basis(pairs.map(|pair| pair.0))?;
            let to = projective_basis(pairs.map(|pair| pair.1))?;
            to.after(&from.inverse())
        }
    };
    Some(change.after(start))
}

/// As complex numbers: b = z a + c.
fn similarity([(a0, b0), (a1, b1)]: [(Point, Point); 2]) -> Option<Homography> {
    let (ax, ay) = (a1.x_px - a0.x_px, a1.y_px - a0.y_px);
    let (bx, by) = (b1.x_px - b0.x_px, b1.y_px - b0.y_px);
    let square = ax * ax + ay * ay;
    if square < 1e-6 {
        return None;
    }
    let (real, imaginary) = ((bx * ax + by * ay) / square, (by * ax - bx * ay) / square);
    Homography::new([
        [
            real,
            -imaginary,
            b0.x_px - real * a0.x_px + imaginary * a0.y_px,
        ],
        [
            imaginary,
            real,
            b0.y_px - imaginary * a0.x_px - real * a0.y_px,
        ],
        [0.0, 0.0, 1.0],
    ])
    .ok()
}

/// The map of (1, 0, 0), (0, 1, 0), (0, 0, 1) and (1, 1, 1) to four points.
fn projective_basis([a, b, c, d]: [Point; 4]) -> Option<Homography> {
    let columns = Homography::new([
        [a.x_px, b.x_px, c.x_px],
        [a.y_px, b.y_px, c.y_px],
        [1.0, 1.0, 1.0],
    ])
    .ok()?;
    let inverse = columns.inverse();
    let weights = inverse
        .rows()
        .map(|row| row[0] * d.x_px + row[1] * d.y_px + row[2]);
    Homography::new(columns.rows().map(|row| {
        let [x, y, z] = row;
        [x * weights[0], y * weights[1], z * weights[2]]
    }))
    .ok()
}
