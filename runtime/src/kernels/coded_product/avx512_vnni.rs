//! Products with AVX-512's vector neural network instructions.

use std::arch::x86_64::{
    __m512, __m512i, __mmask16, _mm512_add_epi32, _mm512_add_ps, _mm512_cvtepi32_ps,
    _mm512_cvtps_epi32, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_mask_cvtepi32_storeu_epi8,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
    _mm512_set1_epi32, _mm512_set1_ps,
};

use super::{CODE_GROUP, COLUMNS, CodeRows, Coding, ColumnScales, Panel, ROWS};

/// Writes what a panel's sums stand for.
///
/// # Safety
/// The processor has the instructions; the rows' parts are equally long, multiples of [`CODE_GROUP`] and together as deep
/// as the panel; rows of `out` lie `stride` apart, which is no less than the panel has columns, the last one at least as
/// long.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn product(
    out: &mut [f32],
    stride: usize,
    left: &[CodeRows<'_>],
    panel: Panel<'_>,
) {
    let store = |place: *mut f32, mask, values| {
        // SAFETY: what the mask leaves in lies in the row.
        unsafe { _mm512_mask_storeu_ps(place, mask, values) };
    };
    // SAFETY: as promised.
    unsafe { each(out, stride, left, panel, store) };
}

/// The same as codes.
///
/// # Safety
/// As for [`product`].
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) unsafe fn encoded_product(
    out: &mut [u8],
    stride: usize,
    left: &[CodeRows<'_>],
    panel: Panel<'_>,
    coding: Coding,
) {
    let steps = _mm512_set1_ps(coding.inverse_scale);
    let lowest = _mm512_set1_ps(-f32::from(coding.zero));
    let highest = _mm512_set1_ps(f32::from(255 - coding.zero));
    let zero = _mm512_set1_epi32(i32::from(coding.zero));
    let store = |place: *mut u8, mask, values| {
        let values = _mm512_max_ps(_mm512_mul_ps(values, steps), lowest);
        let codes = _mm512_cvtps_epi32(_mm512_min_ps(values, highest));
        let codes = _mm512_add_epi32(codes, zero);
        // SAFETY: what the mask leaves in lies in the row.
        unsafe { _mm512_mask_cvtepi32_storeu_epi8(place.cast(), mask, codes) };
    };
    // SAFETY: as promised.
    unsafe { each(out, stride, left, panel, store) };
}

/// Gives `store` each row's first and second half: its place, which columns there are, and what their sums stand for.
///
/// # Safety
/// As for [`product`].
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn each<T>(
    out: &mut [T],
    stride: usize,
    left: &[CodeRows<'_>],
    panel: Panel<'_>,
    store: impl Fn(*mut T, __mmask16, __m512),
) {
    // SAFETY: as promised.
    let registers = unsafe { sums(left, panel.weights, panel.starts()) };
    let (masks, scales, biases) = of_columns(panel.scales);
    for (out, registers) in out.chunks_mut(stride).zip(registers) {
        for half in 0..2 {
            let sums = _mm512_cvtepi32_ps(registers[half]);
            let values = _mm512_add_ps(_mm512_mul_ps(sums, scales[half]), biases[half]);
            let place = out.as_mut_ptr().wrapping_add(16 * half);
            store(place, masks[half], values);
        }
    }
}

/// Of all of a panel's columns: which there are, their scales and their biases.
#[inline]
#[target_feature(enable = "avx512f")]
fn of_columns(
    ColumnScales { scale, bias }: ColumnScales<'_>,
) -> ([__mmask16; 2], [__m512; 2], [__m512; 2]) {
    let all = ((1_u64 << scale.len()) - 1) as u32;
    let masks = [all as u16, (all >> 16) as u16];
    let [scales, biases] = [scale, bias].map(|values| {
        [0, 1].map(|half| {
            let place = values.as_ptr().wrapping_add(16 * half);
            // SAFETY: nothing is read that the mask leaves out.
            unsafe { _mm512_maskz_loadu_ps(masks[half], place) }
        })
    });
    (masks, scales, biases)
}

/// A panel's sums.
///
/// # Safety
/// The processor has the instructions; the rows' parts are equally long, multiples of [`CODE_GROUP`] and together as deep
/// as `weights`.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn sums(
    left: &[CodeRows<'_>],
    weights: &[i8],
    starts: &[i32; COLUMNS],
) -> [[__m512i; 2]; ROWS] {
    // SAFETY: the array holds two registers; every group read lies in its row or in the weights.
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
        registers
    }
}
