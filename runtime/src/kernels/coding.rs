//! Values as eight-bit codes, and back.

use super::dispatch::{InstructionSet, per_instruction_set};

/// Adding 1.5 * 2^23 rounds to an integer, halves to even.
const ROUNDER: f32 = 12_582_912.0;

/// How values are coded: as bytes that count steps from `zero`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coding {
    /// Steps to a unit.
    pub inverse_scale: f32,
    /// The length of a step.
    pub scale: f32,
    /// The code of zero.
    pub zero: u8,
}

/// Writes the codes of values: rounded to the nearest step, halves to even, and clamped.
///
/// # Panics
/// If the lengths differ.
pub fn encode_into(codes: &mut [u8], values: &[f32], coding: Coding) {
    assert_eq!(codes.len(), values.len());
    encode_on(InstructionSet::widest(), codes, values, coding);
}

per_instruction_set!(
    encode_on(codes: &mut [u8], values: &[f32], coding: Coding) = encode_body
);

#[inline(always)]
fn encode_body<const FUSED: bool>(codes: &mut [u8], values: &[f32], coding: Coding) {
    for (code, value) in codes.iter_mut().zip(values) {
        *code = encoded(*value, coding);
    }
}

#[inline(always)]
fn encoded(value: f32, coding: Coding) -> u8 {
    // The integer is in the low bits; a conversion would have to look for what does not fit.
    let steps = (steps(value, coding) + ROUNDER).to_bits() as u8;
    steps.wrapping_add(coding.zero)
}

#[inline(always)]
fn decoded(code: u8, coding: Coding) -> f32 {
    (i32::from(code) - i32::from(coding.zero)) as f32 * coding.scale
}

/// Writes what codes stand for.
///
/// # Panics
/// If the lengths differ.
pub fn decode_into(values: &mut [f32], codes: &[u8], coding: Coding) {
    assert_eq!(codes.len(), values.len());
    decode_on(InstructionSet::widest(), values, codes, coding);
}

per_instruction_set!(
    decode_on(values: &mut [f32], codes: &[u8], coding: Coding) = decode_body
);

#[inline(always)]
fn decode_body<const FUSED: bool>(values: &mut [f32], codes: &[u8], coding: Coding) {
    for (value, code) in values.iter_mut().zip(codes) {
        *value = decoded(*code, coding);
    }
}

/// Adds what codes stand for to values.
///
/// # Panics
/// If the lengths differ.
pub fn decode_add_assign(values: &mut [f32], codes: &[u8], coding: Coding) {
    assert_eq!(codes.len(), values.len());
    decode_add_on(InstructionSet::widest(), values, codes, coding);
}

per_instruction_set!(
    decode_add_on(values: &mut [f32], codes: &[u8], coding: Coding) = decode_add_body
);

#[inline(always)]
fn decode_add_body<const FUSED: bool>(values: &mut [f32], codes: &[u8], coding: Coding) {
    for (value, code) in values.iter_mut().zip(codes) {
        *value += decoded(*code, coding);
    }
}

/// Writes the codes of the sums of what two kinds of codes stand for.
///
/// # Panics
/// If the lengths differ.
pub fn add_codes_into(
    codes: &mut [u8],
    coding: Coding,
    left: (&[u8], Coding),
    right: (&[u8], Coding),
) {
    assert!(codes.len() == left.0.len() && codes.len() == right.0.len());
    add_codes_on(InstructionSet::widest(), codes, coding, left, right);
}

per_instruction_set!(
    add_codes_on(codes: &mut [u8], coding: Coding, left: (&[u8], Coding), right: (&[u8], Coding)) = add_codes_body
);

#[inline(always)]
fn add_codes_body<const FUSED: bool>(
    codes: &mut [u8],
    coding: Coding,
    (left, of_left): (&[u8], Coding),
    (right, of_right): (&[u8], Coding),
) {
    for ((code, left), right) in codes.iter_mut().zip(left).zip(right) {
        let sum = decoded(*left, of_left) + decoded(*right, of_right);
        *code = encoded(sum, coding);
    }
}

/// Rounds values to what their codes stand for.
pub fn round_to_codes(values: &mut [f32], coding: Coding) {
    round_on(InstructionSet::widest(), values, coding);
}

per_instruction_set!(round_on(values: &mut [f32], coding: Coding) = round_body);

#[inline(always)]
fn round_body<const FUSED: bool>(values: &mut [f32], coding: Coding) {
    for value in values {
        *value = steps(*value, coding) * coding.scale;
    }
}

/// Steps from zero, rounded and clamped.
#[inline(always)]
fn steps(value: f32, coding: Coding) -> f32 {
    let (lowest, highest) = (-f32::from(coding.zero), f32::from(255 - coding.zero));
    let scaled = value * coding.inverse_scale;
    let low = if scaled < lowest { lowest } else { scaled };
    let clamped = if low > highest { highest } else { low };
    (clamped + ROUNDER) - ROUNDER
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_rounded_and_clamped_on_every_instruction_set() {
        let values = [
            0.0,
            0.5,
            1.5,
            -0.5,
            -1.5,
            2.4,
            126.6,
            500.0,
            -127.7,
            -1e9,
            f32::INFINITY,
        ];
        for (zero, expected) in [
            (128, [0, 0, 2, 0, -2, 2, 127, 127, -128, -128, 127]),
            (0, [0, 0, 2, 0, 0, 2, 127, 255, 0, 0, 255]),
        ] {
            let coding = Coding {
                inverse_scale: 1.0,
                scale: 0.25,
                zero,
            };
            for set in InstructionSet::available() {
                let mut codes = [0; 11];
                encode_on(set, &mut codes, &values, coding);
                assert_eq!(
                    codes.map(|code| i32::from(code) - i32::from(zero)),
                    expected,
                    "{set:?}"
                );
                let mut rounded = values;
                round_on(set, &mut rounded, coding);
                assert_eq!(rounded, expected.map(|code| code as f32 * 0.25), "{set:?}");
                let mut decoded = [0.0; 11];
                decode_on(set, &mut decoded, &codes, coding);
                assert_eq!(decoded, rounded, "{set:?}");
                decode_add_on(set, &mut decoded, &codes, coding);
                assert_eq!(decoded, rounded.map(|value| 2.0 * value), "{set:?}");
                let mut summed = [0; 11];
                let right = Coding {
                    scale: 0.5,
                    ..coding
                };
                let quarter = Coding {
                    inverse_scale: 0.4,
                    ..coding
                };
                add_codes_on(set, &mut summed, quarter, (&codes, coding), (&codes, right));
                encode_on(set, &mut codes, &rounded.map(|value| 3.0 * value), quarter);
                assert_eq!(summed, codes, "{set:?}");
            }
        }
    }
}
