//! The tiles of a product: a few rows by a few registers, whose sums stay in registers over the whole depth.

use super::super::ahead::LINE;
use super::super::vector::{Vector, prefetch};
use super::operands::Operands;

/// A product, and nothing else.
pub(super) const PLAIN: u8 = 0;

/// The right factor is put together of two.
pub(super) const BLEND: u8 = 1;

/// Something else is brought near meanwhile.
pub(super) const AHEAD: u8 = 2;

/// Lines that are asked for in each step along the depth: as much as memory gives while a tile's products are made.
pub(super) const LINES_A_STEP: usize = 2;

/// Columns from `done` on, as many as fill tiles of `VECTORS` registers; the first that is left. `MODE` is one of those
/// above.
///
/// # Safety
/// All elements of the operands can be read, those of the product also written; the processor has the
/// instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn columns_of<
    V: Vector,
    const VECTORS: usize,
    const ROWS: usize,
    const MODE: u8,
>(
    operands: &Operands,
    mut done: usize,
) -> usize {
    let width = V::LANES * VECTORS;
    while operands.columns - done >= width {
        // Tiles of nearly the same height: a last one of one row would wait for its own sums.
        let tiles = operands.rows.div_ceil(ROWS);
        let mut row = 0;
        for tile in 0..tiles {
            let rows = (operands.rows - row).div_ceil(tiles - tile);
            // SAFETY: the rows and columns lie in the product.
            unsafe { tile_of_rows::<V, VECTORS, MODE>(operands, row, rows, done) };
            row += rows;
        }
        done += width;
    }
    done
}

/// # Safety
/// As for [`columns_of`]; the tile lies in the product.
#[inline(always)]
unsafe fn tile_of_rows<V: Vector, const VECTORS: usize, const MODE: u8>(
    operands: &Operands,
    row: usize,
    rows: usize,
    column: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        match rows {
            1 => tile::<V, VECTORS, 1, MODE>(operands, row, column),
            2 => tile::<V, VECTORS, 2, MODE>(operands, row, column),
            3 => tile::<V, VECTORS, 3, MODE>(operands, row, column),
            4 => tile::<V, VECTORS, 4, MODE>(operands, row, column),
            5 => tile::<V, VECTORS, 5, MODE>(operands, row, column),
            6 => tile::<V, VECTORS, 6, MODE>(operands, row, column),
            7 => tile::<V, VECTORS, 7, MODE>(operands, row, column),
            _ => tile::<V, VECTORS, 8, MODE>(operands, row, column),
        }
    }
}

/// # Safety
/// As for [`tile_of_rows`].
#[inline(always)]
unsafe fn tile<V: Vector, const VECTORS: usize, const ROWS: usize, const MODE: u8>(
    operands: &Operands,
    row: usize,
    column: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let sums = sums_of::<V, VECTORS, ROWS, MODE>(operands, row, column);
        finish(operands, row, column, sums);
    }
}

/// A tile's sums over the depth.
///
/// # Safety
/// As for [`tile_of_rows`].
#[inline(always)]
pub(super) unsafe fn sums_of<V: Vector, const VECTORS: usize, const ROWS: usize, const MODE: u8>(
    operands: &Operands,
    row: usize,
    column: usize,
) -> [[V; VECTORS]; ROWS] {
    let Operands {
        left_row_stride,
        left_column_stride,
        right_stride,
        depth,
        ..
    } = *operands;
    // SAFETY: rows `row..row + ROWS` and columns `column..column + VECTORS * LANES` lie in the
    // product, hence also in the factors; the depth is theirs. What is blended has the right factor's
    // shape. There is a step for each row and column of codes.
    unsafe {
        let mut left = operands.left.add(row * left_row_stride);
        let mut right = operands.right.add(column);
        let mut addends = operands.addends.wrapping_add(column);
        let mut scale = [V::zero(); VECTORS];
        if MODE == BLEND {
            for (index, scale) in scale.iter_mut().enumerate() {
                *scale = V::load(operands.scale.add(column + index * V::LANES));
            }
        }
        let mut sums = [[V::zero(); VECTORS]; ROWS];
        let mut lines = match MODE {
            AHEAD => lines_of(operands, (row, ROWS), (column, V::LANES * VECTORS)),
            _ => 0..0,
        };
        // What is blended comes from far: the next group's follows.
        let next = depth * right_stride;
        for _ in 0..depth {
            if MODE == BLEND {
                for index in 0..VECTORS {
                    let offset = next + index * V::LANES;
                    prefetch(right.wrapping_add(offset));
                    prefetch(addends.wrapping_add(offset));
                }
            }
            if MODE == AHEAD {
                for line in lines.by_ref().take(LINES_A_STEP) {
                    prefetch(operands.ahead.wrapping_add(line * LINE));
                }
            }
            let mut factors = [V::zero(); VECTORS];
            for (index, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(right.add(index * V::LANES));
                if MODE == BLEND {
                    let addend = V::load(addends.add(index * V::LANES));
                    *factor = addend.plus_product(*factor, scale[index]);
                }
            }
            for (index, sums) in sums.iter_mut().enumerate() {
                let spread = V::splat(left.add(index * left_row_stride).read());
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = sum.plus_element(spread, factor);
                }
            }
            left = left.wrapping_add(left_column_stride);
            right = right.wrapping_add(right_stride);
            addends = addends.wrapping_add(right_stride);
        }
        if V::CODED {
            for (index, sums) in sums.iter_mut().enumerate() {
                let row_step = V::splat(operands.row_steps.add(row + index).read());
                for (place, sum) in sums.iter_mut().enumerate() {
                    let step = V::load(operands.column_steps.add(column + place * V::LANES));
                    *sum = sum.settled(step.times(row_step));
                }
            }
        }
        sums
    }
}

/// A tile's share of the lines to be brought near.
#[inline(always)]
fn lines_of(
    operands: &Operands,
    (row, rows): (usize, usize),
    (column, columns): (usize, usize),
) -> std::ops::Range<usize> {
    let lines = operands.ahead_length.div_ceil(LINE);
    let all = operands.rows * operands.columns;
    let first = lines * (column * operands.rows + row * columns) / all;
    first..lines.min(first + lines * rows * columns / all + 1)
}

/// Adds what a tile starts from, and writes it.
///
/// # Safety
/// As for [`tile_of_rows`].
#[inline(always)]
unsafe fn finish<V: Vector, const VECTORS: usize, const ROWS: usize>(
    operands: &Operands,
    row: usize,
    column: usize,
    sums: [[V; VECTORS]; ROWS],
) {
    let stride = operands.product_stride;
    // SAFETY: the tile lies in the product; what is started from has its shape, where it is there.
    unsafe {
        let product = operands.product.add(row * stride + column);
        let at = |index: usize, place: usize| product.add(index * stride + place * V::LANES);
        if operands.shifts.is_null() && operands.start.is_null() {
            for (index, sums) in sums.into_iter().enumerate() {
                for (place, sum) in sums.into_iter().enumerate() {
                    sum.store(at(index, place));
                }
            }
            return;
        }
        if operands.shifts.is_null() {
            for (index, sums) in sums.into_iter().enumerate() {
                for (place, sum) in sums.into_iter().enumerate() {
                    V::load(at(index, place)).add(sum).store(at(index, place));
                }
            }
            return;
        }
        let shift = |index: usize| V::splat(operands.shifts.add(row + index).read());
        if operands.start.is_null() {
            for (index, sums) in sums.into_iter().enumerate() {
                for (place, sum) in sums.into_iter().enumerate() {
                    sum.add(shift(index)).store(at(index, place));
                }
            }
            return;
        }
        let mut scale = [V::splat(1.0); VECTORS];
        if !operands.start_scale.is_null() {
            for (place, scale) in scale.iter_mut().enumerate() {
                *scale = V::load(operands.start_scale.add(column + place * V::LANES));
            }
        }
        for (index, sums) in sums.into_iter().enumerate() {
            let from = (row + index) * operands.start_stride + column;
            let start = operands.start.add(from);
            for (place, sum) in sums.into_iter().enumerate() {
                let start = V::load(start.add(place * V::LANES));
                let mut sum = sum.plus_product(start, scale[place]).add(shift(index));
                if !operands.start_addends.is_null() {
                    let addends = operands.start_addends.add(from + place * V::LANES);
                    sum = sum.add(V::load(addends));
                }
                sum.store(at(index, place));
            }
        }
    }
}
