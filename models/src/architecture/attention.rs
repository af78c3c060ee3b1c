//! Self-attention among the tokens of windows.

use super::layers::{Linear, Windows};
use super::recipe::{Recipe, Rows};
use crate::onnx::{Graph, Value};

/// Self-attention of a module with the layers `qkv` and `proj`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attention<'a> {
    /// Name of the module.
    pub(super) module: &'a str,
    pub(super) windows: Windows,
    pub(super) heads: usize,
    /// Whether `qkv` has the queries, keys and values of one head after the other, rather than all
    /// queries, then all keys, then all values.
    pub(super) head_by_head: bool,
}

/// A part of `qkv`.
#[derive(Clone, Copy)]
enum Part {
    Query = 0,
    Key = 1,
    Value = 2,
}

impl Attention<'_> {
    /// From `[windows * tokens, channels]` to the same. `bias` changes the scores, `[windows, heads,
    /// query, key]`, given the queries, `[windows, heads, query, head]`.
    pub(super) fn add_to(
        &self,
        graph: &mut Graph<Recipe>,
        tokens: &Value,
        bias: impl FnOnce(&mut Graph<Recipe>, &Value, Value) -> Value,
    ) -> Value {
        let channels = tokens.shape()[1];
        let query = self.part(graph, tokens, Part::Query);
        let key = self.part(graph, tokens, Part::Key);
        let value = self.part(graph, tokens, Part::Value);
        let named = |step: &str| format!("{}.{step}", self.module);
        let scores = graph.matrix_product(&named("scores"), &query, &key);
        let scores = bias(graph, &query, scores);
        let shares = graph.softmax(&named("shares"), &scores);
        let mixed = graph.matrix_product(&named("mixed"), &shares, &value);
        let mixed = graph.transpose(&named("mixed.tokens"), &mixed, &[0, 2, 1, 3]);
        let mixed = graph.reshape(&named("mixed.rows"), &mixed, tokens.shape());
        Linear::whole(&named("proj"), channels).add_to(graph, &mixed)
    }

    /// Queries or values as `[windows, heads, tokens, head]`, keys as `[windows, heads, head,
    /// tokens]`, scaled.
    fn part(&self, graph: &mut Graph<Recipe>, tokens: &Value, part: Part) -> Value {
        let (count, channels) = (tokens.shape()[0], tokens.shape()[1]);
        let head = channels / self.heads;
        let rows = if self.head_by_head {
            Rows {
                first: part as usize * head,
                length: head,
                distance: 3 * head,
                runs: self.heads,
            }
        } else {
            Rows::range(part as usize * channels, channels)
        };
        // Scaling the keys once, here, is scaling every score.
        let (step, factor, order) = match part {
            Part::Query => ("query", 1.0, [0, 2, 1, 3]),
            Part::Key => ("key", (head as f64).sqrt().recip(), [0, 2, 3, 1]),
            Part::Value => ("value", 1.0, [0, 2, 1, 3]),
        };
        let name = format!("{}.{step}", self.module);
        let linear = Linear {
            name: &name,
            module: &format!("{}.qkv", self.module),
            rows,
            factor,
        };
        let x = linear.add_to(graph, tokens);
        let windows = self.windows.count();
        let shape = [windows, count / windows, self.heads, head];
        let x = graph.reshape(&format!("{name}.tokens"), &x, &shape);
        graph.transpose(&format!("{name}.heads"), &x, &order)
    }
}
