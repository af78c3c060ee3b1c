//! Multi-head attention in the three directions that the decoder needs.
//!
//! Scores are kept `[tokens, positions]` in both cross directions: the softmax runs along rows when
//! tokens attend to the image, and down columns when the image attends to tokens.

use crate::kernels::{Matrix, MatrixMut, Update, matmul, softmax_columns, softmax_rows};

use super::layers::{ImageLinear, TokenLinear, sized};
use super::weights::{Weights, WeightsError};

/// Channels of all heads together, and how they are divided.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    pub(super) count: usize,
    pub(super) width: usize,
}

impl Heads {
    pub(super) fn new(inner: usize, count: usize) -> Result<Self, WeightsError> {
        if !inner.is_multiple_of(count) {
            let what = "attention width";
            return Err(WeightsError::Indivisible {
                what,
                length: inner,
                parts: count,
            });
        }
        Ok(Self {
            count,
            width: inner / count,
        })
    }

    pub(super) fn inner(self) -> usize {
        self.count * self.width
    }

    /// First channel of each head.
    pub(super) fn starts(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |head| head * self.width)
    }

    /// What scores are multiplied by.
    pub(super) fn scale(self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }
}

/// The width of an attention, which may be less than that of what it attends to.
pub(super) fn inner_width(weights: &Weights, name: &str) -> Result<usize, WeightsError> {
    let [inner, _] = weights.shape(&format!("{name}.q_proj.weight"))?;
    Ok(inner)
}

/// Buffers for one attention at a time.
#[derive(Default)]
pub(super) struct AttentionScratch {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    scores: Vec<f32>,
    attended: Vec<f32>,
}

/// Tokens attend to each other.
pub(super) struct SelfAttention {
    heads: Heads,
    query: TokenLinear,
    key: TokenLinear,
    value: TokenLinear,
    output: TokenLinear,
}

impl SelfAttention {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        channels: usize,
        heads: usize,
    ) -> Result<Self, WeightsError> {
        let inner = inner_width(weights, name)?;
        Ok(Self {
            heads: Heads::new(inner, heads)?,
            query: TokenLinear::take(weights, &format!("{name}.q_proj"), channels, inner)?,
            key: TokenLinear::take(weights, &format!("{name}.k_proj"), channels, inner)?,
            value: TokenLinear::take(weights, &format!("{name}.v_proj"), channels, inner)?,
            output: TokenLinear::take(weights, &format!("{name}.out_proj"), inner, channels)?,
        })
    }

    /// Adds to `tokens` what the tokens attend to. `queries_and_keys` and `values` are
    /// `[tokens, channels]`.
    pub(super) fn add_to(
        &self,
        tokens: &mut [f32],
        queries_and_keys: &[f32],
        values: &[f32],
        scratch: &mut AttentionScratch,
    ) {
        let inner = self.heads.inner();
        self.query.apply(queries_and_keys, &mut scratch.query);
        self.key.apply(queries_and_keys, &mut scratch.key);
        self.value.apply(values, &mut scratch.value);
        let count = scratch.query.len() / inner;
        let scores = sized(&mut scratch.scores, count * count);
        let attended = sized(&mut scratch.attended, count * inner);
        let width = self.heads.width;
        for start in self.heads.starts() {
            let head = |values| Matrix::with_row_stride(values, count, width, inner);
            matmul(
                MatrixMut::new(scores, count, count),
                Update::Replace,
                self.heads.scale(),
                head(&scratch.query[start..]),
                head(&scratch.key[start..]).transposed(),
            );
            softmax_rows(scores, count);
            matmul(
                MatrixMut::with_row_stride(&mut attended[start..], count, width, inner),
                Update::Replace,
                1.0,
                Matrix::new(scores, count, count),
                head(&scratch.value[start..]),
            );
        }
        self.output.add_to(attended, tokens);
    }
}

/// Tokens attend to the image.
pub(super) struct TokenToImage {
    heads: Heads,
    query: TokenLinear,
    key: ImageLinear,
    value: ImageLinear,
    output: TokenLinear,
}

impl TokenToImage {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        channels: usize,
        heads: usize,
    ) -> Result<Self, WeightsError> {
        let inner = inner_width(weights, name)?;
        Ok(Self {
            heads: Heads::new(inner, heads)?,
            query: TokenLinear::take(weights, &format!("{name}.q_proj"), channels, inner)?,
            key: ImageLinear::take(weights, &format!("{name}.k_proj"), channels, inner)?,
            value: ImageLinear::take(weights, &format!("{name}.v_proj"), channels, inner)?,
            output: TokenLinear::take(weights, &format!("{name}.out_proj"), inner, channels)?,
        })
    }

    /// Adds to `tokens` what `queries`, `[tokens, channels]`, attend to; `keys` and `values` are
    /// `[channels, positions]`.
    pub(super) fn add_to(
        &self,
        tokens: &mut [f32],
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        scratch: &mut AttentionScratch,
    ) {
        let (inner, width) = (self.heads.inner(), self.heads.width);
        self.query.apply(queries, &mut scratch.query);
        self.key.apply(keys, &mut scratch.key);
        self.value.apply(values, &mut scratch.value);
        let count = scratch.query.len() / inner;
        let positions = scratch.key.len() / inner;
        let scores = sized(&mut scratch.scores, count * positions);
        let attended = sized(&mut scratch.attended, count * inner);
        for start in self.heads.starts() {
            matmul(
                MatrixMut::new(scores, count, positions),
                Update::Replace,
                self.heads.scale(),
                Matrix::with_row_stride(&scratch.query[start..], count, width, inner),
                Matrix::new(&scratch.key[start * positions..], width, positions),
            );
            softmax_rows(scores, positions);
            matmul(
                MatrixMut::with_row_stride(&mut attended[start..], count, width, inner),
                Update::Replace,
                1.0,
                Matrix::new(scores, count, positions),
                Matrix::new(&scratch.value[start * positions..], width, positions).transposed(),
            );
        }
        self.output.add_to(attended, tokens);
    }
}

/// The image attends to tokens.
pub(super) struct ImageToToken {
    heads: Heads,
    query: ImageLinear,
    key: TokenLinear,
    value: TokenLinear,
    output: ImageLinear,
}

impl ImageToToken {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        channels: usize,
        heads: usize,
    ) -> Result<Self, WeightsError> {
        let inner = inner_width(weights, name)?;
        Ok(Self {
            heads: Heads::new(inner, heads)?,
            query: ImageLinear::take(weights, &format!("{name}.q_proj"), channels, inner)?,
            key: TokenLinear::take(weights, &format!("{name}.k_proj"), channels, inner)?,
            value: TokenLinear::take(weights, &format!("{name}.v_proj"), channels, inner)?,
            output: ImageLinear::take(weights, &format!("{name}.out_proj"), inner, channels)?,
        })
    }

    /// Adds to `image`, `[channels, positions]`, what `queries`, of the same shape, attend to;
    /// `keys` and `values` are `[tokens, channels]`.
    pub(super) fn add_to(
        &self,
        image: &mut [f32],
        queries: &[f32],
        keys: &[f32],
        values: &[f32],
        scratch: &mut AttentionScratch,
    ) {
        let (inner, width) = (self.heads.inner(), self.heads.width);
        self.query.apply(queries, &mut scratch.query);
        self.key.apply(keys, &mut scratch.key);
        self.value.apply(values, &mut scratch.value);
        let count = scratch.key.len() / inner;
        let positions = scratch.query.len() / inner;
        let scores = sized(&mut scratch.scores, count * positions);
        let attended = sized(&mut scratch.attended, inner * positions);
        for start in self.heads.starts() {
            matmul(
                MatrixMut::new(scores, count, positions),
                Update::Replace,
                self.heads.scale(),
                Matrix::with_row_stride(&scratch.key[start..], count, width, inner),
                Matrix::new(&scratch.query[start * positions..], width, positions),
            );
            softmax_columns(scores, positions);
            matmul(
                MatrixMut::new(&mut attended[start * positions..], width, positions),
                Update::Replace,
                1.0,
                Matrix::with_row_stride(&scratch.value[start..], count, width, inner).transposed(),
                Matrix::new(scores, count, positions),
            );
        }
        self.output.add_to(attended, image);
    }
}
