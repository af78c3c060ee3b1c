//! Execution providers, each there or an error.

use std::path::Path;

use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::builder::SessionBuilder;

use super::super::{EncoderError, ExecutionProvider, OnnxRuntimeOptions};
use crate::bundle::Precision;

/// Adds the providers that are asked for, in their order.
pub(super) fn register(
    mut builder: SessionBuilder,
    options: &OnnxRuntimeOptions,
    precision: Precision,
    cache: Option<&Path>,
) -> Result<SessionBuilder, EncoderError> {
    if options.providers.is_empty() {
        let reason = "none is asked for; name cpu, cuda or tensorrt".to_owned();
        return Err(EncoderError::Provider {
            provider: "any".to_owned(),
            reason,
        });
    }
    for provider in &options.providers {
        let device = i32::from(options.device);
        let dispatch: ExecutionProviderDispatch = match provider {
            ExecutionProvider::Cpu => ep::CPU::default().build(),
            ExecutionProvider::Cuda => ep::CUDA::default().with_device_id(device).build(),
            ExecutionProvider::TensorRt => tensorrt(device, precision, cache).build(),
        };
        let registered = builder.with_execution_providers([dispatch.error_on_failure()]);
        builder = registered.map_err(|error| EncoderError::Provider {
            provider: provider.to_string(),
            reason: error.to_string(),
        })?;
    }
    if !options.providers.contains(&ExecutionProvider::Cpu) {
        // Without this, operators that a GPU lacks would be computed on the CPU without a word.
        builder = builder
            .with_disable_cpu_fallback()
            .map_err(|error| EncoderError::Load(error.to_string()))?;
    }
    Ok(builder)
}

fn tensorrt(device: i32, precision: Precision, cache: Option<&Path>) -> ep::TensorRT {
    let mut provider = ep::TensorRT::default().with_device_id(device);
    match precision {
        // Layer norms overflow in f16, of which encoders of the Segment Anything family are known to give wrong masks.
        Precision::F16 => provider = provider.with_fp16(true).with_layer_norm_fp32_fallback(true),
        Precision::Int8 => provider = provider.with_int8(true),
        Precision::F32 => {}
    }
    if let Some(folder) = cache {
        let folder = folder.display();
        provider = provider
            .with_engine_cache(true)
            .with_engine_cache_path(&folder)
            .with_timing_cache(true)
            .with_timing_cache_path(&folder);
    }
    provider
}
