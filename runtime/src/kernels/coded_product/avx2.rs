//! Sums of products in 16 bits, two at a time: AVX2 multiplies bytes only where their sums may be cut off.

use std::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm_hadd_epi32, _mm_loadu_si128, _mm_set1_epi32, _mm_storeu_si128,
    _mm256_add_epi32, _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_cvtepu8_epi16,
    _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_setzero_si256,
};

use super::{CODE_GROUP, COLUMNS, CodeRows, ROWS};

/// Rows whose sums stay in registers.
const ROWS_AT_ONCE: usize = 4;

/// Registers of each of these rows, four columns each, two sums for each column.
const REGISTERS: usize = 2;

/// Writes the sums of a panel: those that start there, and the products.
///
/// # Safety
/// The processor has the instructions; the rows' parts are equally long, multiples of [`CODE_GROUP`] and together as deep
/// as `weights`.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn sums(
    sums: &mut [[i32; COLUMNS]; ROWS],
    left: &[CodeRows<'_>],
    weights: &[i8],
    starts: &[i32; COLUMNS],
) {
    const { assert!(ROWS.is_multiple_of(ROWS_AT_ONCE) && COLUMNS.is_multiple_of(4 * REGISTERS)) };
    for (block, sums) in sums.chunks_exact_mut(ROWS_AT_ONCE).enumerate() {
        for first in (0..COLUMNS).step_by(4 * REGISTERS) {
            // SAFETY: every group read lies in its row or in the weights, and four columns from each register's first
            // one are in the panel.
            unsafe {
                let mut registers = [[_mm256_setzero_si256(); REGISTERS]; ROWS_AT_ONCE];
                let mut panel = weights.as_ptr().add(first * CODE_GROUP);
                for part in left {
                    let rows: [*const u8; ROWS_AT_ONCE] =
                        std::array::from_fn(|row| part[block * ROWS_AT_ONCE + row].as_ptr());
                    for group in 0..part[0].len() / CODE_GROUP {
                        let codes: [__m256i; ROWS_AT_ONCE] = rows.map(|row| {
                            let codes = row.add(group * CODE_GROUP).cast::<i32>();
                            _mm256_cvtepu8_epi16(_mm_set1_epi32(codes.read_unaligned()))
                        });
                        for register in 0..REGISTERS {
                            let weights = panel.add(4 * CODE_GROUP * register).cast();
                            let weights = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights));
                            for (registers, codes) in registers.iter_mut().zip(codes) {
                                let products = _mm256_madd_epi16(codes, weights);
                                let sums = &mut registers[register];
                                *sums = _mm256_add_epi32(*sums, products);
                            }
                        }
                        panel = panel.wrapping_add(CODE_GROUP * COLUMNS);
                    }
                }
                for (sums, registers) in sums.iter_mut().zip(registers) {
                    for (index, register) in registers.into_iter().enumerate() {
                        let column = first + 4 * index;
                        let low = _mm256_castsi256_si128(register);
                        let high = _mm256_extracti128_si256::<1>(register);
                        let start = _mm_loadu_si128(starts.as_ptr().add(column).cast());
                        let total = _mm_add_epi32(start, _mm_hadd_epi32(low, high));
                        _mm_storeu_si128(sums.as_mut_ptr().add(column).cast(), total);
                    }
                }
            }
        }
    }
}
