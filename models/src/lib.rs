//! Importing models of others into fixate's bundles.
//!
//! They are data from strangers: nothing in them is executed, and no size in them is believed
//! before it is compared with the length of the file.
//!
//! 1. [`pickle`]: the few pickle instructions that describe a state dictionary.
//! 2. [`checkpoint`]: tensors by name, from PyTorch's zip files or from safetensors.
//! 3. [`decoder`]: writing the decoder of a bundle.
//! 4. `onnx`: building and writing ONNX graphs.
//! 5. [`architecture`]: what an image encoder is, and its graph.
//! 6. [`signature`]: what an ONNX file of a stranger is.
//! 7. [`import`]: from a checkpoint, or from ONNX files, to a bundle.
//! 8. [`known`]: public models, and where they come from.

pub mod architecture;
pub mod checkpoint;
pub mod decoder;
pub mod import;
pub mod known;
mod onnx;
pub mod pickle;
pub mod signature;
