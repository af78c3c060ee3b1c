//! SAM's decoder as a graph with the signature of the reference implementation's exporter.

use fixate::decoder::{Decoder, SamDecoder};
use fixate::preprocess::InputSpec;
use safetensors::SafeTensors;

use super::ExportError;
use super::layers::Builder;
use super::mask_head::MASK_TOKENS;
use crate::onnx::{Graph, OPEN};

/// What every public SAM has.
const USUAL_HEADS: usize = 8;

/// The graph of a decoder, given as a bundle has it: `decoder.safetensors`.
pub(super) fn graph(
    weights: &[u8],
    input: InputSpec,
    single_mask: bool,
) -> Result<(Graph<Vec<f32>>, SamDecoder), ExportError> {
    // Whatever loads has every tensor, of the right shape and finite.
    let decoder = SamDecoder::from_safetensors(weights)?;
    let [all_channels, rows, columns] = decoder.embedding_shape();
    let positions = rows * columns;
    let mut builder = Builder::new(weights)?;
    let [_, channels] = builder.shape("mask_decoder.iou_token.weight")?;
    let graph = &mut builder.graph;
    let embedding = graph.add_input("image_embeddings", &[1, all_channels, rows, columns], &[]);
    let points = graph.add_input("point_coords", &[1, OPEN, 2], &["num_points"]);
    let labels = graph.add_input("point_labels", &[1, OPEN], &["num_points"]);
    let mask = graph.add_input("mask_input", &[1, 1, 4 * rows, 4 * columns], &[]);
    let has_mask = graph.add_input("has_mask_input", &[1], &[]);
    let image_size = graph.add_input("orig_im_size", &[2], &[]);

    let size_px = decoder.input_size_px();
    let prompt_tokens = builder.point_tokens(&points, &labels, size_px)?;
    let iou_token = builder.tensor("mask_decoder.iou_token.weight", &[1, channels])?;
    let shape = builder.shape::<2>(MASK_TOKENS)?;
    let mask_tokens = builder.tensor(MASK_TOKENS, &shape)?;
    let parts = [&iou_token, &mask_tokens, &prompt_tokens];
    let tokens = builder.graph.concatenate("tokens", &parts, 0);

    let features = builder.mask_features(&mask, &has_mask)?;
    let fine = match all_channels > channels {
        true => Some(builder.fine_features(&embedding, channels)?),
        false => None,
    };
    let graph = &mut builder.graph;
    let embedding = match fine {
        Some(_) => graph.slice("embedding.own", &embedding, 1, 0, channels),
        None => embedding,
    };
    let image = graph.add("image", &embedding, &features);
    let image = graph.reshape("image.positions", &image, &[channels, positions]);
    let image = graph.transpose("image.channels_last", &image, &[1, 0]);
    let encoding = transposed(decoder.image_positional_encoding(), positions);
    let encoding = graph.weights("image.encoding", &[positions, channels], encoding);

    let (tokens, image) = builder.transformed(&tokens, &image, &encoding, heads(weights))?;
    let graph = &mut builder.graph;
    let image = graph.transpose("image.channels_first", &image, &[1, 0]);
    let image = graph.reshape("image.grid", &image, &[1, channels, rows, columns]);
    let mut masks = builder.masks(&tokens, &image, fine.as_ref())?;
    if single_mask {
        masks = builder.single_mask(&masks, &points);
    }
    let graph = &mut builder.graph;
    let shape = masks.low_resolution.shape().to_vec();
    let low_resolution = graph.reshape("low_res_masks", &masks.low_resolution, &shape);
    let shape = masks.predicted_iou.shape().to_vec();
    let predicted_iou = graph.reshape("iou_predictions", &masks.predicted_iou, &shape);
    let masks = builder.masks_of_image_size("masks", &low_resolution, &image_size, input);
    let mut graph = builder.graph;
    graph.add_output(masks, &["height", "width"]);
    graph.add_output(predicted_iou, &[]);
    graph.add_output(low_resolution, &[]);
    Ok((graph, decoder))
}

/// Attention heads, as the file's metadata has them.
fn heads(weights: &[u8]) -> usize {
    let stated = SafeTensors::read_metadata(weights)
        .ok()
        .and_then(|(_, header)| {
            let number = header.metadata().as_ref()?.get("num_heads")?;
            number.parse().ok()
        });
    stated.unwrap_or(USUAL_HEADS)
}

/// `[columns, rows]` of `[rows, columns]`.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let column = |column| values.iter().skip(column).step_by(columns);
    (0..columns).flat_map(column).copied().collect()
}
