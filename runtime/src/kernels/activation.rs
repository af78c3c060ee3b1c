//! Activation functions, in place.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::normal_cumulative;

/// The Gaussian error linear unit in its exact form, `x (1 + erf(x / sqrt 2)) / 2` (Hendrycks and
/// Gimpel, arXiv 1606.08415), within 5e-7 times the magnitude of x.
pub fn gelu(values: &mut [f32]) {
    gelu_on(InstructionSet::widest(), values);
}

per_instruction_set!(gelu_on(values: &mut [f32]) = gelu_body);

#[inline(always)]
fn gelu_body<const FUSED: bool>(values: &mut [f32]) {
    for value in values {
        *value *= normal_cumulative::<FUSED>(*value);
    }
}

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
    fn gelu_is_close_to_the_exact_one_on_every_instruction_set() {
        let inputs: Vec<f32> = (-8000..8003).map(|i| i as f32 * 1e-3).collect();
        for set in InstructionSet::available() {
            let mut outputs = inputs.clone();
            gelu_on(set, &mut outputs);
            for (x, y) in inputs.iter().zip(&outputs) {
                let x = f64::from(*x);
                let exact = 0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt()));
                let error = (f64::from(*y) - exact).abs();
                assert!(
                    error <= 5e-7 * x.abs(),
                    "{set:?}: gelu({x}) = {y}, exactly {exact}"
                );
            }
        }
    }

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
