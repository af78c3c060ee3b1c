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
mod arithmetic;
mod blocks;
mod cache;
mod deviation;
mod factors;
mod lane;
mod model;
mod packed;
mod profile;
mod scoring;
mod stored;
mod to_image;
mod to_tokens;
mod tokens;
mod upscaling;
mod window;

use std::io;
use std::sync::Arc;

use crate::decoder::{
    Decoded, Decoder, DecoderError, Keyframe, MaskSelection, MaskWindow, Prepared, check_embedding,
};
use crate::kernels::{Team, add_into};
use crate::prompt::Prompt;

use super::layers::sized;
use super::prompt_encoder::PromptEncoder;
use super::weights::{Weights, WeightsError};
use cache::Cache;
use factors::{PartKind, TokenValues};
use lane::{Plan, Share, divide};
use model::Model;
use profile::{Stage, StageClock};
use to_tokens::factors_of;
use tokens::TokenScratch;
use window::Places;

pub use arithmetic::StageArithmetic;
pub use profile::StageProfile;
pub use stored::CachePrecision;

/// The logit of mask pixels that were not asked for.
const OUTSIDE: f32 = -32.0;

/// Prompts that are decoded together: more would leave too little of the cache to each.
const GROUP: usize = 4;

/// SAM's decoder, fast. Buffers grow to the largest prompt seen; after that decoding allocates
/// nothing.
pub struct FactoredSamDecoder {
    model: Arc<Model>,
    prompt_encoder: PromptEncoder,
    precision: CachePrecision,
    /// For keyframes that were not prepared.
    unprepared: Cache,
    /// `[prompts, tokens, channels]`, of the prompts that are decoded together.
    tokens: Vec<f32>,
    /// The tokens as they came in.
    encoding: Vec<f32>,
    encoded: Vec<f32>,
    token_scratch: TokenScratch,
    /// One for each prompt.
    plans: Vec<Plan>,
    /// One for each thread.
    shares: Vec<Share>,
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
        Ok(Self::of(Arc::new(model), prompt_encoder))
    }

    /// A decoder on one thread, its buffers empty.
    fn of(model: Arc<Model>, prompt_encoder: PromptEncoder) -> Self {
        let mut shares = vec![Share::default()];
        divide(&mut shares, model.shape.embedding_size);
        Self {
            model,
            prompt_encoder,
            precision: CachePrecision::default(),
            unprepared: Cache::default(),
            tokens: Vec::new(),
            encoding: Vec::new(),
            encoded: Vec::new(),
            token_scratch: TokenScratch::default(),
            plans: Vec::new(),
            shares,
            team: None,
            clock: StageClock::default(),
        }
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
        if threads == self.shares.len() {
            return Ok(());
        }
        self.team = match threads {
            1 => None,
            _ => Some(Team::new(threads - 1)?),
        };
        self.shares.resize_with(threads, Share::default);
        divide(&mut self.shares, size);
        Ok(())
    }

    /// Keyframes that are prepared from now on keep their products so.
    pub fn set_cache_precision(&mut self, precision: CachePrecision) {
        self.precision = precision;
    }

    /// Starts or stops timing the stages of every decode.
    pub fn time_stages(&mut self, on: bool) {
        self.clock.switch(on);
        self.shares[0].clock.switch(on);
    }

    /// The times of all decodes since [`Self::time_stages`] was called; of several threads, the
    /// caller's.
    #[must_use]
    pub fn stage_profile(&self) -> StageProfile {
        let share = self.shares[0].clock.profile;
        StageProfile {
            tokens: self.clock.profile.tokens,
            ..share
        }
    }

    /// How much there is to compute for a prompt of so many points, with so many masks.
    #[must_use]
    pub fn stage_arithmetic(&self, points: usize, masks: usize) -> StageArithmetic {
        StageArithmetic::of(&self.model, points + 1, masks)
    }

    /// Bytes that a prepared keyframe holds beside its embedding.
    #[must_use]
    pub fn prepared_bytes(&self, keyframe: &Keyframe) -> usize {
        let prepared = keyframe.prepared.as_ref();
        let cache = prepared.and_then(|prepared| prepared.get::<PreparedCache>());
        cache.map_or(0, |prepared| prepared.cache.bytes())
    }

    /// Answers several prompts on one keyframe, as [`Decoder::decode_into`] answers one, in less time
    /// each. `out` has as many elements as `prompts`.
    ///
    /// # Errors
    /// Of the first prompt that cannot be answered; what is in `out` then means nothing.
    ///
    /// # Panics
    /// If `out` has another length than `prompts`.
    pub fn decode_batch_into(
        &mut self,
        keyframe: &Keyframe,
        prompts: &[Prompt],
        masks: MaskSelection,
        out: &mut [Decoded],
    ) -> Result<(), DecoderError> {
        assert_eq!(prompts.len(), out.len(), "as many answers as prompts");
        for prompt in prompts {
            self.model.shape.check(keyframe, prompt)?;
        }
        let size = self.model.shape.embedding_size;
        let places = Places::of(None, size);
        self.with_cache(keyframe, |decoder, cache| {
            let mut done = 0;
            while let Some(first) = prompts.get(done) {
                // Tokens of one prompt are told from those of the next by their number.
                let tokens = PromptEncoder::token_count(first);
                let alike = prompts[done..]
                    .iter()
                    .take(GROUP)
                    .take_while(|prompt| PromptEncoder::token_count(prompt) == tokens);
                let count = alike.count();
                let group = done..done + count;
                decoder.decode(
                    cache,
                    keyframe,
                    &prompts[group.clone()],
                    (masks, &places),
                    &mut out[group],
                )?;
                done += count;
            }
            Ok(())
        })
    }

    /// Answers one prompt, in a window of the masks or in whole.
    fn decode_one(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        (masks, window): (MaskSelection, Option<&MaskWindow>),
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        self.model.shape.check(keyframe, prompt)?;
        let places = Places::of(window, self.model.shape.embedding_size);
        let (prompts, out) = (std::slice::from_ref(prompt), std::slice::from_mut(out));
        self.with_cache(keyframe, |decoder, cache| {
            decoder.decode(cache, keyframe, prompts, (masks, &places), out)
        })
    }

    /// Calls `decode` with what the keyframe keeps for this model, which is computed if it keeps
    /// nothing.
    fn with_cache<T>(
        &mut self,
        keyframe: &Keyframe,
        decode: impl FnOnce(&mut Self, &Cache) -> Result<T, DecoderError>,
    ) -> Result<T, DecoderError> {
        let prepared = keyframe.prepared.as_ref();
        match prepared.and_then(|prepared| prepared.get::<PreparedCache>()) {
            Some(prepared) if Arc::ptr_eq(&prepared.model, &self.model) => {
                decode(self, &prepared.cache)
            }
            _ => {
                let mut cache = std::mem::take(&mut self.unprepared);
                let embedding = &keyframe.embedding.values;
                cache.fill(&self.model, embedding, self.precision, &mut self.team);
                let result = decode(self, &cache);
                self.unprepared = cache;
                result
            }
        }
    }

    /// Encodes prompts of equally many tokens, and announces the factors of their masks.
    fn begin(&mut self, keyframe: &Keyframe, prompts: &[Prompt]) {
        let model = &*self.model;
        let shape = model.shape;
        let count = prompts.first().map_or(0, PromptEncoder::token_count);
        let outputs = model.output_tokens.len();
        let length = outputs + count * shape.channels;
        let tokens = sized(&mut self.tokens, prompts.len() * length);
        let count = length / shape.channels;
        let of_layers = model.heads.iter();
        let room: usize = of_layers.map(|heads| factors_of(*heads, count).0 + 1).sum();
        if self.plans.len() < prompts.len() {
            self.plans.resize_with(prompts.len(), Plan::default);
        }
        let each = prompts.iter().zip(tokens.chunks_exact_mut(length));
        for (index, (prompt, tokens)) in each.enumerate() {
            let (output_tokens, prompt_tokens) = tokens.split_at_mut(outputs);
            output_tokens.copy_from_slice(&model.output_tokens);
            self.prompt_encoder
                .encode_points(prompt, &keyframe.placement, prompt_tokens);
            let plan = &mut self.plans[index];
            plan.values
                .resize_with(model.layers.len(), TokenValues::default);
            plan.layout.reset(room + model.mask_factors + 1);
            let features = prompt.mask.as_ref().map(|mask| {
                plan.layout.push(0, model.mask_factors, PartKind::Direct);
                self.prompt_encoder.mask_features(mask)
            });
            for share in &mut self.shares {
                share.begin(index, &plan.layout, features, shape.positions());
            }
        }
        sized(&mut self.encoding, self.tokens.len()).copy_from_slice(&self.tokens);
        sized(&mut self.encoded, self.tokens.len());
    }

    /// Calls `job` for every thread's share.
    fn each_share(shares: &mut [Share], team: &mut Option<Team>, job: impl Fn(&mut Share) + Sync) {
        match team {
            Some(team) => team.each(shares, job),
            None => shares.iter_mut().for_each(job),
        }
    }

    /// Runs one level: what the layer before it makes of the image, then what the tokens see there.
    fn attend(&mut self, level: usize, prompts: usize, cache: &Cache) {
        let model = &*self.model;
        let plans = &mut self.plans[..prompts];
        let length = self.tokens.len() / prompts;
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        for (plan, encoded) in plans.iter_mut().zip(self.encoded.chunks_exact(length)) {
            let parts = plan.layout.parts();
            plan.to_image.begin(
                &model.to_image[level],
                encoded,
                parts,
                &plan.values,
                &model.heads,
            );
            if let Some(layer) = level.checked_sub(1) {
                let deviation = &model.deviations[layer];
                plan.deviation
                    .begin(deviation, parts, &plan.values, &model.heads);
            }
        }
        self.clock.lap(Stage::Tokens);
        let shared = &*plans;
        Self::each_share(&mut self.shares, &mut self.team, |share| {
            share.attend(level, model, shared, cache);
        });
        self.clock.begin();
        let Some((first, others)) = self.shares.split_first_mut() else {
            return;
        };
        let tokens = self.tokens.chunks_exact_mut(length);
        for (index, (plan, tokens)) in plans.iter_mut().zip(tokens).enumerate() {
            let lane = &mut first.lanes[index].to_image;
            for other in &mut *others {
                lane.merge(&mut other.lanes[index].to_image);
            }
            plan.to_image.finish(lane, &model.to_image[level], tokens);
        }
    }

    /// What a layer's tokens do after they saw the image, and what the image will see of them.
    fn think(&mut self, index: usize, prompts: usize) {
        let model = &*self.model;
        let layer = &model.layers[index];
        let length = self.tokens.len() / prompts;
        layer.think(&mut self.tokens, &mut self.token_scratch);
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        let tokens = self.tokens.chunks_exact(length);
        let tokens = tokens.zip(self.encoded.chunks_exact(length));
        for (plan, tokens) in self.plans.iter_mut().zip(tokens) {
            let (known, newest) = plan.values.split_at_mut(index);
            plan.to_tokens.begin(
                &model.to_tokens[index],
                layer,
                tokens,
                plan.layout.parts(),
                &mut newest[0],
                known,
                &model.heads,
            );
            let (rows, kind) = factors_of(model.heads[index], newest[0].tokens);
            plan.layout.push(index + 1, rows, kind);
        }
    }

    /// Decodes prompts of equally many tokens together.
    fn decode(
        &mut self,
        cache: &Cache,
        keyframe: &Keyframe,
        prompts: &[Prompt],
        (masks, places): (MaskSelection, &Places),
        out: &mut [Decoded],
    ) -> Result<(), DecoderError> {
        let shape = self.model.shape;
        let wanted = shape.wanted(masks)?;
        let count = prompts.len();
        self.clock.begin();
        self.begin(keyframe, prompts);
        for level in 0..self.model.to_image.len() {
            if let Some(layer) = self.model.layers.get(level) {
                layer.attend_each_other(
                    &mut self.tokens,
                    &self.encoding,
                    count,
                    level == 0,
                    &mut self.token_scratch,
                );
            }
            self.attend(level, count, cache);
            if level < self.model.layers.len() {
                self.think(level, count);
            }
        }
        let model = &*self.model;
        model.final_norm.apply_to_tokens(&mut self.tokens);
        let length = self.tokens.len() / count;
        let plans = &mut self.plans[..count];
        let each = self.tokens.chunks_exact(length).zip(&mut *out);
        for (plan, (tokens, out)) in plans.iter_mut().zip(each) {
            let output_tokens = &tokens[..model.output_tokens.len()];
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
        }
        self.clock.lap(Stage::Tokens);
        let shared = &*plans;
        Self::each_share(&mut self.shares, &mut self.team, |share| {
            share.upscale(wanted.len(), places, model, shared, cache);
        });
        for (index, out) in out.iter_mut().enumerate() {
            self.gather(index, wanted.len(), &mut out.logits);
            [out.width, out.height] = [shape.mask_side(); 2];
            out.indices = wanted.clone();
            out.check_finite()?;
        }
        Ok(())
    }

    /// Puts the shares' rows of a prompt's masks together.
    fn gather(&mut self, prompt: usize, masks: usize, logits: &mut Vec<f32>) {
        if let [share] = self.shares.as_mut_slice() {
            std::mem::swap(logits, &mut share.lanes[prompt].logits);
            return;
        }
        let side = self.model.shape.mask_side();
        let logits = sized(logits, masks * side * side);
        for share in &self.shares {
            let rows = share.rows(self.model.shape.embedding_size);
            let length = rows.len() * side;
            let from = &share.lanes[prompt].logits;
            for mask in 0..masks {
                logits[(mask * side + rows.start) * side..][..length]
                    .copy_from_slice(&from[mask * length..][..length]);
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
        let team = &mut self.team;
        let prepared = keyframe.prepared.as_mut();
        match prepared.and_then(|prepared| prepared.get_mut::<PreparedCache>()) {
            Some(prepared) => {
                prepared.model = Arc::clone(&self.model);
                prepared
                    .cache
                    .fill(&self.model, embedding, self.precision, team);
            }
            None => {
                let model = Arc::clone(&self.model);
                let mut cache = Cache::default();
                cache.fill(&model, embedding, self.precision, team);
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
        self.decode_one(keyframe, prompt, (masks, None), out)
    }

    fn decode_window_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        window: &MaskWindow,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        self.decode_one(keyframe, prompt, (masks, Some(window)), out)
    }

    fn fork(&self) -> Option<Box<dyn Decoder>> {
        let mut fork = Self::of(Arc::clone(&self.model), self.prompt_encoder.clone());
        fork.precision = self.precision;
        Some(Box::new(fork))
    }
}
