//! Encoders on ONNX Runtime, checked before they are used.

use std::path::PathBuf;

use super::super::{SegmenterError, SegmenterOptions, self_check};
use crate::bundle::{Bundle, EncoderEntry, Precision};
use crate::decoder::Decoder;
use crate::encoder::{
    Encoder, ExecutionProvider, OnnxRuntimeEncoder, OnnxRuntimeGraph, OnnxRuntimeOptions,
};

pub(super) fn load<'a>(
    bundle: &'a Bundle,
    options: &SegmenterOptions,
    onnxruntime: &OnnxRuntimeOptions,
    decoder: &mut dyn Decoder,
) -> Result<(Box<dyn Encoder>, &'a EncoderEntry), SegmenterError> {
    let (entry, precision) = choose(bundle, options.precision, onnxruntime)?;
    let graph = OnnxRuntimeGraph {
        onnx: bundle.encoder(entry)?,
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: bundle.input_spec().size_px as usize,
        embedding_shape: bundle.manifest().embedding_shape,
        threads: options.threads,
        weights: bundle.encoder_weights(entry)?,
        precision,
    };
    let mut encoder = OnnxRuntimeEncoder::new(graph, onnxruntime)?;
    if onnxruntime.self_check {
        let passed = passed_file(bundle, &encoder);
        if !passed.as_ref().is_some_and(|file| file.exists()) {
            let iou = self_check::check(bundle, &mut encoder, decoder, options.threads)?;
            log::info!("the encoder's masks have an IoU of {iou:.4} with those of f32 on tract");
            if let Some(file) = passed
                && let Err(error) = std::fs::write(&file, format!("mean mask IoU {iou}\n"))
            {
                log::warn!(
                    "{}: {error}; the self-check will be made again",
                    file.display()
                );
            }
        }
    }
    Ok((Box::new(encoder), entry))
}

/// The bundle's encoder of a precision; where it has none in f16, TensorRT makes it of the one in f32.
fn choose<'a>(
    bundle: &'a Bundle,
    precision: Option<Precision>,
    options: &OnnxRuntimeOptions,
) -> Result<(&'a EncoderEntry, Precision), SegmenterError> {
    match bundle.choose_encoder(precision) {
        Err(_)
            if precision == Some(Precision::F16)
                && options.providers.contains(&ExecutionProvider::TensorRt) =>
        {
            Ok((bundle.choose_encoder(Some(Precision::F32))?, Precision::F16))
        }
        entry => {
            let entry = entry?;
            Ok((entry, entry.precision))
        }
    }
}

/// The file that says that this encoder gave the right masks with this decoder.
fn passed_file(bundle: &Bundle, encoder: &OnnxRuntimeEncoder) -> Option<PathBuf> {
    let reference = bundle.choose_encoder(None).ok()?;
    let (encoder_sha256, decoder_sha256) = (&reference.sha256, &bundle.manifest().decoder.sha256);
    let name = format!("self-check-{:.16}-{:.16}", encoder_sha256, decoder_sha256);
    Some(encoder.cache()?.join(name))
}
