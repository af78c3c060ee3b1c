//! Softmax, in place.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::softmax_weight;
use super::vector::{ColumnTile, Vector, on_columns, per_vector};

/// Softmax along each row of a row-major matrix with `columns` columns.
///
/// # Panics
/// If `columns` is 0 or `values` is no whole number of rows.
pub fn softmax_rows(values: &mut [f32], columns: usize) {
    assert!(columns > 0 && values.len().is_multiple_of(columns));
    softmax_rows_on(InstructionSet::widest(), values, columns);
}

per_instruction_set!(softmax_rows_on(values: &mut [f32], columns: usize) = softmax_rows_body);

/// Independent partial results, so that one step need not wait for the last.
const LANES: usize = 32;

#[inline(always)]
fn softmax_rows_body<const FUSED: bool>(values: &mut [f32], columns: usize) {
    for row in values.chunks_exact_mut(columns) {
        let mut largest = [f32::NEG_INFINITY; LANES];
        let (chunks, rest) = row.as_chunks::<LANES>();
        for chunk in chunks {
            for (largest, value) in largest.iter_mut().zip(chunk) {
                *largest = if *value > *largest { *value } else { *largest };
            }
        }
        for (largest, value) in largest.iter_mut().zip(rest) {
            *largest = if *value > *largest { *value } else { *largest };
        }
        let largest = largest.into_iter().fold(f32::NEG_INFINITY, f32::max);

        let mut sums = [0.0; LANES];
        let (chunks, rest) = row.as_chunks_mut::<LANES>();
        for chunk in chunks {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *value = softmax_weight::<FUSED>(*value - largest);
                *sum += *value;
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *value = softmax_weight::<FUSED>(*value - largest);
            *sum += *value;
        }
        let scale = 1.0 / sums.iter().sum::<f32>();
        for value in row {
            *value *= scale;
        }
    }
}

/// Softmax down each column of a row-major matrix with `columns` columns.
///
/// # Panics
/// If `columns` is 0 or `values` is no whole number of rows.
pub fn softmax_columns(values: &mut [f32], columns: usize) {
    assert!(columns > 0 && values.len().is_multiple_of(columns));
    if values.is_empty() {
        return;
    }
    softmax_columns_on(InstructionSet::widest(), values, columns);
}

per_vector!(softmax_columns_on(values: &mut [f32], columns: usize) = softmax_columns_body);

/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn softmax_columns_body<V: Vector>(values: &mut [f32], columns: usize) {
    let rows = values.len() / columns;
    // SAFETY: there is at least one row; the caller's processor.
    unsafe { on_columns::<V>(values, columns, &SoftmaxTile { rows, columns }) };
}

/// The largest values and sums of its columns stay in registers.
struct SoftmaxTile {
    rows: usize,
    columns: usize,
}

impl ColumnTile for SoftmaxTile {
    #[inline(always)]
    unsafe fn run<V: Vector, const VECTORS: usize>(&self, first: *mut f32) {
        let Self { rows, columns } = *self;
        // SAFETY: the caller's.
        unsafe {
            let at = |row: usize, place: usize| first.add(row * columns + place * V::LANES);
            let mut largest = [V::splat(f32::NEG_INFINITY); VECTORS];
            for row in 0..rows {
                for (place, largest) in largest.iter_mut().enumerate() {
                    *largest = V::load(at(row, place)).larger(*largest);
                }
            }
            let mut sums = [V::zero(); VECTORS];
            for row in 0..rows {
                for (place, sum) in sums.iter_mut().enumerate() {
                    let weight = V::load(at(row, place)).softmax_weight(largest[place]);
                    weight.store(at(row, place));
                    *sum = sum.add(weight);
                }
            }
            let scales = sums.map(|sum| sum.reciprocal());
            for row in 0..rows {
                for (place, scale) in scales.iter().enumerate() {
                    V::load(at(row, place)).times(*scale).store(at(row, place));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(values: &[f64], index: usize) -> f64 {
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = values.iter().map(|v| (v - largest).exp()).sum();
        (values[index] - largest).exp() / sum
    }

    #[test]
    fn rows_and_columns_are_close_to_the_exact_ones_on_every_instruction_set() {
        for (count, length) in [(1, 1), (3, 7), (130, 5), (65, 100)] {
            // Multiples of 1/32, so that differences are exact and only the kernel's error is left.
            let rows: Vec<f32> = (0..count * length)
                .map(|i| ((i * 7919) % 1009) as f32 / 32.0 - 20.0)
                .collect();
            let mut columns = vec![0.0; rows.len()];
            for r in 0..count {
                for c in 0..length {
                    columns[c * count + r] = rows[r * length + c];
                }
            }
            for set in InstructionSet::available() {
                let (mut by_row, mut by_column) = (rows.clone(), columns.clone());
                softmax_rows_on(set, &mut by_row, length);
                softmax_columns_on(set, &mut by_column, count);
                for r in 0..count {
                    let row: Vec<f64> = rows[r * length..][..length]
                        .iter()
                        .map(|v| f64::from(*v))
                        .collect();
                    for c in 0..length {
                        let expected = exact(&row, c);
                        for value in [by_row[r * length + c], by_column[c * count + r]] {
                            let error = (f64::from(value) - expected).abs();
                            assert!(
                                error <= 1e-6 * expected + 1e-17,
                                "{set:?} ({r}, {c}): {value} for {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}
