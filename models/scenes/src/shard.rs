//! Many images in one file, raw, for a trainer that must not wait for data.

use crate::truth::{Level, MAX_NODES, Truth};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Why a shard could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShardError {
    /// The file system refused.
    Write(String),
}

impl fmt::Display for ShardError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(reason) => write!(formatter, "cannot write a shard of images: {reason}"),
        }
    }
}

impl std::error::Error for ShardError {}

/// Writes `count` square images of `size` pixels, made by `draw` from the numbers 0, 1, ..., to one
/// safetensors file:
/// `rgb` [count, size, size, 3] u8; `labels` [count, size, size] u8; and per node, 255 where there
/// is none: `parents` [count, 255] u8 and `kinds` [count, 255] u8 (0 whole, 1 part, 2 subpart,
/// plus 4 for stuff).
pub fn write(
    path: &Path,
    count: usize,
    size: usize,
    mut draw: impl FnMut(u64) -> (Vec<u8>, Truth),
) -> Result<(), ShardError> {
    let (mut rgb, mut labels) = (Vec::new(), Vec::new());
    let (mut parents, mut kinds) = (Vec::new(), Vec::new());
    for index in 0..count {
        let (pixels, truth) = draw(index as u64);
        rgb.extend(pixels);
        labels.extend(truth.labels);
        for slot in 0..MAX_NODES {
            let node = truth.nodes.get(slot);
            parents.push(node.and_then(|node| node.parent).unwrap_or(255));
            kinds.push(node.map_or(255, |node| {
                let level = match node.level {
                    Level::Whole => 0,
                    Level::Part => 1,
                    Level::Subpart => 2,
                };
                level + 4 * u8::from(node.stuff)
            }));
        }
    }
    let view = |shape: Vec<usize>, bytes| {
        TensorView::new(Dtype::U8, shape, bytes)
            .map_err(|error| ShardError::Write(error.to_string()))
    };
    let tensors = BTreeMap::from([
        ("rgb", view(vec![count, size, size, 3], &rgb)?),
        ("labels", view(vec![count, size, size], &labels)?),
        ("parents", view(vec![count, MAX_NODES], &parents)?),
        ("kinds", view(vec![count, MAX_NODES], &kinds)?),
    ]);
    // A shard that is there is whole: a trainer may be waiting for it.
    let unfinished = path.with_extension("unfinished");
    let failed =
        |error: &dyn fmt::Display| ShardError::Write(format!("{}: {error}", path.display()));
    safetensors::serialize_to_file(tensors, None, &unfinished).map_err(|error| failed(&error))?;
    std::fs::rename(&unfinished, path).map_err(|error| failed(&error))
}
