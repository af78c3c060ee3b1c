//! `exp` and the normal distribution without branches or tables, so that loops over them vectorise.
//!
//! Both were fitted for this file by iteratively reweighted least squares on Chebyshev points. NaN
//! goes through both.

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

/// e^x within 2e-7 relative; 0 below -87, about 2^127 above 88.
#[inline(always)]
pub(super) fn exp<const FUSED: bool>(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has so few bits that its products with exponents are exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    let clamped = clamp(x, -87.0, 88.0);
    let rounded = clamped * std::f32::consts::LOG2_E + ROUNDER;
    let exponent = rounded - ROUNDER;
    let r = multiply_add::<FUSED>(exponent, -LN_2_HIGH, clamped);
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
    let biased = rounded.to_bits().wrapping_add(127) << 23;
    let power = p * f32::from_bits(biased);
    if x < -87.0 { 0.0 } else { power }
}

/// `exp` of the distance to the largest value of a softmax, 0 from 40 on: what is so small changes no
/// sum, and its products with its like would be denormal, which processors take a hundred times as
/// long for.
#[inline(always)]
pub(super) fn softmax_weight<const FUSED: bool>(distance: f32) -> f32 {
    let weight = exp::<FUSED>(distance);
    if distance < -40.0 { 0.0 } else { weight }
}

/// Where [`normal_cumulative`] becomes constant.
pub(super) const NORMAL_LIMIT: f32 = 5.0;

/// Brings squares up to that of the limit to 0..2.
pub(super) const NORMAL_SCALE: f32 = 0.08;

/// Of the polynomial of [`normal_cumulative`], the highest power's first.
pub(super) const NORMAL_COEFFICIENTS: [f32; 13] = [
    0.000_608_728,
    -0.001_613_265_5,
    0.001_722_797_6,
    -0.002_685_574_3,
    0.006_410_512,
    -0.011_164_34,
    0.016_402_174,
    -0.023_268_653,
    0.031_442_173,
    -0.040_442_61,
    0.051_520_523,
    -0.070_296_28,
    0.141_363_78,
];

/// The standard normal distribution's cumulative function within 4e-7 absolute, constant beyond
/// 5: 1/2 plus x times a polynomial in x^2, which is brought to -1..1 so that no coefficient is
/// large. Without a division, which takes as long as all the rest.
#[inline(always)]
pub(super) fn normal_cumulative<const FUSED: bool>(x: f32) -> f32 {
    let x = clamp(x, -NORMAL_LIMIT, NORMAL_LIMIT);
    let place = multiply_add::<FUSED>(x * x, NORMAL_SCALE, -1.0);
    let mut p = NORMAL_COEFFICIENTS[0];
    for coefficient in &NORMAL_COEFFICIENTS[1..] {
        p = multiply_add::<FUSED>(p, place, *coefficient);
    }
    multiply_add::<FUSED>(x, p, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 5e-5 from -`limit` to `limit`, more densely than the fit.
    fn grid(limit: f32) -> impl Iterator<Item = f32> {
        let steps = (limit * 2e4) as i32;
        (-steps..=steps).map(|i| i as f32 * 5e-5)
    }

    #[test]
    fn exp_is_close_to_the_exact_one() {
        for x in grid(86.9) {
            let exact = f64::from(x).exp();
            for value in [exp::<true>(x), exp::<false>(x)] {
                let error = (f64::from(value) / exact - 1.0).abs();
                assert!(error < 2e-7, "exp({x}) = {value}, exactly {exact}");
            }
        }
        assert_eq!(exp::<false>(-100.0), 0.0);
        assert_eq!(exp::<false>(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp::<false>(0.0), 1.0);
        assert!(exp::<false>(f32::NAN).is_nan());
    }

    #[test]
    fn the_normal_distribution_is_close_to_the_exact_one() {
        for x in grid(7.0) {
            let exact = 0.5 * (1.0 + libm::erf(f64::from(x) / 2f64.sqrt()));
            for value in [normal_cumulative::<true>(x), normal_cumulative::<false>(x)] {
                let error = (f64::from(value) - exact).abs();
                assert!(error < 4e-7, "at {x}: {value}, exactly {exact}");
            }
        }
        assert!(normal_cumulative::<false>(f32::NAN).is_nan());
    }
}
