//! The registers of x86-64: of SSE2, AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::Vector;

/// Factors with two 16-bit codes in each lane, both multiplied and added to a 32-bit sum; once settled, floats.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct CodePairs512(__m512);

impl Vector for CodePairs512 {
    const LANES: usize = <__m512 as Vector>::LANES;
    const FUSES: bool = true;
    const CODED: bool = true;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller's processor has AVX-512 and its dot products of codes, here and below.
        Self(unsafe { __m512::zero() })
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { __m512::splat(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as above, and the caller's floats can be read.
        Self(unsafe { __m512::load(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above, and the caller's floats can be written.
        unsafe { self.0.store(to) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { Vector::add(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn plus_product(self, left: Self, right: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.plus_product(left.0, right.0) })
    }

    #[inline(always)]
    unsafe fn plus_element(self, left: Self, right: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            let [sum, left, right] = [self, left, right].map(|value| _mm512_castps_si512(value.0));
            Self(_mm512_castsi512_ps(_mm512_dpwssd_epi32(sum, left, right)))
        }
    }

    #[inline(always)]
    unsafe fn settled(self, step: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            let codes = _mm512_cvtepi32_ps(_mm512_castps_si512(self.0));
            Self(codes.times(step.0))
        }
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.times(other.0) })
    }

    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.clamp(low.0, high.0) })
    }

    #[inline(always)]
    unsafe fn gelu(self) -> Self {
        // SAFETY: as above.
        Self(unsafe { self.0.gelu() })
    }
}

vector!(
    __m512,
    16,
    true,
    _mm512_setzero_ps(),
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    |sum, left, right| _mm512_fmadd_ps(left, right, sum),
    _mm512_mul_ps,
    // Of NaN and another, the second is taken, here and below.
    |value, low, high| _mm512_min_ps(high, _mm512_max_ps(low, value)),
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { _mm512_max_ps(self, other) }
    },
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        // SAFETY: as above.
        unsafe { _mm512_div_ps(_mm512_set1_ps(1.0), self) }
    },
    #[inline(always)]
    unsafe fn any_above(self, limit: Self) -> bool {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self, limit) != 0 }
    },
    #[inline(always)]
    unsafe fn softmax_weight(self, largest: Self) -> Self {
        // SAFETY: as above.
        unsafe { super::super::float::softmax_weight_512(_mm512_sub_ps(self, largest)) }
    },
    #[inline(always)]
    unsafe fn gelu(self) -> Self {
        // SAFETY: as above.
        unsafe { super::super::gelu::by_table(self) }
    }
);
vector!(
    __m256,
    8,
    true,
    _mm256_setzero_ps(),
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    |sum, left, right| _mm256_fmadd_ps(left, right, sum),
    _mm256_mul_ps,
    |value, low, high| _mm256_min_ps(high, _mm256_max_ps(low, value))
);
// Without a fused multiply-add: every x86-64 processor has it.
vector!(
    __m128,
    4,
    false,
    _mm_setzero_ps(),
    _mm_set1_ps,
    _mm_loadu_ps,
    _mm_storeu_ps,
    _mm_add_ps,
    |sum, left, right| _mm_add_ps(sum, _mm_mul_ps(left, right)),
    _mm_mul_ps,
    |value, low, high| _mm_min_ps(high, _mm_max_ps(low, value))
);
