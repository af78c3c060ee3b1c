//! Small ONNX graphs with the inputs and outputs of the families that are known.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

/// An encoder's input and output; lengths of -1 are not stated.
pub(crate) struct EncoderShape {
    pub(crate) input: &'static str,
    pub(crate) output: &'static str,
    pub(crate) shape: Vec<i64>,
    pub(crate) embedding: Vec<i64>,
    /// Of the embedding.
    pub(crate) channels: usize,
}

impl EncoderShape {
    pub(crate) fn new(input: &'static str, shape: &[i64], embedding: &[i64]) -> Self {
        Self {
            input,
            output: "image_embeddings",
            shape: shape.to_vec(),
            embedding: embedding.to_vec(),
            channels: 3,
        }
    }
}

/// A decoder's inputs and outputs.
pub(crate) struct DecoderShape {
    pub(crate) inputs: &'static [&'static str],
    logits: &'static str,
    predicted_iou: &'static str,
    pub(crate) embedding: [i64; 4],
    /// Dimensions before those of points.
    leading: usize,
    masks: i64,
}

const SAM: [&str; 6] = [
    "image_embeddings",
    "point_coords",
    "point_labels",
    "mask_input",
    "has_mask_input",
    "orig_im_size",
];

impl DecoderShape {
    pub(crate) fn sam() -> Self {
        Self {
            inputs: &SAM,
            logits: "low_res_masks",
            predicted_iou: "iou_predictions",
            embedding: [1, 3, 4, 4],
            leading: 1,
            masks: 4,
        }
    }

    pub(crate) fn nano_sam() -> Self {
        let inputs = SAM.split_last().map_or(&[][..], |(_, rest)| rest);
        Self {
            inputs: Box::leak(inputs.to_vec().into_boxed_slice()),
            ..Self::sam()
        }
    }

    pub(crate) fn edge_sam() -> Self {
        Self {
            inputs: &["image_embeddings", "point_coords", "point_labels"],
            logits: "masks",
            predicted_iou: "scores",
            ..Self::sam()
        }
    }

    pub(crate) fn efficient_vit() -> Self {
        Self {
            predicted_iou: "iou_predictions",
            embedding: [1, 3, 32, 32],
            ..Self::edge_sam()
        }
    }

    pub(crate) fn efficient_sam() -> Self {
        Self {
            inputs: &[
                "image_embeddings",
                "batched_point_coords",
                "batched_point_labels",
                "orig_im_size",
            ],
            logits: "low_resolution",
            leading: 2,
            masks: 3,
            embedding: [-1, 3, 4, 4],
            ..Self::sam()
        }
    }
}

/// Each value of the embedding is the mean of a square of 16 pixels and three channels.
pub(crate) fn encoder_graph(shape: &EncoderShape) -> ModelProto {
    let channels = shape.channels;
    let weights = vec![1.0 / (3.0 * 256.0); channels * 3 * 256];
    let nodes = vec![node(
        "Conv",
        &[shape.input, "weights", "bias"],
        shape.output,
        vec![integers("strides", &[16, 16])],
    )];
    let initialisers = vec![
        floats("weights", &[channels as i64, 3, 16, 16], &weights),
        floats("bias", &[channels as i64], &vec![0.0; channels]),
    ];
    model(
        nodes,
        initialisers,
        vec![value(shape.input, DataType::Float, &shape.shape)],
        vec![value(shape.output, DataType::Float, &shape.embedding)],
    )
}

/// All masks are the embedding's mean, plus the sum of (x + y) times its label over the points, plus the mask's mean if
/// there is one.
pub(crate) fn decoder_graph(shape: &DecoderShape) -> ModelProto {
    let takes = |name: &str| shape.inputs.contains(&name);
    let points = shape
        .inputs
        .iter()
        .find(|name| name.ends_with("point_coords"));
    let labels = shape
        .inputs
        .iter()
        .find(|name| name.ends_with("point_labels"));
    let (points, labels) = (
        points.unwrap_or(&"point_coords"),
        labels.unwrap_or(&"point_labels"),
    );
    let sides = match shape.embedding[2] {
        -1 => 12,
        rows => 4 * rows,
    };
    let scalar = || vec![integers("keepdims", &[0])];
    let mut nodes = vec![
        node("Unsqueeze", &[labels, "last"], "labels", vec![]),
        node("Mul", &[points, "labels"], "labelled", vec![]),
        node("ReduceSum", &["labelled"], "clicked", scalar()),
        node("ReduceMean", &["image_embeddings"], "seen", scalar()),
        node("Add", &["clicked", "seen"], "answered", vec![]),
    ];
    let mut answer = "answered";
    if takes("mask_input") {
        nodes.push(node("ReduceMean", &["mask_input"], "mask_mean", scalar()));
        nodes.push(node("ReduceMax", &["has_mask_input"], "has_mask", scalar()));
        nodes.push(node("Mul", &["mask_mean", "has_mask"], "mask", vec![]));
        nodes.push(node("Add", &["answered", "mask"], "refined", vec![]));
        answer = "refined";
    }
    let mut logits = vec![1; shape.leading];
    logits.extend([shape.masks, sides, sides]);
    let scores = &logits[..=shape.leading];
    nodes.push(node(
        "Expand",
        &[answer, "mask_shape"],
        shape.logits,
        vec![],
    ));
    nodes.push(node(
        "Expand",
        &["score", "score_shape"],
        shape.predicted_iou,
        vec![],
    ));
    let initialisers = vec![
        numbers("last", &[-1]),
        numbers("mask_shape", &logits),
        numbers("score_shape", scores),
        floats("score", &[], &[0.5]),
    ];
    let with = |rest: &[i64]| [&vec![1; shape.leading][..], rest].concat();
    let input = |name: &&str| match *name {
        "image_embeddings" => value(name, DataType::Float, &shape.embedding),
        "mask_input" => value(name, DataType::Float, &[1, 1, sides, sides]),
        "has_mask_input" => value(name, DataType::Float, &[1]),
        "orig_im_size" if shape.leading == 2 => value(name, DataType::Int64, &[2]),
        "orig_im_size" => value(name, DataType::Float, &[2]),
        name if name.ends_with("coords") => value(name, DataType::Float, &with(&[-1, 2])),
        name => value(name, DataType::Float, &with(&[-1])),
    };
    let mut outputs = vec![
        value(shape.logits, DataType::Float, &logits),
        value(shape.predicted_iou, DataType::Float, scores),
    ];
    if shape.leading == 2 {
        nodes.push(node("Identity", &[shape.logits], "output_masks", vec![]));
        outputs.push(value("output_masks", DataType::Float, &logits));
    }
    model(
        nodes,
        initialisers,
        shape.inputs.iter().map(input).collect(),
        outputs,
    )
}

fn model(
    node: Vec<NodeProto>,
    initializer: Vec<TensorProto>,
    input: Vec<ValueInfoProto>,
    output: Vec<ValueInfoProto>,
) -> ModelProto {
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 17,
        }],
        graph: Some(GraphProto {
            name: "small".to_owned(),
            node,
            initializer,
            input,
            output,
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

fn node(
    operator: &str,
    inputs: &[&str],
    output: &str,
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        name: output.to_owned(),
        op_type: operator.to_owned(),
        attribute,
        ..NodeProto::default()
    }
}

/// One number or a list of them, as the operators want it.
fn integers(name: &str, values: &[i64]) -> AttributeProto {
    let (kind, single) = match values {
        [single] => (AttributeType::Int, *single),
        _ => (AttributeType::Ints, 0),
    };
    AttributeProto {
        name: name.to_owned(),
        r#type: kind.into(),
        i: single,
        ints: values.to_vec(),
        ..AttributeProto::default()
    }
}

fn floats(name: &str, shape: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: shape.to_vec(),
        data_type: DataType::Float.into(),
        raw_data: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        ..TensorProto::default()
    }
}

fn numbers(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: vec![values.len() as i64],
        data_type: DataType::Int64.into(),
        raw_data: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        ..TensorProto::default()
    }
}

fn value(name: &str, kind: DataType, shape: &[i64]) -> ValueInfoProto {
    let dimension = |length: &i64| Dimension {
        value: Some(match length {
            -1 => dimension::Value::DimParam(format!("{name}_any")),
            length => dimension::Value::DimValue(*length),
        }),
        ..Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: kind.into(),
        shape: Some(TensorShapeProto {
            dim: shape.iter().map(dimension).collect(),
        }),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}
