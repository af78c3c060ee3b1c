//! From a frame, resized and normalised, to its embedding.
//!
//! On tract, what encoders spend their time on is rewritten into operators of our own before a graph runs. Milliseconds of
//! one encoding on one thread of an x86-64 processor with AVX512-VNNI ([`operator_times`]; `cargo bench -p fixate --bench encoder`
//! prints it, with `FIXATE_BUNDLE=DIR` of another bundle, with `FIXATE_INT8=1` of its int8 encoder):
//!
//! | | tract's operators | with our own |
//! |-|-|-|
//! | the model that comes with the library, f32 | 108: products 91, direct convolutions 8.5, activations 3.7, padding 2.3, packing 1.5 | 68: products, with biases and activations, 65, sums 1.7 |
//! | the same, int8 | 155: products 91, quantising 46, direct convolutions 8.8 | 24.8: products in int8 17.8, in f32 4.5, sums 1.5, copies 0.7 |
//! | MobileSAM's sizes, f32 | 2320: products 1151, packing 240, direct convolutions 235, depthwise 185, sums 184, GELU 105, softmax 67, moved axes 29 | 1033: products, with GELU, 803, attention 125, depthwise 66, layer norms 21, sums 12 |
//! | the same, int8 | 4101: quantising 1349, products 1154, sums 595, packing 260, direct convolutions 246, depthwise 174, GELU 102, softmax 70 | 496: products in int8, with GELU, 270, attention 110, depthwise 59, layer norms 22, sums 19, a product in f32 12 |
//! | a ResNet18 of NanoSAM's kind, int8 | 2584: direct convolutions 1549, products 718, quantising 241, pooling 27 | 219: products in int8 208, sums 3.8, quantising 2.9, pooling 2.9 |

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

/// Encodes a grey image: what a backend does when it is first used is done before an encoder is given out, and what then
/// fails is an error of loading.
#[cfg(any(feature = "onnxruntime", feature = "tract-cuda"))]
fn warmed<E: Encoder>(mut encoder: E) -> Result<E, EncoderError> {
    let size = encoder.input_size_px();
    let mut embedding = vec![0.0; encoder.embedding_shape().iter().product()];
    match encoder.encode_into(&vec![0.0; 3 * size * size], &mut embedding) {
        // That an image cannot be encoded is told when it is.
        Ok(()) | Err(EncoderError::NotFinite) => Ok(encoder),
        Err(EncoderError::Run(reason)) => Err(EncoderError::Load(reason)),
        Err(error) => Err(error),
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
