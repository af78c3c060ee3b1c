//! Layer normalisation of channels that add up to nothing, and the activation after it.

use super::dispatch::InstructionSet;
use super::vector::{ColumnTile, Vector, on_columns, per_vector};

/// Normalises each column of a row-major matrix whose columns add up to 0, scales and shifts it by row,
/// and applies [`super::gelu`]: what [`super::layer_norm_columns`] does without a mean to take away.
/// The last row need not be there: it is written as what the others lack to 0. There are as many rows
/// as `weight` has elements.
///
/// # Panics
/// If `bias` is not as long as `weight`, or `values` is no whole number of columns.
pub fn centred_norm_gelu(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    assert!(weight.len() == bias.len() && values.len().is_multiple_of(weight.len()));
    if values.is_empty() {
        return;
    }
    centred_norm_gelu_on(InstructionSet::widest(), values, weight, bias, epsilon);
}

per_vector!(
    centred_norm_gelu_on(values: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32)
        = centred_norm_gelu_body
);

/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn centred_norm_gelu_body<V: Vector>(
    values: &mut [f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    let columns = values.len() / weight.len();
    let tile = NormTile {
        columns,
        weight,
        bias,
        epsilon,
    };
    // SAFETY: there is at least one row; the caller's processor.
    unsafe { on_columns::<V>(values, columns, &tile) };
}

/// Columns of the largest tile.
const MOST_COLUMNS: usize = 64;

/// The sums of its columns stay in registers, their values in the first cache.
struct NormTile<'a> {
    columns: usize,
    /// As many as there are rows, and so is `bias`.
    weight: &'a [f32],
    bias: &'a [f32],
    epsilon: f32,
}

impl ColumnTile for NormTile<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector, const VECTORS: usize>(&self, first: *mut f32) {
        let Self {
            columns,
            weight,
            bias,
            epsilon,
        } = *self;
        // SAFETY: the caller's.
        unsafe {
            let at = |row: usize, place: usize| first.add(row * columns + place * V::LANES);
            let others = weight.len() - 1;
            let mut sums = [V::zero(); VECTORS];
            let mut scale = [V::zero(); VECTORS];
            for row in 0..others {
                for place in 0..VECTORS {
                    let value = V::load(at(row, place));
                    sums[place] = sums[place].add(value);
                    scale[place] = scale[place].plus_product(value, value);
                }
            }
            let mut deviations = [0.0f32; MOST_COLUMNS];
            for place in 0..VECTORS {
                let rest = sums[place].times(V::splat(-1.0));
                rest.store(at(others, place));
                let squares = scale[place].plus_product(rest, rest);
                squares.store(deviations[place * V::LANES..][..V::LANES].as_mut_ptr());
            }
            let count = weight.len() as f32;
            for square in &mut deviations[..VECTORS * V::LANES] {
                *square = 1.0 / (*square / count + epsilon).sqrt();
            }
            for (place, scale) in scale.iter_mut().enumerate() {
                *scale = V::load(deviations[place * V::LANES..][..V::LANES].as_ptr());
            }
            for (row, (weight, bias)) in weight.iter().zip(bias).enumerate() {
                for (place, scale) in scale.iter().enumerate() {
                    let scaled = V::load(at(row, place)).times(*scale);
                    let value = V::splat(*bias).plus_product(scaled, V::splat(*weight));
                    value.gelu().store(at(row, place));
                }
            }
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
