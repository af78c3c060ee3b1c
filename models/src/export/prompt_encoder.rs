//! From points, labels and a mask to tokens and to what is added to the embedding.

use std::f32::consts::TAU;

use fixate::decoder::WeightsError;

use super::layers::Builder;
use crate::onnx::{OPEN, Value};

/// Labels in the order of their vectors: padding, background, foreground, a box's corners.
const LABELS: [f32; 5] = [-1.0, 0.0, 1.0, 2.0, 3.0];
const VECTORS: [&str; LABELS.len()] = [
    "prompt_encoder.not_a_point_embed.weight",
    "prompt_encoder.point_embeddings.0.weight",
    "prompt_encoder.point_embeddings.1.weight",
    "prompt_encoder.point_embeddings.2.weight",
    "prompt_encoder.point_embeddings.3.weight",
];

impl Builder<'_> {
    /// Tokens, `[N, channels]`, of points `[1, N, 2]` in a square of this side and their labels,
    /// `[1, N]`.
    pub(super) fn point_tokens(
        &mut self,
        points: &Value,
        labels: &Value,
        size_px: usize,
    ) -> Result<Value, WeightsError> {
        let gaussian = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
        let shape @ [_, frequencies] = self.shape::<2>(gaussian)?;
        let channels = 2 * frequencies;
        let frequencies = self.tensor(gaussian, &shape)?;
        let mut vectors = Vec::with_capacity(VECTORS.len() * channels);
        for name in VECTORS {
            vectors.extend(self.values(name)?);
        }

        let graph = &mut self.graph;
        let [half, one, two] = [0.5, 1.0, 2.0].map(|number| graph.scalar(number));
        let size = graph.scalar(size_px as f32);
        let x = graph.reshape("points", points, &[OPEN, 2]);
        let x = graph.add("points.centres", &x, &half);
        let x = graph.divide("points.fractions", &x, &size);
        let x = graph.multiply("points.doubled", &x, &two);
        let x = graph.subtract("points.signed", &x, &one);
        let x = graph.matrix_product("points.turns", &x, &frequencies);
        let turn = graph.scalar(TAU);
        let radians = graph.multiply("points.radians", &x, &turn);
        let sines = graph.sine("points.sines", &radians);
        let cosines = graph.cosine("points.cosines", &radians);
        let encoding = graph.concatenate("points.encoding", &[&sines, &cosines], 1);

        // A label picks its vector, and a label of padding drops the encoding.
        let known = graph.weights("labels.known", &[1, LABELS.len()], LABELS.to_vec());
        let labels = graph.reshape("labels", labels, &[OPEN, 1]);
        let chosen = graph.equality("labels.chosen", &labels, &known);
        let vectors = graph.weights("labels.vectors", &[VECTORS.len(), channels], vectors);
        let meaning = graph.matrix_product("labels.meaning", &chosen, &vectors);
        let padding = graph.slice("labels.padding", &chosen, 1, 0, 1);
        let kept = graph.subtract("labels.kept", &one, &padding);
        let encoding = graph.multiply("points.kept", &encoding, &kept);
        Ok(graph.add("points.tokens", &encoding, &meaning))
    }

    /// `[1, channels, rows, columns]` of a mask, `[1, 1, 4 rows, 4 columns]`, or of none where
    /// `has_mask`, `[1]`, is 0.
    pub(super) fn mask_features(
        &mut self,
        mask: &Value,
        has_mask: &Value,
    ) -> Result<Value, WeightsError> {
        let named = |index: usize| format!("prompt_encoder.mask_downscaling.{index}");
        let x = self.patches(&named(0), mask)?;
        let x = self.normalization_with_gelu(&named(1), &x)?;
        let x = self.patches(&named(3), &x)?;
        let x = self.normalization_with_gelu(&named(4), &x)?;
        let x = self.patches(&named(6), &x)?;
        let no_mask = "prompt_encoder.no_mask_embed.weight";
        let [_, channels] = self.shape(no_mask)?;
        let no_mask = self.tensor(no_mask, &[1, channels, 1, 1])?;
        let graph = &mut self.graph;
        let one = graph.scalar(1.0);
        let has_none = graph.subtract("mask.has_none", &one, has_mask);
        let x = graph.multiply("mask.kept", &x, has_mask);
        let none = graph.multiply("mask.none", &no_mask, &has_none);
        Ok(graph.add("mask.features", &x, &none))
    }
}
