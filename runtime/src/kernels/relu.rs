//! The rectified linear unit, in place.

use super::dispatch::{InstructionSet, per_instruction_set};

/// `max(x, 0)`; NaN stays.
pub fn relu(values: &mut [f32]) {
    relu_on(InstructionSet::widest(), values);
}

per_instruction_set!(relu_on(values: &mut [f32]) = relu_body);

#[inline(always)]
fn relu_body<const FUSED: bool>(values: &mut [f32]) {
    for value in values {
        *value = if *value < 0.0 { 0.0 } else { *value };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relu_drops_what_is_negative_on_every_instruction_set() {
        for set in InstructionSet::available() {
            let mut values: Vec<f32> = (-20..21).map(|i| i as f32).collect();
            relu_on(set, &mut values);
            let expected: Vec<f32> = (-20..21).map(|i| (i as f32).max(0.0)).collect();
            assert_eq!(values, expected, "{set:?}");
        }
    }
}
