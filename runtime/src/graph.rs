//! ONNX graphs on tract: what encoders and decoders share.

mod bounded;
mod built_in;
mod checks;
mod weighed;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use prost::Message;
use tract_onnx::Onnx;
use tract_onnx::data_resolver::ModelDataResolver;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::{bail, format_err};

use crate::bundle::WeightsFile;
use crate::onnx_file;

pub(crate) use bounded::optimized;
#[cfg(feature = "tract-cuda")]
pub(crate) use bounded::simplest;
pub(crate) use checks::check_sizes;

/// Gives a graph the weights that were verified, and no other file.
struct Verified(Option<WeightsFile>);

impl ModelDataResolver for Verified {
    fn read_bytes_from_path(
        &self,
        buffer: &mut Vec<u8>,
        path: &Path,
        offset: usize,
        length: Option<usize>,
    ) -> TractResult<()> {
        let Some(WeightsFile { contents, .. }) = self.0.as_ref().filter(|file| file.path == path)
        else {
            bail!("the graph has weights in {path:?}, which bundle.toml does not name");
        };
        let end = length.map_or(Some(contents.len()), |length| offset.checked_add(length));
        let part = end.and_then(|end| contents.get(offset..end));
        buffer.extend_from_slice(part.ok_or_else(|| {
            format_err!(
                "a tensor is said to have {length:?} bytes at {offset} of a file of {}",
                contents.len()
            )
        })?);
        Ok(())
    }
}

/// Decodes an ONNX file that may be anything.
pub(crate) fn decode(onnx: &[u8]) -> TractResult<ModelProto> {
    onnx_file::check(onnx)?;
    let proto = ModelProto::decode(onnx)?;
    if let Some(graph) = &proto.graph {
        checks::check(graph)?;
    }
    Ok(proto)
}

/// Reads an ONNX file, with the file of its weights if it has one.
pub(crate) fn parse(onnx: &[u8], weights: Option<WeightsFile>) -> TractResult<InferenceModel> {
    let (built_in, weights) = match weights {
        Some(file) if built_in::is_built_in(&file) => (Some(file), None),
        weights => (None, weights),
    };
    let folder = weights.as_ref().and_then(|file| file.path.parent());
    let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
    let framework = Onnx {
        provider: Arc::new(Verified(weights)),
        ..tract_onnx::onnx()
    };
    let mut proto = decode(onnx)?;
    if let Some(graph) = &mut proto.graph {
        checks::forget_symbols(graph);
        if let Some(file) = built_in {
            built_in::bring_in(graph, &file)?;
        }
    }
    let mut parsed = framework.parse(&proto, folder.as_deref())?;
    weighed::weigh(&mut parsed.model);
    match parsed.unresolved_inputs.first() {
        Some(input) => bail!("the graph uses {input:?}, which nothing in it gives"),
        None => Ok(parsed.model),
    }
}

/// Names of outlets, as the ONNX file has them.
pub(crate) fn names(outlets: &[OutletId], model: &InferenceModel) -> Vec<String> {
    let name = |outlet: &OutletId| match model.outlet_label(*outlet) {
        Some(label) => label.to_owned(),
        None => model.node(outlet.node).name.clone(),
    };
    outlets.iter().map(name).collect()
}

/// Turns a panic, which a hostile graph may cause inside the backend, into an error.
pub(crate) fn guarded<T, E>(
    error: impl FnOnce(String) -> E,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(error(message.unwrap_or("the backend panicked").to_owned()))
    })
}
