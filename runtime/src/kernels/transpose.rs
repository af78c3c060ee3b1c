//! Rows become columns.

#[cfg(target_arch = "x86_64")]
use super::dispatch::Level;
use super::dispatch::{InstructionSet, per_instruction_set};

/// Side of the squares that are transposed in AVX-512's registers.
#[cfg(target_arch = "x86_64")]
const LARGE_SQUARE: usize = 16;

/// Writes the transpose of `values`, `rows` by `columns`, row-major, into `transposed`, whose rows
/// begin `stride` elements apart; what lies between them stays.
///
/// # Panics
/// If a slice is too short or `stride` is less than `rows`.
pub fn transpose_into(
    transposed: &mut [f32],
    stride: usize,
    values: &[f32],
    rows: usize,
    columns: usize,
) {
    transpose_strided_into(transposed, stride, (values, columns), rows, columns);
}

/// The same of values whose rows begin as far apart as is given with them.
///
/// # Panics
/// If a slice is too short, or rows of either lie closer than they are long.
pub fn transpose_strided_into(
    transposed: &mut [f32],
    stride: usize,
    (values, values_stride): (&[f32], usize),
    rows: usize,
    columns: usize,
) {
    let reaches = |slice: &[f32], stride, rows: usize, columns| {
        rows == 0 || columns == 0 || slice.len() >= (rows - 1) * stride + columns
    };
    assert!(values_stride >= columns && reaches(values, values_stride, rows, columns));
    assert!(stride >= rows && reaches(transposed, stride, columns, rows));
    let set = InstructionSet::widest();
    transpose_on(
        set,
        transposed,
        stride,
        (values, values_stride),
        rows,
        columns,
    );
}

fn transpose_on(
    set: InstructionSet,
    transposed: &mut [f32],
    stride: usize,
    (values, values_stride): (&[f32], usize),
    rows: usize,
    columns: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if set.level() == Level::Avx512 {
        let whole = [rows, columns].map(|length| length - length % LARGE_SQUARE);
        for row in (0..whole[0]).step_by(LARGE_SQUARE) {
            for column in (0..whole[1]).step_by(LARGE_SQUARE) {
                let from = &values[row * values_stride + column..];
                let to = &mut transposed[column * stride + row..];
                assert!(from.len() > 15 * values_stride + 15 && to.len() > 15 * stride + 15);
                // SAFETY: the level is one found on this processor; the last elements are there.
                unsafe { avx512::square(to.as_mut_ptr(), stride, from.as_ptr(), values_stride) };
            }
        }
        // What is beside the squares, and then what is below them.
        for (rows, first_row, first_column) in
            [(whole[0], 0, whole[1]), (rows - whole[0], whole[0], 0)]
        {
            let count = columns - first_column;
            if rows > 0 && count > 0 {
                let from = &values[first_row * values_stride + first_column..];
                let to = &mut transposed[first_column * stride + first_row..];
                small_squares_on(set, to, stride, (from, values_stride), rows, count);
            }
        }
        return;
    }
    let from = (values, values_stride);
    small_squares_on(set, transposed, stride, from, rows, columns);
}

per_instruction_set!(
    small_squares_on(transposed: &mut [f32], stride: usize, values: (&[f32], usize), rows: usize, columns: usize)
        = small_squares_body
);

/// Side of the squares that are transposed in registers.
const SQUARE: usize = 4;

#[inline(always)]
fn small_squares_body<const FUSED: bool>(
    transposed: &mut [f32],
    stride: usize,
    (values, values_stride): (&[f32], usize),
    rows: usize,
    columns: usize,
) {
    let (whole_rows, whole_columns) = (rows - rows % SQUARE, columns - columns % SQUARE);
    for row in (0..whole_rows).step_by(SQUARE) {
        let [a, b, c, d] = [0, 1, 2, 3].map(|index| {
            let (squares, _) =
                values[(row + index) * values_stride..][..columns].as_chunks::<SQUARE>();
            squares
        });
        for (index, (((a, b), c), d)) in a.iter().zip(b).zip(c).zip(d).enumerate() {
            // Every index is written out: with a loop over them, compilers go through memory.
            let lines = [
                [a[0], b[0], c[0], d[0]],
                [a[1], b[1], c[1], d[1]],
                [a[2], b[2], c[2], d[2]],
                [a[3], b[3], c[3], d[3]],
            ];
            let first = index * SQUARE * stride + row;
            transposed[first..][..SQUARE].copy_from_slice(&lines[0]);
            transposed[first + stride..][..SQUARE].copy_from_slice(&lines[1]);
            transposed[first + 2 * stride..][..SQUARE].copy_from_slice(&lines[2]);
            transposed[first + 3 * stride..][..SQUARE].copy_from_slice(&lines[3]);
        }
    }
    for row in 0..rows {
        let first = if row < whole_rows { whole_columns } else { 0 };
        for column in first..columns {
            transposed[column * stride + row] = values[row * values_stride + column];
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512 {
    use std::arch::x86_64::*;

    /// Transposes a square of 16 by 16.
    ///
    /// # Safety
    /// The processor has AVX-512; 16 elements can be read from every one of 16 rows that are `from_stride` apart, and written
    /// to as many that are `stride` apart.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn square(to: *mut f32, stride: usize, from: *const f32, from_stride: usize) {
        // SAFETY: the caller's.
        unsafe {
            let row = |row: usize| _mm512_loadu_ps(from.add(row * from_stride));
            let four = |first: usize| {
                within_quarters([row(first), row(first + 1), row(first + 2), row(first + 3)])
            };
            let quarters = [four(0), four(4), four(8), four(12)];
            for column in 0..4 {
                let columns = across_quarters(quarters.map(|rows| rows[column]));
                for (quarter, values) in columns.into_iter().enumerate() {
                    _mm512_storeu_ps(to.add((4 * quarter + column) * stride), values);
                }
            }
        }
    }

    /// Each quarter of four registers, taken as a square of 4 by 4, is transposed.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(in crate::kernels) fn within_quarters([a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        let (ab, cd) = (
            [_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)].map(|ab| _mm512_castps_pd(ab)),
            [_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d)].map(|cd| _mm512_castps_pd(cd)),
        );
        [
            _mm512_castpd_ps(_mm512_unpacklo_pd(ab[0], cd[0])),
            _mm512_castpd_ps(_mm512_unpackhi_pd(ab[0], cd[0])),
            _mm512_castpd_ps(_mm512_unpacklo_pd(ab[1], cd[1])),
            _mm512_castpd_ps(_mm512_unpackhi_pd(ab[1], cd[1])),
        ]
    }

    /// The first quarters of four registers become a register, then the second ones, and so on.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(in crate::kernels) fn across_quarters([a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        let (even, odd) = (
            [
                _mm512_shuffle_f32x4::<EVEN>(a, b),
                _mm512_shuffle_f32x4::<EVEN>(c, d),
            ],
            [
                _mm512_shuffle_f32x4::<ODD>(a, b),
                _mm512_shuffle_f32x4::<ODD>(c, d),
            ],
        );
        [
            _mm512_shuffle_f32x4::<EVEN>(even[0], even[1]),
            _mm512_shuffle_f32x4::<EVEN>(odd[0], odd[1]),
            _mm512_shuffle_f32x4::<ODD>(even[0], even[1]),
            _mm512_shuffle_f32x4::<ODD>(odd[0], odd[1]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_on_every_instruction_set() {
        for (rows, columns, gap, values_gap) in [
            (1, 1, 0, 0),
            (8, 16, 0, 5),
            (13, 64, 3, 0),
            (9, 7, 1, 2),
            (16, 16, 0, 0),
            (49, 32, 15, 64),
            (56, 64, 8, 0),
            (37, 50, 2, 14),
        ] {
            let values_stride = columns + values_gap;
            let length = (rows - 1) * values_stride + columns;
            let before: Vec<f32> = (0..length).map(|i| i as f32).collect();
            let stride = rows + gap;
            for set in InstructionSet::available() {
                let mut found = vec![9.0; (columns - 1) * stride + rows];
                let from = (&*before, values_stride);
                transpose_on(set, &mut found, stride, from, rows, columns);
                for (place, value) in found.iter().enumerate() {
                    let (c, r) = (place / stride, place % stride);
                    let expected = if r < rows {
                        before[r * values_stride + c]
                    } else {
                        9.0
                    };
                    assert_eq!(*value, expected, "{set:?}");
                }
            }
        }
    }
}
