//! From a frame, resized and normalised, to its embedding.
//!
//! On tract, what encoders spend their time on is rewritten into operators of our own before a graph runs. Milliseconds of
//! one encoding on one thread of x86-64 processors with AVX-512, another one for each row ([`operator_times`]; `cargo bench -p fixate --bench encoder`
//! prints it, with `FIXATE_BUNDLE=DIR` of another bundle):
//!
//! | | tract's operators | with our own |
//! |-|-|-|
//! | the model that comes with the library, in f32 | 66.2: products 50.0, direct convolutions 8.4, activations 2.1, packing 2.0, padding 1.8, moved axes 0.9 | 42.1: products, with biases and activations, 39.9, copies 1.0, sums 0.7 |
//! | MobileSAM's sizes | 2945: products 1307, softmax 427, packing 387, GELU 190, direct convolutions 167, depthwise 157, sums 95, moved axes 60 | 1350: products, with GELU, 1009, attention 186, depthwise 82, layer norms 31, sums 21, copies 20 |

mod backend;
mod error;
#[cfg(feature = "onnxruntime")]
mod onnxruntime;
mod operators;
mod tract;

pub use crate::kernels::bytes_are_faster;
pub use backend::{
    Backend, ExecutionProvider, OnnxRuntimeOptions, TractCudaOptions, UnknownBackend,
};
pub use error::EncoderError;
#[cfg(feature = "onnxruntime")]
pub use onnxruntime::{OnnxRuntimeEncoder, OnnxRuntimeGraph};
pub use tract::{OperatorTime, OperatorTimes, TractEncoder, TractOptions, operator_times};

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
