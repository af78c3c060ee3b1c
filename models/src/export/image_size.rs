//! Masks from low resolution to the size of the image, as the reference implementation does it.

use fixate::preprocess::{InputSpec, ResizeRule};

use super::layers::Builder;
use crate::onnx::{OPEN, Value};

impl Builder<'_> {
    /// `[1, masks, H, W]` of masks at low resolution: bilinear to the encoder's input, without its
    /// padding, bilinear to the image. `image_size` is `[2]`, H and W.
    pub(super) fn masks_of_image_size(
        &mut self,
        name: &str,
        masks: &Value,
        image_size: &Value,
        input: InputSpec,
    ) -> Value {
        let (count, side) = (masks.shape()[1], input.size_px as usize);
        let graph = &mut self.graph;
        let shape = [1, count, side, side];
        let sides = graph.integers(shape.map(|side| side as i64).to_vec());
        let mut masks = graph.resize("masks.input", masks, &sides, &shape);
        if input.resize == ResizeRule::LongestSide {
            let (side, half) = (graph.scalar(input.size_px as f32), graph.scalar(0.5));
            let longest = graph.maximum("masks.longest", image_size);
            let scale = graph.divide("masks.scale", &side, &longest);
            let scaled = graph.multiply("masks.scaled", image_size, &scale);
            let scaled = graph.add("masks.scaled.half", &scaled, &half);
            let scaled = graph.floor("masks.scaled.floor", &scaled);
            let resized = graph.truncated("masks.resized", &scaled);
            masks = graph.crop_to("masks.cropped", &masks, &resized);
        }
        let image = graph.truncated("masks.image", image_size);
        let leading = graph.integers(vec![1, count as i64]);
        let sides = graph.concatenate("masks.sides", &[&leading, &image], 0);
        graph.resize(name, &masks, &sides, &[1, count, OPEN, OPEN])
    }
}
