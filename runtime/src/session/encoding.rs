//! The encoder's thread: frames to keyframes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::clock::now_us;
use super::error::SessionError;
use super::orders::{EncodeOrder, News};
use super::pixels::HeldFrame;
use super::pool::Pool;
use crate::decoder::{Decoder, Embedding, Keyframe};
use crate::encoder::{Encoder, EncoderError};
use crate::engine::JobFailed;
use crate::preprocess::{InputSpec, Preprocessor};

/// The newest keyframe, the one before it that is still decoded from, and the one being made.
const MOST_KEYFRAMES: usize = 3;

/// An encoder with its buffers.
pub(super) struct EncoderDesk {
    encoder: Box<dyn Encoder>,
    /// Computes what depends on the keyframe alone; of the decoder's own weights.
    preparer: Option<Box<dyn Decoder>>,
    preprocessor: Preprocessor,
    input: Vec<f32>,
    keyframes: Pool<Keyframe>,
}

impl EncoderDesk {
    pub(super) fn new(
        encoder: Box<dyn Encoder>,
        preparer: Option<Box<dyn Decoder>>,
        spec: InputSpec,
    ) -> Result<Self, SessionError> {
        Ok(Self {
            encoder,
            preparer,
            preprocessor: Preprocessor::new(spec)?,
            input: vec![0.0; spec.len()],
            keyframes: Pool::new(MOST_KEYFRAMES, empty),
        })
    }

    /// Encodes a frame, which it lets go of before the encoder runs.
    pub(super) fn make(&mut self, frame: HeldFrame) -> Result<Arc<Keyframe>, SessionError> {
        let Self {
            encoder,
            preparer,
            preprocessor,
            input,
            keyframes,
        } = self;
        let filled = keyframes.fill(|keyframe| {
            let view = frame.view().map_err(SessionError::Frame)?;
            keyframe.placement = preprocessor.preprocess_into(&view, input)?;
            keyframe.capture_time_us = view.capture_time_us();
            drop(frame);
            let embedding = &mut keyframe.embedding;
            embedding.shape = encoder.embedding_shape();
            embedding
                .values
                .resize(embedding.shape.iter().product(), 0.0);
            encoder.encode_into(input, &mut embedding.values)?;
            // Whatever the backend promises: one such number would spoil every answer of the keyframe.
            let values = &embedding.values;
            if !values
                .iter()
                .fold(true, |all, value| all & value.is_finite())
            {
                return Err(SessionError::Encoder(EncoderError::NotFinite));
            }
            match preparer {
                Some(preparer) => preparer.prepare(keyframe)?,
                None => keyframe.prepared = None,
            }
            Ok(())
        });
        filled.ok_or(SessionError::NoBuffer)?
    }
}

fn empty() -> Keyframe {
    Keyframe {
        embedding: Embedding::default(),
        placement: super::drawing::MaskPixels::default().placement,
        capture_time_us: 0,
        prepared: None,
    }
}

/// What the thread does until there are no more orders or nobody listens.
pub(super) fn run(
    mut desk: EncoderDesk,
    orders: &Receiver<EncodeOrder>,
    news: &Sender<News>,
    generation: u64,
) {
    while let Ok(order) = orders.recv() {
        let begun_us = now_us();
        let EncodeOrder { keyframe, frame } = order;
        let made = catch_unwind(AssertUnwindSafe(|| desk.make(frame)));
        let result = match made {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) => {
                log::warn!("a frame could not be encoded: {error}");
                Err(JobFailed)
            }
            Err(_) => {
                log::error!("the encoder panicked");
                Err(JobFailed)
            }
        };
        let encoded = News::Encoded {
            keyframe,
            generation,
            took_us: now_us() - begun_us,
            result,
        };
        if news.send(encoded).is_err() {
            return;
        }
    }
}
