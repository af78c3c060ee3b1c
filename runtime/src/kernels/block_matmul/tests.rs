use super::super::code_pairs::{code_left, code_right, codes_of};
use super::*;
use proptest::prelude::*;

fn pseudo_random(seed: usize, length: usize) -> Vec<f32> {
    (0..length)
        .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
        .collect()
}

proptest! {
    #[test]
    fn products_are_the_plain_ones_on_every_instruction_set(
        rows in 0usize..40, columns in 0usize..140, depth in 0usize..50,
        gaps in [0usize..4, 0usize..4, 0usize..4],
        left_transposed: bool, add: bool,
    ) {
        let (lr, lc) = if left_transposed { (depth, rows) } else { (rows, depth) };
        let left_stride = lc + gaps[0];
        let left = pseudo_random(1, lr * left_stride);
        let right_stride = columns + gaps[1];
        let right = pseudo_random(2, depth * right_stride);
        let stride = columns + gaps[2];
        let before = pseudo_random(3, rows * stride);
        let left_at = |r: usize, c: usize| f64::from(if left_transposed { left[c * left_stride + r] } else { left[r * left_stride + c] });
        let update = if add { Update::Add } else { Update::Replace };

        for set in InstructionSet::available() {
            let mut product = before.clone();
            let mut left_matrix = Matrix::with_row_stride(&left, lr, lc, left_stride);
            if left_transposed { left_matrix = left_matrix.transposed(); }
            let right_matrix = Matrix::with_row_stride(&right, depth, columns, right_stride);
            block_matmul_on(set, MatrixMut::with_row_stride(&mut product, rows, columns, stride), update, left_matrix, right_matrix);
            for r in 0..rows {
                for c in 0..stride {
                    let at = r * stride + c;
                    let mut expected = f64::from(before[at]);
                    if c < columns {
                        let sum: f64 = (0..depth).map(|k| left_at(r, k) * f64::from(right[k * right_stride + c])).sum();
                        expected = sum + if add { expected } else { 0.0 };
                    }
                    prop_assert!((f64::from(product[at]) - expected).abs() < 2e-5, "{set:?} ({r}, {c}): {} for {expected}", product[at]);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_start_is_added_on_every_instruction_set(
        rows in 0usize..20, columns in 1usize..140, depth in 0usize..20, with_values: bool, scaled: bool, added: bool,
    ) {
        let left = pseudo_random(1, rows * depth);
        let right = pseudo_random(2, depth * columns);
        let values = pseudo_random(3, rows * columns);
        let scale = pseudo_random(4, columns);
        let shifts = pseudo_random(5, rows);
        let addends = pseudo_random(6, rows * columns);
        let start = Start {
            values: with_values.then_some(&*values),
            scale: scaled.then_some(&*scale),
            addends: added.then_some(&*addends),
            shifts: &shifts,
        };
        for set in InstructionSet::available() {
            let mut product = vec![f32::NAN; rows * columns];
            let factors = (Matrix::new(&left, rows, depth), Matrix::new(&right, depth, columns));
            block_matmul_from_on(set, MatrixMut::new(&mut product, rows, columns), start, factors.0, factors.1);
            for (at, found) in product.iter().enumerate() {
                let (r, c) = (at / columns, at % columns);
                let sum: f64 = (0..depth).map(|k| f64::from(left[r * depth + k]) * f64::from(right[k * columns + c])).sum();
                let scale = if scaled { f64::from(scale[c]) } else { 1.0 };
                let addend = if added { f64::from(addends[at]) } else { 0.0 };
                let value = if with_values { f64::from(values[at]) * scale + addend } else { 0.0 };
                let expected = sum + value + f64::from(shifts[r]);
                prop_assert!((f64::from(*found) - expected).abs() < 2e-5, "{set:?} ({r}, {c}): {found} for {expected}");
            }
        }
    }

    #[test]
    fn groups_are_products_of_their_own_on_every_instruction_set(
        count in 0usize..5, rows in 1usize..20, columns in 1usize..140, depth in 1usize..20,
        blended: bool, add: bool,
    ) {
        let groups = Groups { count, product: rows * columns + 3, left: depth, right: depth * columns };
        let left_stride = count.max(1) * depth;
        let left = pseudo_random(1, rows * left_stride);
        let right = pseudo_random(2, count.max(1) * depth * columns);
        let addends = pseudo_random(3, right.len());
        let scale = pseudo_random(4, columns);
        let before = pseudo_random(5, count.max(1) * groups.product);
        for set in InstructionSet::available() {
            let mut product = before.clone();
            let (left_matrix, right_matrix) = (
                Matrix::with_row_stride(&left, rows, depth, left_stride),
                Matrix::new(&right, depth, columns),
            );
            let product_matrix = MatrixMut::new(&mut product, rows, columns);
            if blended {
                block_matmul_blended_on(set, groups, product_matrix, left_matrix, right_matrix, (&scale, &addends));
            } else {
                let update = if add { Update::Add } else { Update::Replace };
                block_matmul_groups_on(set, groups, product_matrix, update, left_matrix, right_matrix);
            }
            for (at, found) in product.iter().enumerate() {
                let (group, place) = (at / groups.product, at % groups.product);
                let (r, c) = (place / columns, place % columns);
                let mut expected = f64::from(before[at]);
                if group < count && r < rows {
                    let factor = |k: usize| {
                        let at = (group * depth + k) * columns + c;
                        let value = f64::from(right[at]);
                        if blended { value * f64::from(scale[c]) + f64::from(addends[at]) } else { value }
                    };
                    let sum: f64 = (0..depth).map(|k| f64::from(left[r * left_stride + group * depth + k]) * factor(k)).sum();
                    expected = sum + if add && !blended { expected } else { 0.0 };
                }
                prop_assert!((f64::from(*found) - expected).abs() < 2e-5, "{set:?} {group} ({r}, {c}): {found} for {expected}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "2 groups do not fit")]
fn groups_beyond_a_slice_are_refused() {
    let values = [0.0; 6];
    let mut product = [0.0; 8];
    block_matmul_groups(
        Groups {
            count: 2,
            product: 4,
            left: 4,
            right: 0,
        },
        MatrixMut::new(&mut product, 2, 2),
        Update::Replace,
        Matrix::new(&values, 2, 2),
        Matrix::new(&values, 2, 2),
    );
}

#[test]
#[should_panic(expected = "gaps")]
fn a_right_factor_with_gaps_is_refused() {
    let values = [0.0; 4];
    let mut product = [0.0; 4];
    block_matmul(
        MatrixMut::new(&mut product, 2, 2),
        Update::Replace,
        Matrix::new(&values, 2, 2),
        Matrix::new(&values, 2, 2).transposed(),
    );
}
proptest! {
    #[test]
    fn products_of_pairs_are_those_of_what_codes_stand_for(
        rows in 1usize..40, registers in 1usize..9, depth in 1usize..60, less in 0usize..5, ahead: bool,
    ) {
        let Some(dots) = CodePairDots::found() else { return Ok(()) };
        let (columns, half) = (16 * registers, depth.div_ceil(2));
        let (mut left, mut left_steps) = (vec![0; rows * half], vec![0.0; rows]);
        let values = pseudo_random(1, rows * depth);
        code_left(&mut left, &mut left_steps, Matrix::new(&values, rows, depth));
        let (mut right, mut right_steps) = (vec![0; half * columns], vec![0.0; columns]);
        code_right(&mut right, &mut right_steps, &pseudo_random(2, depth * columns));
        let used = half.saturating_sub(less);
        let (left_pairs, right_pairs) = (
            CodePairs::left(&left, &left_steps).first_columns(used),
            CodePairs::right(&right, &right_steps).first_rows(used),
        );
        let values = pseudo_random(3, rows * columns);
        let (scale, shifts) = (pseudo_random(4, columns), pseudo_random(5, rows));
        let far = vec![0.0; if ahead { 5000 } else { 0 }];
        let ahead = Ahead::of([&[], &far, &[], &[]]);
        let start = Start { values: Some(&values), scale: Some(&scale), addends: None, shifts: &shifts };
        let mut from = vec![9.0; rows * columns];
        let product = MatrixMut::new(&mut from, rows, columns);
        block_matmul_of_pairs_from(dots, product, start, left_pairs, right_pairs);
        let [mut added, mut replaced] = [Update::Add, Update::Replace].map(|update| {
            let mut product = values.clone();
            block_matmul_of_pairs_ahead(
                dots, MatrixMut::new(&mut product, rows, columns), update, left_pairs, right_pairs, &ahead,
            );
            product.into_iter()
        });
        for row in 0..rows {
            for column in 0..columns {
                let terms = (0..used).map(|k| {
                    let [a, b] = [left[row * half + k], right[k * columns + column]].map(codes_of);
                    f64::from(a[0]) * f64::from(b[0]) + f64::from(a[1]) * f64::from(b[1])
                });
                let sum = terms.sum::<f64>() * f64::from(left_steps[row]) * f64::from(right_steps[column]);
                let value = f64::from(values[row * columns + column]);
                let started = value * f64::from(scale[column]) + f64::from(shifts[row]);
                prop_assert!((f64::from(from[row * columns + column]) - sum - started).abs() < 1e-4);
                prop_assert!((f64::from(added.next().unwrap()) - sum - value).abs() < 1e-4);
                prop_assert!((f64::from(replaced.next().unwrap()) - sum).abs() < 1e-4);
            }
        }
    }
}
