//! The same decoder with a fraction of the arithmetic.
//!
//! Most of what SAM's decoder computes depends on the keyframe alone, or is of low rank in what a
//! prompt changes. [`SamDecoder`](super::SamDecoder) is the plain twin: both give the same numbers up
//! to rounding.
//!
//! 1. [`blocks`]: how image features are stored.
//! 2. [`packed`], [`tokens`]: the part of the transformer that sees only tokens.
//! 3. [`algebra`]: what image features are made of, and projections of them.
//! 4. [`layout`], [`factors`]: what a prompt adds to them; [`coefficients`]: the rows that it stands before; [`coded`]: products
//!    of both.
//! 5. [`scoring`], [`to_image`], [`to_tokens`], [`deviation`], [`upscaling`]: the stages, block by
//!    block.
//! 6. [`model`]: the weights; [`cache`]: a keyframe's products; [`lane`]: a thread's share of the blocks.
//! 7. [`decoding`]: all stages, one after the other.

mod algebra;
mod arithmetic;
mod blocks;
mod cache;
mod coded;
mod coefficients;
mod decoding;
mod deviation;
mod factors;
mod lane;
mod layout;
mod model;
mod packed;
mod precision;
mod profile;
mod scoring;
mod spaces;
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
use crate::kernels::{CodePairDots, Team};
use crate::prompt::Prompt;
use crate::threads::stay_on;

use super::prompt_encoder::PromptEncoder;
use super::weights::{Weights, WeightsError};
use cache::Cache;
use lane::{Plan, Share, divide};
use model::Model;
use profile::StageClock;
use tokens::TokenScratch;
use upscaling::Predictions;
use window::Places;

pub use arithmetic::StageArithmetic;
pub use precision::ProductPrecision;
pub use profile::StageProfile;
pub use stored::CachePrecision;

/// The logit of mask pixels that were not asked for.
const OUTSIDE: f32 = -32.0;

/// Prompts that are decoded together: more would leave too little of the cache to each.
const GROUP: usize = 16;

/// SAM's decoder, fast. Buffers grow to the largest prompt seen; after that decoding allocates
/// nothing.
pub struct FactoredSamDecoder {
    model: Arc<Model>,
    prompt_encoder: PromptEncoder,
    precision: CachePrecision,
    /// What products with factors, and those of the upscaling, are computed with, if not with floats.
    dots: Option<CodePairDots>,
    /// For keyframes that were not prepared.
    unprepared: Cache,
    /// `[prompts, tokens, channels]`, of the prompts that are decoded together.
    tokens: Vec<f32>,
    /// The tokens as they came in.
    encoding: Vec<f32>,
    encoded: Vec<f32>,
    token_scratch: TokenScratch,
    predictions: Predictions,
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
            dots: None,
            unprepared: Cache::default(),
            tokens: Vec::new(),
            encoding: Vec::new(),
            encoded: Vec::new(),
            token_scratch: TokenScratch::default(),
            predictions: Predictions::default(),
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
        self.set_threads_on(threads, &[])
    }

    /// The same; the threads that are started stay each on one of these processors, from the first on. Where
    /// the caller's runs is its own affair ([`crate::threads::stay_on`]).
    ///
    /// # Errors
    /// If the system gives no more threads. Nothing has changed then.
    pub fn set_threads_on(&mut self, threads: usize, processors: &[usize]) -> io::Result<()> {
        let size = self.model.shape.embedding_size;
        let threads = threads.clamp(1, size);
        if threads == self.shares.len() && processors.is_empty() {
            return Ok(());
        }
        self.team = match threads {
            1 => None,
            _ => {
                let processors = processors.to_vec();
                Some(Team::new("fixate-decoder", threads - 1, move |index| {
                    let own = processors.iter().copied().cycle().nth(index - 1);
                    stay_on("fixate-decoder", own.as_slice());
                })?)
            }
        };
        self.shares.resize_with(threads, Share::default);
        divide(&mut self.shares, size);
        Ok(())
    }

    /// Keyframes that are prepared from now on keep their products so.
    pub fn set_cache_precision(&mut self, precision: CachePrecision) {
        self.precision = precision;
    }

    /// Prompts that are answered from now on are answered with such products; with floats where the processor has no
    /// others.
    pub fn set_product_precision(&mut self, precision: ProductPrecision) {
        self.dots = match precision {
            ProductPrecision::Full => None,
            ProductPrecision::Codes => CodePairDots::found(),
        };
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
        fork.dots = self.dots;
        Some(Box::new(fork))
    }
}
