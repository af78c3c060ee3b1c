//! The TinyViT as a graph.

use super::{TinyVit, TinyVitAttention, TinyVitStage};
use crate::architecture::attention::Attention;
use crate::architecture::layers::{
    Windows, as_image, as_tokens, layer_normalization, normalised_convolution, perceptron,
};
use crate::architecture::recipe::Recipe;
use crate::architecture::{INPUT, neck};
use crate::onnx::{Graph, Value};

const EPSILON: f32 = 1e-5;

impl TinyVit {
    /// The encoder as a graph.
    pub(in crate::architecture) fn graph(&self) -> Graph<Recipe> {
        let mut graph = Graph::new("encoder");
        let shape = [1, 3, self.input_size_px, self.input_size_px];
        let image = graph.add_input(INPUT, &shape, &[]);
        let mut x = self.add_stem(&mut graph, &image);
        for (index, stage) in self.stages.iter().enumerate() {
            let module = format!("layers.{index}");
            x = stage.add_blocks(&mut graph, &module, &x);
            x = stage.add_downsample(&mut graph, &module, &x);
        }
        let tokens = as_tokens(&mut graph, "neck.tokens", &x);
        neck::add_to(&mut graph, &tokens, self.channels, self.side());
        graph
    }

    fn add_stem(&self, graph: &mut Graph<Recipe>, image: &Value) -> Value {
        let hidden = self.stem_width;
        let width = self.stages.first().map_or(0, |stage| stage.width);
        let weight = [hidden, 3, 3, 3];
        let x = normalised_convolution(graph, "patch_embed.seq.0", image, &weight, 2);
        let x = graph.gelu("patch_embed.seq.1", &x);
        let weight = [width, hidden, 3, 3];
        normalised_convolution(graph, "patch_embed.seq.2", &x, &weight, 2)
    }
}

impl TinyVitStage {
    /// From tokens or an image to whichever of the two the blocks work on.
    fn add_blocks(&self, graph: &mut Graph<Recipe>, stage: &str, x: &Value) -> Value {
        let modules = (0..self.depth).map(|index| format!("{stage}.blocks.{index}"));
        match self.attention {
            None => {
                let image = as_image(graph, &format!("{stage}.image"), x, self.side);
                modules.fold(image, |image, module| {
                    self.add_bottleneck(graph, &module, &image)
                })
            }
            Some(attention) => {
                let tokens = as_tokens(graph, &format!("{stage}.tokens"), x);
                modules.fold(tokens, |tokens, module| {
                    self.add_attention_block(graph, &module, attention, &tokens)
                })
            }
        }
    }

    /// An inverted bottleneck: wider, depthwise, narrower, and the image itself.
    fn add_bottleneck(&self, graph: &mut Graph<Recipe>, module: &str, image: &Value) -> Value {
        let &Self { width, hidden, .. } = self;
        let named = |step: &str| format!("{module}.{step}");
        let weight = [hidden, width, 1, 1];
        let x = normalised_convolution(graph, &named("conv1"), image, &weight, 1);
        let x = graph.gelu(&named("act1"), &x);
        let x = normalised_convolution(graph, &named("conv2"), &x, &[hidden, 1, 3, 3], 1);
        let x = graph.gelu(&named("act2"), &x);
        let weight = [width, hidden, 1, 1];
        let x = normalised_convolution(graph, &named("conv3"), &x, &weight, 1);
        let x = graph.add(&named("sum"), &x, image);
        graph.gelu(module, &x)
    }

    fn add_attention_block(
        &self,
        graph: &mut Graph<Recipe>,
        module: &str,
        attention: TinyVitAttention,
        tokens: &Value,
    ) -> Value {
        let &Self {
            width,
            side,
            hidden,
            ..
        } = self;
        let TinyVitAttention {
            heads,
            window,
            kernel,
        } = attention;
        let windows = Windows { side, window };
        let named = |step: &str| format!("{module}.{step}");
        // The normalisation belongs to the attention: padding is zero before it, not behind it.
        let x = windows.partition(graph, module, tokens);
        let x = layer_normalization(graph, &named("attn.norm"), &x, EPSILON);
        let attention = Attention {
            module: &named("attn"),
            windows,
            heads,
            head_by_head: true,
        };
        let x = attention.add_to(graph, &x, |graph, _, scores| {
            let name = named("attn.attention_biases");
            let recipe = Recipe::AttentionBiases {
                name: name.clone(),
                window,
            };
            let area = window * window;
            let biases = graph.weights(&name, &[heads, area, area], recipe);
            graph.add(&named("attn.scores.biased"), &scores, &biases)
        });
        let x = windows.reverse(graph, module, &x);
        let tokens = graph.add(&named("attended"), tokens, &x);

        let image = as_image(graph, &named("local_conv.image"), &tokens, side);
        let weight = [width, 1, kernel, kernel];
        let image = normalised_convolution(graph, &named("local_conv"), &image, &weight, 1);
        let tokens = as_tokens(graph, &named("local_conv.tokens"), &image);

        let x = layer_normalization(graph, &named("mlp.norm"), &tokens, EPSILON);
        let layers = [&*named("mlp.fc1"), &*named("mlp.fc2")];
        let x = perceptron(graph, layers, &x, hidden);
        graph.add(module, &tokens, &x)
    }

    /// From tokens or an image to an image.
    fn add_downsample(&self, graph: &mut Graph<Recipe>, stage: &str, x: &Value) -> Value {
        let Some(downsample) = self.downsample else {
            return x.clone();
        };
        let (width, next) = (self.width, downsample.width);
        let named = |step: &str| format!("{stage}.downsample.{step}");
        let image = as_image(graph, &named("image"), x, self.side);
        let weight = [next, width, 1, 1];
        let x = normalised_convolution(graph, &named("conv1"), &image, &weight, 1);
        let x = graph.gelu(&named("act1"), &x);
        let weight = [next, 1, 3, 3];
        let stride = downsample.stride;
        let x = normalised_convolution(graph, &named("conv2"), &x, &weight, stride);
        let x = graph.gelu(&named("act2"), &x);
        let weight = [next, next, 1, 1];
        normalised_convolution(graph, &named("conv3"), &x, &weight, 1)
    }
}
