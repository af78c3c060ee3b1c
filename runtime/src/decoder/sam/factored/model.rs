//! The decoder's weights, multiplied out as far as neither keyframe nor prompt is needed.

use crate::kernels::{LargePages, Matrix, MatrixMut, Update, block_matmul, transpose_into};

use super::super::attention::{Heads, inner_width};
use super::super::layers::{ImageLinear, LayerNorm};
use super::super::prompt_encoder::PromptEncoder;
use super::super::shape::Shape;
use super::super::weights::{Weights, WeightsError};
use super::algebra::{Algebra, Projection};
use super::blocks::{BLOCK, block_count, copy_block};
use super::deviation::Deviation;
use super::packed::PackedLinear;
use super::scoring::ScoredProjection;
use super::spaces::MaskCross;
use super::to_image::ToImage;
use super::tokens::TokenLayer;
use super::upscaling::Upscaling;

pub(super) struct Model {
    pub(super) shape: Shape,
    /// `[1 + mask tokens, channels]`.
    pub(super) output_tokens: Vec<f32>,
    /// What is added to every position of the image when there is no mask, `[channels]`.
    pub(super) no_mask: Vec<f32>,
    /// What is added from level 1 on, too.
    pub(super) first_bias: Vec<f32>,
    pub(super) layers: Vec<TokenLayer>,
    pub(super) final_norm: LayerNorm,
    /// By level: one more than layers, the final attention last.
    pub(super) to_image: Vec<ToImage>,
    /// Of each layer, the queries of the image.
    pub(super) to_tokens: Vec<ScoredProjection>,
    /// Heads of the same attentions.
    pub(super) heads: Vec<Heads>,
    /// Of each level but the first.
    pub(super) deviations: Vec<Deviation>,
    /// Of each level but the first.
    pub(super) crosses: Vec<Projection>,
    /// Weights of the norms between the spaces of those levels.
    norm_weights: Vec<Vec<f32>>,
    pub(super) upscaling: Upscaling,
    /// Factors of a mask prompt, without its ones.
    pub(super) mask_factors: usize,
    /// Of each level but the first, one after the other.
    pub(super) mask_cross: MaskCross,
}

impl Model {
    /// Takes all that stands in a file, and gives what encodes prompts beside it.
    pub(super) fn take(mut weights: Weights) -> Result<(Self, PromptEncoder), WeightsError> {
        let weights = &mut weights;
        let shape = Shape::read(weights)?;
        let output_tokens = shape.take_output_tokens(weights)?;
        let prompt_encoder = PromptEncoder::take(weights, &shape)?;
        let (channels, heads) = (shape.channels, shape.heads);
        let last = prompt_encoder.mask().last();
        let mask_factors = last.inputs();
        let mut algebra = Algebra::new(last, prompt_encoder.no_mask());
        let name = "mask_decoder.transformer";
        let mut model_layers = Vec::new();
        let (mut to_image, mut to_tokens) = (Vec::new(), Vec::new());
        let (mut deviations, mut crosses) = (Vec::new(), Vec::new());
        let mut mask_cross = MaskCross::default();
        // Nothing is kept for masks.
        let mut cross_rows = vec![0, 0];
        while weights.contains(&format!(
            "{name}.layers.{}.norm1.weight",
            model_layers.len()
        )) {
            let layer = format!("{name}.layers.{}", model_layers.len());
            let attention = format!("{layer}.cross_attn_token_to_image");
            to_image.push(take_to_image(
                weights,
                &attention,
                &shape,
                &algebra,
                &prompt_encoder,
            )?);
            let attention = format!("{layer}.cross_attn_image_to_token");
            let inner = inner_width(weights, &attention)?;
            let query =
                ImageLinear::take(weights, &format!("{attention}.q_proj"), channels, inner)?;
            let query = scored(
                query,
                Heads::new(inner, heads)?,
                &shape,
                &algebra,
                &prompt_encoder,
            );
            to_tokens.push(query);
            let output =
                ImageLinear::take(weights, &format!("{attention}.out_proj"), inner, channels)?;
            let norm = LayerNorm::take(
                weights,
                &format!("{layer}.norm4"),
                channels,
                LayerNorm::TRANSFORMER_EPSILON,
            )?;
            model_layers.push(TokenLayer::take(weights, &layer, channels, heads)?);
            algebra.push_layer(&output, &norm);
            let shifts = [prompt_encoder.no_mask(), algebra.first_bias()];
            mask_cross.push(&algebra.mask_cross(), shifts);
            crosses.push(algebra.cross());
            cross_rows.push(crosses.last().map_or(0, |cross| cross.width));
            deviations.push(Deviation {
                channels,
                epsilon: norm.epsilon(),
                residual: algebra.residual(),
                cross_rows: cross_rows.clone(),
            });
        }
        let attention = format!("{name}.final_attn_token_to_image");
        to_image.push(take_to_image(
            weights,
            &attention,
            &shape,
            &algebra,
            &prompt_encoder,
        )?);
        let final_norm = LayerNorm::take(
            weights,
            &format!("{name}.norm_final_attn"),
            channels,
            LayerNorm::TRANSFORMER_EPSILON,
        )?;
        let upscaling = Upscaling::take(weights, &shape, &algebra)?;
        let model = Self {
            shape,
            output_tokens,
            no_mask: prompt_encoder.no_mask().to_vec(),
            first_bias: algebra.first_bias().to_vec(),
            layers: model_layers,
            final_norm,
            to_image,
            heads: to_tokens
                .iter()
                .map(|query: &ScoredProjection| query.heads)
                .collect(),
            to_tokens,
            deviations,
            crosses,
            norm_weights: algebra.norm_weights().collect(),
            upscaling,
            mask_factors,
            mask_cross,
        };
        Ok((model, prompt_encoder))
    }

    /// The weight of the norm through which features come to the space of a level; none into the first.
    pub(super) fn norm_weight_into(&self, level: usize) -> Option<&[f32]> {
        let before = level.checked_sub(2)?;
        Some(&self.norm_weights[before])
    }
}

fn take_to_image(
    weights: &mut Weights,
    name: &str,
    shape: &Shape,
    algebra: &Algebra,
    prompt_encoder: &PromptEncoder,
) -> Result<ToImage, WeightsError> {
    let inner = inner_width(weights, name)?;
    let heads = Heads::new(inner, shape.heads)?;
    let channels = shape.channels;
    let key = ImageLinear::take(weights, &format!("{name}.k_proj"), channels, inner)?;
    let value = ImageLinear::take(weights, &format!("{name}.v_proj"), channels, inner)?;
    let value = algebra.project(&value);
    let mut value_base = vec![0.0; inner * channels];
    transpose_into(&mut value_base, inner, &value.base, inner, channels);
    Ok(ToImage {
        query: PackedLinear::take(weights, &format!("{name}.q_proj"), channels, inner)?,
        key: scored(key, heads, shape, algebra, prompt_encoder),
        value,
        value_base,
        output: PackedLinear::take(weights, &format!("{name}.out_proj"), inner, channels)?,
    })
}

fn scored(
    linear: ImageLinear,
    heads: Heads,
    shape: &Shape,
    algebra: &Algebra,
    prompt_encoder: &PromptEncoder,
) -> ScoredProjection {
    let positions = shape.positions();
    let (channels, width) = (shape.channels, linear.outputs());
    let mut features = vec![0.0; channels * BLOCK];
    let mut encoding = vec![0.0; block_count(positions) * width * BLOCK];
    for (block, out) in encoding.chunks_exact_mut(width * BLOCK).enumerate() {
        copy_block(
            prompt_encoder.image_encoding(),
            positions,
            block,
            &mut features,
        );
        block_matmul(
            MatrixMut::new(out, width, BLOCK),
            Update::Replace,
            Matrix::new(linear.weight(), width, channels),
            Matrix::new(&features, channels, BLOCK),
        );
    }
    ScoredProjection {
        heads,
        projection: algebra.project(&linear),
        encoding: LargePages::from(&*encoding),
        encoded_apart: algebra.level() > 0,
    }
}
