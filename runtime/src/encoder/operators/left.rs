//! The rows that a product multiplies: those of a matrix, or patches of an image.

use std::sync::Arc;

use super::view::ValueId;
use crate::kernels::TILE_ROWS;

/// Where the rows of the left factor are.
#[derive(Debug)]
pub(super) enum Left {
    /// As many elements as the weights are deep, from each of these places on.
    Rows { value: ValueId, rows: Arc<[u32]> },
    /// Patches of an image.
    Patches(Patches),
}

/// The patches that a convolution takes from an image whose channels lie next to each other.
#[derive(Debug)]
pub(super) struct Patches {
    pub(super) value: ValueId,
    /// Where each row begins, without what a column adds.
    pub(super) rows: Arc<[u32]>,
    /// What each column adds.
    pub(super) columns: Arc<[u32]>,
    pub(super) channels: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
    /// Zeros above and left.
    pub(super) padding: [usize; 2],
    /// Columns of the output.
    pub(super) out_columns: usize,
    /// Whether the taps of a kernel's row lie next to each other too.
    pub(super) adjacent: bool,
}

impl Patches {
    /// Row and column of an output's first tap, zeros above and left included.
    pub(super) fn corner(&self, row: usize) -> [usize; 2] {
        let (y, x) = (row / self.out_columns, row % self.out_columns);
        [y * self.stride[0], x * self.stride[1]]
    }

    /// Where a tap's channels begin; none in the zeros around the image.
    pub(super) fn tap(&self, corner: [usize; 2], y: usize, x: usize) -> Option<usize> {
        let row = (corner[0] + y * self.dilation[0]).checked_sub(self.padding[0])?;
        let column = (corner[1] + x * self.dilation[1]).checked_sub(self.padding[1])?;
        Some(*self.rows.get(row)? as usize + *self.columns.get(column)? as usize)
    }
}

impl Left {
    pub(super) fn value(&self) -> ValueId {
        match self {
            Self::Rows { value, .. } => *value,
            Self::Patches(patches) => patches.value,
        }
    }

    /// As many zeros as a part may have.
    pub(super) fn zeros<T: Copy>(&self, zero: T) -> Vec<T> {
        match self {
            Self::Rows { .. } => Vec::new(),
            Self::Patches(patches) => vec![zero; patches.channels * patches.kernel[1]],
        }
    }

    /// Whether rows come in many parts of fewer elements than `short`.
    pub(super) fn is_fragmented(&self, short: usize) -> bool {
        match self {
            Self::Rows { .. } => false,
            Self::Patches(patches) => {
                let across = if patches.adjacent {
                    patches.kernel[1]
                } else {
                    1
                };
                let parts = patches.kernel[0] * patches.kernel[1] / across;
                parts > 1 && patches.channels * across < short
            }
        }
    }

    /// The parts of a tile's rows of `depth` elements; the last row again and again where there are no more.
    pub(super) fn gather<'a, T>(
        &self,
        values: &'a [T],
        depth: usize,
        first_row: usize,
        count: usize,
        zeros: &'a [T],
        parts: &mut Vec<[&'a [T]; TILE_ROWS]>,
    ) {
        parts.clear();
        match self {
            Self::Rows { rows, .. } => {
                parts.push(std::array::from_fn(|index| {
                    let row = rows[first_row + index.min(count - 1)];
                    &values[row as usize..][..depth]
                }));
            }
            Self::Patches(patches) => patches.gather(values, first_row, count, zeros, parts),
        }
    }
}

impl Patches {
    /// See [`Left::gather`].
    fn gather<'a, T>(
        &self,
        values: &'a [T],
        first_row: usize,
        count: usize,
        zeros: &'a [T],
        parts: &mut Vec<[&'a [T]; TILE_ROWS]>,
    ) {
        let [height, width] = self.kernel;
        let corner = self.corner(first_row);
        // Divisions for every row would take as long as what is gathered.
        if let Some(column) = self.column_of_all(corner, count) {
            let (length, step) = (width * self.channels, self.stride[1] * self.channels);
            let span = (count - 1) * step + length;
            for y in 0..height {
                let row = (corner[0] + y * self.dilation[0]).checked_sub(self.padding[0]);
                parts.push(match row.and_then(|row| self.rows.get(row)) {
                    Some(row) => {
                        let span = &values[(row + column) as usize..][..span];
                        std::array::from_fn(|index| &span[index.min(count - 1) * step..][..length])
                    }
                    None => [&zeros[..length]; TILE_ROWS],
                });
            }
            return;
        }
        let end = self.out_columns * self.stride[1];
        let mut next = corner;
        let corners: [[usize; 2]; TILE_ROWS] = std::array::from_fn(|index| {
            let corner = next;
            if index + 1 < count {
                next[1] += self.stride[1];
                if next[1] == end {
                    next = [next[0] + self.stride[0], 0];
                }
            }
            corner
        });
        for y in 0..height {
            for x in 0..width {
                parts.push(corners.map(|corner| match self.tap(corner, y, x) {
                    Some(place) => &values[place..][..self.channels],
                    None => &zeros[..self.channels],
                }));
            }
        }
    }

    /// What the first column adds of the patches from `corner` on, if all of them are neighbours in a row, and the taps in
    /// each row of theirs lie next to each other inside the image.
    fn column_of_all(&self, corner: [usize; 2], count: usize) -> Option<u32> {
        let last = corner[1] + (count - 1) * self.stride[1];
        let first_tap = corner[1].checked_sub(self.padding[1])?;
        let last_tap = (last + self.kernel[1] - 1) - self.padding[1];
        let together = self.adjacent
            && last < self.out_columns * self.stride[1]
            && last_tap < self.columns.len();
        together.then(|| self.columns[first_tap])
    }
}
