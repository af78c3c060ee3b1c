//! Powers of e without branches or tables, so that loops over them vectorise.
//!
//! They were fitted for this file by iteratively reweighted least squares on Chebyshev points. NaN
//! goes through.

#[inline(always)]
pub(super) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// A NaN stays, which `f32::clamp` grants too but not without a branch.
#[inline(always)]
pub(super) fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// e to the power of the distance to the largest value of a softmax, or to one near it: up to 80, within 2e-7 relative; 0
/// from -40 on: what is so small changes no sum, and its products with its like would be denormal, which processors take a hundred
/// times as long for.
#[inline(always)]
pub(super) fn softmax_weight<const FUSED: bool>(distance: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits; the rest is the bias of exponents.
    const ROUNDER: f32 = 12_582_912.0 + 127.0;
    // ln 2 in two parts; the first has so few bits that its products with exponents are exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    let rounded = multiply_add::<FUSED>(distance, std::f32::consts::LOG2_E, ROUNDER);
    let exponent = rounded - ROUNDER;
    let r = multiply_add::<FUSED>(exponent, -LN_2_HIGH, distance);
    let r = multiply_add::<FUSED>(exponent, -LN_2_LOW, r);
    let mut p = 0.001_381_461_3;
    for coefficient in [
        0.008_368_71,
        0.041_668_39,
        0.166_665_21,
        0.499_999_94,
        1.0,
        1.0,
    ] {
        p = multiply_add::<FUSED>(p, r, coefficient);
    }
    let power = p * f32::from_bits(rounded.to_bits() << 23);
    // Whatever came of distances for which there is no such exponent goes here.
    if distance < -40.0 { 0.0 } else { power }
}

/// The same of a register's distances: an instruction that multiplies with powers of 2 leaves a shorter polynomial.
///
/// # Safety
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn softmax_weight_512(
    distance: std::arch::x86_64::__m512,
) -> std::arch::x86_64::__m512 {
    use std::arch::x86_64::*;

    // What the float next to log2 e lacks to it.
    const LOG_2_E_LOW: f32 = 1.925_963e-8;
    // SAFETY: the caller's processor.
    unsafe {
        let log_2_e = _mm512_set1_ps(std::f32::consts::LOG2_E);
        let exponent = _mm512_mul_ps(distance, log_2_e);
        let exponent = _mm512_roundscale_ps::<_MM_FROUND_TO_NEAREST_INT>(exponent);
        let r = _mm512_fmsub_ps(distance, log_2_e, exponent);
        let r = _mm512_fmadd_ps(distance, _mm512_set1_ps(LOG_2_E_LOW), r);
        let mut p = _mm512_set1_ps(0.001_326_472_7);
        // The fit's linear coefficient is a little less than the series'.
        let linear = std::f32::consts::LN_2 - 1.8e-7;
        for coefficient in [0.009_671_513, 0.055_507_336, 0.240_222_42, linear, 1.0] {
            p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(coefficient));
        }
        // NaN is not less.
        let counts = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(distance, _mm512_set1_ps(-40.0));
        _mm512_maskz_scalef_ps(counts, p, exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_weights_are_close_to_the_exact_powers() {
        // Every 5e-5, more densely than the fit, from 16 on.
        for distance in (0..1_120_000).map(|step| 16.0 + step as f32 * -5e-5) {
            let exact = f64::from(distance).exp();
            for value in [
                softmax_weight::<true>(distance),
                softmax_weight::<false>(distance),
            ] {
                let error = (f64::from(value) / exact - 1.0).abs();
                assert!(error < 2e-7, "exp({distance}) = {value}, exactly {exact}");
            }
        }
        for distance in [-40.1, -100.0, -1e9, -1e38, f32::NEG_INFINITY] {
            assert_eq!(softmax_weight::<true>(distance), 0.0);
            assert_eq!(softmax_weight::<false>(distance), 0.0);
        }
        assert_eq!(softmax_weight::<false>(0.0), 1.0);
        assert!(softmax_weight::<false>(f32::NAN).is_nan());
        assert!(softmax_weight::<true>(f32::NAN).is_nan());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn those_of_registers_are_as_close() {
        if !is_x86_feature_detected!("avx512f") {
            return;
        }
        let weights = |distances: &[f32; 16]| {
            let mut weights = [0.0f32; 16];
            // SAFETY: the processor has AVX-512; the registers are as long as the arrays.
            unsafe {
                use std::arch::x86_64::*;
                let distances = _mm512_loadu_ps(distances.as_ptr());
                _mm512_storeu_ps(weights.as_mut_ptr(), softmax_weight_512(distances));
            }
            weights
        };
        for first in (0..1_120_000).step_by(16) {
            let distances = std::array::from_fn(|lane| 16.0 + (first + lane) as f32 * -5e-5);
            for (distance, weight) in distances.iter().zip(weights(&distances)) {
                let exact = f64::from(*distance).exp();
                let error = (f64::from(weight) / exact - 1.0).abs();
                assert!(error < 2e-7, "exp({distance}) = {weight}, exactly {exact}");
            }
        }
        for distance in [-40.1, -100.0, -1e9, -1e38, f32::NEG_INFINITY] {
            assert_eq!(weights(&[distance; 16]), [0.0; 16]);
        }
        assert_eq!(weights(&[0.0; 16]), [1.0; 16]);
        assert!(weights(&[f32::NAN; 16])[3].is_nan());
    }
}
