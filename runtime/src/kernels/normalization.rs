//! Layer normalisation (Ba, Kiros and Hinton, arXiv 1607.06450), in place.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::multiply_add;

/// Normalises each row of a row-major matrix to mean 0 and variance 1 (divided by the length, with
/// `epsilon` added), then scales by `weight` and shifts by `bias`, element by element. The length of
/// `weight` is that of a row.
///
/// # Panics
/// If `bias` is not as long as `weight`, or `values` is no whole number of rows.
pub fn layer_norm_rows(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    assert!(weight.len() == bias.len() && values.len().is_multiple_of(weight.len()));
    layer_norm_rows_on(InstructionSet::widest(), values, weight, bias, epsilon);
}

per_instruction_set!(
    layer_norm_rows_on(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32)
        = layer_norm_rows_body
);

/// Independent partial sums, so that the additions need not wait for each other.
const LANES: usize = 32;

#[inline(always)]
fn sum_of(values: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += map(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += map(*value);
    }
    lanes.iter().sum()
}

#[inline(always)]
fn layer_norm_rows_body<const FUSED: bool>(
    values: &mut [f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    let count = weight.len() as f32;
    for row in values.chunks_exact_mut(weight.len()) {
        let mean = sum_of(row, |value| value) / count;
        let variance = sum_of(row, |value| (value - mean) * (value - mean)) / count;
        let scale = 1.0 / (variance + epsilon).sqrt();
        for ((value, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
            *value = multiply_add::<FUSED>((*value - mean) * scale, *weight, *bias);
        }
    }
}

/// The same down each column: row c of the row-major matrix is channel c, `weight[c]` and `bias[c]`
/// belong to it, and the number of rows is the length of `weight`.
///
/// # Panics
/// If `bias` is not as long as `weight`, or `values` is no whole number of columns.
pub fn layer_norm_columns(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    assert!(weight.len() == bias.len() && values.len().is_multiple_of(weight.len()));
    layer_norm_columns_on(InstructionSet::widest(), values, weight, bias, epsilon);
}

per_instruction_set!(
    layer_norm_columns_on(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32)
        = layer_norm_columns_body
);

/// Columns handled together: their statistics stay in registers, their values in the first cache.
const TILE: usize = 64;

#[inline(always)]
fn layer_norm_columns_body<const FUSED: bool>(
    values: &mut [f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    let columns = values.len() / weight.len();
    let whole = columns - columns % TILE;
    for first in (0..whole).step_by(TILE) {
        normalize_tile::<TILE, FUSED>(values, columns, first, weight, bias, epsilon);
    }
    for first in whole..columns {
        normalize_tile::<1, FUSED>(values, columns, first, weight, bias, epsilon);
    }
}

#[inline(always)]
fn normalize_tile<const WIDTH: usize, const FUSED: bool>(
    values: &mut [f32],
    columns: usize,
    first: usize,
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    let count = weight.len() as f32;
    let mut mean = [0.0f32; WIDTH];
    for row in values.chunks_exact(columns) {
        for (sum, value) in mean.iter_mut().zip(&row[first..first + WIDTH]) {
            *sum += value;
        }
    }
    for sum in &mut mean {
        *sum /= count;
    }
    let mut scale = [0.0f32; WIDTH];
    for row in values.chunks_exact(columns) {
        let row = &row[first..first + WIDTH];
        for i in 0..WIDTH {
            let deviation = row[i] - mean[i];
            scale[i] = multiply_add::<FUSED>(deviation, deviation, scale[i]);
        }
    }
    for sum in &mut scale {
        *sum = 1.0 / (*sum / count + epsilon).sqrt();
    }
    for ((row, weight), bias) in values.chunks_exact_mut(columns).zip(weight).zip(bias) {
        let row = &mut row[first..first + WIDTH];
        for i in 0..WIDTH {
            row[i] = multiply_add::<FUSED>((row[i] - mean[i]) * scale[i], *weight, *bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPSILON: f32 = 1e-5;

    /// Values with a mean far from zero, so that a one-pass variance would lose digits.
    fn matrix(rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns)
            .map(|i| 40.0 + ((i * 7919) % 1009) as f32 / 500.0)
            .collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn deviation(values: &[f64]) -> f64 {
        let mean = mean(values);
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        (squares / values.len() as f64 + f64::from(EPSILON)).sqrt()
    }

    fn exact(values: &[f64], index: usize, weight: f32, bias: f32) -> f64 {
        (values[index] - mean(values)) / deviation(values) * f64::from(weight) + f64::from(bias)
    }

    #[test]
    fn rows_and_columns_are_close_to_the_exact_ones_on_every_instruction_set() {
        for (channels, count) in [(1, 1), (7, 3), (64, 130), (129, 65)] {
            let weight: Vec<f32> = (0..channels).map(|i| 1.0 + i as f32 * 0.01).collect();
            let bias: Vec<f32> = (0..channels).map(|i| i as f32 * 0.02 - 0.5).collect();
            let rows = matrix(count, channels);
            let mut columns = vec![0.0; rows.len()];
            for r in 0..count {
                for c in 0..channels {
                    columns[c * count + r] = rows[r * channels + c];
                }
            }
            for set in InstructionSet::available() {
                let (mut by_row, mut by_column) = (rows.clone(), columns.clone());
                layer_norm_rows_on(set, &mut by_row, &weight, &bias, EPSILON);
                layer_norm_columns_on(set, &mut by_column, &weight, &bias, EPSILON);
                for r in 0..count {
                    let row: Vec<f64> = rows[r * channels..][..channels]
                        .iter()
                        .map(|v| f64::from(*v))
                        .collect();
                    for c in 0..channels {
                        let expected = exact(&row, c, weight[c], bias[c]);
                        // The mean is known to a few units in the last place of 40.
                        let tolerance = 4e-6 * 4.0 * f64::from(weight[c]) / deviation(&row);
                        for value in [by_row[r * channels + c], by_column[c * count + r]] {
                            let error = (f64::from(value) - expected).abs();
                            assert!(
                                error < tolerance,
                                "{set:?} ({r}, {c}): {value} for {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}
