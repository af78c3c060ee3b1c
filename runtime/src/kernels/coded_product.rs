//! Products of eight-bit integers: gathered rows of codes with a packed matrix of weights.
//!
//! Codes of activations are unsigned bytes, because that is what processors multiply with signed ones; the code of zero
//! is taken off again by the sums of the weights' columns.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
#[cfg(target_arch = "aarch64")]
mod neon_dot;

use super::dispatch::InstructionSet;

/// Rows multiplied at a time.
const ROWS: usize = super::packed_product::TILE_ROWS;

/// Columns of a packed panel.
const COLUMNS: usize = super::packed_product::PANEL_COLUMNS;

/// Codes that are multiplied and added up in one step.
pub const CODE_GROUP: usize = 4;

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

/// Weights as integers, panel after panel, in groups of [`CODE_GROUP`] depths; the last panel ends in zeros.
#[derive(Clone, Debug)]
pub struct CodedMatrix {
    values: Vec<i8>,
    /// What the sums of each column begin at.
    starts: Vec<i32>,
    /// The same where codes are taken as signed.
    #[cfg(target_arch = "aarch64")]
    signed_starts: Vec<i32>,
    depth: usize,
    columns: usize,
}

impl CodedMatrix {
    /// From the weight at each depth and column, for rows in which `zero` is the code of zero. The depth must be a multiple
    /// of [`CODE_GROUP`] and its products with bytes must fit 31 bits.
    ///
    /// # Panics
    /// If the depth is neither.
    #[must_use]
    pub fn new(depth: usize, columns: usize, zero: u8, at: impl Fn(usize, usize) -> i8) -> Self {
        assert!(depth.is_multiple_of(CODE_GROUP) && depth <= 1 << 15);
        let panels = columns.div_ceil(COLUMNS);
        let mut values = Vec::with_capacity(panels * depth * COLUMNS);
        let mut sums = vec![0; panels * COLUMNS];
        for panel in 0..panels {
            for group in (0..depth).step_by(CODE_GROUP) {
                let first = panel * COLUMNS;
                for (column, sum) in (first..).zip(&mut sums[first..first + COLUMNS]) {
                    for row in group..group + CODE_GROUP {
                        let weight = if column < columns { at(row, column) } else { 0 };
                        *sum += i32::from(weight);
                        values.push(weight);
                    }
                }
            }
        }
        let starts_with = |offset: u8| {
            let shift = i32::from(offset) - i32::from(zero);
            sums.iter().map(|sum| shift * sum).collect()
        };
        Self {
            values,
            starts: starts_with(0),
            #[cfg(target_arch = "aarch64")]
            signed_starts: starts_with(neon_dot::OFFSET),
            depth,
            columns,
        }
    }

    /// Rows of the unpacked matrix.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the unpacked matrix.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// Codes of rows, in stretches: one for each part of the depth.
pub type CodeRows<'a> = [&'a [u8]; ROWS];

/// Multiplies up to 12 rows of codes with a panel of `right` into `out`, `rows` rows of as many columns as `right`: the
/// product times the column's element of `scale`, plus that of `bias`. `left` has the rows' parts one after the other,
/// each part of every row equally long and a multiple of [`CODE_GROUP`].
///
/// # Panics
/// If a length does not fit.
pub fn coded_product(
    out: &mut [f32],
    rows: usize,
    left: &[CodeRows<'_>],
    right: &CodedMatrix,
    scale: &[f32],
    bias: &[f32],
    panel: usize,
) {
    coded_product_on(Codes::widest(), out, rows, left, right, scale, bias, panel);
}

/// Whether this processor has instructions that multiply bytes and add them up, so that it takes less time for them than for
/// floats: AVX-512's vector neural network instructions, or Armv8.2's dot products.
#[must_use]
pub fn bytes_are_faster() -> bool {
    match Codes::widest() {
        Codes::Plain(_) => false,
        #[cfg(target_arch = "x86_64")]
        Codes::Avx2 => false,
        #[cfg(target_arch = "x86_64")]
        Codes::Avx512Vnni => true,
        #[cfg(target_arch = "aarch64")]
        Codes::NeonDot => true,
    }
}

/// How bytes are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codes {
    /// In plain loops, compiled for an instruction set.
    Plain(InstructionSet),
    /// With AVX2, which is there, in 16 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With AVX-512's vector neural network instructions, which are there.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// With the dot products of Armv8.2, which are there.
    #[cfg(target_arch = "aarch64")]
    NeonDot,
}

impl Codes {
    fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
            return Self::Avx512Vnni;
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("dotprod") {
            return Self::NeonDot;
        }
        Self::Plain(InstructionSet::widest())
    }

    #[cfg(test)]
    fn available() -> Vec<Self> {
        let mut all: Vec<Self> = InstructionSet::available().map(Self::Plain).collect();
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            all.push(Self::Avx2);
        }
        if !all.contains(&Self::widest()) {
            all.push(Self::widest());
        }
        all
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the same as its public face, and the set"
)]
fn coded_product_on(
    codes: Codes,
    out: &mut [f32],
    rows: usize,
    left: &[CodeRows<'_>],
    right: &CodedMatrix,
    scale: &[f32],
    bias: &[f32],
    panel: usize,
) {
    let columns = right.columns;
    assert!(rows <= ROWS && out.len() == rows * columns);
    assert!(scale.len() == columns && bias.len() == columns);
    let mut depth = 0;
    for part in left {
        let length = part[0].len();
        assert!(length.is_multiple_of(CODE_GROUP) && part.iter().all(|row| row.len() == length));
        depth += length;
    }
    assert_eq!(depth, right.depth);
    let first = panel * COLUMNS;
    let width = COLUMNS.min(columns - first);
    let weights = &right.values[first * depth..][..depth * COLUMNS];
    let (scale, bias) = (&scale[first..][..width], &bias[first..][..width]);
    let out = &mut out[first.min(rows * columns)..];
    match codes {
        Codes::Plain(set) => {
            let mut sums = [[0; COLUMNS]; ROWS];
            plain_on(
                set,
                &mut sums,
                left,
                weights,
                panel_of(&right.starts, first),
            );
            scale_on(set, out, columns, &sums, scale, bias);
        }
        #[cfg(target_arch = "x86_64")]
        Codes::Avx2 => {
            let mut sums = [[0; COLUMNS]; ROWS];
            let starts = panel_of(&right.starts, first);
            // SAFETY: this variant is only made where the instructions are; the lengths were checked above.
            unsafe { avx2::sums(&mut sums, left, weights, starts) };
            scale_on(InstructionSet::widest(), out, columns, &sums, scale, bias);
        }
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Codes::Avx512Vnni => unsafe {
            let starts = panel_of(&right.starts, first);
            avx512_vnni::product(out, columns, left, weights, starts, scale, bias);
        },
        #[cfg(target_arch = "aarch64")]
        Codes::NeonDot => {
            let mut sums = [[0; COLUMNS]; ROWS];
            let starts = panel_of(&right.signed_starts, first);
            // SAFETY: as above.
            unsafe { neon_dot::sums(&mut sums, left, weights, starts) };
            scale_on(InstructionSet::widest(), out, columns, &sums, scale, bias);
        }
    }
}

/// The panel's that begins at a column, of what there is for each.
fn panel_of(starts: &[i32], first: usize) -> &[i32; COLUMNS] {
    starts[first..].first_chunk().expect("panels are whole")
}

super::dispatch::per_instruction_set!(
    scale_on(out: &mut [f32], stride: usize, sums: &[[i32; COLUMNS]; ROWS], scale: &[f32], bias: &[f32]) = scale_body
);

#[inline(always)]
fn scale_body<const FUSED: bool>(
    out: &mut [f32],
    stride: usize,
    sums: &[[i32; COLUMNS]; ROWS],
    scale: &[f32],
    bias: &[f32],
) {
    for (out, sums) in out.chunks_mut(stride).zip(sums) {
        let out = out[..scale.len()].iter_mut().zip(sums);
        for (((out, sum), scale), bias) in out.zip(scale).zip(bias) {
            *out = *sum as f32 * scale + bias;
        }
    }
}

super::dispatch::per_instruction_set!(
    plain_on(sums: &mut [[i32; COLUMNS]; ROWS], left: &[CodeRows<'_>], weights: &[i8], starts: &[i32; COLUMNS])
        = plain_body
);

#[inline(always)]
fn plain_body<const FUSED: bool>(
    sums: &mut [[i32; COLUMNS]; ROWS],
    left: &[CodeRows<'_>],
    weights: &[i8],
    starts: &[i32; COLUMNS],
) {
    for (row, sums) in sums.iter_mut().enumerate() {
        *sums = *starts;
        let codes = left
            .iter()
            .flat_map(|part| part[row].as_chunks::<CODE_GROUP>().0);
        for (codes, weights) in codes.zip(weights.as_chunks::<{ CODE_GROUP * COLUMNS }>().0) {
            let (weights, _) = weights.as_chunks::<CODE_GROUP>();
            for (sum, weights) in sums.iter_mut().zip(weights) {
                for (code, weight) in codes.iter().zip(weights) {
                    *sum += i32::from(*code) * i32::from(*weight);
                }
            }
        }
    }
}

/// Writes the codes of values: rounded to the nearest step, halves to even, and clamped.
///
/// # Panics
/// If the lengths differ.
pub fn encode_into(codes: &mut [u8], values: &[f32], coding: Coding) {
    assert_eq!(codes.len(), values.len());
    encode_on(InstructionSet::widest(), codes, values, coding);
}

super::dispatch::per_instruction_set!(
    encode_on(codes: &mut [u8], values: &[f32], coding: Coding) = encode_body
);

#[inline(always)]
fn encode_body<const FUSED: bool>(codes: &mut [u8], values: &[f32], coding: Coding) {
    for (code, value) in codes.iter_mut().zip(values) {
        // The integer is in the low bits; a conversion would have to look for what does not fit.
        let steps = (steps(*value, coding) + ROUNDER).to_bits() as u8;
        *code = steps.wrapping_add(coding.zero);
    }
}

/// Writes what codes stand for.
///
/// # Panics
/// If the lengths differ.
pub fn decode_into(values: &mut [f32], codes: &[u8], coding: Coding) {
    assert_eq!(codes.len(), values.len());
    decode_on(InstructionSet::widest(), values, codes, coding);
}

super::dispatch::per_instruction_set!(
    decode_on(values: &mut [f32], codes: &[u8], coding: Coding) = decode_body
);

#[inline(always)]
fn decode_body<const FUSED: bool>(values: &mut [f32], codes: &[u8], coding: Coding) {
    for (value, code) in values.iter_mut().zip(codes) {
        *value = (i32::from(*code) - i32::from(coding.zero)) as f32 * coding.scale;
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

super::dispatch::per_instruction_set!(
    decode_add_on(values: &mut [f32], codes: &[u8], coding: Coding) = decode_add_body
);

#[inline(always)]
fn decode_add_body<const FUSED: bool>(values: &mut [f32], codes: &[u8], coding: Coding) {
    for (value, code) in values.iter_mut().zip(codes) {
        *value += (i32::from(*code) - i32::from(coding.zero)) as f32 * coding.scale;
    }
}

/// Rounds values to what their codes stand for.
pub fn round_to_codes(values: &mut [f32], coding: Coding) {
    round_on(InstructionSet::widest(), values, coding);
}

super::dispatch::per_instruction_set!(round_on(values: &mut [f32], coding: Coding) = round_body);

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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn products_are_exact_on_every_instruction_set(
            rows in 1_usize..=12, columns in 1_usize..80, groups in [0_usize..6, 1_usize..9], seed in 0_usize..1000, zero: u8,
        ) {
            let parts = groups.map(|groups| groups * CODE_GROUP);
            let depth = parts[0] + parts[1];
            let random = |index: usize| (index * 7919 + seed * 104_729) % 2003 % 256;
            let left: Vec<u8> = (0..rows * depth).map(|index| random(index) as u8).collect();
            let weight = |row: usize, column: usize| random(row * columns + column + 17) as u8 as i8;
            let matrix = CodedMatrix::new(depth, columns, zero, weight);
            let scale: Vec<f32> = (0..columns).map(|column| 0.5 + column as f32).collect();
            let bias: Vec<f32> = (0..columns).map(|column| column as f32 - 3.0).collect();
            let parts = [0..parts[0], parts[0]..depth].map(|part| {
                std::array::from_fn(|row| &left[row.min(rows - 1) * depth..][part.clone()])
            });
            for codes in Codes::available() {
                let mut out = vec![9.0; rows * columns];
                for panel in 0..columns.div_ceil(COLUMNS) {
                    coded_product_on(codes, &mut out, rows, &parts, &matrix, &scale, &bias, panel);
                }
                for row in 0..rows {
                    for column in 0..columns {
                        let sum: i32 = (0..depth)
                            .map(|k| (i32::from(left[row * depth + k]) - i32::from(zero)) * i32::from(weight(k, column)))
                            .sum();
                        prop_assert_eq!(out[row * columns + column], sum as f32 * scale[column] + bias[column]);
                    }
                }
            }
        }
    }

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
            }
        }
    }
}
