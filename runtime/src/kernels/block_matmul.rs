//! Products of matrices that are in the cache already: without packing, copies or memory of its own.
//!
//! The sums of a tile, a few rows by a few registers, stay in registers over the whole depth. The
//! right factor is read in order; of the left one, one element at a time is spread over a register,
//! so it may lie in any order.

use super::dispatch::{InstructionSet, Level};
use super::matmul::{Matrix, MatrixMut, Update};
use super::vector::Vector;

/// Writes `left * right` into `product`, or adds it. Meant for matrices of some ten to a few hundred
/// rows and columns; [`super::matmul`] is for larger ones.
///
/// # Panics
/// If the shapes do not match, or the rows of `right` have gaps between their elements.
pub fn block_matmul(product: MatrixMut<'_>, update: Update, left: Matrix<'_>, right: Matrix<'_>) {
    block_matmul_on(InstructionSet::widest(), product, update, left, right);
}

/// Where a product's elements are.
#[derive(Clone, Copy)]
struct Operands {
    product: *mut f32,
    product_stride: usize,
    left: *const f32,
    left_row_stride: usize,
    left_column_stride: usize,
    right: *const f32,
    right_stride: usize,
    rows: usize,
    columns: usize,
    depth: usize,
    add: bool,
}

fn block_matmul_on(
    set: InstructionSet,
    product: MatrixMut<'_>,
    update: Update,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    assert!(
        product.rows == left.rows && product.columns == right.columns && left.columns == right.rows,
        "({} x {}) = ({} x {}) ({} x {})",
        product.rows,
        product.columns,
        left.rows,
        left.columns,
        right.rows,
        right.columns
    );
    assert!(
        right.column_stride == 1 || right.columns <= 1,
        "the right factor's rows have gaps"
    );
    let operands = Operands {
        product: product.values.as_mut_ptr(),
        product_stride: product.row_stride,
        left: left.values.as_ptr(),
        left_row_stride: left.row_stride,
        left_column_stride: left.column_stride,
        right: right.values.as_ptr(),
        right_stride: right.row_stride,
        rows: product.rows,
        columns: product.columns,
        depth: left.columns,
        add: update == Update::Add,
    };
    // SAFETY: the constructors of the matrices checked that their last element, and so every one,
    // lies in its slice, and the product is borrowed mutably, so it overlaps neither factor; an
    // `InstructionSet` holds only a level found on this processor.
    unsafe {
        match set.level() {
            Level::Baseline => baseline(operands),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(operands),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(operands),
        }
    }
}

/// # Safety
/// All elements of the operands can be read, those of the product also written.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512(operands: Operands) {
    use std::arch::x86_64::{__m128, __m256, __m512};
    // SAFETY: the caller's operands; this function's instruction set.
    unsafe {
        let mut done = 0;
        done = columns_of::<__m512, 4, 6>(operands, done);
        done = columns_of::<__m512, 3, 8>(operands, done);
        done = columns_of::<__m512, 2, 8>(operands, done);
        done = columns_of::<__m512, 1, 8>(operands, done);
        done = columns_of::<__m256, 1, 8>(operands, done);
        done = columns_of::<__m128, 1, 8>(operands, done);
        columns_of::<f32, 1, 8>(operands, done);
    }
}

/// # Safety
/// All elements of the operands can be read, those of the product also written.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(operands: Operands) {
    use std::arch::x86_64::{__m128, __m256};
    // SAFETY: the caller's operands; this function's instruction set.
    unsafe {
        let mut done = 0;
        done = columns_of::<__m256, 2, 6>(operands, done);
        done = columns_of::<__m256, 1, 8>(operands, done);
        done = columns_of::<__m128, 1, 8>(operands, done);
        columns_of::<f32, 1, 8>(operands, done);
    }
}

/// # Safety
/// All elements of the operands can be read, those of the product also written.
unsafe fn baseline(operands: Operands) {
    // SAFETY: the caller's operands; every processor of these architectures has these registers.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        let done = columns_of::<std::arch::x86_64::__m128, 2, 6>(operands, 0);
        #[cfg(target_arch = "aarch64")]
        let done = columns_of::<std::arch::aarch64::float32x4_t, 4, 6>(operands, 0);
        #[cfg(target_arch = "aarch64")]
        let done = columns_of::<std::arch::aarch64::float32x4_t, 1, 8>(operands, done);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let done = 0;
        columns_of::<f32, 1, 8>(operands, done);
    }
}

/// Columns from `done` on, as many as fill tiles of `VECTORS` registers; the first that is left.
///
/// # Safety
/// As for [`avx512`], and the processor has the instruction set of `V`.
#[inline(always)]
unsafe fn columns_of<V: Vector, const VECTORS: usize, const ROWS: usize>(
    operands: Operands,
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
            unsafe { tile_of_rows::<V, VECTORS>(operands, row, rows, done) };
            row += rows;
        }
        done += width;
    }
    done
}

/// # Safety
/// As for [`columns_of`]; the tile lies in the product.
#[inline(always)]
unsafe fn tile_of_rows<V: Vector, const VECTORS: usize>(
    operands: Operands,
    row: usize,
    rows: usize,
    column: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        match rows {
            1 => tile::<V, VECTORS, 1>(operands, row, column),
            2 => tile::<V, VECTORS, 2>(operands, row, column),
            3 => tile::<V, VECTORS, 3>(operands, row, column),
            4 => tile::<V, VECTORS, 4>(operands, row, column),
            5 => tile::<V, VECTORS, 5>(operands, row, column),
            6 => tile::<V, VECTORS, 6>(operands, row, column),
            7 => tile::<V, VECTORS, 7>(operands, row, column),
            _ => tile::<V, VECTORS, 8>(operands, row, column),
        }
    }
}

/// # Safety
/// As for [`tile_of_rows`].
#[inline(always)]
unsafe fn tile<V: Vector, const VECTORS: usize, const ROWS: usize>(
    operands: Operands,
    row: usize,
    column: usize,
) {
    let Operands {
        product_stride,
        left_row_stride,
        left_column_stride,
        right_stride,
        depth,
        ..
    } = operands;
    // SAFETY: rows `row..row + ROWS` and columns `column..column + VECTORS * LANES` lie in the
    // product, hence also in the factors; the depth is theirs.
    unsafe {
        let mut left = operands.left.add(row * left_row_stride);
        let mut right = operands.right.add(column);
        let mut sums = [[V::zero(); VECTORS]; ROWS];
        for _ in 0..depth {
            let mut factors = [V::zero(); VECTORS];
            for (index, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(right.add(index * V::LANES));
            }
            for (index, sums) in sums.iter_mut().enumerate() {
                let spread = V::splat(left.add(index * left_row_stride).read());
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = sum.plus_product(spread, factor);
                }
            }
            left = left.wrapping_add(left_column_stride);
            right = right.wrapping_add(right_stride);
        }
        let product = operands.product.add(row * product_stride + column);
        for (index, sums) in sums.iter().enumerate() {
            for (place, sum) in sums.iter().enumerate() {
                let to = product.add(index * product_stride + place * V::LANES);
                let sum = if operands.add {
                    V::load(to).add(*sum)
                } else {
                    *sum
                };
                sum.store(to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pseudo_random(seed: usize, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
            .collect()
    }

    proptest! {
        #[test]
        fn products_are_the_plain_ones_on_every_instruction_set(
            rows in 0usize..40, columns in 0usize..140, depth in 0usize..50,
            gaps in [0usize..4, 0usize..4, 0usize..4],
            left_transposed: bool, add: bool,
        ) {
            let (lr, lc) = if left_transposed { (depth, rows) } else { (rows, depth) };
            let left_stride = lc + gaps[0];
            let left = pseudo_random(1, lr * left_stride);
            let right_stride = columns + gaps[1];
            let right = pseudo_random(2, depth * right_stride);
            let stride = columns + gaps[2];
            let before = pseudo_random(3, rows * stride);
            let left_at = |r: usize, c: usize| f64::from(if left_transposed { left[c * left_stride + r] } else { left[r * left_stride + c] });
            let update = if add { Update::Add } else { Update::Replace };

            for set in InstructionSet::available() {
                let mut product = before.clone();
                let mut left_matrix = Matrix::with_row_stride(&left, lr, lc, left_stride);
                if left_transposed { left_matrix = left_matrix.transposed(); }
                let right_matrix = Matrix::with_row_stride(&right, depth, columns, right_stride);
                block_matmul_on(set, MatrixMut::with_row_stride(&mut product, rows, columns, stride), update, left_matrix, right_matrix);
                for r in 0..rows {
                    for c in 0..stride {
                        let at = r * stride + c;
                        let mut expected = f64::from(before[at]);
                        if c < columns {
                            let sum: f64 = (0..depth).map(|k| left_at(r, k) * f64::from(right[k * right_stride + c])).sum();
                            expected = sum + if add { expected } else { 0.0 };
                        }
                        prop_assert!((f64::from(product[at]) - expected).abs() < 2e-5, "{set:?} ({r}, {c}): {} for {expected}", product[at]);
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "gaps")]
    fn a_right_factor_with_gaps_is_refused() {
        let values = [0.0; 4];
        let mut product = [0.0; 4];
        block_matmul(
            MatrixMut::new(&mut product, 2, 2),
            Update::Replace,
            Matrix::new(&values, 2, 2),
            Matrix::new(&values, 2, 2).transposed(),
        );
    }
}
