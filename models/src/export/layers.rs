//! The layers that the decoder's graph is made of, each with its weights.
//!
//! Tokens are `[tokens, channels]`; the image is `[positions, channels]` for attention, `[1, channels,
//! rows, columns]` for convolutions. Values have the names of the modules that compute them.

use fixate::decoder::WeightsError;
use half::f16;
use safetensors::{Dtype, SafeTensors};

use crate::onnx::{Convolution, Graph, Value};

/// Of the normalisations between convolutions.
const CONVOLUTION_EPSILON: f32 = 1e-6;

/// A graph under construction, and the tensors it is made of. The tensors were checked: they are
/// those of a SAM decoder that was loaded.
pub(super) struct Builder<'a> {
    pub(super) graph: Graph<Vec<f32>>,
    tensors: SafeTensors<'a>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, WeightsError> {
        let unreadable = |error| WeightsError::Unreadable(format!("{error}"));
        Ok(Self {
            graph: Graph::new("decoder"),
            tensors: SafeTensors::deserialize(bytes).map_err(unreadable)?,
        })
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// The shape of a tensor with as many dimensions.
    pub(super) fn shape<const RANK: usize>(
        &self,
        name: &str,
    ) -> Result<[usize; RANK], WeightsError> {
        let missing = |_| WeightsError::Missing {
            name: name.to_owned(),
        };
        let tensor = self.tensors.tensor(name).map_err(missing)?;
        tensor.shape().try_into().map_err(|_| WeightsError::Rank {
            name: name.to_owned(),
            expected: RANK,
            found: tensor.shape().to_vec(),
        })
    }

    /// The elements of a tensor.
    pub(super) fn values(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let missing = |_| WeightsError::Missing {
            name: name.to_owned(),
        };
        let tensor = self.tensors.tensor(name).map_err(missing)?;
        let values = match tensor.dtype() {
            Dtype::F16 => {
                let (halves, _) = tensor.data().as_chunks::<2>();
                let value = |bytes: &[u8; 2]| f16::from_le_bytes(*bytes).to_f32();
                halves.iter().map(value).collect()
            }
            _ => {
                let (words, _) = tensor.data().as_chunks::<4>();
                let value = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
                words.iter().map(value).collect()
            }
        };
        Ok(values)
    }

    /// A tensor as it is, or with dimensions of 1 added.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Value, WeightsError> {
        let values = self.values(name)?;
        Ok(self.graph.weights(name, shape, values))
    }

    /// A linear layer of tokens.
    pub(super) fn linear(&mut self, module: &str, tokens: &Value) -> Result<Value, WeightsError> {
        self.scaled_linear(module, tokens, 1.0)
    }

    /// A linear layer of tokens, its result multiplied.
    pub(super) fn scaled_linear(
        &mut self,
        module: &str,
        tokens: &Value,
        factor: f32,
    ) -> Result<Value, WeightsError> {
        let weight_name = format!("{module}.weight");
        let [outputs, inputs] = self.shape(&weight_name)?;
        let stored = self.values(&weight_name)?;
        let mut transposed = Vec::with_capacity(stored.len());
        for input in 0..inputs {
            let column = stored.iter().skip(input).step_by(inputs);
            transposed.extend(column.map(|value| value * factor));
        }
        let bias_name = format!("{module}.bias");
        let bias = self.values(&bias_name)?.into_iter();
        let bias = bias.map(|value| value * factor).collect();
        let graph = &mut self.graph;
        let weight = graph.weights(&weight_name, &[inputs, outputs], transposed);
        let bias = graph.weights(&bias_name, &[outputs], bias);
        let product = graph.matrix_product(&format!("{module}.product"), tokens, &weight);
        Ok(graph.add(module, &product, &bias))
    }

    /// Linear layers `{module}.layers.0`, `.1` and so on with ReLU between them.
    pub(super) fn perceptron(
        &mut self,
        module: &str,
        tokens: &Value,
    ) -> Result<Value, WeightsError> {
        let mut x = tokens.clone();
        for index in 0.. {
            let layer = format!("{module}.layers.{index}");
            x = self.linear(&layer, &x)?;
            if !self.contains(&format!("{module}.layers.{}.weight", index + 1)) {
                break;
            }
            x = self.graph.relu(&format!("{layer}.relu"), &x);
        }
        Ok(x)
    }

    /// A layer normalisation over the last dimension.
    pub(super) fn normalization(
        &mut self,
        module: &str,
        x: &Value,
        epsilon: f32,
    ) -> Result<Value, WeightsError> {
        let channels = [x.shape().last().copied().unwrap_or(1)];
        let weight = self.tensor(&format!("{module}.weight"), &channels)?;
        let bias = self.tensor(&format!("{module}.bias"), &channels)?;
        let graph = &mut self.graph;
        Ok(graph.layer_normalization(module, x, &weight, &bias, epsilon))
    }

    /// A layer normalisation over the channels of an image, and a GELU.
    pub(super) fn normalization_with_gelu(
        &mut self,
        module: &str,
        image: &Value,
    ) -> Result<Value, WeightsError> {
        let last = format!("{module}.channels_last");
        let x = self.graph.transpose(&last, image, &[0, 2, 3, 1]);
        let x = self.normalization(module, &x, CONVOLUTION_EPSILON)?;
        let x = self.graph.gelu(&format!("{module}.gelu"), &x);
        let first = format!("{module}.channels_first");
        Ok(self.graph.transpose(&first, &x, &[0, 3, 1, 2]))
    }

    /// A convolution of an image that sees every value once.
    pub(super) fn patches(&mut self, module: &str, image: &Value) -> Result<Value, WeightsError> {
        let weight_name = format!("{module}.weight");
        let shape @ [outputs, _, side, _] = self.shape::<4>(&weight_name)?;
        let weight = self.tensor(&weight_name, &shape)?;
        let bias = self.tensor(&format!("{module}.bias"), &[outputs])?;
        let convolution = Convolution {
            stride: side,
            padding: 0,
            groups: 1,
        };
        let graph = &mut self.graph;
        Ok(graph.convolution(module, image, &weight, Some(&bias), convolution))
    }

    /// A transposed convolution to twice the rows and columns.
    pub(super) fn doubled(&mut self, module: &str, image: &Value) -> Result<Value, WeightsError> {
        let weight_name = format!("{module}.weight");
        let shape @ [_, outputs, ..] = self.shape::<4>(&weight_name)?;
        let weight = self.tensor(&weight_name, &shape)?;
        let bias = self.tensor(&format!("{module}.bias"), &[outputs])?;
        let graph = &mut self.graph;
        Ok(graph.doubling_convolution(module, image, &weight, &bias))
    }
}
