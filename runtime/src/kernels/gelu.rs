//! The Gaussian error linear unit in its exact form, `x (1 + erf(x / sqrt 2)) / 2` (Hendrycks and Gimpel, arXiv
//! 1606.08415), within 5e-7 times the magnitude of x, or 5e-7 where that is less than 1.

use super::vector::{MOST_LANES, Vector, per_vector};

/// Applies it to every value. NaN stays, what is infinite does not become finite, and what is beyond 1.7e38 may become
/// infinite.
pub fn gelu(values: &mut [f32]) {
    gelu_on(super::dispatch::InstructionSet::widest(), values);
}

per_vector!(gelu_on(values: &mut [f32]) = gelu_body);

/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn gelu_body<V: Vector>(values: &mut [f32]) {
    let whole = values.len() - values.len() % V::LANES;
    let (registers, rest) = values.split_at_mut(whole);
    // SAFETY: each chunk is as long as a register, and no register is longer than the last values.
    unsafe {
        for values in registers.chunks_exact_mut(V::LANES) {
            V::load(values.as_ptr()).gelu().store(values.as_mut_ptr());
        }
        // In a register too, so that it does not depend on the length what becomes of a value.
        let mut last = [0.0; MOST_LANES];
        last[..rest.len()].copy_from_slice(rest);
        V::load(last.as_ptr()).gelu().store(last.as_mut_ptr());
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// `x` times the standard normal distribution's cumulative function, that within 4e-7 and constant beyond 5: 1/2 plus x
/// times a polynomial in x^2, which is brought to -1..1 so that no coefficient is large. Without a division, which takes
/// as long as all the rest.
///
/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn by_polynomial<V: Vector>(x: V) -> V {
    // SAFETY: the caller's processor.
    unsafe {
        let clamped = x.clamp(V::splat(-LIMIT), V::splat(LIMIT));
        let square = clamped.times(clamped);
        let place = V::splat(-1.0).plus_product(square, V::splat(2.0 / (LIMIT * LIMIT)));
        let mut p = V::splat(COEFFICIENTS[0]);
        for coefficient in &COEFFICIENTS[1..] {
            p = V::splat(*coefficient).plus_product(p, place);
        }
        V::splat(0.5).plus_product(clamped, p).times(x)
    }
}

/// Where the polynomial ends.
const LIMIT: f32 = 5.0;

/// Of the polynomial, the highest power's first.
const COEFFICIENTS: [f32; 13] = [
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

/// `max(x, 0)` and a cubic in the magnitude of x, one of 32: registers that are long enough to be asked for any of their
/// elements give its coefficients, in half the time of the polynomial.
///
/// # Safety
/// The processor has the instruction set.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn by_table(x: std::arch::x86_64::__m512) -> std::arch::x86_64::__m512 {
    use std::arch::x86_64::*;

    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    const ROUNDER: f32 = 12_582_912.0;
    // SAFETY: the caller's processor; the tables have two registers each. Of NaN and another, `min` takes the second.
    unsafe {
        let magnitude = _mm512_min_ps(_mm512_set1_ps(TABLE_LIMIT), _mm512_abs_ps(x));
        let rounder = _mm512_set1_ps(ROUNDER);
        let inverse_width = _mm512_set1_ps(TABLE_INVERSE_WIDTH);
        let rounded = _mm512_fmadd_ps(magnitude, inverse_width, rounder);
        let nearest = _mm512_sub_ps(rounded, rounder);
        let place = _mm512_fmsub_ps(magnitude, inverse_width, nearest);
        let index = _mm512_castps_si512(rounded);
        let coefficients = |power: usize| {
            let table = TABLE[power].as_ptr();
            let (low, high) = (_mm512_loadu_ps(table), _mm512_loadu_ps(table.add(16)));
            _mm512_permutex2var_ps(low, index, high)
        };
        let mut p = coefficients(3);
        for power in [2, 1, 0] {
            p = _mm512_fmadd_ps(p, place, coefficients(power));
        }
        // Twice max(x, 0), and NaN for minus infinity: what is not finite must be seen to come from such.
        let twice = _mm512_add_ps(x, _mm512_abs_ps(x));
        _mm512_fmadd_ps(twice, _mm512_set1_ps(0.5), p)
    }
}

/// From this magnitude on nothing that a float tells is missing from `max(x, 0)`.
#[cfg(target_arch = "x86_64")]
const TABLE_LIMIT: f32 = 5.5;

/// Pieces to a unit.
#[cfg(target_arch = "x86_64")]
const TABLE_INVERSE_WIDTH: f32 = 5.727_272_5;

/// By power, and by the nearest multiple of a piece's width: coefficients of `gelu(x) - max(x, 0)` as a cubic in how many
/// widths the magnitude of x is beyond it. Fitted for this file by iteratively reweighted least squares on Chebyshev
/// points, as the polynomial was.
#[cfg(target_arch = "x86_64")]
static TABLE: [[f32; 32]; 4] = [
    [
        0.0,
        -0.075_200_394,
        -0.126_924_7,
        -0.157_250_29,
        -0.169_336_77,
        -0.167_031_75,
        -0.154_426_63,
        -0.135_436_88,
        -0.113_468_63,
        -0.091_208_42,
        -0.070_544_63,
        -0.052_604_18,
        -0.037_871_346,
        -0.026_349_742,
        -0.017_731_449,
        -0.011_546_795,
        -0.007_279_769_5,
        -0.004_444_881_3,
        -0.002_629_088_5,
        -0.001_506_763_2,
        -0.000_836_861_84,
        -0.000_450_496_68,
        -0.000_235_075_63,
        -0.000_118_916_505,
        -0.000_058_321_504,
        -0.000_027_732_895,
        -0.000_012_786_892_5,
        -0.000_005_716_864_5,
        -0.000_002_478_509_3,
        -0.000_001_042_022_7,
        -0.000_000_424_844_47,
        -0.000_000_167_980_7,
    ],
    [
        -0.087_301_835,
        -0.063_222_62,
        -0.040_576_912,
        -0.020_607_548,
        -0.004_214_213,
        0.008_135_247,
        0.016_416_814,
        0.020_991_504,
        0.022_495_98,
        0.021_710_405,
        0.019_431_418,
        0.016_371_54,
        0.013_096_384,
        0.010_000_656,
        0.007_316_126_5,
        0.005_140_445,
        0.003_475_194_6,
        0.002_263_646_8,
        0.001_422_143_8,
        0.000_862_460_6,
        0.000_505_218_7,
        0.000_286_018_1,
        0.000_156_556_08,
        0.000_082_882_95,
        0.000_042_453_223,
        0.000_021_043_488,
        0.000_010_096_75,
        0.000_004_690_124,
        0.000_002_109_585_7,
        0.000_000_918_929_5,
        0.000_000_387_698_46,
        0.000_000_158_445_94,
    ],
    [
        0.012_170_994,
        0.011_781_299_5,
        0.010_733_678,
        0.009_141_261,
        0.007_203_259_5,
        0.005_144_186_3,
        0.003_175_875_6,
        0.001_466_207_7,
        0.000_120_561_66,
        -0.000_822_346_4,
        -0.001_381_923_6,
        -0.001_618_854_9,
        -0.001_615_262_6,
        -0.001_456_564_3,
        -0.001_218_106_7,
        -0.000_957_715_3,
        -0.000_713_694_5,
        -0.000_506_744_1,
        -0.000_344_053,
        -0.000_223_944_6,
        -0.000_140_012_01,
        -0.000_084_204_47,
        -0.000_048_769_478,
        -0.000_027_227_163,
        -0.000_014_662_963,
        -0.000_007_622_078,
        -0.000_003_826_314_7,
        -0.000_001_855_805_6,
        -0.000_000_869_941_3,
        -0.000_000_394_268_34,
        -0.000_000_172_806_01,
        -0.000_000_073_264_92,
    ],
    [
        -0.000_046_375_43,
        -0.000_240_979_57,
        -0.000_449_846_47,
        -0.000_600_765,
        -0.000_678_860_4,
        -0.000_682_201_8,
        -0.000_620_811_6,
        -0.000_513_238_7,
        -0.000_381_812_9,
        -0.000_247_941_7,
        -0.000_128_510_76,
        -0.000_033_994_795,
        0.000_031_687_967,
        0.000_069_989_01,
        0.000_085_841_49,
        0.000_085_689_94,
        0.000_075_893_884,
        0.000_061_710_445,
        0.000_046_864_46,
        0.000_033_572_02,
        0.000_022_829_729,
        0.000_014_800_389,
        0.000_009_175_322,
        0.000_005_451_665,
        0.000_003_109_921_6,
        0.000_001_705_582_9,
        0.000_000_900_269_75,
        0.000_000_457_757_12,
        0.000_000_224_377_84,
        0.000_000_106_090_28,
        0.000_000_048_411_64,
        0.000_000_021_330_337,
    ],
];

#[cfg(test)]
mod tests {
    use super::super::dispatch::InstructionSet;
    use super::*;

    #[test]
    fn it_is_close_to_the_exact_one_on_every_instruction_set() {
        let inputs: Vec<f32> = (-80_000..80_003).map(|i| i as f32 * 1e-4).collect();
        for set in InstructionSet::available() {
            let mut outputs = inputs.clone();
            gelu_on(set, &mut outputs);
            for (x, y) in inputs.iter().zip(&outputs) {
                let x = f64::from(*x);
                let exact = 0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt()));
                let error = (f64::from(*y) - exact).abs();
                assert!(
                    error <= 5e-7 * x.abs().max(1.0),
                    "{set:?}: gelu({x}) = {y}, exactly {exact}"
                );
            }
        }
    }

    #[test]
    fn what_is_far_out_or_not_a_number_on_every_instruction_set() {
        for set in InstructionSet::available() {
            for (x, expected) in [
                (0.0, 0.0),
                (1e30, 1e30),
                (-1e30, 0.0),
                (f32::INFINITY, f32::INFINITY),
            ] {
                let mut values = [x; 19];
                gelu_on(set, &mut values);
                // As a share of x; infinity is compared as such.
                let near =
                    |value: &f32| *value == expected || (value - expected).abs() <= 1e-6 * x.abs();
                assert!(values.iter().all(near), "{set:?}: {x} gives {values:?}");
            }
            for x in [f32::NAN, f32::NEG_INFINITY] {
                let mut values = [x; 19];
                gelu_on(set, &mut values);
                assert!(
                    values.iter().all(|value| !value.is_finite()),
                    "{set:?}: {x}"
                );
            }
        }
    }
}
