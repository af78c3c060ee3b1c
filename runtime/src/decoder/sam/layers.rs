//! The layers that the decoder is made of, each with its weights.
//!
//! Tokens are row-major `[tokens, channels]`, as the reference has them. Image features are
//! `[channels, positions]`, as an embedding comes: projections are then products whose long side,
//! the positions, is contiguous in both factor and result.

use crate::kernels::{
    Matrix, MatrixMut, Update, add, block_matmul, centred_norm_gelu, gelu, layer_norm_columns,
    layer_norm_rows, matmul, relu,
};

use super::weights::{Weights, WeightsError};

/// Gives the buffer `length` values, whatever they are. Memory is only taken when it grows.
pub(super) fn sized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    buffer.resize(length, 0.0);
    buffer
}

/// Swaps the dimensions of a row-major matrix.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = Vec::with_capacity(values.len());
    for column in 0..columns {
        result.extend((0..rows).map(|row| values[row * columns + column]));
    }
    result
}

/// A linear layer on tokens.
pub(super) struct TokenLinear {
    /// `[inputs, outputs]`, the transpose of the file's: rows that are added up, not dotted, are
    /// read in order even for a single token.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl TokenLinear {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, WeightsError> {
        let weight = weights.take(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Self {
            weight: transposed(&weight, outputs, inputs),
            bias: weights.take(&format!("{name}.bias"), &[outputs])?,
        })
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// `[tokens, inputs]` to `[tokens, outputs]`.
    pub(super) fn apply(&self, tokens: &[f32], result: &mut Vec<f32>) {
        let count = tokens.len() / self.inputs();
        result.clear();
        for _ in 0..count {
            result.extend_from_slice(&self.bias);
        }
        self.accumulate(tokens, result);
    }

    /// Adds the layer's result to `sums`: a residual connection.
    pub(super) fn add_to(&self, tokens: &[f32], sums: &mut [f32]) {
        for row in sums.chunks_exact_mut(self.outputs()) {
            for (sum, bias) in row.iter_mut().zip(&self.bias) {
                *sum += bias;
            }
        }
        self.accumulate(tokens, sums);
    }

    fn accumulate(&self, tokens: &[f32], sums: &mut [f32]) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let count = tokens.len() / inputs;
        matmul(
            MatrixMut::new(sums, count, outputs),
            Update::Add,
            1.0,
            Matrix::new(tokens, count, inputs),
            Matrix::new(&self.weight, inputs, outputs),
        );
    }
}

/// A linear layer on image features: a 1x1 convolution.
#[derive(Clone)]
pub(super) struct ImageLinear {
    /// `[outputs, inputs]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl ImageLinear {
    pub(super) fn new(weight: Vec<f32>, bias: Vec<f32>) -> Self {
        debug_assert!(weight.len().is_multiple_of(bias.len()));
        Self { weight, bias }
    }

    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, WeightsError> {
        Ok(Self::new(
            weights.take(&format!("{name}.weight"), &[outputs, inputs])?,
            weights.take(&format!("{name}.bias"), &[outputs])?,
        ))
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    pub(super) fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// `[outputs, inputs]`.
    pub(super) fn weight(&self) -> &[f32] {
        &self.weight
    }

    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// `[inputs, positions]` to `[outputs, positions]`.
    pub(super) fn apply(&self, image: &[f32], result: &mut Vec<f32>) {
        let positions = image.len() / self.inputs();
        self.apply_to_columns(
            Matrix::new(image, self.inputs(), positions),
            positions,
            result,
        );
    }

    /// The same for a matrix with any distance between its rows.
    pub(super) fn apply_to_columns(
        &self,
        image: Matrix<'_>,
        positions: usize,
        result: &mut Vec<f32>,
    ) {
        result.clear();
        for bias in &self.bias {
            result.resize(result.len() + positions, *bias);
        }
        self.accumulate(image, positions, result);
    }

    /// Adds the layer's result to `sums`: a residual connection.
    pub(super) fn add_to(&self, image: &[f32], sums: &mut [f32]) {
        let positions = image.len() / self.inputs();
        for (row, bias) in sums.chunks_exact_mut(positions).zip(&self.bias) {
            add(row, *bias);
        }
        self.accumulate(
            Matrix::new(image, self.inputs(), positions),
            positions,
            sums,
        );
    }

    fn accumulate(&self, image: Matrix<'_>, positions: usize, sums: &mut [f32]) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let product = MatrixMut::new(sums, outputs, positions);
        let weight = Matrix::new(&self.weight, outputs, inputs);
        // Of little depth, packing costs more than it brings, and it allocates.
        if inputs <= 16 {
            block_matmul(product, Update::Add, weight, image);
        } else {
            matmul(product, Update::Add, 1.0, weight, image);
        }
    }
}

/// Layer normalisation over channels.
#[derive(Clone)]
pub(super) struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl LayerNorm {
    /// PyTorch's default, which the transformer uses.
    pub(super) const TRANSFORMER_EPSILON: f32 = 1e-5;
    /// That of the normalisations between convolutions.
    pub(super) const CONVOLUTION_EPSILON: f32 = 1e-6;

    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        channels: usize,
        epsilon: f32,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[channels])?,
            bias: weights.take(&format!("{name}.bias"), &[channels])?,
            epsilon,
        })
    }

    pub(super) fn weight(&self) -> &[f32] {
        &self.weight
    }

    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    pub(super) fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// Normalises `[tokens, channels]`.
    pub(super) fn apply_to_tokens(&self, tokens: &mut [f32]) {
        layer_norm_rows(tokens, &self.weight, &self.bias, self.epsilon);
    }

    /// Normalises `[channels, positions]`.
    pub(super) fn apply_to_image(&self, image: &mut [f32]) {
        layer_norm_columns(image, &self.weight, &self.bias, self.epsilon);
    }

    /// Normalises `[channels, positions]` whose channels add up to 0, without reading the last one, and
    /// applies GELU.
    pub(super) fn apply_centred_with_gelu(&self, image: &mut [f32]) {
        centred_norm_gelu(image, &self.weight, &self.bias, self.epsilon);
    }

    /// Normalises `[groups, channels, positions]`, each group by itself, then applies GELU.
    pub(super) fn apply_with_gelu(&self, groups: &mut [f32], positions: usize) {
        for group in groups.chunks_exact_mut(self.weight.len() * positions) {
            self.apply_to_image(group);
            gelu(group);
        }
    }
}

/// Takes `{name}.layers.0`, `.1` and so on, as many as there are, each by `take` with its name, inputs
/// and outputs; the hidden widths are the file's.
pub(super) fn take_mlp_layers<L>(
    weights: &mut Weights,
    name: &str,
    [inputs, outputs]: [usize; 2],
    take: impl Fn(&mut Weights, &str, usize, usize) -> Result<L, WeightsError>,
) -> Result<Vec<L>, WeightsError> {
    let mut layers = Vec::new();
    let mut width = inputs;
    loop {
        let layer = format!("{name}.layers.{}", layers.len());
        let last = !weights.contains(&format!("{name}.layers.{}.weight", layers.len() + 1));
        let [found, _] = weights.shape(&format!("{layer}.weight"))?;
        let next = if last { outputs } else { found };
        layers.push(take(weights, &layer, width, next)?);
        width = next;
        if last {
            return Ok(layers);
        }
    }
}

/// Linear layers on tokens with ReLU between them.
pub(super) struct Mlp {
    layers: Vec<TokenLinear>,
    hidden: [Vec<f32>; 2],
}

impl Mlp {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            layers: take_mlp_layers(weights, name, [inputs, outputs], TokenLinear::take)?,
            hidden: Default::default(),
        })
    }

    /// `[tokens, inputs]` to `[tokens, outputs]`.
    pub(super) fn apply(&mut self, tokens: &[f32], result: &mut Vec<f32>) {
        let [current, next] = &mut self.hidden;
        current.clear();
        current.extend_from_slice(tokens);
        let Some((last, others)) = self.layers.split_last() else {
            return;
        };
        for layer in others {
            layer.apply(current, next);
            relu(next);
            std::mem::swap(current, next);
        }
        last.apply(current, result);
    }
}
