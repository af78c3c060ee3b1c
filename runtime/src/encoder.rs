//! From a frame, resized and normalised, to its embedding.

mod backend;
mod error;
#[cfg(feature = "onnxruntime")]
mod onnxruntime;
mod operators;
mod tract;

pub use backend::{Backend, ExecutionProvider, OnnxRuntimeOptions, UnknownBackend};
pub use error::EncoderError;
#[cfg(feature = "onnxruntime")]
pub use onnxruntime::{OnnxRuntimeEncoder, OnnxRuntimeGraph};
pub use tract::{TractEncoder, TractOptions};

/// The most threads that an encoder is given.
const MAX_THREADS: usize = 256;

/// What turns images into embeddings.
pub trait Encoder: Send {
    /// Side of the square input in pixels.
    fn input_size_px(&self) -> usize;

    /// Channels, rows and columns of an embedding.
    fn embedding_shape(&self) -> [usize; 3];

    /// Encodes an image, `[1, 3, size, size]`, into an embedding, `[channels, rows, columns]`.
    ///
    /// # Errors
    /// If a length is wrong, the backend fails, or the embedding is not finite; `embedding` then
    /// means nothing.
    fn encode_into(&mut self, input: &[f32], embedding: &mut [f32]) -> Result<(), EncoderError>;

    /// Another encoder of the same weights, with buffers of its own, to take this one's place if it
    /// hangs; none if the backend cannot do that.
    fn fork(&self) -> Option<Box<dyn Encoder>> {
        None
    }
}

fn check_finite(embedding: &[f32]) -> Result<(), EncoderError> {
    let finite = |all: bool, value: &f32| all & value.is_finite();
    if embedding.iter().fold(true, finite) {
        Ok(())
    } else {
        Err(EncoderError::NotFinite)
    }
}

fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), EncoderError> {
    if found == expected {
        Ok(())
    } else {
        Err(EncoderError::Length {
            what,
            expected,
            found,
        })
    }
}
