//! The layers that both encoders are made of.
//!
//! Between layers, images are tokens, `[rows * columns, channels]`, so that every linear layer is one
//! product of two matrices, or `[1, channels, rows, columns]` for convolutions. Values have the names
//! of the modules that compute them.

use super::recipe::{Recipe, Rows};
use crate::onnx::{Convolution, Graph, Value};

/// A linear layer of these modules' rows.
pub(super) struct Linear<'a> {
    /// The value's name.
    pub(super) name: &'a str,
    /// Name of the module in the checkpoint.
    pub(super) module: &'a str,
    /// Which of the module's rows are computed.
    pub(super) rows: Rows,
    /// What the result is multiplied by.
    pub(super) factor: f64,
}

impl<'a> Linear<'a> {
    /// All of a module.
    pub(super) fn whole(module: &'a str, outputs: usize) -> Self {
        Self {
            name: module,
            module,
            rows: Rows::range(0, outputs),
            factor: 1.0,
        }
    }

    /// From `[tokens, in]` to `[tokens, rows]`.
    pub(super) fn add_to(&self, graph: &mut Graph<Recipe>, tokens: &Value) -> Value {
        let Self {
            name,
            module,
            rows,
            factor,
        } = *self;
        let inputs = tokens.shape()[1];
        let weight = graph.weights(
            &format!("{name}.weight"),
            &[inputs, rows.count()],
            Recipe::LinearWeight {
                name: format!("{module}.weight"),
                inputs,
                rows,
                factor,
            },
        );
        let bias = graph.weights(
            &format!("{name}.bias"),
            &[rows.count()],
            Recipe::LinearBias {
                name: format!("{module}.bias"),
                rows,
                factor,
            },
        );
        let product = graph.matrix_product(&format!("{name}.product"), tokens, &weight);
        graph.add(name, &product, &bias)
    }
}

/// A layer normalisation over the last dimension.
pub(super) fn layer_normalization(
    graph: &mut Graph<Recipe>,
    module: &str,
    x: &Value,
    epsilon: f32,
) -> Value {
    let channels = [*x.shape().last().unwrap_or(&1)];
    let weight = tensor(graph, &format!("{module}.weight"), &channels);
    let bias = tensor(graph, &format!("{module}.bias"), &channels);
    graph.layer_normalization(module, x, &weight, &bias, epsilon)
}

/// A tensor of the checkpoint as it is.
pub(super) fn tensor(graph: &mut Graph<Recipe>, name: &str, shape: &[usize]) -> Value {
    let recipe = Recipe::Tensor {
        name: name.to_owned(),
    };
    graph.weights(name, shape, recipe)
}

/// Two linear layers with a GELU between them.
pub(super) fn perceptron(
    graph: &mut Graph<Recipe>,
    layers: [&str; 2],
    tokens: &Value,
    hidden: usize,
) -> Value {
    let [first, second] = layers;
    let channels = tokens.shape()[1];
    let x = Linear::whole(first, hidden).add_to(graph, tokens);
    let x = graph.gelu(&format!("{first}.gelu"), &x);
    Linear::whole(second, channels).add_to(graph, &x)
}

/// A convolution with the batch normalisation behind it folded in.
pub(super) fn normalised_convolution(
    graph: &mut Graph<Recipe>,
    module: &str,
    image: &Value,
    weight: &[usize; 4],
    stride: usize,
) -> Value {
    let [outputs, inputs, kernel, _] = *weight;
    let convolution = Convolution {
        stride,
        padding: kernel / 2,
        groups: image.shape()[1] / inputs,
    };
    let owned = || module.to_owned();
    let recipe = Recipe::ConvolutionWeight { module: owned() };
    let weight = graph.weights(&format!("{module}.weight"), weight, recipe);
    let recipe = Recipe::ConvolutionBias { module: owned() };
    let bias = graph.weights(&format!("{module}.bias"), &[outputs], recipe);
    graph.convolution(module, image, &weight, Some(&bias), convolution)
}

/// Tokens, made from `[1, channels, side, side]` if `x` is that.
pub(super) fn as_tokens(graph: &mut Graph<Recipe>, name: &str, x: &Value) -> Value {
    let &[_, channels, rows, columns] = x.shape() else {
        return x.clone();
    };
    let last = graph.transpose(&format!("{name}.channels_last"), x, &[0, 2, 3, 1]);
    graph.reshape(name, &last, &[rows * columns, channels])
}

/// `[1, channels, side, side]`, made from tokens if `x` is that.
pub(super) fn as_image(graph: &mut Graph<Recipe>, name: &str, x: &Value, side: usize) -> Value {
    let &[_, channels] = x.shape() else {
        return x.clone();
    };
    let shape = [1, side, side, channels];
    let last = graph.reshape(&format!("{name}.channels_last"), x, &shape);
    graph.transpose(name, &last, &[0, 3, 1, 2])
}

/// A square image that is cut into square windows, after zeros were added to its right and bottom
/// until windows fill it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    /// Side of the image.
    pub(super) side: usize,
    /// Side of a window.
    pub(super) window: usize,
}

impl Windows {
    fn per_side(self) -> usize {
        self.side.div_ceil(self.window)
    }

    /// How many windows there are.
    pub(super) fn count(self) -> usize {
        self.per_side() * self.per_side()
    }

    /// From tokens of the image, row by row, to tokens of one window after the other.
    pub(super) fn partition(
        self,
        graph: &mut Graph<Recipe>,
        module: &str,
        tokens: &Value,
    ) -> Value {
        let Self { side, window } = self;
        if side == window {
            return tokens.clone();
        }
        let (count, channels) = (self.per_side(), tokens.shape()[1]);
        let padded_side = count * window;
        let named = |step: &str| format!("{module}.windows.{step}");
        let mut x = graph.reshape(&named("image"), tokens, &[1, side, side, channels]);
        if padded_side != side {
            x = graph.pad_rows_and_columns(&named("padded"), &x, padded_side);
        }
        let shape = [count, window, count, window, channels];
        let x = graph.reshape(&named("grid"), &x, &shape);
        let x = graph.transpose(&named("windows"), &x, &[0, 2, 1, 3, 4]);
        graph.reshape(&named("tokens"), &x, &[padded_side * padded_side, channels])
    }

    /// The inverse of [`Windows::partition`].
    pub(super) fn reverse(self, graph: &mut Graph<Recipe>, module: &str, tokens: &Value) -> Value {
        let Self { side, window } = self;
        if side == window {
            return tokens.clone();
        }
        let (count, channels) = (self.per_side(), tokens.shape()[1]);
        let padded_side = count * window;
        let named = |step: &str| format!("{module}.image.{step}");
        let shape = [count, count, window, window, channels];
        let x = graph.reshape(&named("windows"), tokens, &shape);
        let x = graph.transpose(&named("grid"), &x, &[0, 2, 1, 3, 4]);
        let mut x = graph.reshape(
            &named("image"),
            &x,
            &[1, padded_side, padded_side, channels],
        );
        if padded_side != side {
            x = graph.crop_rows_and_columns(&named("cropped"), &x, side);
        }
        graph.reshape(&named("tokens"), &x, &[side * side, channels])
    }
}
