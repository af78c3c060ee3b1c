//! One model, one image at a time: frames to keyframes, prompts on keyframes to candidates.

mod close_look;
mod embedding_file;
mod error;
mod fit;
mod parts;
mod pieces;
mod second_look;
#[cfg(any(feature = "onnxruntime", feature = "tract-cuda"))]
mod self_check;

use std::time::{Duration, Instant};

use crate::bundle::{Answers, Bundle, Precision};
use crate::decoder::{
    CachePrecision, Decoded, Decoder, Embedding, Keyframe, MaskSelection, ProductPrecision,
};
use crate::encoder::{Backend, Encoder};
use crate::frame::Frame;
use crate::mask::{MaskLogits, stability_score};
use crate::preprocess::Preprocessor;
use crate::prompt::{MultimaskOutput, Prompt};

use close_look::CloseLook;
pub use embedding_file::{EmbeddingFileError, ModelIdentity};
pub use error::SegmenterError;
use fit::{best_fitting, keep_to_bounds};
pub(crate) use parts::Parts;
use second_look::SecondLook;

/// How a model is run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SegmenterOptions {
    /// Threads that the encoder computes with, and those that the decoder does, the caller's included.
    pub threads: usize,
    /// Which of the bundle's encoders; none for the one that it prefers on this processor
    /// ([`Bundle::preferred_encoder`]), on ONNX Runtime for the first in f32, else the first.
    pub precision: Option<Precision>,
    /// What runs the encoder.
    pub backend: Backend,
    /// How keyframes keep what SAM's decoder computes of them in advance.
    pub cache: CachePrecision,
    /// In what SAM's decoder computes most of its products for a prompt; none for the fastest on this processor
    /// ([`ProductPrecision::fastest`]).
    pub products: Option<ProductPrecision>,
}

impl Default for SegmenterOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            precision: None,
            backend: Backend::Tract,
            cache: CachePrecision::Full,
            products: None,
        }
    }
}

impl SegmenterOptions {
    /// In what SAM's decoder computes most of its products with these options on this processor.
    #[must_use]
    pub fn products_here(&self) -> ProductPrecision {
        match self.products {
            Some(ProductPrecision::Full) => ProductPrecision::Full,
            Some(ProductPrecision::Codes) | None => ProductPrecision::fastest(),
        }
    }
}

/// How long the stages of the newest image and prompt took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageTimes {
    /// Reading and optimising the model.
    pub load: Duration,
    /// Resizing and normalising the frame.
    pub preprocess: Duration,
    /// The encoder.
    pub encode: Duration,
    /// What the decoder computes once for a keyframe.
    pub cache: Duration,
    /// The decoder, for one prompt.
    pub decode: Duration,
    /// Scoring and sorting the candidates.
    pub post: Duration,
    /// Looking closer at them ([`Segmenter::look_closer_into`]), if that was asked for.
    pub close_look: Duration,
}

/// One of the masks for a prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Which of the model's masks it is; 0 is the single mask. One that was found by looking closer is a mask of that look.
    pub index: usize,
    /// The estimated intersection over union of the mask with the truth: the model's own, or what a closer look has made of it
    /// ([`Segmenter::look_closer_into`]).
    pub predicted_iou: f32,
    /// How little the mask depends on its threshold, see [`stability_score`].
    pub stability: f32,
    /// Low-resolution logits.
    pub logits: MaskLogits,
}

/// A loaded model with its buffers.
pub struct Segmenter {
    identity: ModelIdentity,
    preprocessor: Preprocessor,
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    answers: Answers,
    second_look: SecondLook,
    close_look: CloseLook,
    input: Vec<f32>,
    decoded: Decoded,
    times: StageTimes,
}

impl Segmenter {
    /// Loads the model of a bundle.
    ///
    /// # Errors
    /// If the encoder or decoder cannot be loaded, or they do not fit each other.
    pub fn new(bundle: &Bundle, options: SegmenterOptions) -> Result<Self, SegmenterError> {
        let start = Instant::now();
        let Parts {
            encoder,
            decoder,
            spec,
            identity,
        } = Parts::load(bundle, &options)?;
        let load = start.elapsed();
        log::info!("loaded in {load:?}");
        Ok(Self {
            identity,
            preprocessor: Preprocessor::new(spec)?,
            encoder,
            decoder,
            answers: bundle.manifest().decoder.answers,
            second_look: SecondLook::default(),
            close_look: CloseLook::default(),
            input: vec![0.0; spec.len()],
            decoded: Decoded::default(),
            times: StageTimes {
                load,
                ..StageTimes::default()
            },
        })
    }

    /// Which model this is.
    #[must_use]
    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// Whether the bundle wants answers fitted to their prompts ([`Answers::Fitted`]).
    #[must_use]
    pub fn fits_answers(&self) -> bool {
        self.answers == Answers::Fitted
    }

    /// How long the newest image and prompt took, stage by stage.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        self.times
    }

    /// The newest answer as the decoder gave it: all computed masks in the model's own order.
    #[must_use]
    pub fn decoded(&self) -> &Decoded {
        &self.decoded
    }

    /// The decoder, for prompts that need no candidates.
    pub fn decoder(&mut self) -> &mut dyn Decoder {
        &mut *self.decoder
    }

    /// Encodes a frame.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn encode(&mut self, frame: &Frame<'_>) -> Result<Keyframe, SegmenterError> {
        let spec = self.preprocessor.spec();
        let mut keyframe = Keyframe {
            embedding: Embedding::default(),
            placement: spec.placement(frame.width_px(), frame.height_px()),
            capture_time_us: frame.capture_time_us(),
            prepared: None,
        };
        self.encode_into(frame, &mut keyframe)?;
        Ok(keyframe)
    }

    /// The same into a keyframe that is used again.
    ///
    /// # Errors
    /// If the encoder fails; the keyframe then means nothing.
    pub fn encode_into(
        &mut self,
        frame: &Frame<'_>,
        keyframe: &mut Keyframe,
    ) -> Result<(), SegmenterError> {
        let start = Instant::now();
        keyframe.placement = self.preprocessor.preprocess_into(frame, &mut self.input)?;
        keyframe.capture_time_us = frame.capture_time_us();
        let preprocessed = Instant::now();
        let embedding = &mut keyframe.embedding;
        embedding.shape = self.encoder.embedding_shape();
        embedding
            .values
            .resize(embedding.shape.iter().product(), 0.0);
        self.encoder
            .encode_into(&self.input, &mut embedding.values)?;
        let encoded = Instant::now();
        self.decoder.prepare(keyframe)?;
        self.times.preprocess = preprocessed - start;
        self.times.encode = encoded - preprocessed;
        self.times.cache = encoded.elapsed();
        Ok(())
    }

    /// Answers a prompt in pixels of the keyframe's image; candidates are sorted by predicted IoU,
    /// best first. [`MultimaskOutput::Auto`] does with the masks what the bundle says ([`Answers`]);
    /// the others give them as the model has them, as [`Self::decoded`] does.
    ///
    /// # Errors
    /// If the prompt does not fit the image or the model.
    pub fn segment(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        multimask: MultimaskOutput,
    ) -> Result<Vec<Candidate>, SegmenterError> {
        let mut candidates = Vec::new();
        self.segment_into(keyframe, prompt, multimask, &mut candidates)?;
        Ok(candidates)
    }

    /// The same into candidates whose buffers are used again.
    ///
    /// # Errors
    /// If the prompt does not fit the image or the model; `candidates` are then those of before.
    pub fn segment_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        multimask: MultimaskOutput,
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), SegmenterError> {
        let start = Instant::now();
        let fitted = multimask == MultimaskOutput::Auto && self.answers == Answers::Fitted;
        let selection = match (multimask.resolve(prompt), fitted) {
            (true, _) => MaskSelection::Multiple,
            (false, true) => MaskSelection::All,
            (false, false) => MaskSelection::Single,
        };
        let decoded = &mut self.decoded;
        self.decoder
            .decode_into(keyframe, prompt, selection, decoded)?;
        if fitted && prompt.bounds.is_some() && prompt.mask.is_none() {
            let decoder = &mut *self.decoder;
            self.second_look
                .take_with_mask(decoder, keyframe, prompt, decoded);
        }
        let positions = match selection {
            MaskSelection::All => {
                let best = best_fitting(decoded, prompt, &keyframe.placement);
                best..best + 1
            }
            _ => 0..decoded.indices.len(),
        };
        candidates.resize_with(positions.len(), Candidate::default);
        let ious = decoded.predicted_iou.iter().copied();
        let likeliest = ious.fold(f32::NEG_INFINITY, f32::max);
        for (position, candidate) in positions.zip(candidates.iter_mut()) {
            let mask = decoded.mask(position);
            candidate.index = decoded.indices.start + position;
            candidate.predicted_iou = decoded.predicted_iou[position];
            let logits = &mut candidate.logits;
            (logits.width, logits.height) = (mask.width, mask.height);
            logits.values.clear();
            logits.values.extend_from_slice(mask.values);
            match (fitted, &prompt.bounds) {
                (true, Some(bounds)) => keep_to_bounds(bounds, &keyframe.placement, logits),
                // The likeliest one gains nothing by it.
                (true, None)
                    if selection == MaskSelection::Multiple
                        && candidate.predicted_iou < likeliest =>
                {
                    let decoder = &mut *self.decoder;
                    self.second_look.take(decoder, keyframe, prompt, logits);
                }
                _ => {}
            }
            if fitted && prompt.bounds.is_none() {
                self.second_look
                    .drop_crumbs(&keyframe.placement, prompt, logits);
            }
        }
        let done = Instant::now();
        for candidate in &mut *candidates {
            candidate.stability = stability_score(candidate.logits.view(), &keyframe.placement)?;
        }
        // Stable sorting would allocate; the index decides between equals.
        candidates.sort_unstable_by(|left, right| {
            let by_iou = right.predicted_iou.total_cmp(&left.predicted_iou);
            by_iou.then(left.index.cmp(&right.index))
        });
        self.times.decode = done - start;
        self.times.post = done.elapsed();
        self.times.close_look = Duration::ZERO;
        Ok(())
    }

    /// A keyframe's embedding as a safetensors file, with the identity of the model and of the frame
    /// that was encoded, so that it need not be encoded again.
    ///
    /// # Errors
    /// If the keyframe is none of this model's.
    pub fn export_embedding(
        &self,
        keyframe: &Keyframe,
        frame: &Frame<'_>,
    ) -> Result<Vec<u8>, EmbeddingFileError> {
        let shape = self.encoder.embedding_shape();
        embedding_file::write(&self.identity, shape, keyframe, frame)
    }

    /// A keyframe from a file that [`Segmenter::export_embedding`] wrote for this frame.
    ///
    /// # Errors
    /// If the file is of another model or image, cut short, or not finite.
    pub fn import_embedding(
        &mut self,
        file: &[u8],
        frame: &Frame<'_>,
    ) -> Result<Keyframe, SegmenterError> {
        let placement = self
            .preprocessor
            .spec()
            .placement(frame.width_px(), frame.height_px());
        let shape = self.encoder.embedding_shape();
        let mut keyframe = embedding_file::read(&self.identity, shape, placement, frame, file)?;
        let start = Instant::now();
        self.decoder.prepare(&mut keyframe)?;
        self.times.preprocess = Duration::ZERO;
        self.times.encode = Duration::ZERO;
        self.times.cache = start.elapsed();
        Ok(keyframe)
    }
}

#[cfg(test)]
mod tests;
