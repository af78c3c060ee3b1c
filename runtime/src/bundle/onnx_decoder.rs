//! What a manifest says of a decoder that is an ONNX graph.

use serde::Deserialize;

/// How prompts are put to a graph, and answers read from it. Shapes and types of elements are the graph's own to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnnxDecoderSpec {
    /// Names of its inputs.
    pub inputs: DecoderInputs,
    /// Names of its outputs.
    pub outputs: DecoderOutputs,
    /// Side of the square that coordinates are given in, if it is not the encoder's input.
    pub coordinate_size_px: Option<u32>,
    /// Whether a point of label -1 ends the points.
    pub padding_point: PaddingPoint,
}

/// Names of a graph's inputs by what they are for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DecoderInputs {
    /// The embedding, `[1, channels, rows, columns]`.
    pub embedding: String,
    /// Points, x first, `[1, N, 2]` or `[1, 1, N, 2]`.
    pub points: String,
    /// Their labels, `[1, N]` or `[1, 1, N]`: 0 background, 1 foreground, 2 and 3 a box's corners, -1 padding.
    pub labels: String,
    /// Low-resolution logits of an earlier answer, `[1, 1, rows, columns]`.
    pub mask: Option<String>,
    /// 1 if there is such a mask, else 0; `[1]`.
    pub has_mask: Option<String>,
    /// Height and width of the image, `[2]`; masks at low resolution do not depend on it.
    pub image_size: Option<String>,
}

/// Names of a graph's outputs by what they are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DecoderOutputs {
    /// Low-resolution logits, `[1, masks, rows, columns]` or `[1, 1, masks, rows, columns]`.
    pub logits: String,
    /// Predicted IoUs, `[1, masks]` or `[1, 1, masks]`.
    pub predicted_iou: String,
}

/// When a point of label -1 is put behind the points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PaddingPoint {
    /// When there is no box, as in SAM.
    #[default]
    WithoutBox,
    /// Never: the graph does it, or was trained without.
    Never,
}

impl DecoderInputs {
    /// Inputs of these names, and none for masks or the image's size.
    #[must_use]
    pub fn new(embedding: &str, points: &str, labels: &str) -> Self {
        Self {
            embedding: embedding.to_owned(),
            points: points.to_owned(),
            labels: labels.to_owned(),
            mask: None,
            has_mask: None,
            image_size: None,
        }
    }
}

impl DecoderOutputs {
    /// Outputs of these names.
    #[must_use]
    pub fn new(logits: &str, predicted_iou: &str) -> Self {
        Self {
            logits: logits.to_owned(),
            predicted_iou: predicted_iou.to_owned(),
        }
    }
}

impl OnnxDecoderSpec {
    /// Coordinates of the encoder's input and SAM's padding point.
    #[must_use]
    pub fn new(inputs: DecoderInputs, outputs: DecoderOutputs) -> Self {
        Self {
            inputs,
            outputs,
            coordinate_size_px: None,
            padding_point: PaddingPoint::WithoutBox,
        }
    }

    /// All names with the fields they stand in.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let (inputs, outputs) = (&self.inputs, &self.outputs);
        [
            ("decoder.inputs.embedding", Some(&inputs.embedding)),
            ("decoder.inputs.points", Some(&inputs.points)),
            ("decoder.inputs.labels", Some(&inputs.labels)),
            ("decoder.inputs.mask", inputs.mask.as_ref()),
            ("decoder.inputs.has_mask", inputs.has_mask.as_ref()),
            ("decoder.inputs.image_size", inputs.image_size.as_ref()),
            ("decoder.outputs.logits", Some(&outputs.logits)),
            (
                "decoder.outputs.predicted_iou",
                Some(&outputs.predicted_iou),
            ),
        ]
        .into_iter()
        .filter_map(|(field, name)| name.map(|name| (field, name.as_str())))
    }
}
