//! What an image encoder is, read off the names and shapes of a checkpoint's tensors.
//!
//! Two architectures are known: the ViT of Segment Anything ("image_encoder.py" of the reference
//! implementation) and the TinyViT of MobileSAM ("tiny_vit_sam.py"). Every tensor under
//! `image_encoder.` must be one that the architecture has, of the shape that the others ask for;
//! anything else is refused, because its results would silently differ.

mod attention;
mod error;
mod layers;
mod neck;
mod recipe;
mod shapes;
mod tiny_vit;
mod vit;

use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::onnx::Graph;

pub use error::ArchitectureError;
pub(crate) use recipe::Recipe;
use shapes::Shapes;
pub use tiny_vit::{TinyVit, TinyVitAttention, TinyVitDownsample, TinyVitStage};
pub use vit::{SamVit, SamVitBlock};

/// Name of the graphs' input, `[1, 3, size, size]`.
pub(crate) const INPUT: &str = "image";
/// Name of the graphs' output, `[1, channels, rows, columns]`.
pub(crate) const OUTPUT: &str = "image_embeddings";

/// What bundles may have.
const MAX_INPUT_SIZE_PX: usize = 8192;
const MAX_EMBEDDING_SIDE: usize = 4096;
const MAX_EMBEDDING_LENGTH: usize = 1 << 26;

/// An image encoder that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Architecture {
    /// The ViT of Segment Anything.
    SamVit(SamVit),
    /// The TinyViT of MobileSAM.
    TinyVit(TinyVit),
}

impl Architecture {
    /// Reads the architecture of `image_encoder.*`. A TinyViT's tensors do not tell the size of its
    /// input, which `tiny_vit_input_size_px` gives.
    ///
    /// # Errors
    /// If it is neither of the two, or a tensor is missing, unknown or of another shape.
    pub fn read(
        checkpoint: &Checkpoint,
        tiny_vit_input_size_px: usize,
    ) -> Result<Self, ArchitectureError> {
        let mut shapes = Shapes::new(checkpoint)?;
        let architecture = if shapes.contains_module("patch_embed.proj") {
            Self::SamVit(SamVit::read(&mut shapes)?)
        } else if shapes.contains_module("patch_embed.seq") {
            Self::TinyVit(TinyVit::read(&mut shapes, tiny_vit_input_size_px)?)
        } else {
            return Err(ArchitectureError::Unknown);
        };
        shapes.finish()?;
        let found = architecture.input_size_px();
        if found > MAX_INPUT_SIZE_PX {
            return Err(ArchitectureError::InputSize {
                found,
                expected: format!("at most {MAX_INPUT_SIZE_PX}"),
            });
        }
        let shape = architecture.embedding_shape();
        let longest = shape.iter().max();
        if longest.is_some_and(|side| *side > MAX_EMBEDDING_SIDE)
            || shape.iter().product::<usize>() > MAX_EMBEDDING_LENGTH
        {
            return Err(ArchitectureError::EmbeddingShape { shape });
        }
        Ok(architecture)
    }

    /// Side of the square input in pixels.
    #[must_use]
    pub fn input_size_px(&self) -> usize {
        match self {
            Self::SamVit(encoder) => encoder.input_size_px(),
            Self::TinyVit(encoder) => encoder.input_size_px,
        }
    }

    /// Channels, rows and columns of an embedding.
    #[must_use]
    pub fn embedding_shape(&self) -> [usize; 3] {
        match self {
            Self::SamVit(encoder) => [encoder.channels, encoder.side, encoder.side],
            Self::TinyVit(encoder) => [encoder.channels, encoder.side(), encoder.side()],
        }
    }

    /// The encoder as a graph from [`INPUT`] to [`OUTPUT`].
    pub(crate) fn graph(&self) -> Graph<Recipe> {
        match self {
            Self::SamVit(encoder) => encoder.graph(),
            Self::TinyVit(encoder) => encoder.graph(),
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SamVit(encoder) => encoder.fmt(f),
            Self::TinyVit(encoder) => encoder.fmt(f),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
