//! How much there is to compute.

use super::super::attention::Heads;
use super::model::Model;
use super::to_tokens::factors_of;

/// Multiply-adds of one decode by stage, activation functions and softmax aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageArithmetic {
    /// As in [`super::StageProfile`], here and below.
    pub tokens: usize,
    /// The image attends to the tokens.
    pub to_tokens: usize,
    /// The deviations of the image features.
    pub deviation: usize,
    /// The tokens attend to the image.
    pub to_image: usize,
    /// From image features to mask logits.
    pub upscaling: usize,
}

impl StageArithmetic {
    /// Of a prompt of points or a box that becomes so many tokens, with so many masks.
    pub(super) fn of(model: &Model, prompt_tokens: usize, masks: usize) -> Self {
        let channels = model.shape.channels;
        let positions = model.shape.positions();
        let tokens = model.output_tokens.len() / channels + prompt_tokens;
        // Scores of all tokens with the image: its own part, the encoding's and the factors'.
        let scores = |heads: Heads, level: usize, factors: usize| {
            let own = tokens * heads.inner() * if level > 0 { 2 } else { 1 };
            own + heads.count * tokens * factors
        };
        let mut sum = Self::default();
        let mut factors = 0;
        for (level, attention) in model.to_image.iter().enumerate() {
            if let Some(layer) = level.checked_sub(1) {
                let heads = model.heads[layer];
                sum.to_tokens += positions * scores(heads, layer, factors);
                factors += factors_of(heads, tokens).0 + 1;
                let cross = (tokens + 1) * heads.inner();
                sum.deviation += positions * (cross + factors * factors / 2);
            }
            let heads = attention.key.heads;
            let weighted = tokens * heads.inner() + heads.count * tokens * factors;
            sum.to_image += positions * (scores(heads, level, factors) + weighted);
            sum.tokens += tokens * 2 * channels * heads.inner();
        }
        sum.tokens += model
            .layers
            .iter()
            .map(|layer| tokens * layer.weights())
            .sum::<usize>();
        sum.tokens += model.upscaling.token_weights(masks);
        sum.upscaling = positions * model.upscaling.products(factors, masks);
        sum
    }
}
