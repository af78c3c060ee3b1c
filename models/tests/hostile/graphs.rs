//! ONNX files that are sound as messages and hostile as graphs.

use fastrand::Rng;
use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, type_proto};

/// Operators that make much of little, move data, or have graphs inside.
const OPERATORS: [&str; 36] = [
    "Add",
    "And",
    "ArgMax",
    "AveragePool",
    "Cast",
    "Concat",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "CumSum",
    "DepthToSpace",
    "Einsum",
    "Expand",
    "EyeLike",
    "Flatten",
    "Gather",
    "GatherND",
    "Gemm",
    "If",
    "LayerNormalization",
    "Loop",
    "MatMul",
    "NonZero",
    "OneHot",
    "Pad",
    "QuantizeLinear",
    "Range",
    "Reshape",
    "Resize",
    "ScatterND",
    "Slice",
    "Split",
    "Tile",
    "TopK",
    "Transpose",
    "Unsqueeze",
];

/// A copy of an ONNX file with some of what its graph says made something else.
pub(crate) fn mutated(whole: &[u8], chance: &mut Rng) -> Vec<u8> {
    let mut model = ModelProto::decode(whole).unwrap();
    if let Some(graph) = &mut model.graph {
        for _ in 0..chance.usize(1..=3) {
            match chance.u32(0..12) {
                0..=2 => tensor(&mut graph.initializer, chance),
                3 | 4 => attribute(&mut graph.node, chance),
                5 | 6 => operator(graph, chance),
                7 | 8 => rewire(graph, chance),
                9 => repeat_or_drop(&mut graph.node, chance),
                10 => value(&mut graph.input, chance),
                _ => value(&mut graph.output, chance),
            }
        }
    }
    if chance.u32(0..8) == 0
        && let Some(set) = model.opset_import.first_mut()
    {
        set.version = number(chance);
    }
    model.encode_to_vec()
}

fn number(chance: &mut Rng) -> i64 {
    let numbers = [
        0,
        1,
        -1,
        2,
        3,
        7,
        64,
        1 << 10,
        1 << 20,
        1 << 31,
        1 << 40,
        1 << 62,
        i64::MAX,
        i64::MIN,
    ];
    chance.choice(numbers).unwrap_or(0)
}

fn one_of<'a, T>(items: &'a mut [T], chance: &mut Rng) -> Option<&'a mut T> {
    match items.len() {
        0 => None,
        length => items.get_mut(chance.usize(0..length)),
    }
}

fn tensor(tensors: &mut [TensorProto], chance: &mut Rng) {
    let Some(tensor) = one_of(tensors, chance) else {
        return;
    };
    match chance.u32(0..6) {
        0 => {
            if let Some(side) = one_of(&mut tensor.dims, chance) {
                *side = number(chance);
            }
        }
        1 => tensor.dims.push(number(chance)),
        2 => tensor.data_type = chance.i32(-1..24),
        3 => {
            let length = chance.usize(0..=tensor.raw_data.len());
            tensor.raw_data.truncate(length);
        }
        _ => {
            // Shapes and axes are such numbers.
            let places = tensor.raw_data.len() / 8;
            if places > 0 {
                let at = 8 * chance.usize(0..places);
                let number = number(chance).to_le_bytes();
                tensor.raw_data[at..at + 8].copy_from_slice(&number);
            }
        }
    }
}

fn attribute(nodes: &mut [NodeProto], chance: &mut Rng) {
    let mut attributes: Vec<_> = nodes
        .iter_mut()
        .flat_map(|node| &mut node.attribute)
        .collect();
    let Some(attribute) = one_of(&mut attributes, chance) else {
        return;
    };
    match chance.u32(0..5) {
        0 => attribute.i = number(chance),
        1 => attribute.ints.push(number(chance)),
        2 => attribute.f = f32::from_bits(chance.u32(..)),
        3 => attribute.r#type = chance.i32(0..16),
        _ => {
            let number = number(chance);
            match one_of(&mut attribute.ints, chance) {
                Some(integer) => *integer = number,
                None => attribute.i = number,
            }
        }
    }
}

fn operator(graph: &mut GraphProto, chance: &mut Rng) {
    let operator = chance.choice(OPERATORS).unwrap_or("Add");
    if let Some(node) = one_of(&mut graph.node, chance) {
        node.op_type = operator.to_owned();
    }
}

/// Makes a node take any value, its own among them.
fn rewire(graph: &mut GraphProto, chance: &mut Rng) {
    let weights = graph.initializer.iter().map(|tensor| tensor.name.clone());
    let results = graph.node.iter().flat_map(|node| node.output.clone());
    let names: Vec<String> = weights.chain(results).chain([String::new()]).collect();
    let name = chance.choice(names).unwrap_or_default();
    if let Some(node) = one_of(&mut graph.node, chance) {
        match (chance.bool(), one_of(&mut node.input, chance)) {
            (true, Some(input)) => *input = name,
            _ => node.input.push(name),
        }
    }
}

fn repeat_or_drop(nodes: &mut Vec<NodeProto>, chance: &mut Rng) {
    if nodes.is_empty() {
        return;
    }
    let index = chance.usize(0..nodes.len());
    match chance.bool() {
        true => drop(nodes.remove(index)),
        false => nodes.push(nodes[index].clone()),
    }
}

fn value(values: &mut [ValueInfoProto], chance: &mut Rng) {
    let kind = one_of(values, chance).and_then(|value| value.r#type.as_mut());
    let Some(type_proto::Value::TensorType(tensor)) = kind.and_then(|kind| kind.value.as_mut())
    else {
        return;
    };
    if chance.bool() {
        tensor.elem_type = chance.i32(-1..24);
    }
    let dimensions = tensor.shape.as_mut().map(|shape| shape.dim.as_mut_slice());
    if let Some(dimension) = one_of(dimensions.unwrap_or_default(), chance) {
        dimension.value = Some(match chance.bool() {
            true => dimension::Value::DimValue(number(chance)),
            false => dimension::Value::DimParam("(".repeat(chance.usize(0..100_000))),
        });
    }
}

/// Decoders of a few bytes, of a sound one, that compute much from constants.
pub(crate) fn bombs(whole: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let large = [1_i64 << 20, 1 << 14];
    let numbers = |name: &str, dims: &[i64], values: &[i64]| TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: 7,
        raw_data: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        ..TensorProto::default()
    };
    let side = 1 << 15;
    let wide = vec![0; side];
    let bomb = |operator: &'static str, weights: Vec<TensorProto>| {
        let mut model = ModelProto::decode(whole).unwrap();
        if let Some(graph) = &mut model.graph {
            let node = |operator: &str, input: Vec<String>, output: &str| NodeProto {
                input,
                output: vec![output.to_owned()],
                name: output.to_owned(),
                op_type: operator.to_owned(),
                ..NodeProto::default()
            };
            let inputs = weights.iter().map(|weight| weight.name.clone()).collect();
            graph.node.push(node(operator, inputs, "bomb"));
            graph
                .node
                .push(node("ReduceMax", vec!["bomb".to_owned()], "most"));
            let sum = vec!["iou_predictions".to_owned(), "most".to_owned()];
            graph.node.push(node("Add", sum, "scores"));
            graph.initializer.extend(weights);
            if let Some(output) = graph
                .output
                .iter_mut()
                .find(|o| o.name == "iou_predictions")
            {
                output.name = "scores".to_owned();
            }
        }
        (operator, model.encode_to_vec())
    };
    vec![
        bomb("ConstantOfShape", vec![numbers("shape", &[2], &large)]),
        bomb(
            "Expand",
            vec![numbers("value", &[1], &[7]), numbers("shape", &[2], &large)],
        ),
        bomb(
            "Tile",
            vec![
                numbers("value", &[1, 1], &[7]),
                numbers("repeats", &[2], &large),
            ],
        ),
        bomb(
            "Range",
            vec![
                numbers("first", &[], &[0]),
                numbers("end", &[], &[1 << 40]),
                numbers("step", &[], &[1]),
            ],
        ),
        bomb(
            "Pad",
            vec![
                numbers("value", &[1], &[7]),
                numbers("pads", &[2], &[1 << 33, 0]),
            ],
        ),
        bomb(
            "MatMul",
            vec![
                numbers("column", &[side as i64, 1], &wide),
                numbers("row", &[1, side as i64], &wide),
            ],
        ),
        bomb(
            "Add",
            vec![
                numbers("column", &[side as i64, 1], &wide),
                numbers("row", &[1, side as i64], &wide),
            ],
        ),
        bomb(
            "OneHot",
            vec![
                numbers("index", &[1], &[0]),
                numbers("depth", &[1], &[1 << 34]),
                numbers("values", &[2], &[0, 1]),
            ],
        ),
    ]
}
