//! Products of matrices that are in the cache already: without packing, copies or memory of its own.
//!
//! The sums of a tile, a few rows by a few registers, stay in registers over the whole depth. The
//! right factor is read in order; of the left one, one element at a time is spread over a register,
//! so it may lie in any order.

mod gelu_sums;
mod operands;
mod tile;

pub use gelu_sums::{GeluSums, gelu_sums, gelu_sums_of_pairs};

use super::ahead::Ahead;
use super::code_pairs::{CodePairDots, CodePairs};
use super::dispatch::{InstructionSet, Level};
use super::matmul::{Matrix, MatrixMut, Update};
use operands::{Operands, assert_groups_fit};
#[cfg(target_arch = "x86_64")]
use tile::AHEAD;
use tile::{BLEND, PLAIN, columns_of};

/// Writes `left * right` into `product`, or adds it. Meant for matrices of some ten to a few hundred
/// rows and columns; [`super::matmul`] is for larger ones.
///
/// # Panics
/// If the shapes do not match, or the rows of `right` have gaps between their elements.
pub fn block_matmul(product: MatrixMut<'_>, update: Update, left: Matrix<'_>, right: Matrix<'_>) {
    block_matmul_on(InstructionSet::widest(), product, update, left, right);
}

/// The same; meanwhile what comes next of `ahead` is brought near, as much as there is time for.
///
/// # Panics
/// As for [`block_matmul`].
pub fn block_matmul_ahead(
    mut product: MatrixMut<'_>,
    update: Update,
    left: Matrix<'_>,
    right: Matrix<'_>,
    ahead: &Ahead<'_>,
) {
    let mut operands = Operands::updating(&mut product, update, &left, &right);
    operands.bring_near(ahead);
    let set = InstructionSet::widest();
    // SAFETY: as for [`block_matmul`].
    unsafe {
        match set.level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if operands.ahead_length > 0 => avx512_ahead(&operands),
            _ => run(set, &operands),
        }
    };
}

/// The same of factors in codes. There are whole registers of columns: a multiple of 16.
///
/// # Panics
/// As for [`block_matmul`], and if the product has gaps.
pub fn block_matmul_of_pairs_ahead(
    dots: CodePairDots,
    mut product: MatrixMut<'_>,
    update: Update,
    left: CodePairs<'_>,
    right: CodePairs<'_>,
    ahead: &Ahead<'_>,
) {
    let mut operands = Operands::of_pairs(&left, &right);
    operands.write_to(&mut product);
    if update == Update::Add {
        operands.start = operands.product;
    }
    operands.bring_near(ahead);
    // SAFETY: as for products of floats; the proof is that of the instructions.
    unsafe { run_pairs(dots, &operands) };
}

/// What a product is added to: `values * scale + addends + shift`, with `scale` by column and `shifts` by row.
#[derive(Clone, Copy)]
pub struct Start<'a> {
    /// As many rows and columns as the product has, without gaps; 0 if there are none.
    pub values: Option<&'a [f32]>,
    /// 1 if there is none.
    pub scale: Option<&'a [f32]>,
    /// Of the shape of `values`, which are there too; 0 if there are none.
    pub addends: Option<&'a [f32]>,
    /// One for each row.
    pub shifts: &'a [f32],
}

/// Writes `left * right` plus what `start` says into `product`.
///
/// # Panics
/// As for [`block_matmul`], and if what it starts from has another shape than the product.
pub fn block_matmul_from(
    product: MatrixMut<'_>,
    start: Start<'_>,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    block_matmul_from_on(InstructionSet::widest(), product, start, left, right);
}

/// The same of factors in codes. There are whole registers of columns: a multiple of 16.
///
/// # Panics
/// As for [`block_matmul_from`], and if the product has gaps.
pub fn block_matmul_of_pairs_from(
    dots: CodePairDots,
    mut product: MatrixMut<'_>,
    start: Start<'_>,
    left: CodePairs<'_>,
    right: CodePairs<'_>,
) {
    let mut operands = Operands::of_pairs(&left, &right);
    operands.write_to(&mut product);
    operands.start_from(start);
    // SAFETY: as for products of floats; the proof is that of the instructions.
    unsafe { run_pairs(dots, &operands) };
}

/// Where the matrices of some products of the same shape are, from one to the next.
#[derive(Clone, Copy)]
pub struct Groups {
    /// How many products.
    pub count: usize,
    /// Elements from one product to the next.
    pub product: usize,
    /// Elements from one left factor to the next.
    pub left: usize,
    /// Elements from one right factor to the next.
    pub right: usize,
}

/// What [`block_matmul`] does, for several products; the matrices are the first ones.
///
/// # Panics
/// As for [`block_matmul`], and if one of the matrices does not fit in its slice.
pub fn block_matmul_groups(
    groups: Groups,
    product: MatrixMut<'_>,
    update: Update,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    let set = InstructionSet::widest();
    block_matmul_groups_on(set, groups, product, update, left, right);
}

/// Writes `left * (right * scale + addends)` into `product`: `scale` by column, `addends` of the shape
/// of `right`, both without gaps. For several products, as [`block_matmul_groups`]; addends follow each other
/// as right factors do.
///
/// # Panics
/// As for [`block_matmul_groups`], and if `scale` or `addends` do not have the shape of `right`.
pub fn block_matmul_blended(
    groups: Groups,
    product: MatrixMut<'_>,
    left: Matrix<'_>,
    right: Matrix<'_>,
    scale: &[f32],
    addends: &[f32],
) {
    let set = InstructionSet::widest();
    block_matmul_blended_on(set, groups, product, left, right, (scale, addends));
}

fn block_matmul_on(
    set: InstructionSet,
    mut product: MatrixMut<'_>,
    update: Update,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    let operands = Operands::updating(&mut product, update, &left, &right);
    // SAFETY: the constructors of the matrices checked that their last element, and so every one,
    // lies in its slice, and the product is borrowed mutably, so it overlaps neither factor.
    unsafe { run(set, &operands) };
}

fn block_matmul_groups_on(
    set: InstructionSet,
    groups: Groups,
    mut product: MatrixMut<'_>,
    update: Update,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    let mut operands = Operands::updating(&mut product, update, &left, &right);
    assert_groups_fit(&groups, &product, &left, &right);
    operands.groups = groups;
    // SAFETY: as for one product; those of the other groups were checked, too.
    unsafe { run(set, &operands) };
}

fn block_matmul_from_on(
    set: InstructionSet,
    mut product: MatrixMut<'_>,
    start: Start<'_>,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    let mut operands = Operands::of(&mut product, &left, &right);
    operands.start_from(start);
    // SAFETY: as for a product that is not started from anything; the rest was checked above.
    unsafe { run(set, &operands) };
}

fn block_matmul_blended_on(
    set: InstructionSet,
    groups: Groups,
    mut product: MatrixMut<'_>,
    left: Matrix<'_>,
    right: Matrix<'_>,
    (scale, addends): (&[f32], &[f32]),
) {
    let (values, stride) = (right.values.len(), right.row_stride);
    assert_eq!(scale.len(), right.columns, "a scale for each column");
    assert_eq!(addends.len(), values, "as many addends as values");
    assert_eq!(stride, right.columns, "the right factor has gaps");
    let mut operands = Operands::of(&mut product, &left, &right);
    assert_groups_fit(&groups, &product, &left, &right);
    operands.groups = groups;
    operands.scale = scale.as_ptr();
    operands.addends = addends.as_ptr();
    // SAFETY: as for products without them; addends are where right factors are.
    unsafe { run(set, &operands) };
}

/// # Safety
/// All elements of the operands can be read, those of the product also written.
unsafe fn run(set: InstructionSet, operands: &Operands) {
    // SAFETY: the caller's operands; an `InstructionSet` holds only a level found on this processor.
    unsafe {
        match (set.level(), operands.scale.is_null()) {
            (Level::Baseline, true) => baseline(operands),
            (Level::Baseline, false) => baseline_blended(operands),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx2, true) => avx2(operands),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx2, false) => avx2_blended(operands),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx512, true) => avx512(operands),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx512, false) => avx512_blended(operands),
        }
    }
}

/// # Safety
/// As for [`run`].
#[cfg(target_arch = "x86_64")]
unsafe fn run_pairs(_: CodePairDots, operands: &Operands) {
    // SAFETY: the caller's operands; the proof's instructions.
    unsafe {
        match operands.ahead_length {
            0 => avx512_pairs(operands),
            _ => avx512_pairs_ahead(operands),
        }
    };
}

/// # Safety
/// None is needed: there is no such proof.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn run_pairs(dots: CodePairDots, _: &Operands) {
    dots.never();
}

/// Defines a function that runs tiles of these registers and sizes one after the other, each on the columns
/// that those before left.
macro_rules! tiles {
    ($(#[$attribute:meta])* $name:ident, $mode:expr, $(($vector:ty, $vectors:literal, $rows:literal)),*) => {
        /// # Safety
        /// As for [`run`], and the processor has the instruction set.
        $(#[$attribute])*
        unsafe fn $name(operands: &Operands) {
            #[cfg(target_arch = "aarch64")]
            #[allow(unused_imports, reason = "not all tiles are of these")]
            use std::arch::aarch64::*;
            #[cfg(target_arch = "x86_64")]
            #[allow(unused_imports, reason = "not all tiles are of these")]
            use std::arch::x86_64::{__m128, __m256, __m512};
            let mut operands = *operands;
            for _ in 0..operands.groups.count {
                let done = 0;
                // SAFETY: the caller's operands; this function's instruction set.
                $(let done = unsafe { columns_of::<$vector, $vectors, $rows, {$mode}>(&operands, done) };)*
                debug_assert_eq!(done, operands.columns);
                operands.advance();
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx2,fma")]
    avx512,
    PLAIN,
    (__m512, 4, 6),
    (__m512, 3, 8),
    (__m512, 2, 8),
    (__m512, 1, 8),
    (__m256, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx512vnni,avx2,fma")]
    avx512_pairs,
    PLAIN,
    (super::vector::CodePairs512, 4, 6),
    (super::vector::CodePairs512, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx512vnni,avx2,fma")]
    avx512_pairs_ahead,
    AHEAD,
    (super::vector::CodePairs512, 4, 6),
    (super::vector::CodePairs512, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx2,fma")]
    avx512_ahead,
    AHEAD,
    (__m512, 4, 6),
    (__m512, 1, 8),
    (__m256, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx2,fma")]
    avx512_blended,
    BLEND,
    (__m512, 2, 8),
    (__m512, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx2,fma")]
    avx2,
    PLAIN,
    (__m256, 2, 6),
    (__m256, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx2,fma")]
    avx2_blended,
    BLEND,
    (__m256, 2, 4),
    (__m256, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(baseline, PLAIN, (__m128, 2, 6), (f32, 1, 8));
#[cfg(target_arch = "x86_64")]
tiles!(baseline_blended, BLEND, (__m128, 2, 4), (f32, 1, 8));
#[cfg(target_arch = "aarch64")]
tiles!(
    baseline,
    PLAIN,
    (float32x4_t, 4, 6),
    (float32x4_t, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "aarch64")]
tiles!(
    baseline_blended,
    BLEND,
    (float32x4_t, 4, 4),
    (float32x4_t, 1, 8),
    (f32, 1, 8)
);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
tiles!(baseline, PLAIN, (f32, 1, 8));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
tiles!(baseline_blended, BLEND, (f32, 1, 8));

#[cfg(test)]
mod tests;
