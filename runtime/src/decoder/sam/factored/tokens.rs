//! What the two-way transformer does with tokens alone; few, so their layers cost what it takes to
//! read the weights.

use crate::kernels::{
    Matrix, MatrixMut, Update, add_into, block_matmul, relu, softmax_rows, transpose_into,
};

use super::super::attention::{Heads, inner_width};
use super::super::layers::{LayerNorm, sized};
use super::super::weights::{Weights, WeightsError};
use super::packed::PackedLinear;

/// A layer's part for tokens.
pub(super) struct TokenLayer {
    self_attention: SelfAttention,
    norm1: LayerNorm,
    norm2: LayerNorm,
    mlp_in: PackedLinear,
    mlp_out: PackedLinear,
    norm3: LayerNorm,
    /// Of the attention of the image to the tokens.
    pub(super) key: PackedLinear,
    pub(super) value: PackedLinear,
}

/// Tokens attend to each other.
struct SelfAttention {
    heads: Heads,
    query: PackedLinear,
    key: PackedLinear,
    value: PackedLinear,
    output: PackedLinear,
}

/// Buffers for one step at a time.
#[derive(Default)]
pub(super) struct TokenScratch {
    pub(super) encoded: Vec<f32>,
    query: Vec<f32>,
    key: Vec<f32>,
    transposed_key: Vec<f32>,
    value: Vec<f32>,
    scores: Vec<f32>,
    attended: Vec<f32>,
    hidden: Vec<f32>,
}

impl TokenLayer {
    /// Takes `{name}.*` but what the image needs of it.
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        channels: usize,
        heads: usize,
    ) -> Result<Self, WeightsError> {
        let norm = |weights: &mut Weights, index: usize| {
            let name = format!("{name}.norm{index}");
            LayerNorm::take(weights, &name, channels, LayerNorm::TRANSFORMER_EPSILON)
        };
        let [hidden, _] = weights.shape(&format!("{name}.mlp.lin1.weight"))?;
        let attention = format!("{name}.self_attn");
        let inner = inner_width(weights, &attention)?;
        let projection = |weights: &mut Weights, part: &str| {
            PackedLinear::take(weights, &format!("{attention}.{part}"), channels, inner)
        };
        let self_attention = SelfAttention {
            heads: Heads::new(inner, heads)?,
            query: projection(weights, "q_proj")?,
            key: projection(weights, "k_proj")?,
            value: projection(weights, "v_proj")?,
            output: PackedLinear::take(weights, &format!("{attention}.out_proj"), inner, channels)?,
        };
        let to_token = format!("{name}.cross_attn_image_to_token");
        let [inner, _] = weights.shape(&format!("{to_token}.k_proj.weight"))?;
        let projection = |weights: &mut Weights, part: &str| {
            PackedLinear::take(weights, &format!("{to_token}.{part}"), channels, inner)
        };
        Ok(Self {
            self_attention,
            norm1: norm(weights, 1)?,
            norm2: norm(weights, 2)?,
            mlp_in: PackedLinear::take(weights, &format!("{name}.mlp.lin1"), channels, hidden)?,
            mlp_out: PackedLinear::take(weights, &format!("{name}.mlp.lin2"), hidden, channels)?,
            norm3: norm(weights, 3)?,
            key: projection(weights, "k_proj")?,
            value: projection(weights, "v_proj")?,
        })
    }

    /// Number of weights that each token meets.
    pub(super) fn weights(&self) -> usize {
        let attention = &self.self_attention;
        [
            &attention.query,
            &attention.key,
            &attention.value,
            &attention.output,
            &self.mlp_in,
            &self.mlp_out,
            &self.key,
            &self.value,
        ]
        .into_iter()
        .map(PackedLinear::weights)
        .sum()
    }

    /// Self-attention with its residual connection and norm; in the `first` layer there is neither
    /// residual connection nor encoding. `encoding` is the tokens as they came in. Those of several
    /// prompts follow each other; only tokens of one prompt see each other.
    pub(super) fn attend_each_other(
        &self,
        tokens: &mut [f32],
        encoding: &[f32],
        prompts: usize,
        first: bool,
        scratch: &mut TokenScratch,
    ) {
        let attention = &self.self_attention;
        let encoded = sized(&mut scratch.encoded, tokens.len());
        if first {
            encoded.copy_from_slice(encoding);
            attention.value.apply(encoding, &mut scratch.value);
            tokens.fill(0.0);
        } else {
            add_into(encoded, tokens, encoding);
            attention.value.apply(tokens, &mut scratch.value);
        }
        attention.query.apply(encoded, &mut scratch.query);
        attention.key.apply(encoded, &mut scratch.key);
        attention.add_to(tokens, prompts, scratch);
        self.norm1.apply_to_tokens(tokens);
    }

    /// What follows the attention to the image: norm, MLP and norm.
    pub(super) fn think(&self, tokens: &mut [f32], scratch: &mut TokenScratch) {
        self.norm2.apply_to_tokens(tokens);
        let hidden = self.mlp_in.apply(tokens, &mut scratch.hidden);
        relu(hidden);
        self.mlp_out.add_to(hidden, tokens);
        self.norm3.apply_to_tokens(tokens);
    }
}

impl SelfAttention {
    /// Adds to `tokens` what comes of the queries, keys and values in `scratch`.
    fn add_to(&self, tokens: &mut [f32], prompts: usize, scratch: &mut TokenScratch) {
        let (inner, width) = (self.heads.inner(), self.heads.width);
        let length = scratch.query.len() / prompts;
        let count = length / inner;
        let transposed = sized(&mut scratch.transposed_key, length);
        let scores = sized(&mut scratch.scores, count * count);
        let attended = sized(&mut scratch.attended, prompts * length);
        for value in &mut scratch.query {
            *value *= self.heads.scale();
        }
        for prompt in 0..prompts {
            let own = prompt * length..(prompt + 1) * length;
            let (query, value) = (&scratch.query[own.clone()], &scratch.value[own.clone()]);
            transpose_into(transposed, count, &scratch.key[own.clone()], count, inner);
            let attended = &mut attended[own];
            for start in self.heads.starts() {
                block_matmul(
                    MatrixMut::new(scores, count, count),
                    Update::Replace,
                    Matrix::with_row_stride(&query[start..], count, width, inner),
                    Matrix::new(&transposed[start * count..], width, count),
                );
                softmax_rows(scores, count);
                block_matmul(
                    MatrixMut::with_row_stride(&mut attended[start..], count, width, inner),
                    Update::Replace,
                    Matrix::new(scores, count, count),
                    Matrix::with_row_stride(&value[start..], count, width, inner),
                );
            }
        }
        self.output.add_to(attended, tokens);
    }
}
