//! Writing ONNX: a graph, its shapes known but where they are left open, built operator by operator, and its file.
//!
//! 1. [`Graph`]: values, nodes and initialisers, each with a name and a shape.
//! 2. `operators`, `selection`: the plain operators that every engine takes, as methods of [`Graph`].
//! 3. `file`: the graph as a file, one weight at a time, so that no model has to fit in memory.

mod file;
mod graph;
mod operators;
mod selection;

pub(crate) use file::{ExternalData, write};
pub(crate) use graph::{Graph, OPEN, Value};
pub(crate) use operators::Convolution;

#[cfg(test)]
mod tests;
