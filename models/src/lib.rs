//! Fetching models, importing them into fixate's bundles, and exporting those.
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
//! 8. [`export`]: from a bundle to ONNX files that other engines run.
//! 9. [`known`]: public models, and where they come from.
//! 10. [`fetch`]: downloads, checked and resumed.

pub mod architecture;
pub mod checkpoint;
pub mod decoder;
pub mod export;
pub mod fetch;
mod hashed_file;
pub mod import;
pub mod known;
mod onnx;
pub mod pickle;
pub mod signature;
mod staging;

pub use staging::StagingError;
