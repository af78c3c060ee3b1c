//! What a session encodes and decodes with.

use super::error::SessionError;
use crate::bundle::Bundle;
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::preprocess::InputSpec;
use crate::segmenter::{Parts, SegmenterOptions};

/// An encoder and a decoder that fit each other.
pub struct SessionModel {
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) decoder: Box<dyn Decoder>,
    pub(super) spec: InputSpec,
}

impl SessionModel {
    /// Any encoder and decoder; `spec` tells how frames become the encoder's input.
    ///
    /// # Errors
    /// When they do not fit each other.
    pub fn new(
        encoder: Box<dyn Encoder>,
        decoder: Box<dyn Decoder>,
        spec: InputSpec,
    ) -> Result<Self, SessionError> {
        let (spec_px, encoder_px) = (spec.size_px as usize, encoder.input_size_px());
        if spec_px != encoder_px {
            return Err(SessionError::Input {
                spec_px,
                encoder_px,
            });
        }
        let (encoder_shape, decoder_shape) = (encoder.embedding_shape(), decoder.embedding_shape());
        if encoder_shape != decoder_shape {
            return Err(SessionError::Parts {
                encoder: encoder_shape,
                decoder: decoder_shape,
            });
        }
        Ok(Self {
            encoder,
            decoder,
            spec,
        })
    }

    /// The model of a bundle.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn of_bundle(bundle: &Bundle, options: SegmenterOptions) -> Result<Self, SessionError> {
        let Parts {
            encoder,
            decoder,
            spec,
            ..
        } = Parts::load(bundle, &options)?;
        Self::new(encoder, decoder, spec)
    }
}
