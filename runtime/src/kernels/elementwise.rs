//! Sums of arrays, and the larger of two.

use super::dispatch::{InstructionSet, per_instruction_set};

/// Adds `addends` to `values`, element by element.
///
/// # Panics
/// If the lengths differ.
pub fn add_assign(values: &mut [f32], addends: &[f32]) {
    assert_eq!(values.len(), addends.len());
    add_assign_on(InstructionSet::widest(), values, addends);
}

per_instruction_set!(add_assign_on(values: &mut [f32], addends: &[f32]) = add_assign_body);

#[inline(always)]
fn add_assign_body<const FUSED: bool>(values: &mut [f32], addends: &[f32]) {
    for (value, addend) in values.iter_mut().zip(addends) {
        *value += addend;
    }
}

/// Makes of every value the larger one of it and its other; a NaN among the others is not.
///
/// # Panics
/// If the lengths differ.
pub fn max_assign(values: &mut [f32], others: &[f32]) {
    assert_eq!(values.len(), others.len());
    max_assign_on(InstructionSet::widest(), values, others);
}

per_instruction_set!(max_assign_on(values: &mut [f32], others: &[f32]) = max_assign_body);

#[inline(always)]
fn max_assign_body<const FUSED: bool>(values: &mut [f32], others: &[f32]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value = if *other > *value { *other } else { *value };
    }
}

/// Makes of every byte the larger one of it and its other.
///
/// # Panics
/// If the lengths differ.
pub fn max_assign_codes(codes: &mut [u8], others: &[u8]) {
    assert_eq!(codes.len(), others.len());
    max_codes_on(InstructionSet::widest(), codes, others);
}

per_instruction_set!(max_codes_on(codes: &mut [u8], others: &[u8]) = max_codes_body);

#[inline(always)]
fn max_codes_body<const FUSED: bool>(codes: &mut [u8], others: &[u8]) {
    for (code, other) in codes.iter_mut().zip(others) {
        *code = (*code).max(*other);
    }
}

/// Writes `left + right` into `sums`, element by element.
///
/// # Panics
/// If the lengths differ.
pub fn add_into(sums: &mut [f32], left: &[f32], right: &[f32]) {
    assert!(sums.len() == left.len() && sums.len() == right.len());
    add_into_on(InstructionSet::widest(), sums, left, right);
}

per_instruction_set!(add_into_on(sums: &mut [f32], left: &[f32], right: &[f32]) = add_into_body);

#[inline(always)]
fn add_into_body<const FUSED: bool>(sums: &mut [f32], left: &[f32], right: &[f32]) {
    for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
        *sum = left + right;
    }
}

/// Adds all `addends` to every stretch of as many values.
///
/// # Panics
/// If these are no whole number of stretches.
pub fn add_repeatedly(values: &mut [f32], addends: &[f32]) {
    assert!(!addends.is_empty() && values.len().is_multiple_of(addends.len()));
    add_repeatedly_on(InstructionSet::widest(), values, addends);
}

per_instruction_set!(
    add_repeatedly_on(values: &mut [f32], addends: &[f32]) = add_repeatedly_body
);

#[inline(always)]
fn add_repeatedly_body<const FUSED: bool>(values: &mut [f32], addends: &[f32]) {
    for stretch in values.chunks_exact_mut(addends.len()) {
        for (value, addend) in stretch.iter_mut().zip(addends) {
            *value += addend;
        }
    }
}

/// Adds to every stretch of `length` values an addend of its own.
///
/// # Panics
/// If there are not as many addends as stretches.
pub fn add_to_stretches(values: &mut [f32], addends: &[f32], length: usize) {
    assert_eq!(values.len(), addends.len() * length);
    add_to_stretches_on(InstructionSet::widest(), values, addends, length);
}

per_instruction_set!(
    add_to_stretches_on(values: &mut [f32], addends: &[f32], length: usize) = add_to_stretches_body
);

#[inline(always)]
fn add_to_stretches_body<const FUSED: bool>(values: &mut [f32], addends: &[f32], length: usize) {
    for (stretch, addend) in values.chunks_exact_mut(length.max(1)).zip(addends) {
        for value in stretch {
            *value += addend;
        }
    }
}

/// Whether no value is infinite or NaN.
#[must_use]
pub fn all_finite(values: &[f32]) -> bool {
    let mut finite = true;
    all_finite_on(InstructionSet::widest(), values, &mut finite);
    finite
}

per_instruction_set!(all_finite_on(values: &[f32], finite: &mut bool) = all_finite_body);

#[inline(always)]
fn all_finite_body<const FUSED: bool>(values: &[f32], finite: &mut bool) {
    // Without an early exit, so that the loop vectorises: of all magnitudes, infinity and NaN have the
    // largest bits.
    let magnitude = |value: &f32| value.to_bits() & !(1 << 31);
    let largest = values.iter().map(magnitude).fold(0, u32::max);
    *finite = largest < f32::INFINITY.to_bits();
}

/// Adds one number to every value.
pub fn add(values: &mut [f32], addend: f32) {
    add_on(InstructionSet::widest(), values, addend);
}

per_instruction_set!(add_on(values: &mut [f32], addend: f32) = add_body);

#[inline(always)]
fn add_body<const FUSED: bool>(values: &mut [f32], addend: f32) {
    for value in values {
        *value += addend;
    }
}

/// Multiplies every value with one number.
pub fn scale(values: &mut [f32], factor: f32) {
    scale_on(InstructionSet::widest(), values, factor);
}

per_instruction_set!(scale_on(values: &mut [f32], factor: f32) = scale_body);

#[inline(always)]
fn scale_body<const FUSED: bool>(values: &mut [f32], factor: f32) {
    for value in values {
        *value *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_the_plain_ones_on_every_instruction_set() {
        let left: Vec<f32> = (0..101).map(|i| (i as f32 * 0.37).sin()).collect();
        let right: Vec<f32> = (0..101).map(|i| (i as f32 * 0.73).cos()).collect();
        let expected: Vec<f32> = left.iter().zip(&right).map(|(l, r)| l + r).collect();
        for set in InstructionSet::available() {
            let mut values = left.clone();
            add_assign_on(set, &mut values, &right);
            assert_eq!(values, expected, "{set:?}");

            add_into_on(set, &mut values, &right, &left);
            assert_eq!(values, expected, "{set:?}");

            let mut values = left.clone();
            max_assign_on(set, &mut values, &right);
            let larger = left.iter().zip(&right).map(|(l, r)| l.max(*r));
            assert!(values.iter().copied().eq(larger), "{set:?}");

            let mut values = left.clone();
            add_on(set, &mut values, 0.25);
            assert!(
                values.iter().zip(&left).all(|(v, l)| *v == l + 0.25),
                "{set:?}"
            );

            let mut values = vec![1.0; 3 * left.len()];
            add_repeatedly_on(set, &mut values, &left);
            add_to_stretches_on(set, &mut values, &[0.5, 1.5, 2.5], left.len());
            for (index, value) in values.iter().enumerate() {
                let stretch = index / left.len();
                let expected = 1.0 + left[index % left.len()] + (stretch as f32 + 0.5);
                assert_eq!(*value, expected, "{set:?}");
            }

            let mut values = left.clone();
            scale_on(set, &mut values, 0.75);
            assert!(
                values.iter().zip(&left).all(|(v, l)| *v == l * 0.75),
                "{set:?}"
            );
        }
    }

    #[test]
    fn the_larger_bytes_on_every_instruction_set() {
        let left: Vec<u8> = (0..203).map(|i| (i * 37 % 251) as u8).collect();
        let right: Vec<u8> = (0..203).map(|i| (i * 91 % 241) as u8).collect();
        for set in InstructionSet::available() {
            let mut values = left.clone();
            max_codes_on(set, &mut values, &right);
            let larger = left.iter().zip(&right).map(|(l, r)| *l.max(r));
            assert!(values.into_iter().eq(larger), "{set:?}");
        }
    }

    #[test]
    fn one_value_that_is_not_finite_is_found_on_every_instruction_set() {
        let mut values: Vec<f32> = (0..83).map(|i| (i as f32 - 40.0) * 1e36).collect();
        for set in InstructionSet::available() {
            let found = |values: &[f32]| {
                let mut finite = false;
                all_finite_on(set, values, &mut finite);
                finite
            };
            assert!(found(&values) && found(&[]), "{set:?}");
            for place in 0..values.len() {
                let value = values[place];
                for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    values[place] = bad;
                    assert!(!found(&values), "{set:?}: {bad} at {place}");
                }
                values[place] = value;
            }
        }
    }
}
