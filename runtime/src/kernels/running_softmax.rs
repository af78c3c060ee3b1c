//! Softmax over more values than are at hand at once.

use super::dispatch::InstructionSet;
use super::float::softmax_weight;
use super::vector::{MOST_LANES, Vector, per_vector};

/// What is known of the softmax of some rows whose values come in pieces ("Online normalizer
/// calculation for softmax", arXiv 1805.02867).
///
/// Weights are relative to a value that need not be the largest so far: it is replaced only where others are so much larger
/// that their weights would get out of hand. So nearly all pieces change no earlier weight, and no row's largest value has to
/// be known.
#[derive(Debug, Default)]
pub struct RunningSoftmax {
    /// Of each row, the value whose weight is 1.
    references: Vec<f32>,
    /// Of each row, sums of `exp(value - reference)` so far, which together are the whole.
    sums: Vec<[f32; MOST_LANES]>,
    /// Of each row, what the newest piece made of everything before it: weighted sums that were
    /// made with earlier weights are to be multiplied with it. 1 unless the reference was replaced.
    pub corrections: Vec<f32>,
}

/// How far beyond its reference a value may be.
const ROOM: f32 = 16.0;

impl RunningSoftmax {
    /// Forgets all values; from now on there are `rows` rows.
    pub fn reset(&mut self, rows: usize) {
        self.references.clear();
        self.references.resize(rows, f32::NEG_INFINITY);
        self.sums.clear();
        self.sums.resize(rows, [0.0; MOST_LANES]);
        self.corrections.clear();
        self.corrections.resize(rows, 1.0);
    }

    /// The sum of a row's weights so far.
    #[must_use]
    pub fn sum(&self, row: usize) -> f32 {
        self.sums[row].iter().sum()
    }

    /// Takes in the values that `other` has seen, of as many rows; the `corrections` of each are what
    /// its weighted sums are to be multiplied with before they are added.
    ///
    /// # Panics
    /// If there are not as many rows.
    pub fn merge(&mut self, other: &mut Self) {
        assert_eq!(self.sums.len(), other.sums.len());
        for row in 0..self.sums.len() {
            let reference = self.references[row].max(other.references[row]);
            for state in [&mut *self, &mut *other] {
                // One that has seen nothing yet has sums of zero, and any factor is right.
                let seen = state.references[row] > f32::NEG_INFINITY;
                let distance = if seen {
                    state.references[row] - reference
                } else {
                    0.0
                };
                state.corrections[row] = softmax_weight::<false>(distance);
                state.references[row] = reference;
                for sum in &mut state.sums[row] {
                    *sum *= state.corrections[row];
                }
            }
            for (sum, other) in self.sums[row].iter_mut().zip(&other.sums[row]) {
                *sum += other;
            }
        }
    }

    /// Takes in the next `columns` values of each row, row-major, of which only the first `valid`
    /// count, and replaces them by `exp(value - reference)`, 0 for those that do not count.
    ///
    /// # Panics
    /// If `values` does not have as many rows as were announced, or `valid` is more than `columns`.
    pub fn take(&mut self, values: &mut [f32], columns: usize, valid: usize) {
        assert!(values.len() == self.sums.len() * columns && valid <= columns);
        take_on(InstructionSet::widest(), self, values, columns, valid);
    }

    /// Makes the largest of a row's new values its reference.
    #[cold]
    fn replace_reference(&mut self, row: usize, values: &[f32]) {
        let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let correction = softmax_weight::<false>(self.references[row] - largest);
        self.references[row] = largest;
        self.corrections[row] = correction;
        for sum in &mut self.sums[row] {
            *sum *= correction;
        }
    }
}

per_vector!(
    take_on(state: &mut RunningSoftmax, values: &mut [f32], columns: usize, valid: usize) = take_body
);

/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn take_body<V: Vector>(
    state: &mut RunningSoftmax,
    values: &mut [f32],
    columns: usize,
    valid: usize,
) {
    for (row, values) in values.chunks_exact_mut(columns).enumerate() {
        values[valid..].fill(f32::NEG_INFINITY);
        let whole = values.len() - values.len() % V::LANES;
        let (registers, rest) = values.split_at(whole);
        let limit = state.references[row] + ROOM;
        // SAFETY: each chunk is as long as a register; so are a row's sums, or longer.
        let is_beyond = unsafe {
            let mut largest = V::splat(f32::NEG_INFINITY);
            for values in registers.chunks_exact(V::LANES) {
                largest = V::load(values.as_ptr()).larger(largest);
            }
            largest.any_above(V::splat(limit)) || rest.iter().any(|value| *value > limit)
        };
        state.corrections[row] = 1.0;
        if is_beyond {
            state.replace_reference(row, values);
        }
        let (reference, sums) = (state.references[row], &mut state.sums[row]);
        let (registers, rest) = values.split_at_mut(whole);
        // SAFETY: as above.
        unsafe {
            let mut sum = V::load(sums.as_ptr());
            for values in registers.chunks_exact_mut(V::LANES) {
                let weights = V::load(values.as_ptr()).softmax_weight(V::splat(reference));
                weights.store(values.as_mut_ptr());
                sum = sum.add(weights);
            }
            sum.store(sums.as_mut_ptr());
            for value in rest {
                *value = value.softmax_weight(reference);
                sums[0] += *value;
            }
        }
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
                    let found = mean / f64::from(state.sum(row));
                    assert!(
                        (found - exact).abs() < 1e-4,
                        "{set:?}, {valid}: {found} for {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn halves_that_are_merged_give_the_softmax_of_the_whole() {
        // One whose values rise beyond the room, one that has seen nothing, and one far below.
        let columns = 16;
        let value = |half: usize, index: usize| (index as f32 * 3.0 - 20.0) * [1.0, -0.5][half];
        for seen in [[true, true], [true, false], [false, true]] {
            let mut states = [RunningSoftmax::default(), RunningSoftmax::default()];
            let mut means = [0.0_f64; 2];
            for (half, state) in states.iter_mut().enumerate() {
                state.reset(1);
                for piece in 0..if seen[half] { 2 } else { 0 } {
                    let mut values: Vec<f32> = (0..columns / 2)
                        .map(|c| value(half, piece * columns / 2 + c))
                        .collect();
                    state.take(&mut values, columns / 2, columns / 2);
                    means[half] *= f64::from(state.corrections[0]);
                    for (c, weight) in values.iter().enumerate() {
                        let index = half * columns + piece * columns / 2 + c;
                        means[half] += f64::from(*weight) * index as f64;
                    }
                }
            }
            let [mut one, mut other] = states;
            one.merge(&mut other);
            let mean = means[0] * f64::from(one.corrections[0])
                + means[1] * f64::from(other.corrections[0]);
            let all = (0..2 * columns).filter(|index| seen[index / columns]);
            let values =
                all.map(|index| (index, f64::from(value(index / columns, index % columns))));
            let largest = values
                .clone()
                .map(|(_, v)| v)
                .fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = values.clone().map(|(_, v)| (v - largest).exp()).sum();
            let exact: f64 = values
                .map(|(i, v)| i as f64 * (v - largest).exp() / sum)
                .sum();
            let found = mean / f64::from(one.sum(0));
            assert!(
                (found - exact).abs() < 1e-4,
                "{seen:?}: {found} for {exact}"
            );
        }
    }
}
