//! The shapes of an encoder's tensors, checked off one by one.

use std::collections::BTreeMap;

use super::ArchitectureError;
use crate::checkpoint::{Checkpoint, ElementType, TensorInfo};

/// What stands before the names of an encoder's tensors in a checkpoint.
const PREFIX: &str = "image_encoder.";

/// The tensors under `image_encoder.` that nobody has asked for yet. Names lack that prefix.
pub(super) struct Shapes<'a> {
    tensors: BTreeMap<&'a str, &'a TensorInfo>,
}

/// A tensor's name in the checkpoint.
pub(super) fn full_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

impl<'a> Shapes<'a> {
    /// The encoder's tensors; beside them, only a decoder's may be there.
    pub(super) fn new(checkpoint: &'a Checkpoint) -> Result<Self, ArchitectureError> {
        let mut tensors = BTreeMap::new();
        let mut unexpected = None;
        for (name, info) in checkpoint.tensors() {
            if let Some(short) = name.strip_prefix(PREFIX) {
                tensors.insert(short, info);
            } else if !name.starts_with("prompt_encoder.") && !name.starts_with("mask_decoder.") {
                unexpected.get_or_insert(name);
            }
        }
        match unexpected {
            // Of a checkpoint without an encoder, it is not the single tensor that is to be told.
            Some(name) if !tensors.is_empty() => Err(ArchitectureError::Unexpected {
                name: name.to_owned(),
            }),
            _ => Ok(Self { tensors }),
        }
    }

    /// Whether any tensor of a module is left.
    pub(super) fn contains_module(&self, module: &str) -> bool {
        let start = format!("{module}.");
        let mut behind = self.tensors.range(start.as_str()..);
        behind
            .next()
            .is_some_and(|(name, _)| name.starts_with(&start))
    }

    /// How many modules there are in a list: `blocks.0`, `blocks.1`, ...
    pub(super) fn count(&self, list: &str) -> usize {
        let is_there = |index: &usize| self.contains_module(&format!("{list}.{index}"));
        (0..).take_while(is_there).count()
    }

    /// The shape of a tensor that must have `RANK` dimensions, none of them 0. It still has to be
    /// taken.
    pub(super) fn shape<const RANK: usize>(
        &self,
        name: &str,
    ) -> Result<[usize; RANK], ArchitectureError> {
        let info = self.tensors.get(name).ok_or_else(|| missing(name))?;
        match <[usize; RANK]>::try_from(info.shape.as_slice()) {
            Ok(shape) if !shape.contains(&0) => Ok(shape),
            _ => Err(self.mismatch(name, format!("{RANK} dimensions, none of them 0,"))),
        }
    }

    /// Checks off a tensor that must have exactly this shape.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<(), ArchitectureError> {
        let info = self.tensors.get(name).ok_or_else(|| missing(name))?;
        if info.shape != shape {
            return Err(self.mismatch(name, format!("{shape:?}")));
        }
        if info.element_type == ElementType::I64 {
            return Err(ArchitectureError::Integers {
                name: full_name(name),
            });
        }
        self.tensors.remove(name);
        Ok(())
    }

    /// Checks off `weight` and `bias` of a module.
    pub(super) fn take_both(
        &mut self,
        module: &str,
        weight: &[usize],
        bias: &[usize],
    ) -> Result<(), ArchitectureError> {
        self.take(&format!("{module}.weight"), weight)?;
        self.take(&format!("{module}.bias"), bias)
    }

    /// Checks off a tensor, if it is there, that an encoder never reads.
    pub(super) fn skip(&mut self, name: &str) {
        self.tensors.remove(name);
    }

    /// The error of a tensor whose shape is not what is needed.
    pub(super) fn mismatch(&self, name: &str, expected: String) -> ArchitectureError {
        let shape = self.tensors.get(name).map(|info| info.shape.clone());
        ArchitectureError::Shape {
            name: full_name(name),
            expected,
            found: shape.unwrap_or_default(),
        }
    }

    /// Checks that every tensor was taken.
    pub(super) fn finish(self) -> Result<(), ArchitectureError> {
        match self.tensors.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(ArchitectureError::Unexpected {
                name: full_name(name),
            }),
        }
    }
}

fn missing(name: &str) -> ArchitectureError {
    ArchitectureError::Missing {
        name: full_name(name),
    }
}
