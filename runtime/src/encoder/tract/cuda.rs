//! ONNX encoders run by tract on a GPU of NVIDIA's.
//!
//! The graph is taken as the file has it: operators of our own are the CPU's. tract compiles its kernels when they are
//! first needed and keeps them in the platform's folder for caches.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use tract_onnx::tract_core::runtime::{Runnable, Runtime, runtime_for_name};

use super::{TractEncoder, TractOptions, check_threads, load_error, read, run_options};
use crate::encoder::{EncoderError, warmed};
use crate::graph::{self, guarded};

// It registers its runtime with tract; naming it here links it in.
use tract_cuda as _;

impl TractEncoder {
    /// Loads an ONNX graph on the first GPU that CUDA shows, and encodes a grey image to warm up. What of the graph the
    /// GPU cannot compute stays on the CPU, which the log tells.
    ///
    /// # Errors
    /// If there is no such GPU, or its driver or one of CUDA's libraries is missing or too old; else as for
    /// [`TractEncoder::new`].
    pub fn on_cuda(onnx: &[u8], options: &TractOptions) -> Result<Self, EncoderError> {
        check_threads(options)?;
        let runtime = guarded(missing, runtime)?;
        let plan = guarded(EncoderError::Load, || {
            let model = read(onnx, options, graph::simplest)?;
            runtime
                .prepare_with_options(model, &run_options(options.threads))
                .map_err(load_error)
        })?;
        tell_what_stays(&*plan);
        warmed(Self::of(Arc::from(plan), options)?)
    }
}

/// How the names begin of operators that compute on the GPU, bring values to it and back, or compute nothing.
const NOT_ON_CPU: [&str; 5] = ["Cuda", "Gpu", "DeviceSync", "Source", "Const"];

/// tract leaves to the CPU what it has no kernel for, without a word.
fn tell_what_stays(plan: &dyn Runnable) {
    let Some(model) = plan.typed_model() else {
        return;
    };
    let names = model.nodes().iter().map(|node| node.op.name());
    let on_cpu = |name: &Cow<'static, str>| !NOT_ON_CPU.iter().any(|start| name.starts_with(start));
    let staying: BTreeSet<_> = names.filter(on_cpu).collect();
    if !staying.is_empty() {
        let staying: Vec<_> = staying.iter().map(AsRef::as_ref).collect();
        log::warn!("tract:cuda leaves to the CPU: {}", staying.join(", "));
    }
}

fn missing(reason: String) -> EncoderError {
    EncoderError::Provider {
        provider: "tract:cuda".to_owned(),
        reason,
    }
}

fn runtime() -> Result<&'static dyn Runtime, EncoderError> {
    match runtime_for_name("cuda") {
        Ok(Some(runtime)) => Ok(runtime),
        Ok(None) => Err(missing("tract was built without it".to_owned())),
        Err(error) => Err(missing(format!("{error:#}"))),
    }
}
