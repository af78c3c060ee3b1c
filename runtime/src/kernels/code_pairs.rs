//! Pairs of 16-bit codes, and processors that multiply both of a pair and add them to a 32-bit sum at once: twice as
//! many multiply-adds an instruction as with floats.
//!
//! Factors are coded as `step * code`, with a step of its own for each row of a left factor and each column of a right
//! one. How large codes may be is shared so that no sum can leave its 32 bits: those of a right factor have 13 bits and
//! a sign, and the magnitudes of a left factor's row add up to at most 2^18.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::multiply_add;
use super::matmul::Matrix;

/// Dot products of pairs of codes. Holding a value is the proof that this processor has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePairDots {
    #[cfg(target_arch = "x86_64")]
    found: (),
    #[cfg(not(target_arch = "x86_64"))]
    found: std::convert::Infallible,
}

impl CodePairDots {
    /// None if this processor has none that is made use of.
    #[must_use]
    pub fn found() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("fma")
        {
            return Some(Self { found: () });
        }
        None
    }

    /// There is no value of this type on such a processor.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn never(self) -> ! {
        match self.found {}
    }
}

/// The largest code of a right factor.
const RIGHT_LIMIT: f32 = 8191.0;

/// The largest code of a left factor.
const LEFT_LIMIT: f32 = 32767.0;

/// What the magnitudes of a left factor's row add up to at most, but for the rounding of that sum: a hundredth of what is
/// left between its product with the largest code of a right factor and 2^31.
const LEFT_SUM: f32 = 262_144.0;

/// Adding 1.5 * 2^23 rounds to an integer, whose low bits are the sum's.
const ROUNDER: f32 = 12_582_912.0;

/// A factor in pairs of codes that follow each other along the depth of a product, the first in the lower half.
#[derive(Clone, Copy, Debug)]
pub struct CodePairs<'a> {
    pub(super) pairs: &'a [u32],
    /// One for each row of a left factor, each column of a right one.
    pub(super) steps: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
}

impl<'a> CodePairs<'a> {
    /// A left factor, `[rows, depth / 2]`, row-major, as [`code_left`] writes it.
    ///
    /// # Panics
    /// If `pairs` is not as many whole rows as there are steps.
    #[must_use]
    pub fn left(pairs: &'a [u32], steps: &'a [f32]) -> Self {
        assert!(
            !steps.is_empty() && pairs.len().is_multiple_of(steps.len()),
            "whole rows"
        );
        Self {
            pairs,
            steps,
            rows: steps.len(),
            columns: pairs.len() / steps.len(),
            row_stride: pairs.len() / steps.len(),
        }
    }

    /// A right factor, `[depth / 2, columns]`, row-major, as [`code_right`] writes it.
    ///
    /// # Panics
    /// If `pairs` is not whole rows of as many columns as there are steps.
    #[must_use]
    pub fn right(pairs: &'a [u32], steps: &'a [f32]) -> Self {
        assert!(
            !steps.is_empty() && pairs.len().is_multiple_of(steps.len()),
            "whole rows"
        );
        Self {
            pairs,
            steps,
            rows: pairs.len() / steps.len(),
            columns: steps.len(),
            row_stride: steps.len(),
        }
    }

    /// A left factor without all but the first pairs of each row.
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn first_columns(self, columns: usize) -> Self {
        assert!(columns <= self.columns);
        Self { columns, ..self }
    }

    /// A right factor without all but the first rows of pairs.
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn first_rows(self, rows: usize) -> Self {
        assert!(rows <= self.rows);
        Self { rows, ..self }
    }
}

/// Codes a left factor, `[rows, depth]`: pairs `[rows, depth / 2]`, and a step for each row. An odd depth is filled up
/// with zeros. A row with a value that is not finite has a step that is NaN.
///
/// # Panics
/// If the others have other lengths, or the factor's rows have gaps between their elements.
pub fn code_left(pairs: &mut [u32], steps: &mut [f32], values: Matrix<'_>) {
    assert!(values.columns > 0 && values.column_stride == 1);
    assert_eq!(steps.len(), values.rows);
    assert_eq!(pairs.len(), values.rows * values.columns.div_ceil(2));
    code_left_on(InstructionSet::widest(), pairs, steps, values);
}

per_instruction_set!(
    code_left_on(pairs: &mut [u32], steps: &mut [f32], values: Matrix<'_>) = code_left_body
);

/// Independent partial results, so that one step need not wait for the last.
const LANES: usize = 32;

#[inline(always)]
fn code_left_body<const FUSED: bool>(pairs: &mut [u32], steps: &mut [f32], values: Matrix<'_>) {
    let depth = values.columns;
    let rows = pairs.chunks_exact_mut(depth.div_ceil(2)).zip(steps);
    for (row, (pairs, step)) in rows.enumerate() {
        let values = &values.values[row * values.row_stride..][..depth];
        let (mut sums, mut largest) = ([0.0f32; LANES], [0.0f32; LANES]);
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for i in 0..LANES {
                let magnitude = chunk[i].abs();
                sums[i] += magnitude;
                largest[i] = if magnitude > largest[i] {
                    magnitude
                } else {
                    largest[i]
                };
            }
        }
        for (i, value) in rest.iter().enumerate() {
            sums[i] += value.abs();
            largest[i] = if value.abs() > largest[i] {
                value.abs()
            } else {
                largest[i]
            };
        }
        // Rounding may add half a code to each.
        let of_sum = sums.iter().sum::<f32>() / (LEFT_SUM - depth as f32);
        let largest = largest.into_iter().fold(0.0, f32::max);
        *step = (largest / LEFT_LIMIT).max(of_sum);
        if !of_sum.is_finite() {
            *step = f32::NAN;
        }
        // What is so small is coded as 0.
        let inverse = if *step > 1e-30 { 1.0 / *step } else { 0.0 };
        let code = |value: f32| multiply_add::<FUSED>(value, inverse, ROUNDER).to_bits();
        let (whole, last) = values.as_chunks::<2>();
        for (out, values) in pairs.iter_mut().zip(whole) {
            *out = code(values[0]) & 0xffff | code(values[1]) << 16;
        }
        if let [last] = last {
            pairs[whole.len()] = code(*last) & 0xffff;
        }
    }
}

/// Codes a right factor, `[depth, columns]`: pairs `[depth / 2, columns]`, and a step for each column. An odd depth is
/// filled up with zeros. A column with a value that is not finite has a step that is NaN.
///
/// # Panics
/// If `values` is no whole number of rows of as many columns as there are steps, or `pairs` has another length.
pub fn code_right(pairs: &mut [u32], steps: &mut [f32], values: &[f32]) {
    let columns = steps.len();
    assert!(columns > 0 && values.len().is_multiple_of(columns));
    assert_eq!(pairs.len(), (values.len() / columns).div_ceil(2) * columns);
    code_right_on(InstructionSet::widest(), pairs, steps, values);
}

per_instruction_set!(
    code_right_on(pairs: &mut [u32], steps: &mut [f32], values: &[f32]) = code_right_body
);

/// Columns handled together: what is known of them stays in registers.
const TILE: usize = 64;

#[inline(always)]
fn code_right_body<const FUSED: bool>(pairs: &mut [u32], steps: &mut [f32], values: &[f32]) {
    let whole = steps.len() - steps.len() % TILE;
    for first in (0..whole).step_by(TILE) {
        code_tile::<TILE, FUSED>(pairs, steps, values, first);
    }
    for first in whole..steps.len() {
        code_tile::<1, FUSED>(pairs, steps, values, first);
    }
}

#[inline(always)]
fn code_tile<const WIDTH: usize, const FUSED: bool>(
    pairs: &mut [u32],
    steps: &mut [f32],
    values: &[f32],
    first: usize,
) {
    let columns = steps.len();
    let mut largest = [0.0f32; WIDTH];
    // 0, or NaN if a value is not finite.
    let mut finite = [0.0f32; WIDTH];
    for row in values.chunks_exact(columns) {
        let row = &row[first..first + WIDTH];
        for i in 0..WIDTH {
            let magnitude = row[i].abs();
            largest[i] = if magnitude > largest[i] {
                magnitude
            } else {
                largest[i]
            };
            finite[i] = multiply_add::<FUSED>(row[i], 0.0, finite[i]);
        }
    }
    let mut inverse = [0.0f32; WIDTH];
    for i in 0..WIDTH {
        // Nothing is lost of what is so small beside a deviation, and its inverse is finite.
        let bounded = if largest[i] > 1e-30 {
            largest[i]
        } else {
            1e-30
        };
        inverse[i] = RIGHT_LIMIT / bounded;
        steps[first + i] = bounded / RIGHT_LIMIT + finite[i];
    }
    let rows = values.chunks(2 * columns);
    for (pairs, rows) in pairs.chunks_exact_mut(columns).zip(rows) {
        let pairs = &mut pairs[first..first + WIDTH];
        let (low, high) = rows.split_at(columns);
        let low = &low[first..first + WIDTH];
        for i in 0..WIDTH {
            pairs[i] = multiply_add::<FUSED>(low[i], inverse[i], ROUNDER).to_bits() & 0xffff;
        }
        if high.is_empty() {
            continue;
        }
        let high = &high[first..first + WIDTH];
        for i in 0..WIDTH {
            pairs[i] |= multiply_add::<FUSED>(high[i], inverse[i], ROUNDER).to_bits() << 16;
        }
    }
}

/// Both codes of a pair.
#[cfg(test)]
pub(super) fn codes_of(pair: u32) -> [i16; 2] {
    [pair as i16, (pair >> 16) as i16]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of different sizes, the second all zero.
    fn values(rows: usize, columns: usize) -> Vec<f32> {
        let value = |i: usize| {
            let (row, column) = (i / columns, i % columns);
            let scale = [1.0, 0.0, 1e-3, 200.0][row % 4];
            scale * (((row * 37 + column * 101) % 64) as f32 / 32.0 - 1.0)
        };
        (0..rows * columns).map(value).collect()
    }

    #[test]
    fn right_factors_are_coded_on_every_instruction_set() {
        for (rows, columns) in [(1, 1), (2, 3), (5, 64), (4, 70), (98, 64)] {
            let values = values(rows, columns);
            for set in InstructionSet::available() {
                let mut pairs = vec![1; rows.div_ceil(2) * columns];
                let mut steps = vec![0.0; columns];
                code_right_on(set, &mut pairs, &mut steps, &values);
                for (i, pair) in pairs.iter().enumerate() {
                    let (row, column) = (i / columns * 2, i % columns);
                    for (half, code) in codes_of(*pair).into_iter().enumerate() {
                        assert!(code.unsigned_abs() <= RIGHT_LIMIT as u16);
                        let value = values.get((row + half) * columns + column);
                        let value = value.copied().unwrap_or(0.0);
                        let error = (f32::from(code) * steps[column] - value).abs();
                        assert!(error <= steps[column] * 0.501, "{set:?}: {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn left_factors_are_coded_within_their_sum_on_every_instruction_set() {
        for (rows, depth) in [(1, 1), (4, 3), (5, 64), (4, 98), (3, 1000)] {
            let values = values(rows, depth);
            let half = depth.div_ceil(2);
            for set in InstructionSet::available() {
                let (mut pairs, mut steps) = (vec![1; rows * half], vec![0.0; rows]);
                code_left_on(
                    set,
                    &mut pairs,
                    &mut steps,
                    Matrix::new(&values, rows, depth),
                );
                for (row, pairs) in pairs.chunks_exact(half).enumerate() {
                    let codes: Vec<i16> = pairs.iter().flat_map(|pair| codes_of(*pair)).collect();
                    let sum: f64 = codes
                        .iter()
                        .map(|code| f64::from(code.unsigned_abs()))
                        .sum();
                    assert!(sum <= f64::from(LEFT_SUM) * (1.0 + 1e-5));
                    for (code, value) in codes.iter().zip(&values[row * depth..]).take(depth) {
                        let error = (f32::from(*code) * steps[row] - value).abs();
                        assert!(error <= steps[row] * 0.51, "{set:?}: {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_told_by_the_step() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for set in InstructionSet::available() {
                let (mut pairs, mut steps) = ([0; 3], [0.0; 3]);
                code_right_on(
                    set,
                    &mut pairs,
                    &mut steps,
                    &[1.0, value, 2.0, 1.0, 1.0, 1.0],
                );
                assert!(
                    steps[1].is_nan() && steps[0] > 0.0 && steps[2] > 0.0,
                    "{set:?}"
                );
            }
            for set in InstructionSet::available() {
                let (mut pairs, mut steps) = ([0; 2], [0.0; 2]);
                code_left_on(
                    set,
                    &mut pairs,
                    &mut steps,
                    Matrix::new(&[1.0, 2.0, value, 0.0], 2, 2),
                );
                assert!(steps[0] > 0.0 && steps[1].is_nan(), "{set:?}");
            }
        }
    }
}
