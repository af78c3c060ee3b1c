//! The two-way transformer between tokens and image ("Segment Anything", arXiv 2304.02643,
//! appendix A; details as in the public reference implementation).

use crate::kernels::{add_into, relu};

use super::attention::{AttentionScratch, ImageToToken, SelfAttention, TokenToImage};
use super::layers::{LayerNorm, TokenLinear, sized};
use super::weights::{Weights, WeightsError};

pub(super) struct Transformer {
    layers: Vec<Layer>,
    final_attention: TokenToImage,
    final_norm: LayerNorm,
    scratch: Scratch,
}

struct Layer {
    self_attention: SelfAttention,
    norm1: LayerNorm,
    token_to_image: TokenToImage,
    norm2: LayerNorm,
    mlp_in: TokenLinear,
    mlp_out: TokenLinear,
    norm3: LayerNorm,
    image_to_token: ImageToToken,
    norm4: LayerNorm,
}

#[derive(Default)]
struct Scratch {
    /// The tokens as they came in, which serve as their own positional encoding.
    token_encoding: Vec<f32>,
    encoded_tokens: Vec<f32>,
    encoded_image: Vec<f32>,
    hidden: Vec<f32>,
    attention: AttentionScratch,
}

impl Layer {
    fn take(
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
        let self_attention = format!("{name}.self_attn");
        let token_to_image = format!("{name}.cross_attn_token_to_image");
        let image_to_token = format!("{name}.cross_attn_image_to_token");
        Ok(Self {
            self_attention: SelfAttention::take(weights, &self_attention, channels, heads)?,
            norm1: norm(weights, 1)?,
            token_to_image: TokenToImage::take(weights, &token_to_image, channels, heads)?,
            norm2: norm(weights, 2)?,
            mlp_in: TokenLinear::take(weights, &format!("{name}.mlp.lin1"), channels, hidden)?,
            mlp_out: TokenLinear::take(weights, &format!("{name}.mlp.lin2"), hidden, channels)?,
            norm3: norm(weights, 3)?,
            image_to_token: ImageToToken::take(weights, &image_to_token, channels, heads)?,
            norm4: norm(weights, 4)?,
        })
    }
}

impl Transformer {
    pub(super) fn take(
        weights: &mut Weights,
        name: &str,
        channels: usize,
        heads: usize,
    ) -> Result<Self, WeightsError> {
        let mut layers = Vec::new();
        while weights.contains(&format!("{name}.layers.{}.norm1.weight", layers.len())) {
            let layer = format!("{name}.layers.{}", layers.len());
            layers.push(Layer::take(weights, &layer, channels, heads)?);
        }
        let final_attention = format!("{name}.final_attn_token_to_image");
        Ok(Self {
            layers,
            final_attention: TokenToImage::take(weights, &final_attention, channels, heads)?,
            final_norm: LayerNorm::take(
                weights,
                &format!("{name}.norm_final_attn"),
                channels,
                LayerNorm::TRANSFORMER_EPSILON,
            )?,
            scratch: Scratch::default(),
        })
    }

    /// Transforms `tokens`, `[tokens, channels]`, and `image`, `[channels, positions]`, in place.
    /// `image_encoding` is the positional encoding of the image, of the same shape.
    pub(super) fn apply(&mut self, tokens: &mut [f32], image: &mut [f32], image_encoding: &[f32]) {
        let scratch = &mut self.scratch;
        let token_encoding = sized(&mut scratch.token_encoding, tokens.len());
        token_encoding.copy_from_slice(tokens);
        let encoded_tokens = sized(&mut scratch.encoded_tokens, tokens.len());
        let encoded_image = sized(&mut scratch.encoded_image, image.len());
        let attention = &mut scratch.attention;

        for (index, layer) in self.layers.iter().enumerate() {
            if index == 0 {
                // The first self-attention has no residual connection and no encoding.
                tokens.fill(0.0);
                layer
                    .self_attention
                    .add_to(tokens, token_encoding, token_encoding, attention);
            } else {
                add_into(encoded_tokens, tokens, token_encoding);
                let values = sized(&mut scratch.hidden, tokens.len());
                values.copy_from_slice(tokens);
                layer
                    .self_attention
                    .add_to(tokens, encoded_tokens, values, attention);
            }
            layer.norm1.apply_to_tokens(tokens);

            add_into(encoded_tokens, tokens, token_encoding);
            add_into(encoded_image, image, image_encoding);
            layer
                .token_to_image
                .add_to(tokens, encoded_tokens, encoded_image, image, attention);
            layer.norm2.apply_to_tokens(tokens);

            layer.mlp_in.apply(tokens, &mut scratch.hidden);
            relu(&mut scratch.hidden);
            layer.mlp_out.add_to(&scratch.hidden, tokens);
            layer.norm3.apply_to_tokens(tokens);

            add_into(encoded_tokens, tokens, token_encoding);
            layer
                .image_to_token
                .add_to(image, encoded_image, encoded_tokens, tokens, attention);
            layer.norm4.apply_to_image(image);
        }

        add_into(encoded_tokens, tokens, token_encoding);
        add_into(encoded_image, image, image_encoding);
        self.final_attention
            .add_to(tokens, encoded_tokens, encoded_image, image, attention);
        self.final_norm.apply_to_tokens(tokens);
    }
}
