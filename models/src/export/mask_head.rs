//! From the transformer's tokens and image to masks at low resolution and predicted IoUs.

use fixate::decoder::WeightsError;

use super::layers::Builder;
use crate::onnx::Value;

/// What tokens mean: the first predicts IoUs, the next ones are of one mask each.
pub(super) const MASK_TOKENS: &str = "mask_decoder.mask_tokens.weight";

/// With more points than this, padding included, the single mask is mask 0; with fewer it is the
/// best of the others.
const AMBIGUOUS_POINTS: f32 = 2.5;

/// What outweighs every predicted IoU.
const WEIGHTIEST: f32 = 1000.0;

/// What is computed for the caller.
pub(super) struct Masks {
    /// `[1, masks, rows, columns]`.
    pub(super) low_resolution: Value,
    /// `[1, masks]`.
    pub(super) predicted_iou: Value,
}

/// Features of finer strides, as an image each: what is added to those of the two transposed convolutions.
pub(super) struct FineFeatures {
    half: Value,
    quarter: Value,
}

impl Builder<'_> {
    /// Spreads the fine features that stand behind an embedding's own channels over their places.
    pub(super) fn fine_features(
        &mut self,
        embedding: &Value,
        channels: usize,
    ) -> Result<FineFeatures, WeightsError> {
        let [_, half, ..] = self.shape::<4>("mask_decoder.output_upscaling.0.weight")?;
        let [_, quarter, ..] = self.shape::<4>("mask_decoder.output_upscaling.3.weight")?;
        let &[_, _, rows, columns] = embedding.shape() else {
            return Err(WeightsError::Rank {
                name: "image_embeddings".to_owned(),
                expected: 4,
                found: embedding.shape().to_vec(),
            });
        };
        let graph = &mut self.graph;
        let x = graph.slice("fine.half", embedding, 1, channels, 4 * half);
        let x = graph.reshape("fine.half.places", &x, &[2, 2, half, rows, columns]);
        let x = graph.transpose("fine.half.spread", &x, &[2, 3, 0, 4, 1]);
        let shape = [1, half, 2 * rows, 2 * columns];
        let half_image = graph.reshape("fine.half.image", &x, &shape);
        let first = channels + 4 * half;
        let x = graph.slice("fine.quarter", embedding, 1, first, 16 * quarter);
        let shape = [2, 2, 2, 2, quarter, rows, columns];
        let x = graph.reshape("fine.quarter.places", &x, &shape);
        let x = graph.transpose("fine.quarter.spread", &x, &[4, 5, 0, 2, 6, 1, 3]);
        let shape = [1, quarter, 4 * rows, 4 * columns];
        let quarter = graph.reshape("fine.quarter.image", &x, &shape);
        Ok(FineFeatures {
            half: half_image,
            quarter,
        })
    }

    /// Masks of the tokens after the transformer and the image, `[1, channels, rows, columns]`.
    pub(super) fn masks(
        &mut self,
        tokens: &Value,
        image: &Value,
        fine: Option<&FineFeatures>,
    ) -> Result<Masks, WeightsError> {
        let [count, _] = self.shape(MASK_TOKENS)?;
        let named = |index: usize| format!("mask_decoder.output_upscaling.{index}");
        let x = self.doubled(&named(0), image)?;
        let x = match fine {
            Some(fine) => self.graph.add("fine.half.added", &x, &fine.half),
            None => x,
        };
        let x = self.normalization_with_gelu(&named(1), &x)?;
        let x = self.doubled(&named(3), &x)?;
        let x = match fine {
            Some(fine) => self.graph.add("fine.quarter.added", &x, &fine.quarter),
            None => x,
        };
        let pixels = self.graph.gelu(&named(4), &x);
        let &[_, channels, rows, columns] = pixels.shape() else {
            return Err(WeightsError::Rank {
                name: named(3),
                expected: 4,
                found: pixels.shape().to_vec(),
            });
        };

        let mut kernels = Vec::with_capacity(count);
        for index in 0..count {
            let module = format!("mask_decoder.output_hypernetworks_mlps.{index}");
            let token = format!("{module}.token");
            let token = self.graph.slice(&token, tokens, 0, 1 + index, 1);
            kernels.push(self.perceptron(&module, &token)?);
        }
        let module = "mask_decoder.iou_prediction_head";
        let token = self
            .graph
            .slice(&format!("{module}.token"), tokens, 0, 0, 1);
        let predicted_iou = self.perceptron(module, &token)?;

        let graph = &mut self.graph;
        let kernels: Vec<&Value> = kernels.iter().collect();
        let kernels = graph.concatenate("masks.kernels", &kernels, 0);
        let pixels = graph.reshape("masks.pixels", &pixels, &[channels, rows * columns]);
        let masks = graph.matrix_product("masks.products", &kernels, &pixels);
        let shape = [1, count, rows, columns];
        let low_resolution = graph.reshape("masks.all", &masks, &shape);
        Ok(Masks {
            low_resolution,
            predicted_iou,
        })
    }

    /// The one mask that the reference implementation would choose, for these points, `[1, N, 2]`.
    pub(super) fn single_mask(&mut self, masks: &Masks, points: &Value) -> Masks {
        let count = masks.predicted_iou.shape()[1];
        let mut first = vec![0.0; count];
        first[0] = WEIGHTIEST;
        let graph = &mut self.graph;
        let first = graph.weights("single.first", &[1, count], first);
        let points = graph.length("single.points", points, 1);
        let points = graph.numbers_of("single.points.number", &points);
        let ambiguous = graph.scalar(AMBIGUOUS_POINTS);
        let surplus = graph.subtract("single.surplus", &points, &ambiguous);
        let favour = graph.multiply("single.favour", &first, &surplus);
        let scores = graph.add("single.scores", &masks.predicted_iou, &favour);
        let best = graph.largest("single.best", &scores);
        Masks {
            low_resolution: graph.gather("single.mask", &masks.low_resolution, &best, 1),
            predicted_iou: graph.gather("single.iou", &masks.predicted_iou, &best, 1),
        }
    }
}
