//! A matrix that is read from end to end for a few rows at a time.

use super::block_matmul::block_matmul;
use super::large_pages::LargePages;
use super::matmul::{Matrix, MatrixMut, Update};

/// Columns of a panel: three of the widest registers, whose sums for eight rows fit beside them.
const PANEL: usize = 48;

/// The weights of a linear layer, cut into panels of outputs, so that they are read in order.
pub struct LinearPanels {
    /// One after the other, `[inputs, panel's outputs]` each.
    values: LargePages<f32>,
    inputs: usize,
    outputs: usize,
}

impl LinearPanels {
    /// From `weight`, `[outputs, inputs]`.
    ///
    /// # Panics
    /// If `inputs` is 0 or the weight is no whole number of rows.
    #[must_use]
    pub fn new(weight: &[f32], inputs: usize) -> Self {
        assert!(weight.len().is_multiple_of(inputs));
        let outputs = weight.len() / inputs;
        let mut values = Vec::with_capacity(weight.len());
        for first in (0..outputs).step_by(PANEL) {
            for input in 0..inputs {
                let panel = first..outputs.min(first + PANEL);
                values.extend(panel.map(|output| weight[output * inputs + input]));
            }
        }
        Self {
            values: LargePages::from(&*values),
            inputs,
            outputs,
        }
    }

    /// Length of a row that it takes.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Adds the products of the rows of `rows`, `[count, inputs]`, with the weight to `sums`,
    /// `[count, outputs]`.
    ///
    /// # Panics
    /// If the shapes do not match.
    pub fn add_product(&self, rows: &[f32], sums: &mut [f32]) {
        let count = rows.len() / self.inputs;
        for first in (0..self.outputs).step_by(PANEL) {
            let width = PANEL.min(self.outputs - first);
            let panel = &self.values[first * self.inputs..][..width * self.inputs];
            if count == 0 {
                return;
            }
            block_matmul(
                MatrixMut::with_row_stride(&mut sums[first..], count, width, self.outputs),
                Update::Add,
                Matrix::new(rows, count, self.inputs),
                Matrix::new(panel, self.inputs, width),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_give_the_plain_product() {
        for (count, inputs, outputs) in [(1, 3, 100), (7, 20, 48), (9, 5, 47)] {
            let weight: Vec<f32> = (0..inputs * outputs)
                .map(|i| (i % 17) as f32 - 8.0)
                .collect();
            let rows: Vec<f32> = (0..count * inputs).map(|i| (i % 13) as f32 - 6.0).collect();
            let mut sums = vec![1.0; count * outputs];
            LinearPanels::new(&weight, inputs).add_product(&rows, &mut sums);
            for row in 0..count {
                for output in 0..outputs {
                    let dot: f32 = (0..inputs)
                        .map(|i| rows[row * inputs + i] * weight[output * inputs + i])
                        .sum();
                    assert_eq!(sums[row * outputs + output], 1.0 + dot);
                }
            }
        }
    }
}
