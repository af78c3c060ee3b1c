//! The ViT as a graph.

use super::{SamVit, SamVitBlock};
use crate::architecture::attention::Attention;
use crate::architecture::layers::{Windows, as_tokens, layer_normalization, perceptron, tensor};
use crate::architecture::recipe::Recipe;
use crate::architecture::{INPUT, neck};
use crate::onnx::{Convolution, Graph, Value};

const EPSILON: f32 = 1e-6;

impl SamVit {
    /// The encoder as a graph.
    pub(in crate::architecture) fn graph(&self) -> Graph<Recipe> {
        let size = self.input_size_px();
        let mut graph = Graph::new("encoder");
        let image = graph.add_input(INPUT, &[1, 3, size, size], &[]);
        let mut tokens = self.add_patches(&mut graph, &image);
        for (index, block) in self.blocks.iter().enumerate() {
            tokens = self.add_block(&mut graph, &format!("blocks.{index}"), *block, &tokens);
        }
        neck::add_to(&mut graph, &tokens, self.channels, self.side);
        graph
    }

    /// Patches as tokens, with their absolute positions.
    fn add_patches(&self, graph: &mut Graph<Recipe>, image: &Value) -> Value {
        let &Self {
            width,
            patch_size_px,
            side,
            ..
        } = self;
        let shape = [width, 3, patch_size_px, patch_size_px];
        let weight = tensor(graph, "patch_embed.proj.weight", &shape);
        let bias = tensor(graph, "patch_embed.proj.bias", &[width]);
        let convolution = Convolution {
            stride: patch_size_px,
            padding: 0,
            groups: 1,
        };
        let x = graph.convolution("patch_embed", image, &weight, Some(&bias), convolution);
        let x = as_tokens(graph, "patch_embed.tokens", &x);
        // The file has a dimension of 1 before, and rows and columns apart: the same elements.
        let positions = tensor(graph, "pos_embed", &[side * side, width]);
        graph.add("patch_embed.positions", &x, &positions)
    }

    fn add_block(
        &self,
        graph: &mut Graph<Recipe>,
        module: &str,
        block: SamVitBlock,
        tokens: &Value,
    ) -> Value {
        let windows = Windows {
            side: self.side,
            window: block.window.unwrap_or(self.side),
        };
        let named = |step: &str| format!("{module}.{step}");
        let attention = Attention {
            module: &named("attn"),
            windows,
            heads: self.heads,
            head_by_head: false,
        };
        let x = layer_normalization(graph, &named("norm1"), tokens, EPSILON);
        // Padding is zero behind the normalisation, and takes part in the attention.
        let x = windows.partition(graph, module, &x);
        let x = attention.add_to(graph, &x, |graph, query, scores| {
            add_relative_positions(graph, &named("attn"), windows.window, query, scores)
        });
        let x = windows.reverse(graph, module, &x);
        let tokens = graph.add(&named("attended"), tokens, &x);
        let x = layer_normalization(graph, &named("norm2"), &tokens, EPSILON);
        let layers = [&*named("mlp.lin1"), &*named("mlp.lin2")];
        let x = perceptron(graph, layers, &x, self.hidden);
        graph.add(module, &tokens, &x)
    }
}

/// Adds to each score what the key's row, and what its column, relative to the query mean to the
/// query.
fn add_relative_positions(
    graph: &mut Graph<Recipe>,
    module: &str,
    side: usize,
    query: &Value,
    scores: Value,
) -> Value {
    let &[windows, heads, area, head] = query.shape() else {
        return scores;
    };
    let (batch, all) = (windows * heads, windows * heads * area);
    let named = |step: &str| format!("{module}.{step}");
    let table = |graph: &mut Graph<Recipe>, name: &str| {
        let name = named(name);
        let recipe = Recipe::RelativePositions {
            name: name.clone(),
            side,
        };
        graph.weights(&name, &[side, head, side], recipe)
    };
    let query = graph.reshape(&named("query.grid"), query, &[batch, side, side, head]);

    let of_rows = table(graph, "rel_pos_h");
    let rows = graph.matrix_product(&named("row_scores"), &query, &of_rows);
    let rows = graph.reshape(&named("row_scores.apart"), &rows, &[all, side, 1]);

    let of_columns = table(graph, "rel_pos_w");
    let swapped = [0, 2, 1, 3];
    let query = graph.transpose(&named("query.columns"), &query, &swapped);
    let columns = graph.matrix_product(&named("column_scores"), &query, &of_columns);
    let columns = graph.transpose(&named("column_scores.rows"), &columns, &swapped);
    let columns = graph.reshape(&named("column_scores.apart"), &columns, &[all, 1, side]);

    let shape = scores.shape().to_vec();
    let scores = graph.reshape(&named("scores.grid"), &scores, &[all, side, side]);
    let scores = graph.add(&named("scores.with_rows"), &scores, &rows);
    let scores = graph.add(&named("scores.with_both"), &scores, &columns);
    graph.reshape(&named("scores.biased"), &scores, &shape)
}
