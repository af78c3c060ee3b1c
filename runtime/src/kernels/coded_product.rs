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

use super::coding::{Coding, encode_on};
use super::dispatch::InstructionSet;

/// Rows multiplied at a time.
const ROWS: usize = super::packed_product::TILE_ROWS;

/// Columns of a packed panel.
const COLUMNS: usize = super::packed_product::PANEL_COLUMNS;

/// Codes that are multiplied and added up in one step.
pub const CODE_GROUP: usize = 4;

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

/// What the sums of each column stand for: times `scale`, plus `bias`.
#[derive(Clone, Copy, Debug)]
pub struct ColumnScales<'a> {
    /// What one step of both factors stands for.
    pub scale: &'a [f32],
    /// What is added.
    pub bias: &'a [f32],
}

/// Multiplies up to 12 rows of codes with a panel of `right` into `out`, `rows` rows of as many columns as `right`: what
/// the products stand for. `left` has the rows' parts one after the other, each part of every row equally long and a
/// multiple of [`CODE_GROUP`].
///
/// # Panics
/// If a length does not fit.
pub fn coded_product(
    out: &mut [f32],
    rows: usize,
    left: &[CodeRows<'_>],
    right: &CodedMatrix,
    scales: ColumnScales<'_>,
    panel: usize,
) {
    let panel = Panel::of(right, scales, panel);
    coded_product_on(Codes::widest(), out, rows, left, panel);
}

/// The same as codes: as [`super::encode_into`] makes them of what [`coded_product`] gives.
///
/// # Panics
/// If a length does not fit.
pub fn encoded_product(
    out: &mut [u8],
    rows: usize,
    left: &[CodeRows<'_>],
    right: &CodedMatrix,
    scales: ColumnScales<'_>,
    panel: usize,
    coding: Coding,
) {
    let panel = Panel::of(right, scales, panel);
    encoded_product_on(Codes::widest(), out, rows, left, panel, coding);
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

    /// For what is done with the sums.
    fn instruction_set(self) -> InstructionSet {
        match self {
            Self::Plain(set) => set,
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            _ => InstructionSet::widest(),
        }
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

fn coded_product_on(
    codes: Codes,
    out: &mut [f32],
    rows: usize,
    left: &[CodeRows<'_>],
    panel: Panel<'_>,
) {
    panel.check(left, rows, out.len());
    let columns = panel.right.columns;
    let out = &mut out[panel.first.min(rows * columns)..];
    #[cfg(target_arch = "x86_64")]
    if codes == Codes::Avx512Vnni {
        // SAFETY: this variant is only made where the instructions are; the lengths were checked.
        unsafe { avx512_vnni::product(out, columns, left, panel) };
        return;
    }
    let sums = panel.sums(codes, left);
    let ColumnScales { scale, bias } = panel.scales;
    scale_on(codes.instruction_set(), out, columns, &sums, scale, bias);
}

fn encoded_product_on(
    codes: Codes,
    out: &mut [u8],
    rows: usize,
    left: &[CodeRows<'_>],
    panel: Panel<'_>,
    coding: Coding,
) {
    panel.check(left, rows, out.len());
    let columns = panel.right.columns;
    let out = &mut out[panel.first.min(rows * columns)..];
    #[cfg(target_arch = "x86_64")]
    if codes == Codes::Avx512Vnni {
        // SAFETY: this variant is only made where the instructions are; the lengths were checked.
        unsafe { avx512_vnni::encoded_product(out, columns, left, panel, coding) };
        return;
    }
    let sums = panel.sums(codes, left);
    let set = codes.instruction_set();
    let ColumnScales { scale, bias } = panel.scales;
    let mut floats = [0.0; ROWS * COLUMNS];
    let floats = &mut floats[..rows * scale.len()];
    scale_on(set, floats, scale.len(), &sums, scale, bias);
    for (out, floats) in out.chunks_mut(columns).zip(floats.chunks(scale.len())) {
        encode_on(set, &mut out[..floats.len()], floats, coding);
    }
}

/// A panel of weights, and what belongs to its columns.
#[derive(Clone, Copy)]
struct Panel<'a> {
    right: &'a CodedMatrix,
    /// The first of its columns.
    first: usize,
    weights: &'a [i8],
    /// At most [`COLUMNS`] of each.
    scales: ColumnScales<'a>,
}

impl<'a> Panel<'a> {
    fn of(right: &'a CodedMatrix, scales: ColumnScales<'a>, panel: usize) -> Self {
        let columns = right.columns;
        assert!(scales.scale.len() == columns && scales.bias.len() == columns);
        let first = panel * COLUMNS;
        let width = COLUMNS.min(columns - first);
        Self {
            right,
            first,
            weights: &right.values[first * right.depth..][..right.depth * COLUMNS],
            scales: ColumnScales {
                scale: &scales.scale[first..][..width],
                bias: &scales.bias[first..][..width],
            },
        }
    }

    /// Checks that the other lengths fit.
    fn check(&self, left: &[CodeRows<'_>], rows: usize, out: usize) {
        assert!(rows <= ROWS && out == rows * self.right.columns);
        let mut depth = 0;
        for part in left {
            let length = part[0].len();
            assert!(
                length.is_multiple_of(CODE_GROUP) && part.iter().all(|row| row.len() == length)
            );
            depth += length;
        }
        assert_eq!(depth, self.right.depth);
    }

    fn starts(&self) -> &'a [i32; COLUMNS] {
        panel_of(&self.right.starts, self.first)
    }

    fn sums(&self, codes: Codes, left: &[CodeRows<'_>]) -> [[i32; COLUMNS]; ROWS] {
        let mut sums = [[0; COLUMNS]; ROWS];
        match codes {
            Codes::Plain(set) => plain_on(set, &mut sums, left, self.weights, self.starts()),
            // SAFETY: this variant is only made where the instructions are; the lengths were checked.
            #[cfg(target_arch = "x86_64")]
            Codes::Avx2 | Codes::Avx512Vnni => unsafe {
                avx2::sums(&mut sums, left, self.weights, self.starts());
            },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Codes::NeonDot => unsafe {
                let starts = panel_of(&self.right.signed_starts, self.first);
                neon_dot::sums(&mut sums, left, self.weights, starts);
            },
        }
        sums
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
            // Steps that are halves of products often, and codes at both ends.
            let coding = Coding { inverse_scale: 1.0 / 512.0, scale: 512.0, zero };
            for codes in Codes::available() {
                let mut out = vec![9.0; rows * columns];
                let mut encoded = vec![9; rows * columns];
                for panel in 0..columns.div_ceil(COLUMNS) {
                    let panel = Panel::of(&matrix, ColumnScales { scale: &scale, bias: &bias }, panel);
                    coded_product_on(codes, &mut out, rows, &parts, panel);
                    encoded_product_on(codes, &mut encoded, rows, &parts, panel, coding);
                }
                let mut expected = vec![0; rows * columns];
                encode_on(codes.instruction_set(), &mut expected, &out, coding);
                prop_assert_eq!(encoded, expected);
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
}
