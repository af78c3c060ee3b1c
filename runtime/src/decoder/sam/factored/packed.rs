//! Linear layers on tokens, laid out for a few tokens at a time.

use crate::kernels::{LinearPanels, relu};

use super::super::layers::{sized, take_mlp_layers};
use super::super::weights::{Weights, WeightsError};

/// A linear layer.
pub(super) struct PackedLinear {
    panels: LinearPanels,
    bias: Vec<f32>,
}

impl PackedLinear {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, WeightsError> {
        let weight = weights.take(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Self {
            panels: LinearPanels::new(&weight, inputs),
            bias: weights.take(&format!("{name}.bias"), &[outputs])?,
        })
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Number of its weights, biases aside.
    pub(super) fn weights(&self) -> usize {
        self.panels.inputs() * self.outputs()
    }

    /// `[tokens, inputs]` to `[tokens, outputs]`.
    pub(super) fn apply<'a>(&self, tokens: &[f32], result: &'a mut Vec<f32>) -> &'a mut [f32] {
        let count = tokens.len() / self.panels.inputs();
        let result = sized(result, count * self.outputs());
        for row in result.chunks_exact_mut(self.outputs()) {
            row.copy_from_slice(&self.bias);
        }
        self.panels.add_product(tokens, result);
        result
    }

    /// Adds the layer's result to `sums`: a residual connection.
    pub(super) fn add_to(&self, tokens: &[f32], sums: &mut [f32]) {
        for row in sums.chunks_exact_mut(self.outputs()) {
            for (sum, bias) in row.iter_mut().zip(&self.bias) {
                *sum += bias;
            }
        }
        self.panels.add_product(tokens, sums);
    }
}

/// Linear layers with ReLU between them.
pub(super) struct PackedMlp {
    layers: Vec<PackedLinear>,
}

/// Buffers between the layers of one MLP at a time.
#[derive(Default)]
pub(super) struct MlpScratch([Vec<f32>; 2]);

impl PackedMlp {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, WeightsError> {
        let layers = take_mlp_layers(weights, name, [inputs, outputs], PackedLinear::take)?;
        Ok(Self { layers })
    }

    /// Number of its weights, biases aside.
    pub(super) fn weights(&self) -> usize {
        self.layers.iter().map(PackedLinear::weights).sum()
    }

    /// `[tokens, inputs]` to `[tokens, outputs]`.
    pub(super) fn apply<'a>(&self, tokens: &[f32], scratch: &'a mut MlpScratch) -> &'a [f32] {
        let MlpScratch([current, next]) = scratch;
        for (index, layer) in self.layers.iter().enumerate() {
            if index == 0 {
                layer.apply(tokens, next);
            } else {
                relu(current);
                layer.apply(current, next);
            }
            std::mem::swap(current, next);
        }
        current
    }
}
