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
//! 6. [`model`]: the weights; [`cache`]: a keyframe's products; [`lane`]: a thread's share of the blocks.

mod algebra;
mod blocks;
mod cache;
mod deviation;
mod factors;
mod lane;
mod model;
mod packed;
mod profile;
mod scoring;
mod to_image;
mod to_tokens;
mod tokens;
mod upscaling;

use std::io;
use std::sync::Arc;

use crate::decoder::{
    Decoded, Decoder, DecoderError, Keyframe, MaskSelection, Prepared, check_embedding,
};
use crate::kernels::{Team, add_into};
use crate::prompt::Prompt;

use super::layers::sized;
use super::prompt_encoder::PromptEncoder;
use super::weights::{Weights, WeightsError};
use cache::{Cache, CacheScratch};
use factors::{PartKind, TokenValues};
use lane::{Lane, Plan, divide};
use model::Model;
use profile::{Stage, StageClock};
use to_tokens::factors_of;
use tokens::TokenScratch;

pub use profile::StageProfile;

/// SAM's decoder, fast. Buffers grow to the largest prompt seen; after that decoding allocates
/// nothing.
pub struct FactoredSamDecoder {
    model: Arc<Model>,
    prompt_encoder: PromptEncoder,
    cache_scratch: CacheScratch,
    /// For keyframes that were not prepared.
    unprepared: Cache,
    tokens: Vec<f32>,
    encoding: Vec<f32>,
    encoded: Vec<f32>,
    token_scratch: TokenScratch,
    plan: Plan,
    /// One for each thread.
    lanes: Vec<Lane>,
    team: Option<Team>,
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
        let mut plan = Plan::default();
        plan.values
            .resize_with(model.layers.len(), TokenValues::default);
        let mut lanes = vec![Lane::default()];
        divide(&mut lanes, model.shape.embedding_size);
        Ok(Self {
            model: Arc::new(model),
            prompt_encoder,
            cache_scratch: CacheScratch::default(),
            unprepared: Cache::default(),
            tokens: Vec::new(),
            encoding: Vec::new(),
            encoded: Vec::new(),
            token_scratch: TokenScratch::default(),
            plan,
            lanes,
            team: None,
            clock: StageClock::default(),
        })
    }

    /// Decodes with so many threads from now on, the caller's included; at most one for each row of
    /// the embedding. All but the caller's are started here, and look for work for a tenth of a
    /// millisecond after the last before they sleep.
    ///
    /// # Errors
    /// If the system gives no more threads. Nothing has changed then.
    pub fn set_threads(&mut self, threads: usize) -> io::Result<()> {
        let size = self.model.shape.embedding_size;
        let threads = threads.clamp(1, size);
        if threads == self.lanes.len() {
            return Ok(());
        }
        self.team = match threads {
            1 => None,
            _ => Some(Team::new(threads - 1)?),
        };
        self.lanes.resize_with(threads, Lane::default);
        divide(&mut self.lanes, size);
        Ok(())
    }

    /// Starts or stops timing the stages of every decode.
    pub fn time_stages(&mut self, on: bool) {
        self.clock.switch(on);
        self.lanes[0].clock.switch(on);
    }

    /// The times of all decodes since [`Self::time_stages`] was called; of several threads, the
    /// caller's.
    #[must_use]
    pub fn stage_profile(&self) -> StageProfile {
        let lane = self.lanes[0].clock.profile;
        StageProfile {
            tokens: self.clock.profile.tokens,
            ..lane
        }
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
        let mask_factors = self.model.mask_factors;
        let layout = &mut self.plan.layout;
        layout.reset(room + mask_factors + 1);
        let features = prompt.mask.as_ref().map(|mask| {
            layout.push(0, mask_factors, PartKind::Direct);
            self.prompt_encoder.mask_features(mask)
        });
        for lane in &mut self.lanes {
            lane.begin(layout, features, shape.positions());
        }
    }

    /// Calls `job` for every lane, each on its own thread.
    fn each_lane(lanes: &mut [Lane], team: &mut Option<Team>, job: impl Fn(&mut Lane) + Sync) {
        match team {
            Some(team) => team.each(lanes, job),
            None => lanes.iter_mut().for_each(job),
        }
    }

    /// Runs one level: what the layer before it makes of the image, then what the tokens see there.
    fn attend(&mut self, level: usize, cache: &Cache) {
        let model = &*self.model;
        let plan = &mut self.plan;
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        let parts = plan.layout.parts();
        plan.to_image.begin(
            &model.to_image[level],
            &self.encoded,
            parts,
            &plan.values,
            &model.heads,
        );
        if let Some(layer) = level.checked_sub(1) {
            let deviation = &model.deviations[layer];
            plan.deviation
                .begin(deviation, parts, &plan.values, &model.heads);
        }
        self.clock.lap(Stage::Tokens);
        let shared = &*plan;
        Self::each_lane(&mut self.lanes, &mut self.team, |lane| {
            lane.attend(level, model, shared, cache);
        });
        self.clock.begin();
        if let Some((first, others)) = self.lanes.split_first_mut() {
            for other in others {
                first.to_image.merge(&mut other.to_image);
            }
            plan.to_image.finish(
                &mut first.to_image,
                &model.to_image[level],
                &mut self.tokens,
            );
        }
    }

    /// What a layer's tokens do after they saw the image, and what the image will see of them.
    fn think(&mut self, index: usize) {
        let model = &*self.model;
        let plan = &mut self.plan;
        let layer = &model.layers[index];
        layer.think(&mut self.tokens, &mut self.token_scratch);
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        let (known, newest) = plan.values.split_at_mut(index);
        plan.to_tokens.begin(
            &model.to_tokens[index],
            layer,
            (&self.tokens, &self.encoded),
            plan.layout.parts(),
            &mut newest[0],
            known,
            &model.heads,
        );
        let (rows, kind) = factors_of(model.heads[index], newest[0].tokens);
        plan.layout.push(index + 1, rows, kind);
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
        let model = &*self.model;
        model.final_norm.apply_to_tokens(&mut self.tokens);
        let output_tokens = &self.tokens[..model.output_tokens.len()];
        let plan = &mut self.plan;
        plan.upscaling.predict_iou(
            &model.upscaling,
            output_tokens,
            wanted.clone(),
            &mut out.predicted_iou,
        );
        plan.upscaling.begin(
            &model.upscaling,
            output_tokens,
            wanted.clone(),
            plan.layout.parts(),
            &plan.values,
            &model.heads,
        );
        self.clock.lap(Stage::Tokens);
        let shared = &*plan;
        Self::each_lane(&mut self.lanes, &mut self.team, |lane| {
            lane.upscale(wanted.len(), model, shared, cache);
        });
        self.gather(wanted.len(), &mut out.logits);
        [out.width, out.height] = [shape.mask_side(); 2];
        out.indices = wanted;
        out.check_finite()
    }

    /// Puts the lanes' rows of the masks together.
    fn gather(&mut self, masks: usize, logits: &mut Vec<f32>) {
        if let [lane] = self.lanes.as_mut_slice() {
            std::mem::swap(logits, &mut lane.logits);
            return;
        }
        let side = self.model.shape.mask_side();
        let logits = sized(logits, masks * side * side);
        for lane in &self.lanes {
            let rows = lane.rows(self.model.shape.embedding_size);
            let length = rows.len() * side;
            for mask in 0..masks {
                logits[(mask * side + rows.start) * side..][..length]
                    .copy_from_slice(&lane.logits[mask * length..][..length]);
            }
        }
    }
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
