//! What a bundle is made of, loaded.

use super::{SegmenterError, SegmenterOptions};
use crate::bundle::{Bundle, DecoderKind};
use crate::decoder::{Decoder, FactoredSamDecoder, OnnxDecoder};
use crate::encoder::{Encoder, TractEncoder, TractOptions};
use crate::preprocess::InputSpec;

/// An encoder and a decoder that fit each other.
pub(crate) struct Parts {
    pub(crate) encoder: Box<dyn Encoder>,
    pub(crate) decoder: Box<dyn Decoder>,
    pub(crate) spec: InputSpec,
}

impl Parts {
    /// Loads them.
    pub(crate) fn load(bundle: &Bundle, options: SegmenterOptions) -> Result<Self, SegmenterError> {
        let manifest = bundle.manifest();
        let spec = bundle.input_spec();
        let entry = bundle.choose_encoder(options.precision)?;
        let encoder = TractEncoder::new(
            &bundle.encoder(entry)?,
            &TractOptions {
                input: entry.input.clone(),
                output: entry.output.clone(),
                input_size_px: spec.size_px as usize,
                embedding_shape: manifest.embedding_shape,
                threads: options.threads,
                weights: bundle.encoder_weights(entry)?,
            },
        )?;
        let bytes = bundle.decoder()?;
        let decoder: Box<dyn Decoder> = match &manifest.decoder.kind {
            DecoderKind::Sam => {
                let mut decoder = FactoredSamDecoder::from_safetensors(&bytes)?;
                decoder
                    .set_threads(options.threads)
                    .map_err(|error| SegmenterError::Threads(error.kind()))?;
                decoder.set_cache_precision(options.cache);
                Box::new(decoder)
            }
            DecoderKind::Onnx(decoder) => Box::new(OnnxDecoder::new(
                &bytes,
                decoder,
                manifest.embedding_shape,
                spec.size_px as usize,
            )?),
        };
        if decoder.embedding_shape() != manifest.embedding_shape {
            return Err(SegmenterError::Parts {
                encoder: manifest.embedding_shape,
                decoder: decoder.embedding_shape(),
            });
        }
        Ok(Self {
            encoder: Box::new(encoder),
            decoder,
            spec,
        })
    }
}
