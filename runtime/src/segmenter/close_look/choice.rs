//! Which of many masks are shown, and what each promises.

use super::super::Candidate;
use super::canvas::Seen;
use super::shown::Shown;

/// How far scores are believed: of two masks of which one has four times the score of the other, it is (their quotient to this
/// power) twice as likely what was meant. On what a model was not trained on, scores say less than they seem to.
const TRUST: f32 = 0.5;

/// Scores are at least this.
const LEAST_SCORE: f32 = 1e-5;

/// A candidate with its mask.
pub(super) struct Found {
    /// How likely it is what was meant.
    pub(super) score: f32,
    pub(super) mask: Shown,
    /// What the mask was drawn from.
    pub(super) seen: Seen,
    pub(super) candidate: Candidate,
}

/// The `count` masks that together promise most, by predicted IoU, best first.
///
/// What was meant is like one of the masks, with a probability by its score. So what a mask can be expected to share with it
/// is the mean of its intersections over unions with all of them, by their probabilities, itself included: what several looks
/// agree on promises more than what one of them is sure of. That becomes its predicted IoU. Chosen is the mask that promises
/// most, then the one by which the best of the chosen ones is expected to gain most, and so on (greedy facility location,
/// Nemhauser, Wolsey and Fisher 1978): one that is nearly the same as another adds little.
///
/// Masks that are no more than `count` all stay, and keep the model's predicted IoU: too few to speak for each other.
pub(super) fn choose(pool: Vec<Found>, count: usize) -> Vec<Found> {
    let mut chosen = match pool.len() > count {
        true => most_promising(pool, count),
        false => pool,
    };
    chosen.sort_by(|left, right| {
        let (left, right) = (&left.candidate, &right.candidate);
        right.predicted_iou.total_cmp(&left.predicted_iou)
    });
    chosen
}

fn most_promising(mut pool: Vec<Found>, count: usize) -> Vec<Found> {
    let likely = probabilities(&pool);
    let overlaps = overlaps(&pool);
    for (found, overlaps) in pool.iter_mut().zip(&overlaps) {
        let shares = overlaps.iter().zip(&likely);
        found.candidate.predicted_iou = shares.map(|(overlap, likely)| overlap * likely).sum();
    }
    // What the best of the chosen ones shares with each.
    let mut shared = vec![0.0_f32; pool.len()];
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count {
        let gain = |at: usize| -> f32 {
            let gains = overlaps[at].iter().zip(&shared).zip(&likely);
            gains
                .map(|((overlap, shared), likely)| likely * (overlap - shared).max(0.0))
                .sum()
        };
        // Of equals the first: the wide look's come first.
        let others = (0..pool.len()).rev().filter(|at| !chosen.contains(at));
        let Some(best) = others.max_by(|one, other| gain(*one).total_cmp(&gain(*other))) else {
            break;
        };
        for (shared, overlap) in shared.iter_mut().zip(&overlaps[best]) {
            *shared = shared.max(*overlap);
        }
        chosen.push(best);
    }
    let mut at = 0..;
    pool.retain(|_| at.next().is_some_and(|at| chosen.contains(&at)));
    pool
}

/// What each shares with each: row and column are the same.
fn overlaps(pool: &[Found]) -> Vec<Vec<f32>> {
    let mut overlaps = vec![vec![0.0; pool.len()]; pool.len()];
    for (row, one) in pool.iter().enumerate() {
        for (column, other) in pool.iter().enumerate().take(row + 1) {
            let overlap = one.mask.overlap(&other.mask);
            (overlaps[row][column], overlaps[column][row]) = (overlap, overlap);
        }
    }
    overlaps
}

/// How likely each is what was meant; the sum is one.
fn probabilities(pool: &[Found]) -> Vec<f32> {
    let trusted = |found: &Found| found.score.max(LEAST_SCORE).powf(TRUST);
    let sum: f32 = pool.iter().map(trusted).sum();
    pool.iter().map(|found| trusted(found) / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Bitmap;

    /// A bar of this many columns from the left.
    fn bar(columns: usize, score: f32, predicted_iou: f32) -> Found {
        let mask = Bitmap::from_fn(100, 4, |x, _| x < columns);
        Found {
            score,
            mask: Shown::of(&mask, (0, 0)),
            seen: Seen::default(),
            candidate: Candidate {
                index: columns,
                predicted_iou,
                ..Candidate::default()
            },
        }
    }

    fn chosen(pool: Vec<Found>, count: usize) -> Vec<usize> {
        let chosen = choose(pool, count);
        chosen.iter().map(|found| found.candidate.index).collect()
    }

    #[test]
    fn different_ones_that_promise_much_are_chosen() {
        let pool = || {
            vec![
                bar(50, 0.6, 0.6),
                bar(90, 0.9, 0.7),
                bar(85, 0.8, 0.9),
                bar(20, 0.5, 0.8),
            ]
        };
        // 85 of 90 columns are the same: the other two add more.
        assert_eq!(chosen(pool(), 3), [85, 50, 20]);
        assert_eq!(chosen(pool(), 1), [85]);
        // Three are asked for, and three there are.
        assert_eq!(chosen(pool().split_off(1), 3), [85, 20, 90]);
    }

    #[test]
    fn what_several_agree_on_promises_more_than_what_one_is_sure_of() {
        let pool = vec![
            bar(20, 0.9, 0.9),
            bar(60, 0.5, 0.5),
            bar(64, 0.5, 0.5),
            bar(62, 0.5, 0.5),
        ];
        let chosen = choose(pool, 2);
        let columns: Vec<usize> = chosen.iter().map(|found| found.candidate.index).collect();
        assert_eq!(columns, [62, 20]);
        // Probabilities go by the roots of the scores.
        let (sure, unsure) = (0.9_f32.sqrt(), 0.5_f32.sqrt());
        let overlaps = sure * 20.0 / 62.0 + unsure * (60.0 / 62.0 + 62.0 / 64.0 + 1.0);
        let expected = overlaps / (sure + 3.0 * unsure);
        let found = chosen[0].candidate.predicted_iou;
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn scores_that_are_none_still_choose() {
        let pool = vec![
            bar(10, f32::NAN, 0.1),
            bar(50, -1.0, 0.2),
            bar(50, 0.0, 0.3),
        ];
        assert_eq!(chosen(pool, 1), [50]);
    }

    #[test]
    fn empty_masks_are_different_from_all() {
        assert_eq!(
            chosen(vec![bar(0, 0.1, 0.1), bar(50, 0.5, 0.5)], 2),
            [50, 0]
        );
        assert_eq!(chosen(Vec::new(), 0), [0; 0]);
    }
}
