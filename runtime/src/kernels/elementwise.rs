//! Sums of arrays.

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
            add_on(set, &mut values, 0.25);
            assert!(
                values.iter().zip(&left).all(|(v, l)| *v == l + 0.25),
                "{set:?}"
            );
        }
    }
}
