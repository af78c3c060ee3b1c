//! Weights beside the graph of a model that is built into the library: there is no folder that tract could find them in.

use tract_onnx::pb::GraphProto;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_core::internal::format_err;

use crate::bundle::WeightsFile;

/// Whether a file of weights lies in no folder.
pub(super) fn is_built_in(file: &WeightsFile) -> bool {
    file.path.is_relative()
}

/// Brings the weights into the graph.
pub(super) fn bring_in(graph: &mut GraphProto, file: &WeightsFile) -> TractResult<()> {
    let beside = |location: Option<i32>| location == Some(DataLocation::External as i32);
    let tensors = graph.initializer.iter_mut();
    for tensor in tensors.filter(|tensor| beside(tensor.data_location)) {
        let value = |key: &str| {
            let mut entries = tensor.external_data.iter();
            let entry = entries.find(|entry| entry.key == key);
            entry.map_or("", |entry| entry.value.as_str())
        };
        let part = || {
            let begin: usize = value("offset").parse().unwrap_or(0);
            let length: usize = value("length").parse().ok()?;
            file.contents.get(begin..begin.checked_add(length)?)
        };
        let named = file.path.as_os_str() == value("location");
        let part = part().filter(|_| named);
        let part = part.ok_or_else(|| {
            format_err!(
                "the weights {:?} are not in {:?}",
                tensor.name,
                file.path.display()
            )
        })?;
        tensor.raw_data = part.to_vec();
        tensor.data_location = None;
        tensor.external_data.clear();
    }
    Ok(())
}
