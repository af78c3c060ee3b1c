//! Row-major blocks seen by their columns, each of which belongs to one position.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::multiply_add;

/// Multiplies every row of `values` with `scale`, element by element.
///
/// # Panics
/// If `values` is no whole number of rows of the length of `scale`.
pub fn scale_columns(values: &mut [f32], scale: &[f32]) {
    assert!(values.len().is_multiple_of(scale.len()));
    scale_columns_on(InstructionSet::widest(), values, scale);
}

per_instruction_set!(scale_columns_on(values: &mut [f32], scale: &[f32]) = scale_columns_body);

#[inline(always)]
fn scale_columns_body<const FUSED: bool>(values: &mut [f32], scale: &[f32]) {
    for row in values.chunks_exact_mut(scale.len()) {
        for (value, scale) in row.iter_mut().zip(scale) {
            *value *= scale;
        }
    }
}

/// Writes every row of `values` times `scale`, element by element, into `scaled`.
///
/// # Panics
/// If the lengths differ, or are no whole number of rows of the length of `scale`.
pub fn scale_columns_into(scaled: &mut [f32], values: &[f32], scale: &[f32]) {
    assert!(scaled.len() == values.len() && values.len().is_multiple_of(scale.len()));
    scale_columns_into_on(InstructionSet::widest(), scaled, values, scale);
}

per_instruction_set!(
    scale_columns_into_on(scaled: &mut [f32], values: &[f32], scale: &[f32]) = scale_columns_into_body
);

#[inline(always)]
fn scale_columns_into_body<const FUSED: bool>(scaled: &mut [f32], values: &[f32], scale: &[f32]) {
    let rows = scaled.chunks_exact_mut(scale.len());
    for (scaled, values) in rows.zip(values.chunks_exact(scale.len())) {
        for ((scaled, value), scale) in scaled.iter_mut().zip(values).zip(scale) {
            *scaled = value * scale;
        }
    }
}

/// Writes `values * scale + shift` into `out`: `scale` by column, `shift` by row; without a scale it
/// is 1.
///
/// # Panics
/// If the lengths of `out` and `values` differ, or they are not as many rows of the length of `scale`
/// as `shifts` has elements.
pub fn affine_columns_into(out: &mut [f32], values: &[f32], scale: Option<&[f32]>, shifts: &[f32]) {
    assert!(out.len() == values.len() && out.len().is_multiple_of(shifts.len()));
    assert!(scale.is_none_or(|scale| scale.len() * shifts.len() == out.len()));
    affine_columns_into_on(InstructionSet::widest(), out, values, scale, shifts);
}

per_instruction_set!(
    affine_columns_into_on(out: &mut [f32], values: &[f32], scale: Option<&[f32]>, shifts: &[f32])
        = affine_columns_into_body
);

#[inline(always)]
fn affine_columns_into_body<const FUSED: bool>(
    out: &mut [f32],
    values: &[f32],
    scale: Option<&[f32]>,
    shifts: &[f32],
) {
    let columns = out.len() / shifts.len();
    let rows = out
        .chunks_exact_mut(columns)
        .zip(values.chunks_exact(columns));
    for ((out, values), shift) in rows.zip(shifts) {
        match scale {
            Some(scale) => {
                for ((out, value), scale) in out.iter_mut().zip(values).zip(scale) {
                    *out = multiply_add::<FUSED>(*value, *scale, *shift);
                }
            }
            None => {
                for (out, value) in out.iter_mut().zip(values) {
                    *out = value + shift;
                }
            }
        }
    }
}

/// Adds `factor` times the dot product of each column of `left` with that of `right` to `sums`.
///
/// # Panics
/// If the lengths of `left` and `right` differ, or are no whole number of rows of the length of `sums`.
pub fn add_column_dots(sums: &mut [f32], factor: f32, left: &[f32], right: &[f32]) {
    assert!(left.len() == right.len() && left.len().is_multiple_of(sums.len()));
    add_column_dots_on(InstructionSet::widest(), sums, factor, left, right);
}

per_instruction_set!(
    add_column_dots_on(sums: &mut [f32], factor: f32, left: &[f32], right: &[f32]) = add_column_dots_body
);

/// Columns whose sums stay in registers.
const TILE: usize = 64;

#[inline(always)]
fn add_column_dots_body<const FUSED: bool>(
    sums: &mut [f32],
    factor: f32,
    left: &[f32],
    right: &[f32],
) {
    let columns = sums.len();
    let whole = columns - columns % TILE;
    for first in (0..whole).step_by(TILE) {
        dot_tile::<TILE, FUSED>(sums, factor, left, right, first);
    }
    for first in whole..columns {
        dot_tile::<1, FUSED>(sums, factor, left, right, first);
    }
}

#[inline(always)]
fn dot_tile<const WIDTH: usize, const FUSED: bool>(
    sums: &mut [f32],
    factor: f32,
    left: &[f32],
    right: &[f32],
    first: usize,
) {
    let columns = sums.len();
    let mut dots = [0.0; WIDTH];
    for (left, right) in left.chunks_exact(columns).zip(right.chunks_exact(columns)) {
        let (left, right) = (&left[first..first + WIDTH], &right[first..first + WIDTH]);
        for i in 0..WIDTH {
            dots[i] = multiply_add::<FUSED>(left[i], right[i], dots[i]);
        }
    }
    for (sum, dot) in sums[first..first + WIDTH].iter_mut().zip(dots) {
        *sum = multiply_add::<FUSED>(factor, dot, *sum);
    }
}

/// Replaces each value by `1 / sqrt(value / count + epsilon)`.
pub fn inverse_deviations(values: &mut [f32], count: f32, epsilon: f32) {
    inverse_deviations_on(InstructionSet::widest(), values, count, epsilon);
}

per_instruction_set!(
    inverse_deviations_on(values: &mut [f32], count: f32, epsilon: f32) = inverse_deviations_body
);

#[inline(always)]
fn inverse_deviations_body<const FUSED: bool>(values: &mut [f32], count: f32, epsilon: f32) {
    for value in values {
        // Sums of squares whose rounding went below zero are zero; NaN stays.
        let square = if *value < 0.0 { 0.0 } else { *value };
        *value = 1.0 / (square / count + epsilon).sqrt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| (i * 7919 % 1009) as f32 / 512.0 - 1.0)
            .collect()
    }

    #[test]
    fn columns_are_scaled_and_dotted_on_every_instruction_set() {
        for columns in [1, 5, 64, 130] {
            let rows = 7;
            let left = values(rows * columns);
            let right: Vec<f32> = left.iter().rev().copied().collect();
            let scale = values(columns);
            for set in InstructionSet::available() {
                let mut scaled = left.clone();
                scale_columns_on(set, &mut scaled, &scale);
                let mut elsewhere = vec![0.0; left.len()];
                scale_columns_into_on(set, &mut elsewhere, &left, &scale);
                assert_eq!(scaled, elsewhere);
                let shifts = values(rows);
                let mut shifted = vec![0.0; left.len()];
                affine_columns_into_on(set, &mut shifted, &left, None, &shifts);
                let mut both = vec![0.0; left.len()];
                affine_columns_into_on(set, &mut both, &left, Some(&scale), &shifts);
                let mut sums = scale.clone();
                add_column_dots_on(set, &mut sums, 2.0, &left, &right);
                for c in 0..columns {
                    let mut dot = 0.0;
                    for (r, shift) in shifts.iter().enumerate() {
                        let at = r * columns + c;
                        assert_eq!(scaled[at], left[at] * scale[c], "{set:?}");
                        assert_eq!(shifted[at], left[at] + shift, "{set:?}");
                        let expected = left[at] * scale[c] + shift;
                        assert!((both[at] - expected).abs() < 1e-6, "{set:?}");
                        dot += left[at] * right[at];
                    }
                    let expected = scale[c] + 2.0 * dot;
                    assert!((sums[c] - expected).abs() < 1e-5, "{set:?}");
                }
            }
        }
    }

    #[test]
    fn deviations_are_inverted_on_every_instruction_set() {
        for set in InstructionSet::available() {
            let mut found = [0.0, 8.0, -1e-9, f32::NAN];
            inverse_deviations_on(set, &mut found, 2.0, 0.25);
            assert_eq!(found[0], 2.0);
            assert!((found[1] - 4.25_f32.sqrt().recip()).abs() < 1e-6);
            assert_eq!(found[2], 2.0);
            assert!(found[3].is_nan());
        }
    }
}
