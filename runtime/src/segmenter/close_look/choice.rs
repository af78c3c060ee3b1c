//! Which of many masks are shown.

use super::super::Candidate;
use super::shown::Shown;

/// Masks that share more, by intersection over union, mean the same.
const SAME: f32 = 0.8;

/// A candidate with its mask.
pub(super) struct Found {
    /// How likely it is what was meant.
    pub(super) score: f32,
    pub(super) mask: Shown,
    pub(super) candidate: Candidate,
}

/// The `count` masks with the highest scores of those that do not mean the same as one of a higher score; and of those that
/// do, if there are too few others. Sorted by predicted IoU, best first.
pub(super) fn choose(mut pool: Vec<Found>, count: usize) -> Vec<Found> {
    pool.sort_by(|left, right| right.score.total_cmp(&left.score));
    let (mut chosen, mut doubles) = (Vec::<Found>::new(), Vec::new());
    for found in pool {
        let same = |one: &Found| one.mask.overlap(&found.mask) > SAME;
        match chosen.iter().any(same) {
            true => doubles.push(found),
            false => chosen.push(found),
        }
    }
    chosen.extend(doubles);
    chosen.truncate(count);
    chosen.sort_by(|left, right| {
        let (left, right) = (&left.candidate, &right.candidate);
        right.predicted_iou.total_cmp(&left.predicted_iou)
    });
    chosen
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
    fn the_likeliest_different_ones_are_chosen() {
        let pool = || {
            vec![
                bar(50, 0.6, 0.6),
                bar(90, 0.9, 0.7),
                bar(85, 0.8, 0.9),
                bar(20, 0.5, 0.8),
            ]
        };
        // 85 of 90 columns are the same; what remains is sorted by predicted IoU.
        assert_eq!(chosen(pool(), 3), [20, 90, 50]);
        assert_eq!(chosen(pool(), 1), [90]);
        // Three are asked for, and three there are.
        assert_eq!(chosen(pool().split_off(1), 3), [85, 20, 90]);
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
