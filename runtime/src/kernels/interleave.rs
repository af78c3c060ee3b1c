//! Rows that become one, element by element.

use super::dispatch::{InstructionSet, per_instruction_set};

/// Rows that are interleaved.
const ROWS: usize = 4;

/// Writes the first elements of all rows, then the second ones, and so on.
///
/// # Panics
/// If the rows differ in length, or `out` is not as long as all of them.
pub fn interleave(out: &mut [f32], rows: [&[f32]; ROWS]) {
    assert!(rows.iter().all(|row| row.len() * ROWS == out.len()));
    interleave_on(InstructionSet::widest(), out, rows);
}

per_instruction_set!(interleave_on(out: &mut [f32], rows: [&[f32]; ROWS]) = interleave_body);

#[inline(always)]
fn interleave_body<const FUSED: bool>(out: &mut [f32], rows: [&[f32]; ROWS]) {
    let [(a, ra), (b, rb), (c, rc), (d, rd)] = rows.map(|row| row.as_chunks::<ROWS>());
    let (whole, rest) = out.split_at_mut(a.len() * ROWS * ROWS);
    let (squares, _) = whole.as_chunks_mut::<{ ROWS * ROWS }>();
    for ((((out, a), b), c), d) in squares.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        // Every index is written out: with a loop over them, compilers go through memory.
        *out = [
            a[0], b[0], c[0], d[0], a[1], b[1], c[1], d[1], a[2], b[2], c[2], d[2], a[3], b[3],
            c[3], d[3],
        ];
    }
    let (squares, _) = rest.as_chunks_mut::<ROWS>();
    for ((((out, a), b), c), d) in squares.iter_mut().zip(ra).zip(rb).zip(rc).zip(rd) {
        *out = [*a, *b, *c, *d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_take_turns_on_every_instruction_set() {
        for length in 0..70 {
            let rows: [Vec<f32>; ROWS] =
                [0, 1, 2, 3].map(|row| (0..length).map(|i| (row + ROWS * i) as f32).collect());
            for set in InstructionSet::available() {
                let mut out = vec![f32::NAN; ROWS * length];
                interleave_on(set, &mut out, rows.each_ref().map(Vec::as_slice));
                let expected: Vec<f32> = (0..ROWS * length).map(|i| i as f32).collect();
                assert_eq!(out, expected, "{set:?}");
            }
        }
    }
}
