//! What our own decoder is asked and answers, as tensors of SAM's signature.

use fixate::decoder::{Decoded, Decoder, Keyframe, MaskSelection, SamDecoder};
use fixate::preprocess::Placement;
use fixate::prompt::{PointLabel, Prompt};

use crate::model::Model;
use crate::python::Tensors;

/// What our own decoder answers, all masks.
pub(crate) fn answer(decoder: &mut dyn Decoder, keyframe: &Keyframe, prompt: &Prompt) -> Decoded {
    let mut decoded = Decoded::default();
    decoder
        .decode_into(keyframe, prompt, MaskSelection::All, &mut decoded)
        .unwrap();
    decoded
}

/// Points and labels as graphs with SAM's signature take them.
fn put_points(prompt: &Prompt, placement: &Placement) -> (Vec<f32>, Vec<f32>) {
    let (mut points, mut labels) = (Vec::new(), Vec::new());
    let mut put = |(x, y): (f32, f32), label: f32| {
        points.extend([x, y]);
        labels.push(label);
    };
    for point in &prompt.points {
        let foreground = point.label == PointLabel::Foreground;
        let place = placement.input_from_image(point.x_px, point.y_px);
        put(place, f32::from(u8::from(foreground)));
    }
    if let Some(bounds) = &prompt.bounds {
        put(placement.input_from_image(bounds.x0_px, bounds.y0_px), 2.0);
        put(placement.input_from_image(bounds.x1_px, bounds.y1_px), 3.0);
    } else if !prompt.points.is_empty() {
        put((0.0, 0.0), -1.0);
    }
    (points, labels)
}

/// One case for `check.py`: inputs, and what our own decoder answers.
pub(crate) fn case(
    model: &Model,
    name: &str,
    keyframe: &Keyframe,
    prompt: &Prompt,
    single: bool,
) -> Tensors {
    let mut decoder = SamDecoder::from_safetensors(&model.weights).unwrap();
    let decoded = answer(&mut decoder, keyframe, prompt);
    let placement = &keyframe.placement;
    let (points, labels) = put_points(prompt, placement);
    let [channels, rows, columns] = keyframe.embedding.shape;
    let no_mask = vec![0.0; decoded.width * decoded.height];
    let mask = prompt
        .mask
        .as_ref()
        .map_or(no_mask, |mask| mask.values.clone());
    let image = [placement.image_height_px, placement.image_width_px];

    let chosen = match (single, labels.len()) {
        (false, _) => 0..4,
        (true, 3..) => 0..1,
        (true, _) => {
            let ious = &decoded.predicted_iou;
            let best = (1..4).max_by(|left, right| ious[*left].total_cmp(&ious[*right]));
            best.unwrap()..best.unwrap() + 1
        }
    };
    let count = chosen.len();
    let ious = decoded.predicted_iou[chosen.clone()].to_vec();
    let (mut low, mut full) = (Vec::new(), Vec::new());
    for index in chosen {
        let logits = decoded.mask(index);
        low.extend_from_slice(logits.values);
        full.extend(logits.to_image_logits(placement).unwrap());
    }
    let [height, width] = image.map(|side| side as usize);
    let named = |role: &str, tensor: &str| format!("{name}/{role}/{tensor}");
    let mask_shape = vec![1, 1, decoded.height, decoded.width];
    let given = f32::from(u8::from(prompt.mask.is_some()));
    vec![
        (
            named("in", "image_embeddings"),
            vec![1, channels, rows, columns],
            keyframe.embedding.values.clone(),
        ),
        (
            named("in", "point_coords"),
            vec![1, labels.len(), 2],
            points,
        ),
        (named("in", "point_labels"), vec![1, labels.len()], labels),
        (named("in", "mask_input"), mask_shape, mask),
        (named("in", "has_mask_input"), vec![1], vec![given]),
        (
            named("in", "orig_im_size"),
            vec![2],
            image.map(|side| side as f32).to_vec(),
        ),
        (named("out", "masks"), vec![1, count, height, width], full),
        (named("out", "iou_predictions"), vec![1, count], ious),
        (
            named("out", "low_res_masks"),
            vec![1, count, decoded.height, decoded.width],
            low,
        ),
    ]
}
