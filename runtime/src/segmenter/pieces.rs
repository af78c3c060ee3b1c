//! What of a mask hangs together.

use crate::mask::{LogitsView, MaskLogits};

/// The share of a piece with a click on it that others have at least, unless they are crumbs: single colours and textures
/// that a thing shares with what lies elsewhere.
const CRUMB: f32 = 0.1;

/// The share of a mask that each of its pieces and holes has at least, unless they are specks.
const SPECK: f32 = 0.01;

/// Looks for the pieces of masks: pixels that hang together by their sides.
#[derive(Default)]
pub(super) struct Pieces {
    /// Number of the piece of each pixel, from one; zero for those of none and those that nobody looked at.
    names: Vec<u32>,
    /// Pixels whose neighbours are to be looked at.
    next: Vec<usize>,
    /// Pixels of each piece.
    areas: Vec<usize>,
}

impl Pieces {
    /// How many pixels of a mask hang together with the one at column x and row y, and their left, top, right and bottom;
    /// none if that one is not in the mask.
    pub(super) fn around(
        &mut self,
        mask: LogitsView<'_>,
        (x, y): (usize, usize),
    ) -> (usize, [f32; 4]) {
        let at = y * mask.width + x;
        self.forget(mask);
        let (area, sides) = match mask.values[at] > 0.0 {
            true => self.follow(mask, at, 1),
            false => (0, [x, y, 0, 0]),
        };
        (area, sides.map(|side| side as f32))
    }

    /// Takes from a mask all that does not hang together with the pixel at column x and row y. -> whether anything is left,
    /// which is nothing if that one is not in the mask.
    pub(super) fn keep_around(&mut self, mask: &mut MaskLogits, place: (usize, usize)) -> bool {
        let (area, _) = self.around(mask.view(), place);
        if area == 0 {
            return false;
        }
        for (value, name) in mask.values.iter_mut().zip(&self.names) {
            if *name == 0 && *value > 0.0 {
                *value = -*value;
            }
        }
        true
    }

    /// Takes from a mask what is crumbs beside the pieces that the clicks at these columns and rows are on; beside its largest
    /// piece if they are on none.
    pub(super) fn drop_crumbs(
        &mut self,
        mask: &mut MaskLogits,
        clicks: impl Iterator<Item = (usize, usize)>,
    ) {
        self.name_all(mask.view(), true);
        let clicked = clicks
            .filter_map(|(x, y)| self.names[y * mask.width + x].checked_sub(1))
            .map(|piece| self.areas[piece as usize])
            .min();
        let Some(area) = clicked.or(self.areas.iter().copied().max()) else {
            return;
        };
        self.turn_smaller(mask, CRUMB * area as f32);
    }

    /// Takes specks from a mask, and fills holes that are as small.
    pub(super) fn drop_specks(&mut self, mask: &mut MaskLogits) {
        let area = mask.values.iter().filter(|value| **value > 0.0).count();
        for inside in [true, false] {
            self.name_all(mask.view(), inside);
            self.turn_smaller(mask, SPECK * area as f32);
        }
    }

    /// Names all pieces of what is inside of a mask, or all of what is not.
    fn name_all(&mut self, mask: LogitsView<'_>, inside: bool) {
        self.forget(mask);
        for at in 0..mask.values.len() {
            if (mask.values[at] > 0.0) == inside && self.names[at] == 0 {
                let name = self.areas.len() as u32 + 1;
                let (area, [left, top, right, bottom]) = self.follow(mask, at, name);
                let ends = left > 0 && top > 0 && right < mask.width && bottom < mask.height;
                // What lies beside a mask and reaches the side goes on beyond it.
                self.areas
                    .push(if inside || ends { area } else { usize::MAX });
            }
        }
    }

    /// Puts pieces of fewer pixels than these on the other side of the mask's edge.
    fn turn_smaller(&self, mask: &mut MaskLogits, least: f32) {
        for (value, name) in mask.values.iter_mut().zip(&self.names) {
            if let Some(piece) = name.checked_sub(1)
                && (self.areas[piece as usize] as f32) < least
            {
                *value = if *value > 0.0 {
                    -*value
                } else {
                    value.abs().max(f32::MIN_POSITIVE)
                };
            }
        }
    }

    fn forget(&mut self, mask: LogitsView<'_>) {
        let pixels = mask.values.len();
        self.names.clear();
        self.names.resize(pixels, 0);
        // No pixel waits twice, and no two pieces share a side: there is room for all.
        self.next.clear();
        self.next.reserve(pixels);
        self.areas.clear();
        self.areas.reserve(pixels.div_ceil(2));
    }

    /// Gives all pixels that hang together with one, and are inside of the mask or not as that is, a name. -> how many, and
    /// their left, top, right and bottom.
    fn follow(&mut self, mask: LogitsView<'_>, start: usize, name: u32) -> (usize, [usize; 4]) {
        let width = mask.width;
        let inside = mask.values[start] > 0.0;
        let mut visit = |at: usize, next: &mut Vec<usize>| {
            if (mask.values[at] > 0.0) == inside && self.names[at] == 0 {
                self.names[at] = name;
                next.push(at);
            }
        };
        let mut area = 0;
        let [mut left, mut top, mut right, mut bottom] = [start % width, start / width, 0, 0];
        visit(start, &mut self.next);
        while let Some(at) = self.next.pop() {
            let (x, y) = (at % width, at / width);
            area += 1;
            (left, top) = (left.min(x), top.min(y));
            (right, bottom) = (right.max(x + 1), bottom.max(y + 1));
            if x > 0 {
                visit(at - 1, &mut self.next);
            }
            if x + 1 < width {
                visit(at + 1, &mut self.next);
            }
            if y > 0 {
                visit(at - width, &mut self.next);
            }
            if y + 1 < mask.height {
                visit(at + width, &mut self.next);
            }
        }
        (area, [left, top, right, bottom])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask of 20 x 20: a square of 100 pixels, one of 12 pixels, and a single pixel that touches the first one's corner.
    fn mask() -> MaskLogits {
        let inside = |x: usize, y: usize| {
            (x < 10 && y < 10)
                || ((12..15).contains(&x) && (2..6).contains(&y))
                || (x, y) == (10, 10)
        };
        let values = (0..400).map(|at| if inside(at % 20, at / 20) { 2.0 } else { -3.0 });
        MaskLogits {
            width: 20,
            height: 20,
            values: values.collect(),
        }
    }

    fn left_of(clicks: &[(usize, usize)]) -> [bool; 3] {
        let mut mask = mask();
        Pieces::default().drop_crumbs(&mut mask, clicks.iter().copied());
        [(5, 5), (13, 3), (10, 10)].map(|(x, y)| mask.values[y * 20 + x] > 0.0)
    }

    #[test]
    fn a_piece_is_what_touches_it_by_a_side() {
        let mut pieces = Pieces::default();
        assert_eq!(
            pieces.around(mask().view(), (3, 9)),
            (100, [0.0, 0.0, 10.0, 10.0])
        );
        assert_eq!(
            pieces.around(mask().view(), (12, 2)),
            (12, [12.0, 2.0, 15.0, 6.0])
        );
        assert_eq!(pieces.around(mask().view(), (19, 19)).0, 0);
    }

    #[test]
    fn what_hangs_together_with_a_pixel_is_kept() {
        let mut kept = mask();
        assert!(Pieces::default().keep_around(&mut kept, (13, 3)));
        for (at, value) in kept.values.iter().enumerate() {
            let inside = (12..15).contains(&(at % 20)) && (2..6).contains(&(at / 20));
            assert_eq!(*value > 0.0, inside, "{at}");
        }
        let mut kept = mask();
        assert!(!Pieces::default().keep_around(&mut kept, (19, 19)));
        assert_eq!(kept, mask());
    }

    #[test]
    fn crumbs_are_small_beside_the_piece_that_was_clicked() {
        // Twelve pixels of a hundred are a piece, one is a crumb.
        assert_eq!(left_of(&[(5, 5)]), [true, true, false]);
        // One is a crumb beside twelve, too, and a hundred are none.
        assert_eq!(left_of(&[(13, 3)]), [true, true, false]);
        // Who clicks on a crumb means it.
        assert_eq!(left_of(&[(10, 10)]), [true, true, true]);
        assert_eq!(left_of(&[(5, 5), (10, 10)]), [true, true, true]);
        assert_eq!(left_of(&[(19, 19)]), [true, true, false]);
        assert_eq!(left_of(&[]), [true, true, false]);
    }

    #[test]
    fn specks_go_and_pinholes_are_filled() {
        let mut mask = mask();
        // A hole of one pixel and one of two in the square; one pixel is less than a hundredth of the mask, two are not.
        // And one at the side, which is none.
        for at in [4 * 20 + 4, 6 * 20 + 6, 6 * 20 + 7, 5 * 20] {
            mask.values[at] = 0.0;
        }
        let before = mask.clone();
        Pieces::default().drop_specks(&mut mask);
        for (at, (value, before)) in mask.values.iter().zip(&before.values).enumerate() {
            let turned = at == 4 * 20 + 4 || at == 10 * 20 + 10;
            assert_eq!((*value > 0.0) != (*before > 0.0), turned, "{at}");
        }
        mask.values.fill(-1.0);
        Pieces::default().drop_specks(&mut mask);
        assert_eq!(mask.values, [-1.0; 400]);
    }

    #[test]
    fn an_empty_mask_stays_empty() {
        let mut mask = mask();
        mask.values.fill(-1.0);
        Pieces::default().drop_crumbs(&mut mask, [(3, 3)].into_iter());
        assert_eq!(mask.values, [-1.0; 400]);
    }
}
