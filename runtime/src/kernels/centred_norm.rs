//! Layer normalisation of channels that add up to nothing, and the activation after it.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::{multiply_add, normal_cumulative};

/// Normalises each column of a row-major matrix whose columns add up to 0, scales and shifts it by row,
/// and applies [`super::gelu`]: what [`super::layer_norm_columns`] does without a mean to take away.
/// The last row need not be there: it is written as what the others lack to 0. There are as many rows
/// as `weight` has elements.
///
/// # Panics
/// If `bias` is not as long as `weight`, or `values` is no whole number of columns.
pub fn centred_norm_gelu(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    assert!(weight.len() == bias.len() && values.len().is_multiple_of(weight.len()));
    centred_norm_gelu_on(InstructionSet::widest(), values, weight, bias, epsilon);
}

per_instruction_set!(
    centred_norm_gelu_on(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32)
        = centred_norm_gelu_body
);

/// Columns handled together: their sums stay in registers, their values in the first cache.
const TILE: usize = 64;

#[inline(always)]
fn centred_norm_gelu_body<const FUSED: bool>(
    values: &mut [f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    let columns = values.len() / weight.len();
    let whole = columns - columns % TILE;
    for first in (0..whole).step_by(TILE) {
        tile::<TILE, FUSED>(values, columns, first, weight, bias, epsilon);
    }
    for first in whole..columns {
        tile::<1, FUSED>(values, columns, first, weight, bias, epsilon);
    }
}

#[inline(always)]
fn tile<const WIDTH: usize, const FUSED: bool>(
    values: &mut [f32],
    columns: usize,
    first: usize,
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    let others = (weight.len() - 1) * columns;
    let (known, last) = values.split_at_mut(others);
    let mut rest = [0.0f32; WIDTH];
    let mut scale = [0.0f32; WIDTH];
    for row in known.chunks_exact(columns) {
        let row = &row[first..first + WIDTH];
        for i in 0..WIDTH {
            rest[i] -= row[i];
            scale[i] = multiply_add::<FUSED>(row[i], row[i], scale[i]);
        }
    }
    let last = &mut last[first..first + WIDTH];
    let count = weight.len() as f32;
    for i in 0..WIDTH {
        last[i] = rest[i];
        let squares = multiply_add::<FUSED>(rest[i], rest[i], scale[i]);
        scale[i] = 1.0 / (squares / count + epsilon).sqrt();
    }
    for ((row, weight), bias) in values.chunks_exact_mut(columns).zip(weight).zip(bias) {
        let row = &mut row[first..first + WIDTH];
        for i in 0..WIDTH {
            let value = multiply_add::<FUSED>(row[i] * scale[i], *weight, *bias);
            row[i] = value * normal_cumulative::<FUSED>(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{gelu, layer_norm_columns};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_layer_norm_and_a_gelu_on_every_instruction_set(
            rows in 1usize..20, columns in 1usize..140, seed in 0usize..100, epsilon in 1e-6f32..1e-2,
        ) {
            let number = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0;
            let mut values: Vec<f32> = (0..rows * columns).map(number).collect();
            for column in 0..columns {
                let others: f64 = (0..rows - 1).map(|row| f64::from(values[row * columns + column])).sum();
                values[(rows - 1) * columns + column] = -others as f32;
            }
            let weight: Vec<f32> = (0..rows).map(|row| number(row + 7) + 1.5).collect();
            let bias: Vec<f32> = (0..rows).map(|row| number(row + 31)).collect();
            let mut expected = values.clone();
            layer_norm_columns(&mut expected, &weight, &bias, epsilon);
            gelu(&mut expected);

            values[(rows - 1) * columns..].fill(f32::NAN);
            for set in InstructionSet::available() {
                let mut found = values.clone();
                centred_norm_gelu_on(set, &mut found, &weight, &bias, epsilon);
                for (found, expected) in found.iter().zip(&expected) {
                    prop_assert!((found - expected).abs() < 1e-4, "{set:?}: {found} for {expected}");
                }
            }
        }
    }
}
