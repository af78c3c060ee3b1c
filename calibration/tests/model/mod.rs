//! A bundle with a small encoder: three convolutions with a residual addition, and two more.

use std::fs;
use std::path::Path;

use prost::Message;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

pub(crate) const SIZE_PX: usize = 16;
pub(crate) const EMBEDDING: [usize; 3] = [2, 4, 4];
pub(crate) const WEIGHTS_FILE: &str = "encoder.weights";

/// What is wrong with a graph.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    OldOperators,
    NoLayers,
    Quantised,
}

pub(crate) fn bundle() -> TempDir {
    changed(Change::Nothing)
}

pub(crate) fn changed(change: Change) -> TempDir {
    written(&model(change), None)
}

/// A bundle of a graph, with the file of its weights if it has one.
pub(crate) fn written(model: &ModelProto, weights: Option<&[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let encoder = model.encode_to_vec();
    let decoder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/tests/data/tiny_decoder.onnx");
    let decoder = fs::read(decoder).unwrap();
    let digest = |bytes: &[u8]| -> String {
        Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let beside = weights.map_or_else(String::new, |weights| {
        fs::write(folder.path().join(WEIGHTS_FILE), weights).unwrap();
        let sha256 = digest(weights);
        format!("weights = {WEIGHTS_FILE:?}\nweights_sha256 = {sha256:?}")
    });
    let manifest = format!(
        r#"
format = 1
name = "small"
version = "1.0.0"
[input]
size = {SIZE_PX}
resize = "longest-side"
pad = "zero-after-normalise"
mean = [123.675, 116.28, 103.53]
std = [58.395, 57.12, 57.375]
layout = "nchw"
[embedding]
shape = {EMBEDDING:?}
[[encoder]]
file = "encoder.onnx"
precision = "f32"
sha256 = "{}"
{beside}
[decoder]
kind = "onnx"
file = "decoder.onnx"
sha256 = "{}"
coordinate_size = {SIZE_PX}
padding_point = "without-box"
inputs = {{ embedding = "image_embeddings", points = "point_coords", labels = "point_labels", mask = "mask_input", has_mask = "has_mask_input", image_size = "orig_im_size" }}
outputs = {{ logits = "low_res_masks", predicted_iou = "iou_predictions" }}
"#,
        digest(&encoder),
        digest(&decoder)
    );
    fs::write(folder.path().join("bundle.toml"), manifest).unwrap();
    fs::write(folder.path().join("encoder.onnx"), encoder).unwrap();
    fs::write(folder.path().join("decoder.onnx"), decoder).unwrap();
    folder
}

pub(crate) fn model(change: Change) -> ModelProto {
    let mut graph = GraphProto {
        name: "small".to_owned(),
        input: vec![value("image", [1, 3, SIZE_PX, SIZE_PX])],
        output: vec![value(
            "image_embeddings",
            [1, EMBEDDING[0], EMBEDDING[1], EMBEDDING[2]],
        )],
        ..GraphProto::default()
    };
    convolution(&mut graph, ("first", "image"), [32, 3, 4, 4], 4);
    node(&mut graph, "Relu", &["first"], "first_relu");
    convolution(&mut graph, ("second", "first_relu"), [32, 32, 3, 3], 1);
    convolution(&mut graph, ("third", "second"), [32, 32, 1, 1], 1);
    node(&mut graph, "Add", &["third", "first_relu"], "added");
    node(&mut graph, "Relu", &["added"], "added_relu");
    convolution(&mut graph, ("fourth", "added_relu"), [32, 32, 1, 1], 1);
    node(&mut graph, "Relu", &["fourth"], "fourth_relu");
    convolution(&mut graph, ("last", "fourth_relu"), [2, 32, 1, 1], 1);
    // The last convolution's output is the graph's own.
    if let Some(last) = graph.node.last_mut() {
        last.output[0] = "image_embeddings".to_owned();
    }
    let mut version = 17;
    match change {
        Change::Nothing => {}
        Change::OldOperators => version = 11,
        Change::NoLayers => {
            graph.node.clear();
            node(&mut graph, "AveragePool", &["image"], "pooled");
            let pool = graph.node.last_mut().unwrap();
            pool.attribute = vec![
                integers("kernel_shape", &[4, 4]),
                integers("strides", &[4, 4]),
            ];
            graph.initializer = vec![
                tensor("from", DataType::Int64, &[1], 0i64.to_le_bytes().to_vec()),
                tensor("to", DataType::Int64, &[1], 2i64.to_le_bytes().to_vec()),
                tensor("axis", DataType::Int64, &[1], 1i64.to_le_bytes().to_vec()),
            ];
            node(
                &mut graph,
                "Slice",
                &["pooled", "from", "to", "axis"],
                "image_embeddings",
            );
        }
        Change::Quantised => {
            graph.initializer.push(tensor(
                "scale",
                DataType::Float,
                &[],
                0.1f32.to_le_bytes().to_vec(),
            ));
            graph
                .initializer
                .push(tensor("zero", DataType::Uint8, &[], vec![128]));
            let last = graph.node.len() - 1;
            graph.node[last].output[0] = "plain".to_owned();
            node(
                &mut graph,
                "QuantizeLinear",
                &["plain", "scale", "zero"],
                "rounded",
            );
            node(
                &mut graph,
                "DequantizeLinear",
                &["rounded", "scale", "zero"],
                "image_embeddings",
            );
        }
    }
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            version,
            ..OperatorSetIdProto::default()
        }],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

/// A convolution `conv_NAME` from `input` to `NAME`, its weights stored in f16 with a cast behind them.
fn convolution(graph: &mut GraphProto, (name, input): (&str, &str), dims: [usize; 4], stride: i64) {
    const FLOAT: i64 = 1;
    let (weights, bias) = (format!("w_{name}"), format!("b_{name}"));
    let stored = format!("{weights}_f16");
    let length: usize = dims.iter().product();
    let fan_in = (length / dims[0]) as f32;
    let number = |index: usize| {
        ((index * 7919 + name.len() * 31 + index * index % 61) % 127) as f32 / 63.0 - 1.0
    };
    let halves = (0..length)
        .flat_map(|index| half::f16::from_f32(2.0 * number(index) / fan_in.sqrt()).to_le_bytes());
    graph
        .initializer
        .push(tensor(&stored, DataType::Float16, &dims, halves.collect()));
    let biases = (0..dims[0]).flat_map(|index| (0.2 * number(index + 5)).to_le_bytes());
    graph
        .initializer
        .push(tensor(&bias, DataType::Float, &dims[..1], biases.collect()));
    node(graph, "Cast", &[&stored], &weights);
    if let Some(cast) = graph.node.last_mut() {
        cast.attribute = vec![AttributeProto {
            name: "to".to_owned(),
            r#type: AttributeType::Int as i32,
            i: FLOAT,
            ..AttributeProto::default()
        }];
    }
    node(graph, "Conv", &[input, &weights, &bias], name);
    let margin = if stride == 1 { dims[2] as i64 / 2 } else { 0 };
    if let Some(convolution) = graph.node.last_mut() {
        convolution.name = format!("conv_{name}");
        convolution.attribute = vec![
            integers("kernel_shape", &[dims[2] as i64, dims[3] as i64]),
            integers("strides", &[stride; 2]),
            integers("pads", &[margin; 4]),
        ];
    }
}

fn node(graph: &mut GraphProto, operator: &str, inputs: &[&str], output: &str) {
    graph.node.push(NodeProto {
        op_type: operator.to_owned(),
        name: format!("{operator} {output}"),
        input: inputs.iter().map(|input| (*input).to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    });
}

fn integers(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Ints as i32,
        ints: ints.to_vec(),
        ..AttributeProto::default()
    }
}

fn tensor(name: &str, data_type: DataType, dims: &[usize], raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        data_type: data_type as i32,
        dims: dims.iter().map(|side| *side as i64).collect(),
        raw_data,
        ..TensorProto::default()
    }
}

fn value(name: &str, shape: [usize; 4]) -> ValueInfoProto {
    let dim = |side: usize| Dimension {
        value: Some(dimension::Value::DimValue(side as i64)),
        ..Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto {
            dim: shape.map(dim).to_vec(),
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
