//! Writing ONNX: a graph with static shapes, built operator by operator, and its file.
//!
//! 1. [`Graph`]: values, nodes and initialisers, each with a name and a shape.
//! 2. `operators`: the plain operators that every engine takes, as methods of [`Graph`].
//! 3. `file`: the graph as a file, one weight at a time, so that no model has to fit in memory.

mod file;
mod graph;
mod operators;

pub(crate) use file::{ExternalData, write};
pub(crate) use graph::{Graph, Value};
pub(crate) use operators::Convolution;

#[cfg(test)]
mod tests;
