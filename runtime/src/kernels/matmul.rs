//! Matrix products: a safe face on the `gemm` crate, which picks AVX-512, AVX2 or NEON at run time.

use gemm::Parallelism;

/// A matrix in a borrowed slice. Element (r, c) is `values[r * row_stride + c * column_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    pub(super) values: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix whose rows follow each other without gaps.
    ///
    /// # Panics
    /// If `values` is too short.
    #[must_use]
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::with_row_stride(values, rows, columns, columns)
    }

    /// A row-major matrix whose rows begin `row_stride` elements apart.
    ///
    /// # Panics
    /// If `values` is too short.
    #[must_use]
    pub fn with_row_stride(
        values: &'a [f32],
        rows: usize,
        columns: usize,
        row_stride: usize,
    ) -> Self {
        assert_fits(values.len(), rows, columns, row_stride);
        Self {
            values,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// The same elements with rows and columns exchanged.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// A matrix in a borrowed slice that can be written.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
}

impl<'a> MatrixMut<'a> {
    /// A row-major matrix whose rows follow each other without gaps.
    ///
    /// # Panics
    /// If `values` is too short.
    #[must_use]
    pub fn new(values: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::with_row_stride(values, rows, columns, columns)
    }

    /// A row-major matrix whose rows begin `row_stride` elements apart.
    ///
    /// # Panics
    /// If `values` is too short or rows overlap.
    #[must_use]
    pub fn with_row_stride(
        values: &'a mut [f32],
        rows: usize,
        columns: usize,
        row_stride: usize,
    ) -> Self {
        assert_fits(values.len(), rows, columns, row_stride);
        assert!(columns <= row_stride || rows <= 1, "rows overlap");
        Self {
            values,
            rows,
            columns,
            row_stride,
        }
    }
}

fn assert_fits(length: usize, rows: usize, columns: usize, row_stride: usize) {
    if rows == 0 || columns == 0 {
        return;
    }
    let last = (rows - 1)
        .checked_mul(row_stride)
        .and_then(|start| start.checked_add(columns - 1));
    assert!(
        last.is_some_and(|last| last < length),
        "{rows} x {columns} with rows {row_stride} apart does not fit in {length} elements"
    );
}

/// What becomes of the values that are in the product's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// They are forgotten.
    Replace,
    /// The product is added to them.
    Add,
}

/// Writes `scale * left * right` into `product`, or adds it, on the calling thread.
///
/// # Panics
/// If the shapes do not match.
pub fn matmul(
    product: MatrixMut<'_>,
    update: Update,
    scale: f32,
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
    // SAFETY: the constructors checked that the last element of each matrix, and so every one,
    // lies in its slice; slices are shorter than `isize::MAX`, so the strides do not wrap. The
    // product is borrowed mutably and thus overlaps neither factor, and its own rows do not overlap.
    unsafe {
        gemm::gemm(
            product.rows,
            product.columns,
            left.columns,
            product.values.as_mut_ptr(),
            1,
            product.row_stride as isize,
            update == Update::Add,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
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
        fn products_are_the_plain_ones(
            rows in 1usize..40, columns in 1usize..70, depth in 1usize..50,
            gaps in [0usize..4, 0usize..4, 0usize..4],
            left_transposed: bool, right_transposed: bool, add: bool, scale in -2.0f32..2.0,
        ) {
            let factor = |seed, rows: usize, columns: usize, gap, transposed| {
                let (r, c) = if transposed { (columns, rows) } else { (rows, columns) };
                (pseudo_random(seed, r * (c + gap)), r, c, c + gap)
            };
            let (left, lr, lc, ls) = factor(1, rows, depth, gaps[0], left_transposed);
            let (right, rr, rc, rs) = factor(2, depth, columns, gaps[1], right_transposed);
            let stride = columns + gaps[2];
            let before = pseudo_random(3, rows * stride);

            let left_at = |r: usize, c: usize| f64::from(if left_transposed { left[c * ls + r] } else { left[r * ls + c] });
            let right_at = |r: usize, c: usize| f64::from(if right_transposed { right[c * rs + r] } else { right[r * rs + c] });
            let mut product = before.clone();
            let mut left_matrix = Matrix::with_row_stride(&left, lr, lc, ls);
            if left_transposed { left_matrix = left_matrix.transposed(); }
            let mut right_matrix = Matrix::with_row_stride(&right, rr, rc, rs);
            if right_transposed { right_matrix = right_matrix.transposed(); }
            let update = if add { Update::Add } else { Update::Replace };
            matmul(MatrixMut::with_row_stride(&mut product, rows, columns, stride), update, scale, left_matrix, right_matrix);

            for r in 0..rows {
                for c in 0..stride {
                    let at = r * stride + c;
                    let mut expected = f64::from(before[at]);
                    if c < columns {
                        let sum: f64 = (0..depth).map(|k| left_at(r, k) * right_at(k, c)).sum();
                        expected = f64::from(scale) * sum + if add { expected } else { 0.0 };
                    }
                    prop_assert!((f64::from(product[at]) - expected).abs() < 2e-5, "({r}, {c}): {} for {expected}", product[at]);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn short_slices_are_refused() {
        let _ = Matrix::new(&[0.0; 5], 2, 3);
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn shapes_that_wrap_are_refused() {
        let _ = Matrix::new(&[0.0; 5], usize::MAX, usize::MAX / 2);
    }
}
