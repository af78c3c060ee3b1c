//! What an ONNX file of a stranger is: the known families tell themselves by the names of their inputs and outputs, as
//! the public export scripts of each project write them.

mod error;
mod graph;

use fixate::bundle::{DecoderInputs, DecoderOutputs, OnnxDecoderSpec, PaddingPoint};

pub use error::SignatureError;
pub use graph::{GraphSignature, TensorSignature};
pub(crate) use graph::{read_graph, tensors};

/// How an encoder is to be fed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EncoderSignature {
    /// Name of the family, for people.
    pub family: &'static str,
    /// Name of the input.
    pub input: String,
    /// Name of the output.
    pub output: String,
    /// Side of the square input.
    pub input_size_px: usize,
    /// Side of the square in which SAM's own decoder takes coordinates from this encoder.
    pub coordinate_size_px: usize,
    /// Whether both sides of an image fill the input; otherwise the longest does.
    pub stretch: bool,
    /// Of R, G, B in 0..=255.
    pub mean: [f32; 3],
    /// Of R, G, B in 0..=255.
    pub std: [f32; 3],
}

/// SAM's normalisation, which all of its family keep.
pub(crate) const MEAN: [f32; 3] = [123.675, 116.28, 103.53];
pub(crate) const STD: [f32; 3] = [58.395, 57.12, 57.375];

/// What SAM2's decoders need beside the embedding.
const SAM2: SignatureError = SignatureError::Unsupported {
    family: "SAM2",
    lacks: "feature maps at three resolutions",
};

/// Finds out how an encoder is to be fed. `input_size_px` is for files that do not tell.
///
/// # Errors
/// If it is of no known family, or its size is unknown.
pub fn recognise_encoder(
    graph: &GraphSignature,
    input_size_px: Option<usize>,
) -> Result<EncoderSignature, SignatureError> {
    let (inputs, outputs) = graph.names();
    let unknown = || SignatureError::Encoder {
        inputs: inputs.clone(),
        outputs: outputs.clone(),
    };
    if graph.gives("high_res_feats_0") || graph.gives("maskmem_features") {
        return Err(SAM2);
    }
    let [input] = graph.inputs.as_slice() else {
        if inputs.iter().any(|name| name == "point_coords") {
            return Err(SignatureError::Unsupported {
                family: "an encoder and a decoder in one graph",
                lacks: "the embedding between them",
            });
        }
        return Err(unknown());
    };
    let output = ["image_embeddings", "image_embed", "embeddings"]
        .into_iter()
        .find(|name| graph.gives(name));
    let output = match (output, graph.outputs.as_slice()) {
        (Some(name), _) => name.to_owned(),
        (None, [only]) => only.name.clone(),
        _ => return Err(unknown()),
    };
    if input.shape.len() == 3 {
        return Err(SignatureError::Unsupported {
            family: "an encoder with its preprocessing inside",
            lacks: "images of changing size; export it without --use-preprocess",
        });
    }
    if input.shape.len() != 4 || input.shape[1].is_some_and(|channels| channels != 3) {
        return Err(unknown());
    }
    let stated = input.shape[2].filter(|rows| input.shape[3] == Some(*rows));
    let (family, stretch, mean, std, usual) = match input.name.as_str() {
        // Its graph stretches and normalises by itself.
        "batched_images" => ("EfficientSAM", true, [0.0; 3], [255.0; 3], Some(1024)),
        "input_image" => ("EfficientViT-SAM or samexporter", false, MEAN, STD, None),
        _ => ("SAM", false, MEAN, STD, None),
    };
    let stated = stated.or(input_size_px).or(usual);
    let size = stated.ok_or(SignatureError::InputSize)?;
    Ok(EncoderSignature {
        family,
        input: input.name.clone(),
        output,
        input_size_px: size,
        // EfficientViT-SAM's small encoders see 512 pixels, its decoders 1024.
        coordinate_size_px: match input.name.as_str() {
            "input_image" => 1024,
            _ => size,
        },
        stretch,
        mean,
        std,
    })
}

/// What a decoder is called, and how prompts are put to it.
///
/// # Errors
/// If it is of no known family.
pub fn recognise_decoder(
    graph: &GraphSignature,
) -> Result<(&'static str, OnnxDecoderSpec), SignatureError> {
    const POINTS: [&str; 2] = ["point_coords", "point_labels"];
    const MASKS: [&str; 2] = ["mask_input", "has_mask_input"];
    let sam = |with: &[&str]| graph.takes(&[&["image_embeddings"][..], &POINTS, with].concat());
    let full = [&MASKS[..], &["orig_im_size"]].concat();
    if sam(&full) && graph.gives("low_res_masks") {
        return Ok(("SAM", spec("low_res_masks", "iou_predictions", true, true)));
    }
    if sam(&MASKS) && graph.gives("low_res_masks") {
        return Ok((
            "NanoSAM",
            spec("low_res_masks", "iou_predictions", true, false),
        ));
    }
    if sam(&[]) && graph.gives("masks") && graph.gives("scores") {
        return Ok(("EdgeSAM", spec("masks", "scores", false, false)));
    }
    if sam(&[]) && graph.gives("iou_predictions") {
        let masks = if graph.gives("low_res_masks") {
            "low_res_masks"
        } else {
            "masks"
        };
        let mut found = spec(masks, "iou_predictions", false, false);
        found.coordinate_size_px = Some(1024);
        return Ok(("EfficientViT-SAM", found));
    }
    if graph.takes(&[
        "image_embeddings",
        "batched_point_coords",
        "batched_point_labels",
        "orig_im_size",
    ]) {
        // Its third output, without a name of its own, is at low resolution.
        let low = graph
            .outputs
            .iter()
            .find(|output| output.name != "output_masks" && output.name != "iou_predictions");
        let mut found = spec(
            low.map_or("output_masks", |output| &output.name),
            "iou_predictions",
            false,
            true,
        );
        found.inputs.points = "batched_point_coords".to_owned();
        found.inputs.labels = "batched_point_labels".to_owned();
        found.padding_point = PaddingPoint::Never;
        return Ok(("EfficientSAM", found));
    }
    let (inputs, outputs) = graph.names();
    if inputs
        .iter()
        .any(|name| name.starts_with("high_res_feats") || name == "mask_memory")
    {
        return Err(SAM2);
    }
    if graph.takes(&["image_embeddings", "boxes"]) {
        return Err(SignatureError::Unsupported {
            family: "a decoder of boxes alone (EfficientViT-SAM, GazeSAM)",
            lacks: "a box in every prompt; export it with points",
        });
    }
    Err(SignatureError::Decoder { inputs, outputs })
}

fn spec(logits: &str, predicted_iou: &str, masks: bool, image_size: bool) -> OnnxDecoderSpec {
    let input = |there: bool, name: &str| there.then(|| name.to_owned());
    let mut inputs = DecoderInputs::new("image_embeddings", "point_coords", "point_labels");
    inputs.mask = input(masks, "mask_input");
    inputs.has_mask = input(masks, "has_mask_input");
    inputs.image_size = input(image_size, "orig_im_size");
    OnnxDecoderSpec::new(inputs, DecoderOutputs::new(logits, predicted_iou))
}

#[cfg(test)]
mod tests;
