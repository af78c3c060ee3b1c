//! Sums of products with the dot products of Armv8.2.

use std::arch::aarch64::{
    int8x16_t, int32x4_t, vdupq_n_u8, veorq_u8, vld1q_dup_u32, vld1q_s8, vld1q_s32,
    vreinterpretq_s8_u8, vreinterpretq_u8_u32, vst1q_s32,
};
use std::arch::asm;

use super::{CODE_GROUP, COLUMNS, CodeRows, ROWS};

/// What is taken off codes: these instructions multiply signed bytes.
pub(super) const OFFSET: u8 = 128;

/// Rows whose sums stay in registers: of 32 registers they take 24.
const ROWS_AT_ONCE: usize = 3;

/// Registers of a row's sums, four columns each.
const QUARTERS: usize = COLUMNS / 4;

/// Writes the sums of a panel: those that start there, and the products of the codes less [`OFFSET`].
///
/// # Safety
/// The processor has the instructions; the rows' parts are equally long, multiples of [`CODE_GROUP`] and together as deep
/// as `weights`.
#[target_feature(enable = "neon,dotprod")]
pub(super) unsafe fn sums(
    sums: &mut [[i32; COLUMNS]; ROWS],
    left: &[CodeRows<'_>],
    weights: &[i8],
    starts: &[i32; COLUMNS],
) {
    const { assert!(ROWS.is_multiple_of(ROWS_AT_ONCE)) };
    let sign = vdupq_n_u8(OFFSET);
    for (block, sums) in sums.chunks_exact_mut(ROWS_AT_ONCE).enumerate() {
        // SAFETY: the arrays hold a whole number of registers; every group read lies in its row or in the weights.
        unsafe {
            let start: [int32x4_t; QUARTERS] =
                std::array::from_fn(|quarter| vld1q_s32(starts.as_ptr().add(4 * quarter)));
            let mut registers = [start; ROWS_AT_ONCE];
            let mut panel = weights.as_ptr();
            for part in left {
                let rows: [*const u8; ROWS_AT_ONCE] =
                    std::array::from_fn(|row| part[block * ROWS_AT_ONCE + row].as_ptr());
                for group in 0..part[0].len() / CODE_GROUP {
                    let codes = rows.map(|row| {
                        let codes = vld1q_dup_u32(row.add(group * CODE_GROUP).cast());
                        vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(codes), sign))
                    });
                    for quarter in 0..QUARTERS {
                        let weights = vld1q_s8(panel.add(4 * CODE_GROUP * quarter));
                        for (registers, codes) in registers.iter_mut().zip(codes) {
                            registers[quarter] = plus_dots(registers[quarter], weights, codes);
                        }
                    }
                    panel = panel.wrapping_add(CODE_GROUP * COLUMNS);
                }
            }
            for (sums, registers) in sums.iter_mut().zip(registers) {
                for (quarter, register) in registers.into_iter().enumerate() {
                    vst1q_s32(sums.as_mut_ptr().add(4 * quarter), register);
                }
            }
        }
    }
}

/// Adds to each of four sums the products of four bytes. An instruction by name: its intrinsic is younger than the oldest
/// compiler that this is for.
#[target_feature(enable = "neon,dotprod")]
#[inline]
fn plus_dots(mut sums: int32x4_t, left: int8x16_t, right: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction reads and writes these registers alone, and the processor has it: this function's callers
    // say so.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {left:v}.16b, {right:v}.16b",
            sums = inout(vreg) sums,
            left = in(vreg) left,
            right = in(vreg) right,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}
