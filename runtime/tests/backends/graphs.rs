//! Small graphs, made of one.

use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension::Value;
use tract_onnx::pb::type_proto::Value as Kind;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TypeProto, ValueInfoProto};

/// A convolution of a quarter of the resolution, from 8 x 8 to 2 channels of 2 x 2.
pub(crate) const TINY: &[u8] = include_bytes!("../data/tiny_encoder.onnx");

/// The graph after a change to it.
pub(crate) fn changed(change: impl FnOnce(&mut GraphProto)) -> Vec<u8> {
    let mut model = ModelProto::decode(TINY).unwrap();
    change(model.graph.as_mut().unwrap());
    model.encode_to_vec()
}

fn tensor_type(value: &mut ValueInfoProto) -> &mut tract_onnx::pb::type_proto::Tensor {
    let TypeProto { value, .. } = value.r#type.as_mut().unwrap();
    let Kind::TensorType(tensor) = value.as_mut().unwrap();
    tensor
}

/// Rows and columns are names, as exporters write them.
pub(crate) fn with_dynamic_sides() -> Vec<u8> {
    changed(|graph| {
        let values = graph.input.iter_mut().chain(&mut graph.output);
        for (index, value) in values.enumerate() {
            for (axis, dimension) in tensor_type(value).shape.as_mut().unwrap().dim[2..]
                .iter_mut()
                .enumerate()
            {
                dimension.value = Some(Value::DimParam(format!("side{index}{axis}")));
            }
        }
    })
}

/// Beside the embedding, `doubled`: the embedding and itself, added.
pub(crate) fn with_a_second_output() -> Vec<u8> {
    changed(|graph| {
        graph.node.push(NodeProto {
            op_type: "Add".to_owned(),
            name: "twice".to_owned(),
            input: vec!["features".to_owned(); 2],
            output: vec!["doubled".to_owned()],
            ..NodeProto::default()
        });
        let doubled = ValueInfoProto {
            name: "doubled".to_owned(),
            ..graph.output[0].clone()
        };
        graph.output.insert(0, doubled);
    })
}

/// A second input, which is added to the embedding.
pub(crate) fn with_a_second_input() -> Vec<u8> {
    changed(|graph| {
        let last = graph.node.last_mut().unwrap();
        last.op_type = "Add".to_owned();
        last.input.push("more".to_owned());
        graph.input.push(ValueInfoProto {
            name: "more".to_owned(),
            ..graph.output[0].clone()
        });
    })
}

/// The embedding is rounded to integers.
pub(crate) fn with_integers() -> Vec<u8> {
    const INT32: i32 = 6;
    changed(|graph| {
        let last = graph.node.last_mut().unwrap();
        last.op_type = "Cast".to_owned();
        last.attribute = vec![tract_onnx::pb::AttributeProto {
            name: "to".to_owned(),
            r#type: tract_onnx::pb::attribute_proto::AttributeType::Int as i32,
            i: i64::from(INT32),
            ..Default::default()
        }];
        tensor_type(&mut graph.output[0]).elem_type = INT32;
    })
}

/// The bias is not a number.
pub(crate) fn with_nan() -> Vec<u8> {
    changed(|graph| {
        let bias = graph
            .initializer
            .iter_mut()
            .find(|tensor| tensor.name == "bias")
            .unwrap();
        bias.raw_data = [f32::NAN.to_le_bytes(); 2].concat();
    })
}
