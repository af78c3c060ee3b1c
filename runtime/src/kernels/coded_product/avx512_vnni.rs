//! Products with AVX-512's vector neural network instructions.

use std::arch::x86_64::{
    _mm512_add_ps, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_mul_ps, _mm512_set1_epi32,
};

use super::{CODE_GROUP, COLUMNS, CodeRows, ROWS};

/// Writes a panel's sums times `scale`, and `bias`.
///
/// # Safety
/// The processor has the instructions; the rows' parts are equally long, multiples of [`CODE_GROUP`] and together as deep
/// as `weights`; `scale` and `bias` are as long, at most [`COLUMNS`], and rows of `out` lie `stride` apart, which is no less,
/// the last one at least as long.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn product(
    out: &mut [f32],
    stride: usize,
    left: &[CodeRows<'_>],
    weights: &[i8],
    starts: &[i32; COLUMNS],
    scale: &[f32],
    bias: &[f32],
) {
    // SAFETY: the arrays hold two registers a row; every group read lies in its row or in the weights; nothing is read of
    // scales and biases, or written of rows, that the masks leave out.
    unsafe {
        let start = [
            _mm512_loadu_si512(starts.as_ptr().cast()),
            _mm512_loadu_si512(starts.as_ptr().add(16).cast()),
        ];
        let mut registers = [start; ROWS];
        let mut panel = weights.as_ptr();
        for part in left {
            let rows = part.map(|row| row.as_ptr());
            for group in 0..part[0].len() / CODE_GROUP {
                let low = _mm512_loadu_si512(panel.cast());
                let high = _mm512_loadu_si512(panel.add(64).cast());
                for (row, registers) in rows.iter().zip(&mut registers) {
                    let codes = row.add(group * CODE_GROUP).cast::<i32>().read_unaligned();
                    let codes = _mm512_set1_epi32(codes);
                    registers[0] = _mm512_dpbusd_epi32(registers[0], codes, low);
                    registers[1] = _mm512_dpbusd_epi32(registers[1], codes, high);
                }
                panel = panel.wrapping_add(CODE_GROUP * COLUMNS);
            }
        }
        let all = ((1_u64 << scale.len()) - 1) as u32;
        let masks = [all as u16, (all >> 16) as u16];
        let [scales, biases] = [scale, bias].map(|values| {
            [
                _mm512_maskz_loadu_ps(masks[0], values.as_ptr()),
                _mm512_maskz_loadu_ps(masks[1], values.as_ptr().wrapping_add(16)),
            ]
        });
        for (out, registers) in out.chunks_mut(stride).zip(registers) {
            for half in 0..2 {
                let sums = _mm512_cvtepi32_ps(registers[half]);
                let values = _mm512_add_ps(_mm512_mul_ps(sums, scales[half]), biases[half]);
                let place = out.as_mut_ptr().wrapping_add(16 * half);
                _mm512_mask_storeu_ps(place, masks[half], values);
            }
        }
    }
}
