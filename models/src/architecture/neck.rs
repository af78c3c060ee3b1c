//! The neck behind either encoder: from tokens to the embedding.

use super::layers::{as_image, layer_normalization, tensor};
use super::recipe::{Recipe, Rows};
use super::shapes::Shapes;
use super::{ArchitectureError, OUTPUT};
use crate::onnx::{Convolution, Graph, Value};

const EPSILON: f32 = 1e-6;

/// Checks off the neck's tensors: a 1x1 convolution, a layer normalisation over channels, a 3x3
/// convolution and another normalisation. Gives the embedding's channels.
pub(super) fn read(shapes: &mut Shapes<'_>, width: usize) -> Result<usize, ArchitectureError> {
    let [channels, ..] = shapes.shape::<4>("neck.0.weight")?;
    shapes.take("neck.0.weight", &[channels, width, 1, 1])?;
    shapes.take_both("neck.1", &[channels], &[channels])?;
    shapes.take("neck.2.weight", &[channels, channels, 3, 3])?;
    shapes.take_both("neck.3", &[channels], &[channels])?;
    Ok(channels)
}

/// Adds the neck, from tokens of a square image to the graph's output.
pub(super) fn add_to(graph: &mut Graph<Recipe>, tokens: &Value, channels: usize, side: usize) {
    let width = tokens.shape()[1];
    // A 1x1 convolution is a linear layer of the tokens.
    let recipe = Recipe::LinearWeight {
        name: "neck.0.weight".to_owned(),
        inputs: width,
        rows: Rows::range(0, channels),
        factor: 1.0,
    };
    let weight = graph.weights("neck.0.weight", &[width, channels], recipe);
    let x = graph.matrix_product("neck.0", tokens, &weight);
    let x = layer_normalization(graph, "neck.1", &x, EPSILON);
    let x = as_image(graph, "neck.1.image", &x, side);
    let weight = tensor(graph, "neck.2.weight", &[channels, channels, 3, 3]);
    let convolution = Convolution {
        stride: 1,
        padding: 1,
        groups: 1,
    };
    let x = graph.convolution("neck.2", &x, &weight, None, convolution);
    let x = graph.transpose("neck.2.channels_last", &x, &[0, 2, 3, 1]);
    let x = layer_normalization(graph, "neck.3", &x, EPSILON);
    let embedding = graph.transpose(OUTPUT, &x, &[0, 3, 1, 2]);
    graph.add_output(embedding, &[]);
}
