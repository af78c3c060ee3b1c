//! Where the elements of products are.

use std::ptr::{null, null_mut};

use super::super::ahead::Ahead;
use super::super::code_pairs::CodePairs;
use super::super::matmul::{Matrix, MatrixMut, Update};
use super::tile::LINES_A_STEP;
use super::{Groups, Start};

/// Rows of a tile of the widest registers.
const ROWS_OF_WIDEST: usize = 6;

/// Where a product's elements are; what is null is not there.
#[derive(Clone, Copy)]
pub(super) struct Operands {
    pub(super) product: *mut f32,
    pub(super) product_stride: usize,
    pub(super) left: *const f32,
    pub(super) left_row_stride: usize,
    pub(super) left_column_stride: usize,
    pub(super) right: *const f32,
    pub(super) right_stride: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) depth: usize,
    pub(super) groups: Groups,
    /// What the right factor is multiplied with and added to; both or none.
    pub(super) scale: *const f32,
    pub(super) addends: *const f32,
    /// What the product is added to; nothing if it is replaced.
    pub(super) start: *const f32,
    pub(super) start_stride: usize,
    pub(super) start_scale: *const f32,
    pub(super) start_addends: *const f32,
    pub(super) shifts: *const f32,
    /// What is brought near meanwhile, from there on so far; none if it is null.
    pub(super) ahead: *const f32,
    pub(super) ahead_length: usize,
    /// What a code of each row, and of each column, stands for; both or none.
    pub(super) row_steps: *const f32,
    pub(super) column_steps: *const f32,
}

impl Operands {
    /// One product of nothing, with nothing beside it.
    const NOTHING: Self = Self {
        product: null_mut(),
        product_stride: 0,
        left: null(),
        left_row_stride: 0,
        left_column_stride: 0,
        right: null(),
        right_stride: 0,
        rows: 0,
        columns: 0,
        depth: 0,
        groups: Groups {
            count: 1,
            product: 0,
            left: 0,
            right: 0,
        },
        scale: null(),
        addends: null(),
        start: null(),
        start_stride: 0,
        start_scale: null(),
        start_addends: null(),
        shifts: null(),
        ahead: null(),
        ahead_length: 0,
        row_steps: null(),
        column_steps: null(),
    };

    /// Of one product that replaces what is there.
    pub(super) fn of(product: &mut MatrixMut<'_>, left: &Matrix<'_>, right: &Matrix<'_>) -> Self {
        assert!(
            product.rows == left.rows
                && product.columns == right.columns
                && left.columns == right.rows,
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
        Self {
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
            ..Self::NOTHING
        }
    }

    /// Of one product that replaces what is there, or is added to it.
    pub(super) fn updating(
        product: &mut MatrixMut<'_>,
        update: Update,
        left: &Matrix<'_>,
        right: &Matrix<'_>,
    ) -> Self {
        let mut operands = Self::of(product, left, right);
        if update == Update::Add {
            operands.start = operands.product;
        }
        operands
    }

    /// Of pairs; where the product goes is not said. The elements of the factors are as large as floats, and are only
    /// moved as such.
    pub(super) fn of_pairs(left: &CodePairs<'_>, right: &CodePairs<'_>) -> Self {
        assert_eq!(left.columns, right.rows, "as many pairs along the depth");
        assert!(
            right.columns.is_multiple_of(16),
            "whole registers of columns"
        );
        Self {
            product_stride: right.columns,
            left: left.pairs.as_ptr().cast(),
            left_row_stride: left.row_stride,
            left_column_stride: 1,
            right: right.pairs.as_ptr().cast(),
            right_stride: right.columns,
            rows: left.rows,
            columns: right.columns,
            depth: left.columns,
            row_steps: left.steps.as_ptr(),
            column_steps: right.steps.as_ptr(),
            ..Self::NOTHING
        }
    }

    /// Where a product of pairs goes.
    pub(super) fn write_to(&mut self, product: &mut MatrixMut<'_>) {
        assert_eq!(
            (product.rows, product.columns, product.row_stride),
            (self.rows, self.columns, self.columns),
            "the product's shape"
        );
        self.product = product.values.as_mut_ptr();
    }

    /// What comes near meanwhile: as much as there is time for.
    pub(super) fn bring_near(&mut self, ahead: &Ahead<'_>) {
        let steps = self.rows.div_ceil(ROWS_OF_WIDEST) * self.depth;
        let piece = ahead.next(steps * LINES_A_STEP);
        (self.ahead, self.ahead_length) = (piece.as_ptr(), piece.len());
    }

    /// What the product is added to.
    pub(super) fn start_from(&mut self, start: Start<'_>) {
        let (rows, columns) = (self.rows, self.columns);
        assert_eq!(start.shifts.len(), rows, "a shift for each row");
        self.shifts = start.shifts.as_ptr();
        if let Some(values) = start.values {
            assert_eq!(values.len(), rows * columns, "of the product's shape");
            self.start = values.as_ptr();
            self.start_stride = columns;
            if let Some(scale) = start.scale {
                assert_eq!(scale.len(), columns, "a scale for each column");
                self.start_scale = scale.as_ptr();
            }
            if let Some(addends) = start.addends {
                assert_eq!(addends.len(), rows * columns, "of the product's shape");
                self.start_addends = addends.as_ptr();
            }
        }
    }

    /// Goes on to the next group.
    #[inline(always)]
    pub(super) fn advance(&mut self) {
        let Groups {
            product,
            left,
            right,
            ..
        } = self.groups;
        self.product = self.product.wrapping_add(product);
        self.left = self.left.wrapping_add(left);
        self.right = self.right.wrapping_add(right);
        self.addends = self.addends.wrapping_add(right);
    }
}

/// # Panics
/// If one of the groups' matrices does not fit in its slice.
pub(super) fn assert_groups_fit(
    groups: &Groups,
    product: &MatrixMut<'_>,
    left: &Matrix<'_>,
    right: &Matrix<'_>,
) {
    let Some(others) = groups.count.checked_sub(1) else {
        return;
    };
    let fits =
        |length: usize, step: usize, rows: usize, row: usize, columns: usize, column: usize| {
            if rows == 0 || columns == 0 {
                return true;
            }
            let last = [(others, step), (rows - 1, row), (columns - 1, column)];
            let last = last.into_iter().try_fold(0usize, |sum, (count, stride)| {
                sum.checked_add(count.checked_mul(stride)?)
            });
            last.is_some_and(|last| last < length)
        };
    assert!(
        fits(
            product.values.len(),
            groups.product,
            product.rows,
            product.row_stride,
            product.columns,
            1
        ) && fits(
            left.values.len(),
            groups.left,
            left.rows,
            left.row_stride,
            left.columns,
            left.column_stride
        ) && fits(
            right.values.len(),
            groups.right,
            right.rows,
            right.row_stride,
            right.columns,
            right.column_stride
        ),
        "{} groups do not fit",
        groups.count
    );
}
