//! What is needed next is brought near while something else is computed.

use std::cell::Cell;

/// Floats of a line of a processor's cache.
pub(super) const LINE: usize = 16;

/// Slices that are read soon, brought near piece by piece by products that have enough to do meanwhile.
#[derive(Debug, Default)]
pub struct Ahead<'a> {
    slices: [Cell<&'a [f32]>; 4],
}

impl<'a> Ahead<'a> {
    /// In this order.
    #[must_use]
    pub fn of(slices: [&'a [f32]; 4]) -> Self {
        Self {
            slices: slices.map(Cell::new),
        }
    }

    /// The next piece, at most so many lines.
    pub(super) fn next(&self, lines: usize) -> &'a [f32] {
        let rest = self.slices.iter().find(|slice| !slice.get().is_empty());
        let Some(slice) = rest else { return &[] };
        let (piece, rest) = slice.get().split_at(slice.get().len().min(lines * LINE));
        slice.set(rest);
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slice_comes_in_pieces() {
        let values = [0.0; 40];
        let ahead = Ahead::of([&[], &values[..40], &[], &values[..3]]);
        let lengths: Vec<usize> = (0..5).map(|_| ahead.next(1).len()).collect();
        assert_eq!(lengths, [16, 16, 8, 3, 0]);
        assert!(Ahead::default().next(3).is_empty());
    }
}
