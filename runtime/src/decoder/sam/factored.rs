//! The same decoder with a fraction of the arithmetic.
//!
//! Most of what SAM's decoder computes depends on the keyframe alone, or is of low rank in what a
//! prompt changes. [`SamDecoder`](super::SamDecoder) is the plain twin: both give the same numbers up
//! to rounding.
//!
//! 1. [`blocks`]: how image features are stored.
//! 2. [`packed`], [`tokens`]: the part of the transformer that sees only tokens.
//! 3. [`algebra`]: what image features are made of, and projections of them.
//! 4. [`factors`]: what a prompt adds to them.
//! 5. [`scoring`], [`to_image`], [`to_tokens`], [`deviation`], [`upscaling`]: the stages, block by
//!    block.
//! 6. [`model`]: the weights; [`cache`]: a keyframe's products.

mod algebra;
mod blocks;
mod cache;
mod deviation;
mod factors;
mod model;
mod packed;
mod profile;
mod scoring;
mod to_image;
mod to_tokens;
mod tokens;
mod upscaling;

use std::sync::Arc;

use crate::decoder::{
    Decoded, Decoder, DecoderError, Keyframe, MaskSelection, Prepared, check_embedding,
};
use crate::kernels::add_into;
use crate::prompt::Prompt;

use super::layers::sized;
use super::prompt_encoder::PromptEncoder;
use super::weights::{Weights, WeightsError};
use blocks::{BLOCK, block_count, copy_block, positions_of};
use cache::{Cache, CacheScratch};
use deviation::DeviationPass;
use factors::{Factors, PartKind, TokenValues};
use model::Model;
use profile::{Stage, StageClock};
use to_image::ToImagePass;
use to_tokens::{ToTokensPass, factors_of};
use tokens::TokenScratch;
use upscaling::UpscalingPass;

pub use profile::StageProfile;

/// SAM's decoder, fast. Buffers grow to the largest prompt seen; after that decoding allocates
/// nothing.
pub struct FactoredSamDecoder {
    model: Arc<Model>,
    prompt_encoder: PromptEncoder,
    cache_scratch: CacheScratch,
    /// For keyframes that were not prepared.
    unprepared: Cache,
    factors: Factors,
    values: Vec<TokenValues>,
    tokens: Vec<f32>,
    encoding: Vec<f32>,
    encoded: Vec<f32>,
    token_scratch: TokenScratch,
    to_image: ToImagePass,
    to_tokens: ToTokensPass,
    deviation: DeviationPass,
    upscaling: UpscalingPass,
    clock: StageClock,
}

/// What a keyframe keeps, and for which model.
struct PreparedCache {
    model: Arc<Model>,
    cache: Cache,
}

impl FactoredSamDecoder {
    /// Reads the same files as [`SamDecoder::from_safetensors`](super::SamDecoder::from_safetensors).
    ///
    /// # Errors
    /// If a tensor is missing, unknown, of the wrong shape or type, or not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let (model, prompt_encoder) = Model::take(Weights::read(bytes)?)?;
        let mut values = Vec::new();
        values.resize_with(model.layers.len(), TokenValues::default);
        Ok(Self {
            model: Arc::new(model),
            prompt_encoder,
            cache_scratch: CacheScratch::default(),
            unprepared: Cache::default(),
            factors: Factors::default(),
            values,
            tokens: Vec::new(),
            encoding: Vec::new(),
            encoded: Vec::new(),
            token_scratch: TokenScratch::default(),
            to_image: ToImagePass::default(),
            to_tokens: ToTokensPass::default(),
            deviation: DeviationPass::default(),
            upscaling: UpscalingPass::default(),
            clock: StageClock::default(),
        })
    }

    /// Starts or stops timing the stages of every decode.
    pub fn time_stages(&mut self, on: bool) {
        self.clock.switch(on);
    }

    /// The times of all decodes since [`Self::time_stages`] was called.
    #[must_use]
    pub fn stage_profile(&self) -> StageProfile {
        self.clock.profile
    }

    /// Bytes that a prepared keyframe holds beside its embedding.
    #[must_use]
    pub fn prepared_bytes(&self, keyframe: &Keyframe) -> usize {
        let prepared = keyframe.prepared.as_ref();
        let cache = prepared.and_then(|prepared| prepared.get::<PreparedCache>());
        cache.map_or(0, |prepared| prepared.cache.len() * size_of::<f32>())
    }

    /// Encodes the prompt, and announces its mask's factors.
    fn begin(&mut self, keyframe: &Keyframe, prompt: &Prompt) {
        let shape = self.model.shape;
        let blocks = block_count(shape.positions());
        let outputs = self.model.output_tokens.len();
        let length = outputs + PromptEncoder::token_count(prompt) * shape.channels;
        let tokens = sized(&mut self.tokens, length);
        let (output_tokens, prompt_tokens) = tokens.split_at_mut(outputs);
        output_tokens.copy_from_slice(&self.model.output_tokens);
        self.prompt_encoder
            .encode_points(prompt, &keyframe.placement, prompt_tokens);
        sized(&mut self.encoding, length).copy_from_slice(tokens);
        sized(&mut self.encoded, length);

        let count = length / shape.channels;
        let of_layers = self.model.heads.iter();
        let room: usize = of_layers.map(|heads| factors_of(*heads, count).0 + 1).sum();
        self.factors
            .reset(blocks, room + self.model.mask_factors + 1);
        if let Some(mask) = &prompt.mask {
            let features = self.prompt_encoder.mask_features(mask);
            let rows = self.model.mask_factors;
            self.factors.push(0, rows, PartKind::Direct);
            for block in 0..blocks {
                let (factors, _, _) = self.factors.block_mut(block);
                let (factors, ones) = factors.split_at_mut(rows * BLOCK);
                copy_block(features, shape.positions(), block, factors);
                ones.fill(1.0);
            }
        }
    }

    /// Runs one level: what the layer before it makes of the image, then what the tokens see there.
    fn attend(&mut self, level: usize, cache: &Cache) {
        let model = &self.model;
        let positions = model.shape.positions();
        let before = level.checked_sub(1);
        let cached = &cache.levels[level];
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        self.to_image.begin(
            &model.to_image[level],
            &self.encoded,
            self.factors.parts(),
            &self.values,
            &model.heads,
        );
        if let Some(layer) = before {
            self.deviation.begin(
                &model.deviations[layer],
                self.factors.parts(),
                &self.values,
                &model.heads,
            );
        }
        self.clock.lap(Stage::Tokens);
        for block in 0..block_count(positions) {
            if let Some(layer) = before {
                let queries = &cache.levels[layer].queries;
                let (before, newest, kind) = self.factors.split_newest(block);
                self.to_tokens.block(
                    &model.to_tokens[layer],
                    block,
                    block_of(queries, block, positions),
                    before,
                    &self.values[layer],
                    kind,
                    newest,
                );
                self.clock.lap(Stage::ToTokens);
                let (factors, scale, parts) = self.factors.block_mut(block);
                self.deviation.block(
                    &model.deviations[layer],
                    parts,
                    &self.values,
                    &model.heads,
                    (
                        block_of(&cached.squares, block, positions),
                        block_of(&cached.cross, block, positions),
                    ),
                    factors,
                    scale,
                );
                self.clock.lap(Stage::Deviation);
            }
            self.to_image.block(
                &model.to_image[level],
                block,
                positions_of(block, positions).len(),
                block_of(&cached.keys, block, positions),
                block_of(&cached.values, block, positions),
                self.factors.block(block),
            );
            self.clock.lap(Stage::ToImage);
        }
        self.to_image
            .finish(&model.to_image[level], &mut self.tokens);
    }

    /// What a layer's tokens do after they saw the image, and what the image will see of them.
    fn think(&mut self, index: usize) {
        let model = &self.model;
        let layer = &model.layers[index];
        layer.think(&mut self.tokens, &mut self.token_scratch);
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        let (known, newest) = self.values.split_at_mut(index);
        self.to_tokens.begin(
            &model.to_tokens[index],
            layer,
            (&self.tokens, &self.encoded),
            self.factors.parts(),
            &mut newest[0],
            known,
            &model.heads,
        );
        let (rows, kind) = factors_of(model.heads[index], newest[0].tokens);
        self.factors.push(index + 1, rows, kind);
    }

    fn decode(
        &mut self,
        cache: &Cache,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        let shape = self.model.shape;
        let wanted = shape.wanted(masks)?;
        self.clock.begin();
        self.begin(keyframe, prompt);
        for level in 0..self.model.to_image.len() {
            if let Some(layer) = self.model.layers.get(level) {
                layer.attend_each_other(
                    &mut self.tokens,
                    &self.encoding,
                    level == 0,
                    &mut self.token_scratch,
                );
            }
            self.attend(level, cache);
            if level < self.model.layers.len() {
                self.think(level);
            }
        }
        self.model.final_norm.apply_to_tokens(&mut self.tokens);

        let model = &self.model;
        let output_tokens = &self.tokens[..model.output_tokens.len()];
        let upscaling = &mut self.upscaling;
        upscaling.predict_iou(
            &model.upscaling,
            output_tokens,
            wanted.clone(),
            &mut out.predicted_iou,
        );
        upscaling.begin(
            &model.upscaling,
            output_tokens,
            wanted.clone(),
            self.factors.parts(),
            &self.values,
            &model.heads,
        );
        let side = shape.mask_side();
        let logits = sized(&mut out.logits, wanted.len() * side * side);
        let positions = shape.positions();
        self.clock.lap(Stage::Tokens);
        for block in 0..block_count(positions) {
            upscaling.block(
                &model.upscaling,
                block,
                shape.embedding_size,
                block_of(&cache.upscaling, block, positions),
                self.factors.block(block),
                logits,
            );
        }
        [out.width, out.height] = [side; 2];
        out.indices = wanted;
        let finite = out.check_finite();
        self.clock.lap(Stage::Upscaling);
        finite
    }
}

/// One block of an array of them.
fn block_of(values: &[f32], block: usize, positions: usize) -> &[f32] {
    let length = values.len() / block_count(positions);
    &values[block * length..][..length]
}

impl Decoder for FactoredSamDecoder {
    fn embedding_shape(&self) -> [usize; 3] {
        self.model.shape.embedding()
    }

    fn mask_size(&self) -> [usize; 2] {
        [self.model.shape.mask_side(); 2]
    }

    fn prepare(&mut self, keyframe: &mut Keyframe) -> Result<(), DecoderError> {
        check_embedding(&keyframe.embedding, self.model.shape.embedding())?;
        let embedding = &keyframe.embedding.values;
        let scratch = &mut self.cache_scratch;
        let prepared = keyframe.prepared.as_mut();
        match prepared.and_then(|prepared| prepared.get_mut::<PreparedCache>()) {
            Some(prepared) => {
                prepared.model = Arc::clone(&self.model);
                prepared.cache.fill(&self.model, embedding, scratch);
            }
            None => {
                let model = Arc::clone(&self.model);
                let mut cache = Cache::default();
                cache.fill(&model, embedding, scratch);
                keyframe.prepared = Some(Prepared::new(PreparedCache { model, cache }));
            }
        }
        Ok(())
    }

    fn decode_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        self.model.shape.check(keyframe, prompt)?;
        let prepared = keyframe.prepared.as_ref();
        let prepared = prepared.and_then(|prepared| prepared.get::<PreparedCache>());
        match prepared {
            Some(prepared) if Arc::ptr_eq(&prepared.model, &self.model) => {
                self.decode(&prepared.cache, keyframe, prompt, masks, out)
            }
            _ => {
                let mut cache = std::mem::take(&mut self.unprepared);
                let embedding = &keyframe.embedding.values;
                cache.fill(&self.model, embedding, &mut self.cache_scratch);
                let result = self.decode(&cache, keyframe, prompt, masks, out);
                self.unprepared = cache;
                result
            }
        }
    }
}
