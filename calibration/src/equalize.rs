//! Channels brought to like ranges, between a layer and those that take what it gives.
//!
//! All channels of a value share one scale in 8 bits; a channel with small numbers then keeps few bits. What a convolution
//! or a layer norm gives is divided channel by channel, and the next layers' weights multiplied by the same, which changes
//! nothing in exact arithmetic, ReLU in between or not (Nagel et al. 2019; Xiao et al. 2022).

use std::collections::BTreeMap;

use crate::QuantizeError;
use crate::graph::{Graph, Kind, Layer, attribute};
use crate::observe::Observed;
use crate::tensor;

/// The most that a channel is divided or multiplied by.
const MOST: f32 = 16.0;

/// Divisors of channels, by value.
pub(crate) type Divisors = BTreeMap<String, Vec<f32>>;

/// A value between layers.
struct Between {
    value: String,
    channels: usize,
    /// Elements of a channel that lie beside each other, where the value's are `elements`.
    is_last_axis: bool,
    giver: Giver,
    /// Layers that take it: all who do.
    takers: Vec<usize>,
}

enum Giver {
    Layer(usize),
    /// Weight and, if there is one, bias of a layer norm.
    Norm(Vec<String>),
}

impl Between {
    fn channel(&self, index: usize, elements: usize) -> usize {
        match self.is_last_axis {
            true => index % self.channels,
            false => index / (elements / self.channels).max(1) % self.channels,
        }
    }
}

/// Input channels that a layer's weight belongs to; none if they are mixed in a way that is not known.
fn input_channels(
    graph: &Graph,
    layer: &Layer,
) -> Option<(usize, impl Fn(usize) -> usize + use<>)> {
    let dims = layer.weights.dims.clone();
    let inner: usize = dims[2..].iter().product();
    let group = attribute(&graph.nodes()[layer.node], "group").map_or(1, |group| group.i);
    // Which axis runs over input channels, and how many elements lie between two of them.
    let (count, stride) = match layer.kind {
        Kind::Convolution if group == 1 => (dims[1], inner),
        // Each channel by itself.
        Kind::Convolution if dims[1] == 1 && group as usize == dims[0] => (dims[0], inner),
        Kind::Convolution => return None,
        Kind::Transposed { .. } => (dims[0], dims[1] * inner),
        Kind::Product if layer.axis == 1 => (dims[0], dims[1]),
        Kind::Product => (dims[1], 1),
    };
    Some((count, move |index: usize| index / stride.max(1) % count))
}

fn between(graph: &Graph) -> Vec<Between> {
    let mut found = Vec::new();
    let by_node: BTreeMap<usize, usize> = graph
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| (layer.node, index))
        .collect();
    let alone = |name: &str| {
        graph
            .consumers
            .get(name)
            .is_some_and(|takers| takers.len() == 1)
    };
    let mut add = |value: &str, channels: usize, is_last_axis: bool, giver: Giver| {
        if graph.outputs.contains(value) {
            return;
        }
        let takers = graph.consumers.get(value).map_or(&[][..], Vec::as_slice);
        let takers: Option<Vec<usize>> = takers
            .iter()
            .map(|taker| by_node.get(taker).copied())
            .collect();
        let Some(takers) = takers.filter(|takers| !takers.is_empty()) else {
            return;
        };
        let fits = |taker: &usize| {
            let layer = &graph.layers[*taker];
            let fits = input_channels(graph, layer).is_some_and(|(count, _)| count == channels);
            fits && layer.input == value && alone(&layer.weights.name)
        };
        if takers.iter().all(fits) {
            found.push(Between {
                value: value.to_owned(),
                channels,
                is_last_axis,
                giver,
                takers,
            });
        }
    };
    for (index, layer) in graph.layers.iter().enumerate() {
        let own = [Some(&layer.weights), layer.bias.as_ref()];
        if layer.kind == Kind::Convolution
            && own
                .into_iter()
                .flatten()
                .all(|weights| alone(&weights.name))
        {
            add(&layer.output, layer.channels(), false, Giver::Layer(index));
        }
    }
    for node in graph
        .nodes()
        .iter()
        .filter(|node| node.op_type == "LayerNormalization")
    {
        let weights: Vec<String> = node.input[1..]
            .iter()
            .filter(|name| !name.is_empty())
            .cloned()
            .collect();
        let sizes: Option<Vec<usize>> = weights.iter().map(|name| graph.length(name)).collect();
        let last = attribute(node, "axis").is_none_or(|axis| axis.i == -1);
        if let Some([channels, rest @ ..]) = sizes.as_deref()
            && rest.iter().all(|size| size == channels)
            && last
            && weights.iter().all(|name| alone(name))
        {
            add(&node.output[0], *channels, true, Giver::Norm(weights));
        }
    }
    found
}

/// The divisors that even out the greatest numbers of channels and of the weights that take them.
pub(crate) fn divisors(
    graph: &Graph,
    input_size_px: usize,
    count: usize,
    inputs: &mut dyn FnMut(usize) -> Result<Vec<f32>, QuantizeError>,
) -> Result<Divisors, QuantizeError> {
    let between = between(graph);
    let values = between
        .iter()
        .map(|between| between.value.clone())
        .collect();
    let observed = Observed::new(graph, input_size_px, &values)?;
    let mut greatest: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    for index in 0..count {
        let input = inputs(index)?;
        observed.run(&input, &mut |name, values| {
            let Some(between) = between.iter().find(|between| between.value == name) else {
                return;
            };
            let channels = greatest
                .entry(name.to_owned())
                .or_insert_with(|| vec![0.0; between.channels]);
            for (index, value) in values.iter().enumerate() {
                let most = &mut channels[between.channel(index, values.len())];
                *most = most.max(value.abs());
            }
        })?;
    }
    let mut divisors = Divisors::new();
    for between in &between {
        let Some(activations) = greatest.get(&between.value) else {
            continue;
        };
        let mut weights = vec![0.0f32; between.channels];
        for taker in &between.takers {
            let layer = &graph.layers[*taker];
            let Some((_, channel)) = input_channels(graph, layer) else {
                continue;
            };
            for (index, weight) in layer.weights.values.iter().enumerate() {
                let most = &mut weights[channel(index)];
                *most = most.max(weight.abs());
            }
        }
        divisors.insert(between.value.clone(), even(activations, &weights));
    }
    Ok(divisors)
}

fn even(activations: &[f32], weights: &[f32]) -> Vec<f32> {
    let wanted = |(activation, weight): (&f32, &f32)| match *activation > 0.0 && *weight > 0.0 {
        true => (activation / weight).sqrt(),
        // A channel that says nothing, or that nobody hears.
        false => 0.0,
    };
    let divisors: Vec<f32> = activations.iter().zip(weights).map(wanted).collect();
    let known = divisors.iter().filter(|divisor| **divisor > 0.0);
    let (sum, count) = known.fold((0.0, 0u32), |(sum, count), divisor| {
        (sum + divisor.ln(), count + 1)
    });
    let middle = (sum / count.max(1) as f32).exp();
    divisors
        .iter()
        .map(|divisor| match *divisor > 0.0 {
            true => (divisor / middle).clamp(1.0 / MOST, MOST),
            false => 1.0,
        })
        .collect()
}

/// Divides what is given and multiplies the weights that take it.
pub(crate) fn apply(graph: &mut Graph, divisors: &Divisors) -> Result<(), QuantizeError> {
    for between in between(graph) {
        let Some(divisors) = divisors.get(&between.value) else {
            continue;
        };
        if divisors.len() != between.channels
            || !divisors
                .iter()
                .all(|divisor| *divisor > 0.0 && divisor.is_finite())
        {
            return Err(QuantizeError::Record(format!(
                "the divisors of {:?} do not fit it",
                between.value
            )));
        }
        match &between.giver {
            Giver::Layer(index) => {
                let layer = &mut graph.layers[*index];
                let each = (layer.weights.values.len() / between.channels).max(1);
                for (index, weight) in layer.weights.values.iter_mut().enumerate() {
                    *weight /= divisors[index / each];
                }
                if let Some(bias) = &mut layer.bias {
                    bias.values
                        .iter_mut()
                        .zip(divisors)
                        .for_each(|(bias, divisor)| *bias /= divisor);
                }
            }
            Giver::Norm(names) => {
                for name in names {
                    graph.change(name, |values| {
                        values
                            .iter_mut()
                            .zip(divisors)
                            .for_each(|(value, divisor)| *value /= divisor);
                    })?;
                }
            }
        }
        for taker in &between.takers {
            let Some((_, channel)) = input_channels(graph, &graph.layers[*taker]) else {
                continue;
            };
            let weights = &mut graph.layers[*taker].weights.values;
            for (index, weight) in weights.iter_mut().enumerate() {
                *weight *= divisors[channel(index)];
            }
        }
    }
    let changed: Vec<_> = graph
        .layers
        .iter()
        .flat_map(|layer| std::iter::once(&layer.weights).chain(&layer.bias))
        .map(|weights| tensor::of_f32(&weights.name, &weights.dims, &weights.values))
        .collect();
    for tensor in changed {
        graph.replace(tensor);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::even;

    #[test]
    fn channels_and_weights_share_the_range() {
        let divisors = even(&[8.0, 2.0, 0.5, 0.0], &[0.5, 0.5, 0.5, 1.0]);
        // Divided by these, channels have ranges in the ratio of the square roots.
        assert!(
            (divisors[0] / divisors[1] - 2.0).abs() < 1e-5,
            "{divisors:?}"
        );
        assert!(
            (divisors[1] / divisors[2] - 2.0).abs() < 1e-5,
            "{divisors:?}"
        );
        assert_eq!(divisors[3], 1.0);
        assert!(
            (divisors[..3].iter().product::<f32>() - 1.0).abs() < 1e-4,
            "{divisors:?}"
        );
    }
}
