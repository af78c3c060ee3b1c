//! Rows that become one, element by element.

#[cfg(target_arch = "x86_64")]
use super::dispatch::Level;
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

fn interleave_on(set: InstructionSet, out: &mut [f32], rows: [&[f32]; ROWS]) {
    #[cfg(target_arch = "x86_64")]
    if set.level() == Level::Avx512 {
        let (squares, rest) = out.as_chunks_mut::<64>();
        let done = squares.len() * 16;
        // SAFETY: the level is one found on this processor.
        unsafe { avx512(squares, rows) };
        in_small_squares_on(set, rest, rows.map(|row| &row[done..]));
        return;
    }
    in_small_squares_on(set, out, rows);
}

/// Writes so many elements of the rows as there is room for.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(out: &mut [[f32; 64]], rows: [&[f32]; ROWS]) {
    use super::transpose::avx512::{across_quarters, within_quarters};
    use std::arch::x86_64::{_mm512_loadu_ps, _mm512_storeu_ps};

    let [a, b, c, d] = rows.map(|row| row.as_chunks::<16>().0);
    for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        // SAFETY: the arrays are as long as a register.
        let rows = [a, b, c, d].map(|row| unsafe { _mm512_loadu_ps(row.as_ptr()) });
        let turns = across_quarters(within_quarters(rows));
        for (out, values) in out.as_chunks_mut::<16>().0.iter_mut().zip(turns) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), values) };
        }
    }
}

per_instruction_set!(
    in_small_squares_on(out: &mut [f32], rows: [&[f32]; ROWS]) = in_small_squares_body
);

#[inline(always)]
fn in_small_squares_body<const FUSED: bool>(out: &mut [f32], rows: [&[f32]; ROWS]) {
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
