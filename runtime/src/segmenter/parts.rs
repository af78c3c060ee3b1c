//! What a bundle is made of, loaded.

#[cfg(feature = "onnxruntime")]
mod onnxruntime;
#[cfg(feature = "tract-cuda")]
mod tract_cuda;

use super::{ModelIdentity, SegmenterError, SegmenterOptions};
use crate::bundle::{Bundle, DecoderKind, EncoderEntry};
use crate::decoder::{Decoder, FactoredSamDecoder, OnnxDecoder};
use crate::encoder::{Backend, Encoder, TractEncoder, TractOptions, bytes_are_faster};
use crate::preprocess::InputSpec;
#[cfg(feature = "onnxruntime")]
use onnxruntime::load as on_onnxruntime;
#[cfg(feature = "tract-cuda")]
use tract_cuda::load as on_tract_cuda;

/// An encoder and a decoder that fit each other.
pub(crate) struct Parts {
    pub(crate) encoder: Box<dyn Encoder>,
    pub(crate) decoder: Box<dyn Decoder>,
    pub(crate) spec: InputSpec,
    pub(crate) identity: ModelIdentity,
}

impl Parts {
    /// Loads them.
    pub(crate) fn load(
        bundle: &Bundle,
        options: &SegmenterOptions,
    ) -> Result<Self, SegmenterError> {
        let manifest = bundle.manifest();
        let spec = bundle.input_spec();
        let mut decoder = decoder(bundle, options)?;
        if decoder.embedding_shape() != manifest.embedding_shape {
            return Err(SegmenterError::Parts {
                encoder: manifest.embedding_shape,
                decoder: decoder.embedding_shape(),
            });
        }
        let (encoder, entry): (Box<dyn Encoder>, &EncoderEntry) = match &options.backend {
            Backend::Tract => {
                let entry = match options.precision {
                    None => bundle.preferred_encoder(bytes_are_faster())?,
                    precision => bundle.choose_encoder(precision)?,
                };
                let encoder = Self::on_tract(bundle, entry, options.threads)?;
                (Box::new(encoder), entry)
            }
            Backend::TractCuda(cuda) => on_tract_cuda(bundle, options, cuda, &mut *decoder)?,
            Backend::OnnxRuntime(onnxruntime) => {
                on_onnxruntime(bundle, options, onnxruntime, &mut *decoder)?
            }
        };
        log::info!(
            "{} {}, {} encoder, {}",
            manifest.name,
            manifest.version,
            entry.precision,
            options.backend
        );
        let identity = ModelIdentity {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            encoder_sha256: entry.sha256.clone(),
        };
        Ok(Self {
            encoder,
            decoder,
            spec,
            identity,
        })
    }

    /// One of the bundle's encoders on tract.
    pub(super) fn on_tract(
        bundle: &Bundle,
        entry: &EncoderEntry,
        threads: usize,
    ) -> Result<TractEncoder, SegmenterError> {
        let options = tract_options(bundle, entry, threads)?;
        Ok(TractEncoder::new(&bundle.encoder(entry)?, &options)?)
    }
}

fn tract_options(
    bundle: &Bundle,
    entry: &EncoderEntry,
    threads: usize,
) -> Result<TractOptions, SegmenterError> {
    Ok(TractOptions {
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: bundle.input_spec().size_px as usize,
        embedding_shape: bundle.manifest().embedding_shape,
        threads,
        weights: bundle.encoder_weights(entry)?,
    })
}

fn decoder(
    bundle: &Bundle,
    options: &SegmenterOptions,
) -> Result<Box<dyn Decoder>, SegmenterError> {
    let manifest = bundle.manifest();
    let bytes = bundle.decoder()?;
    Ok(match &manifest.decoder.kind {
        DecoderKind::Sam => {
            let mut decoder = FactoredSamDecoder::from_safetensors(&bytes)?;
            decoder
                .set_threads(options.threads)
                .map_err(|error| SegmenterError::Threads(error.kind()))?;
            decoder.set_cache_precision(options.cache);
            decoder.set_product_precision(options.products_here());
            Box::new(decoder)
        }
        DecoderKind::Onnx(decoder) => Box::new(OnnxDecoder::new(
            &bytes,
            decoder,
            manifest.embedding_shape,
            bundle.input_spec().size_px as usize,
        )?),
    })
}

#[cfg(not(feature = "tract-cuda"))]
fn on_tract_cuda<'a>(
    _: &'a Bundle,
    _: &SegmenterOptions,
    _: &crate::encoder::TractCudaOptions,
    _: &mut dyn Decoder,
) -> Result<(Box<dyn Encoder>, &'a EncoderEntry), SegmenterError> {
    let feature = "tract-cuda";
    Err(crate::encoder::EncoderError::NotBuilt { feature }.into())
}

#[cfg(not(feature = "onnxruntime"))]
fn on_onnxruntime<'a>(
    _: &'a Bundle,
    _: &SegmenterOptions,
    _: &crate::encoder::OnnxRuntimeOptions,
    _: &mut dyn Decoder,
) -> Result<(Box<dyn Encoder>, &'a EncoderEntry), SegmenterError> {
    let feature = "onnxruntime";
    Err(crate::encoder::EncoderError::NotBuilt { feature }.into())
}
