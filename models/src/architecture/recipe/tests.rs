use super::*;

#[test]
fn rows_are_taken_head_by_head() {
    let rows = Rows {
        first: 1,
        length: 2,
        distance: 4,
        runs: 2,
    };
    assert_eq!(rows.count(), 4);
    assert_eq!(rows.indices().collect::<Vec<_>>(), [1, 2, 5, 6]);
}

#[test]
fn linear_weights_are_transposed_and_scaled() {
    let weight: Vec<f32> = (0..60).map(|i| i as f32).collect();
    let found = transposed_rows(&weight, 3, Rows::range(1, 19), 0.5);
    for input in 0..3 {
        for row in 0..19 {
            assert_eq!(
                found[input * 19 + row],
                ((row + 1) * 3 + input) as f32 / 2.0
            );
        }
    }
}

#[test]
fn relative_positions_are_differences() {
    // Two channels: the difference, and ten times it.
    let table: Vec<f32> = (-2..=2).flat_map(|d| [d as f32, 10.0 * d as f32]).collect();
    let found = relative_positions(&table, 5, 3);
    for query in 0..3 {
        for key in 0..3 {
            let difference = query as f32 - key as f32;
            assert_eq!(found[(query * 2) * 3 + key], difference);
            assert_eq!(found[(query * 2 + 1) * 3 + key], 10.0 * difference);
        }
    }
}

#[test]
fn tables_of_another_length_are_interpolated() {
    // Worked out by hand: places of three rows among five are 0 (held), 0.4, 1, 1.6, 2 (held).
    let enlarged = resized_rows(&[0.0, 10.0, 30.0], 3, 5);
    for (found, expected) in enlarged.iter().zip([0.0, 4.0, 10.0, 22.0, 30.0]) {
        assert!((found - expected).abs() < 1e-5, "{enlarged:?}");
    }
    // Places of five rows among three are 1/3, 2, 11/3.
    let reduced = resized_rows(&[0.0, 3.0, 6.0, 9.0, 12.0], 5, 3);
    for (found, expected) in reduced.iter().zip([1.0, 6.0, 11.0]) {
        assert!((found - expected).abs() < 1e-5, "{reduced:?}");
    }
    assert_eq!(resized_rows(&[7.0], 1, 3), [7.0; 3]);
}

#[test]
fn attention_biases_depend_on_the_distance() {
    // A head of a 2x2 window: same place, next column, next row, diagonal.
    let found = attention_biases(&[0.0, 1.0, 2.0, 3.0], 2);
    #[rustfmt::skip]
    let expected = [
        0.0, 1.0, 2.0, 3.0,
        1.0, 0.0, 3.0, 2.0,
        2.0, 3.0, 0.0, 1.0,
        3.0, 2.0, 1.0, 0.0,
    ];
    assert_eq!(found, expected);
}
