//! Products whose elements pass an activation and are summed up at once: they never leave the registers.

use super::super::code_pairs::{CodePairDots, CodePairs};
use super::super::dispatch::{InstructionSet, Level};
use super::super::matmul::{Matrix, MatrixMut};
use super::super::vector::Vector;
use super::operands::Operands;
use super::tile::{PLAIN, sums_of};

/// What is done with the elements of a product.
#[derive(Clone, Copy)]
pub struct GeluSums<'a> {
    /// Added to each row of the product.
    pub shifts: &'a [f32],
    /// Added to each element of the product: of its shape, without gaps. 0 if there are none.
    pub addends: Option<&'a [f32]>,
    /// `[sums, rows of a group]`: how much of each row every sum takes.
    pub kernels: Matrix<'a>,
}

/// For each group of as many rows as the kernels have columns, writes `kernels * gelu(left * right + shifts + addends)`,
/// `[sums, columns]`, into `out`, `[groups, sums, columns]`, with [`super::super::gelu`]'s activation.
///
/// # Panics
/// If the shapes do not match, or rows of a matrix have gaps.
pub fn gelu_sums(out: &mut [f32], sums: GeluSums<'_>, left: Matrix<'_>, right: Matrix<'_>) {
    gelu_sums_on(InstructionSet::widest(), out, sums, left, right);
}

/// The same of factors in codes. There are whole registers of columns: a multiple of 16.
///
/// # Panics
/// As for [`gelu_sums`].
pub fn gelu_sums_of_pairs(
    dots: CodePairDots,
    out: &mut [f32],
    sums: GeluSums<'_>,
    left: CodePairs<'_>,
    right: CodePairs<'_>,
) {
    let operands = Operands::of_pairs(&left, &right);
    let plan = Plan::of(out, sums, operands);
    // SAFETY: the constructors checked that all elements are there; the proof is that of the instructions.
    unsafe { pairs_of(dots, &plan) };
}

fn gelu_sums_on(
    set: InstructionSet,
    out: &mut [f32],
    sums: GeluSums<'_>,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    // Nothing is written there: the product itself is nowhere.
    let mut none = MatrixMut::with_row_stride(&mut [], 0, 0, 0);
    none.rows = left.rows;
    none.columns = right.columns;
    let plan = Plan::of(out, sums, Operands::of(&mut none, &left, &right));
    // SAFETY: the constructors checked that all elements are there; an `InstructionSet` holds only a level found on
    // this processor.
    unsafe {
        match set.level() {
            Level::Baseline => baseline(&plan),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(&plan),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(&plan),
        }
    }
}

/// Where everything is.
struct Plan {
    product: Operands,
    out: *mut f32,
    kernels: *const f32,
    shifts: *const f32,
    /// Null if there are none.
    addends: *const f32,
    groups: usize,
    /// Rows of a group.
    rows: usize,
    sums: usize,
}

impl Plan {
    /// Where the product's factors are is known already.
    fn of(out: &mut [f32], sums: GeluSums<'_>, product: Operands) -> Self {
        let GeluSums {
            shifts,
            addends,
            kernels,
        } = sums;
        let (rows, count) = (kernels.columns, kernels.rows);
        assert!(
            rows > 0 && product.rows.is_multiple_of(rows),
            "whole groups"
        );
        assert_eq!(shifts.len(), product.rows, "a shift for each row");
        assert_eq!(
            (kernels.row_stride, kernels.column_stride),
            (rows, 1),
            "kernels without gaps"
        );
        if let Some(addends) = addends {
            let elements = product.rows * product.columns;
            assert_eq!(addends.len(), elements, "an addend for each element");
        }
        let groups = product.rows / rows;
        assert_eq!(
            out.len(),
            groups * count * product.columns,
            "a row for each sum"
        );
        Self {
            product,
            out: out.as_mut_ptr(),
            kernels: kernels.values.as_ptr(),
            shifts: shifts.as_ptr(),
            addends: addends.map_or(std::ptr::null(), <[f32]>::as_ptr),
            groups,
            rows,
            sums: count,
        }
    }
}

/// Columns from `done` on, as many as fill tiles of `VECTORS` registers; the first that is left.
///
/// # Safety
/// Everything that the plan points to can be read, and the sums written; the processor has the instruction set of `V`.
#[inline(always)]
unsafe fn columns_of<V: Vector, const VECTORS: usize, const ROWS: usize>(
    plan: &Plan,
    done: usize,
) -> usize {
    let width = V::LANES * VECTORS;
    let count = (plan.product.columns - done) / width;
    for group in 0..plan.groups {
        let tiles = plan.rows.div_ceil(ROWS);
        let mut row = 0;
        for tile in 0..tiles {
            let rows = (plan.rows - row).div_ceil(tiles - tile);
            // A tile's weights stay near while it goes along the columns.
            for column in 0..count {
                // SAFETY: the rows are of the group, the columns of the product.
                unsafe {
                    tile_of_rows::<V, VECTORS>(plan, (group, row), rows, done + column * width)
                };
            }
            row += rows;
        }
    }
    done + count * width
}

/// # Safety
/// As for [`columns_of`]; the tile lies in the product.
#[inline(always)]
unsafe fn tile_of_rows<V: Vector, const VECTORS: usize>(
    plan: &Plan,
    place: (usize, usize),
    rows: usize,
    column: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        match rows {
            1 => tile::<V, VECTORS, 1>(plan, place, column),
            2 => tile::<V, VECTORS, 2>(plan, place, column),
            3 => tile::<V, VECTORS, 3>(plan, place, column),
            4 => tile::<V, VECTORS, 4>(plan, place, column),
            5 => tile::<V, VECTORS, 5>(plan, place, column),
            6 => tile::<V, VECTORS, 6>(plan, place, column),
            7 => tile::<V, VECTORS, 7>(plan, place, column),
            _ => tile::<V, VECTORS, 8>(plan, place, column),
        }
    }
}

/// # Safety
/// As for [`tile_of_rows`].
#[inline(always)]
unsafe fn tile<V: Vector, const VECTORS: usize, const ROWS: usize>(
    plan: &Plan,
    (group, first): (usize, usize),
    column: usize,
) {
    let row = group * plan.rows + first;
    // SAFETY: the tile lies in the product, so there is a shift for each of its rows, an addend for each of its elements
    // if there are any, a kernel's value for each row within the group, and a column of each sum.
    unsafe {
        let mut values = sums_of::<V, VECTORS, ROWS, PLAIN>(&plan.product, row, column);
        for (index, values) in values.iter_mut().enumerate() {
            let shift = V::splat(plan.shifts.add(row + index).read());
            if !plan.addends.is_null() {
                let addends = plan
                    .addends
                    .add((row + index) * plan.product.columns + column);
                for (place, value) in values.iter_mut().enumerate() {
                    *value = value.add(V::load(addends.add(place * V::LANES)));
                }
            }
            for value in values {
                *value = value.add(shift).gelu();
            }
        }
        for sum in 0..plan.sums {
            let at = ((group * plan.sums + sum) * plan.product.columns) + column;
            let kernel = plan.kernels.add(sum * plan.rows + first);
            let mut total = [V::zero(); VECTORS];
            if first > 0 {
                for (index, total) in total.iter_mut().enumerate() {
                    *total = V::load(plan.out.add(at + index * V::LANES));
                }
            }
            for (index, values) in values.iter().enumerate() {
                let share = V::splat(kernel.add(index).read());
                for (total, value) in total.iter_mut().zip(values) {
                    *total = total.plus_product(share, *value);
                }
            }
            for (index, total) in total.into_iter().enumerate() {
                total.store(plan.out.add(at + index * V::LANES));
            }
        }
    }
}

/// Defines a function that runs tiles of these registers and sizes one after the other, each on the columns
/// that those before left.
macro_rules! tiles {
    ($(#[$attribute:meta])* $name:ident, $(($vector:ty, $vectors:literal, $rows:literal)),*) => {
        /// # Safety
        /// As for [`columns_of`], and the processor has the instruction set.
        $(#[$attribute])*
        unsafe fn $name(plan: &Plan) {
            #[cfg(target_arch = "aarch64")]
            #[allow(unused_imports, reason = "not all tiles are of these")]
            use std::arch::aarch64::*;
            #[cfg(target_arch = "x86_64")]
            #[allow(unused_imports, reason = "not all tiles are of these")]
            use std::arch::x86_64::{__m128, __m256, __m512};
            let done = 0;
            // SAFETY: the caller's plan; this function's instruction set.
            $(let done = unsafe { columns_of::<$vector, $vectors, $rows>(plan, done) };)*
            debug_assert_eq!(done, plan.product.columns);
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx512vnni,avx2,fma")]
    pairs,
    (super::super::vector::CodePairs512, 2, 8),
    (super::super::vector::CodePairs512, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx512f,avx2,fma")]
    avx512,
    (__m512, 2, 8),
    (__m512, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(
    #[target_feature(enable = "avx2,fma")]
    avx2,
    (__m256, 2, 4),
    (__m256, 1, 8),
    (__m128, 1, 8),
    (f32, 1, 8)
);
#[cfg(target_arch = "x86_64")]
tiles!(baseline, (__m128, 2, 4), (f32, 1, 8));
#[cfg(target_arch = "aarch64")]
tiles!(
    baseline,
    (float32x4_t, 2, 8),
    (float32x4_t, 1, 8),
    (f32, 1, 8)
);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
tiles!(baseline, (f32, 1, 8));

/// # Safety
/// As for [`columns_of`], but for the instruction set: there is a proof of it.
#[cfg(target_arch = "x86_64")]
unsafe fn pairs_of(_: CodePairDots, plan: &Plan) {
    // SAFETY: the caller's plan; the proof's instructions.
    unsafe { pairs(plan) };
}

/// # Safety
/// None is needed: there is no such proof.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn pairs_of(dots: CodePairDots, _: &Plan) {
    dots.never();
}

#[cfg(test)]
mod tests {
    use super::super::super::code_pairs::{code_left, code_right, codes_of};
    use super::*;
    use proptest::prelude::*;

    fn pseudo_random(seed: usize, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
            .collect()
    }

    fn exact_gelu(x: f64) -> f64 {
        0.5 * x * (1.0 + libm::erf(x / 2f64.sqrt()))
    }

    /// What every sum should be, from elements of the product.
    fn expected(
        product: impl Fn(usize, usize) -> f64,
        (groups, rows, sums, columns): (usize, usize, usize, usize),
        kernels: &[f32],
    ) -> Vec<f64> {
        let mut out = Vec::new();
        for group in 0..groups {
            for sum in 0..sums {
                for column in 0..columns {
                    let terms = (0..rows).map(|row| {
                        let value = exact_gelu(product(group * rows + row, column));
                        f64::from(kernels[sum * rows + row]) * value
                    });
                    out.push(terms.sum());
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn they_are_the_plain_ones_on_every_instruction_set(
            groups in 1usize..4, rows in 1usize..20, sums in 0usize..5, columns in 0usize..100, depth in 1usize..30,
            added in proptest::bool::ANY,
        ) {
            let left = pseudo_random(1, groups * rows * depth);
            let right = pseudo_random(2, depth * columns);
            let shifts = pseudo_random(3, groups * rows);
            let kernels = pseudo_random(4, sums * rows);
            let addends = pseudo_random(5, groups * rows * columns);
            let addends = added.then_some(&*addends);
            let of = GeluSums { shifts: &shifts, addends, kernels: Matrix::new(&kernels, sums, rows) };
            let shape = (groups, rows, sums, columns);
            let product = |row: usize, column: usize| {
                let terms = (0..depth).map(|k| f64::from(left[row * depth + k]) * f64::from(right[k * columns + column]));
                let addend = addends.map_or(0.0, |addends| addends[row * columns + column]);
                terms.sum::<f64>() + f64::from(shifts[row]) + f64::from(addend)
            };
            let exact = expected(product, shape, &kernels);
            for set in InstructionSet::available() {
                let mut out = vec![9.0; groups * sums * columns];
                gelu_sums_on(
                    set, &mut out, of, Matrix::new(&left, groups * rows, depth), Matrix::new(&right, depth, columns),
                );
                for (found, exact) in out.iter().zip(&exact) {
                    prop_assert!((f64::from(*found) - exact).abs() < 1e-4, "{set:?}: {found} for {exact}");
                }
            }
        }

        #[test]
        fn those_of_pairs_are_the_plain_ones_of_coded_factors(
            groups in 1usize..4, rows in 1usize..20, sums in 1usize..5, registers in 1usize..6, depth in 1usize..30,
            added in proptest::bool::ANY,
        ) {
            let Some(dots) = CodePairDots::found() else { return Ok(()) };
            let (columns, half) = (16 * registers, depth.div_ceil(2));
            let (mut left, mut left_steps) = (vec![0; groups * rows * half], vec![0.0; groups * rows]);
            let values = pseudo_random(1, groups * rows * depth);
            code_left(&mut left, &mut left_steps, Matrix::new(&values, groups * rows, depth));
            let (mut right, mut right_steps) = (vec![0; half * columns], vec![0.0; columns]);
            code_right(&mut right, &mut right_steps, &pseudo_random(2, depth * columns));
            let shifts = pseudo_random(3, groups * rows);
            let kernels = pseudo_random(4, sums * rows);
            let addends = pseudo_random(5, groups * rows * columns);
            let addends = added.then_some(&*addends);
            let of = GeluSums { shifts: &shifts, addends, kernels: Matrix::new(&kernels, sums, rows) };
            let product = |row: usize, column: usize| {
                let addend = addends.map_or(0.0, |addends| addends[row * columns + column]);
                let terms = (0..half).map(|k| {
                    let [a, b] = [left[row * half + k], right[k * columns + column]].map(codes_of);
                    f64::from(a[0]) * f64::from(b[0]) + f64::from(a[1]) * f64::from(b[1])
                });
                let step = f64::from(left_steps[row]) * f64::from(right_steps[column]);
                terms.sum::<f64>() * step + f64::from(shifts[row]) + f64::from(addend)
            };
            let exact = expected(product, (groups, rows, sums, columns), &kernels);
            let mut out = vec![9.0; groups * sums * columns];
            gelu_sums_of_pairs(
                dots, &mut out, of, CodePairs::left(&left, &left_steps), CodePairs::right(&right, &right_steps),
            );
            for (found, exact) in out.iter().zip(&exact) {
                prop_assert!((f64::from(*found) - exact).abs() < 1e-4, "{found} for {exact}");
            }
        }
    }

    #[test]
    fn nan_comes_through() {
        let kernels = [1.0; 3];
        let of = GeluSums {
            shifts: &[0.0, f32::NAN, 0.0],
            addends: None,
            kernels: Matrix::new(&kernels, 1, 3),
        };
        for set in InstructionSet::available() {
            for columns in [1, 4, 16, 32] {
                let mut out = vec![0.0; columns];
                let right = vec![1.0; columns];
                gelu_sums_on(
                    set,
                    &mut out,
                    of,
                    Matrix::new(&[1.0; 3], 3, 1),
                    Matrix::new(&right, 1, columns),
                );
                assert!(out.iter().all(|value| value.is_nan()), "{set:?}");
            }
        }
    }
}
