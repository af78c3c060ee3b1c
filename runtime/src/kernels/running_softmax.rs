//! Softmax over more values than are at hand at once.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::softmax_weight;

/// What is known of the softmax of some rows whose values come in pieces ("Online normalizer
/// calculation for softmax", arXiv 1805.02867).
#[derive(Debug, Default)]
pub struct RunningSoftmax {
    /// Of each row, the largest value so far.
    pub largest: Vec<f32>,
    /// Of each row, the sum of `exp(value - largest)` so far.
    pub sums: Vec<f32>,
    /// Of each row, what the newest piece made of everything before it: weighted sums that were
    /// made with earlier weights are to be multiplied with it. 1 unless `largest` grew.
    pub corrections: Vec<f32>,
}

impl RunningSoftmax {
    /// Forgets all values; from now on there are `rows` rows.
    pub fn reset(&mut self, rows: usize) {
        self.largest.clear();
        self.largest.resize(rows, f32::NEG_INFINITY);
        self.sums.clear();
        self.sums.resize(rows, 0.0);
        self.corrections.clear();
        self.corrections.resize(rows, 1.0);
    }

    /// Takes in the values that `other` has seen, of as many rows; the `corrections` of each are what
    /// its weighted sums are to be multiplied with before they are added.
    ///
    /// # Panics
    /// If there are not as many rows.
    pub fn merge(&mut self, other: &mut Self) {
        assert_eq!(self.sums.len(), other.sums.len());
        for row in 0..self.sums.len() {
            let largest = self.largest[row].max(other.largest[row]);
            for state in [&mut *self, &mut *other] {
                // One that has seen nothing yet has sums of zero, and any factor is right.
                let seen = state.largest[row] > f32::NEG_INFINITY;
                let distance = if seen {
                    state.largest[row] - largest
                } else {
                    0.0
                };
                state.corrections[row] = softmax_weight::<false>(distance);
                state.largest[row] = largest;
                state.sums[row] *= state.corrections[row];
            }
            self.sums[row] += other.sums[row];
        }
    }

    /// Takes in the next `columns` values of each row, row-major, of which only the first `valid`
    /// count, and replaces them by `exp(value - largest)`, 0 for those that do not count.
    ///
    /// # Panics
    /// If `values` does not have as many rows as were announced, or `valid` is more than `columns`.
    pub fn take(&mut self, values: &mut [f32], columns: usize, valid: usize) {
        assert!(values.len() == self.sums.len() * columns && valid <= columns);
        take_on(InstructionSet::widest(), self, values, columns, valid);
    }
}

per_instruction_set!(
    take_on(state: &mut RunningSoftmax, values: &mut [f32], columns: usize, valid: usize) = take_body
);

/// Independent partial results, so that one step need not wait for the last.
const LANES: usize = 32;

#[inline(always)]
fn take_body<const FUSED: bool>(
    state: &mut RunningSoftmax,
    values: &mut [f32],
    columns: usize,
    valid: usize,
) {
    let known = state.largest.iter_mut().zip(&mut state.sums);
    let known = known.zip(&mut state.corrections);
    for (row, ((largest, sum), correction)) in values.chunks_exact_mut(columns).zip(known) {
        row[valid..].fill(f32::NEG_INFINITY);
        let mut lanes = [f32::NEG_INFINITY; LANES];
        let (chunks, rest) = row.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane = if *value > *lane { *value } else { *lane };
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *lane = if *value > *lane { *value } else { *lane };
        }
        let mut width = LANES / 2;
        while width > 0 {
            for index in 0..width {
                let other = lanes[index + width];
                lanes[index] = if other > lanes[index] {
                    other
                } else {
                    lanes[index]
                };
            }
            width /= 2;
        }
        let grown = lanes[0] > *largest;
        let next = if grown { lanes[0] } else { *largest };
        *correction = if grown {
            softmax_weight::<FUSED>(*largest - next)
        } else {
            1.0
        };
        *largest = next;

        let mut lanes = [0.0; LANES];
        let (chunks, rest) = row.as_chunks_mut::<LANES>();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *value = softmax_weight::<FUSED>(*value - next);
                *lane += *value;
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *value = softmax_weight::<FUSED>(*value - next);
            *lane += *value;
        }
        let mut width = LANES / 2;
        while width > 0 {
            for index in 0..width {
                lanes[index] += lanes[index + width];
            }
            width /= 2;
        }
        *sum = *sum * *correction + lanes[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_softmax_of_the_whole_on_every_instruction_set() {
        let (rows, columns, pieces) = (5, 48, 4);
        let value = |row: usize, index: usize| {
            // Rising, falling and mixed rows.
            let noise = ((row * 31 + index) * 7919 % 1009) as f32 / 64.0;
            noise + (row as f32 - 2.0) * index as f32 / 16.0
        };
        for set in InstructionSet::available() {
            for valid in [1, 17, 48] {
                let count = (pieces - 1) * columns + valid;
                let mut state = RunningSoftmax::default();
                state.reset(rows);
                // Softmax-weighted mean of the indices.
                let mut means = vec![0.0_f64; rows];
                for piece in 0..pieces {
                    let mut values: Vec<f32> = (0..rows)
                        .flat_map(|row| (0..columns).map(move |c| value(row, piece * columns + c)))
                        .collect();
                    let last = piece + 1 == pieces;
                    take_on(
                        set,
                        &mut state,
                        &mut values,
                        columns,
                        if last { valid } else { columns },
                    );
                    for (row, mean) in means.iter_mut().enumerate() {
                        *mean *= f64::from(state.corrections[row]);
                        for c in 0..columns {
                            *mean +=
                                f64::from(values[row * columns + c]) * (piece * columns + c) as f64;
                        }
                    }
                }
                for (row, mean) in means.iter().enumerate() {
                    let all = (0..count).map(|index| f64::from(value(row, index)));
                    let largest = all.clone().fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = all.clone().map(|v| (v - largest).exp()).sum();
                    let exact: f64 = all
                        .enumerate()
                        .map(|(i, v)| i as f64 * (v - largest).exp() / sum)
                        .sum();
                    let found = mean / f64::from(state.sums[row]);
                    assert!(
                        (found - exact).abs() < 1e-4,
                        "{set:?}, {valid}: {found} for {exact}"
                    );
                }
            }
        }
    }
}
