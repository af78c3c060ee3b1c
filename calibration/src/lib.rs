//! Post-training quantisation of image encoders to int8.
//!
//! 1. [`images`]: what an encoder is calibrated and judged on.
//! 2. `graph`: an ONNX encoder, its weights (`weights_file`: those that lie beside it), and the layers that can be quantised.
//! 3. [`range`](mod@range): what numbers a value takes, and which part of them 8 bits cover.
//! 4. `observe`: the values inside a running encoder.
//! 5. `equalize`: channels brought to like ranges; `plan`: which values are quantised for which layers; `rewrite`: the graph with them.
//! 6. `judge`: masks made with an encoder, against those of f32 and the truth.
//! 7. [`quantize`](mod@quantize): from images to a plan that loses little; [`record`]: what reproduces it.
//! 8. [`report`]: a table and a plot for people; [`bundle`]: the bundle with the new encoder.

pub mod bundle;
mod equalize;
mod error;
mod graph;
pub mod images;
mod judge;
mod observe;
mod plan;
pub mod quantize;
pub mod range;
pub mod record;
pub mod report;
mod rewrite;
mod tensor;
mod weights_file;

pub use error::QuantizeError;
