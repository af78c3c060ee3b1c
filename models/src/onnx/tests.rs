use std::io;

use tract_onnx::prelude::*;

use super::{Convolution, ExternalData, Graph, write};

/// Every operator once, from `[1, 2, 4, 4]`. Weights are described by what they are.
fn example() -> Graph<Vec<f32>> {
    let mut graph = Graph::new("example");
    let image = graph.add_input("image", &[1, 2, 4, 4], &[]);
    let weight = graph.weights(
        "convolution.weight",
        &[2, 1, 3, 3],
        (0..18).map(|i| i as f32 / 9.0 - 1.0).collect(),
    );
    let bias = graph.weights("convolution.bias", &[2], vec![0.5, -0.5]);
    let convolution = Convolution {
        stride: 1,
        padding: 1,
        groups: 2,
    };
    let x = graph.convolution("convolution", &image, &weight, Some(&bias), convolution);
    let x = graph.transpose("channels_last", &x, &[0, 2, 3, 1]);
    let x = graph.pad_rows_and_columns("padded", &x, 6);
    let x = graph.crop_rows_and_columns("cropped", &x, 5);
    let x = graph.reshape("tokens", &x, &[25, 2]);
    let scale = graph.weights("norm.scale", &[2], vec![2.0, 3.0]);
    let shift = graph.weights("norm.shift", &[2], vec![0.25, 0.0]);
    let x = graph.layer_normalization("norm", &x, &scale, &shift, 0.5);
    let matrix = graph.weights("matrix", &[2, 3], vec![1.0, 0.0, -1.0, 0.5, 2.0, 1.5]);
    let x = graph.matrix_product("product", &x, &matrix);
    let x = graph.softmax("shares", &x);
    let x = graph.gelu("gelu", &x);
    let x = graph.add("sum", &x, &x);
    assert_eq!(x.shape(), [25, 3]);
    graph.add_output(x, &[]);
    graph
}

/// The example's file.
fn written(external: Option<ExternalData<'_>>) -> Vec<u8> {
    let mut file = Vec::new();
    let read = &mut |weights: &Vec<f32>| Ok::<_, io::Error>(weights.clone());
    write(&example(), &mut file, external, read).unwrap();
    file
}

fn run(model: InferenceModel) -> Vec<f32> {
    let plan = model.into_optimized().unwrap().into_runnable().unwrap();
    let image: Vec<f32> = (0..32).map(|i| (i % 7) as f32 - 3.0).collect();
    let image = Tensor::from_shape(&[1, 2, 4, 4], &image).unwrap();
    let outputs = plan.run(tvec!(image.into())).unwrap();
    assert_eq!(outputs[0].shape(), [25, 3]);
    let output = outputs[0].try_as_plain_ram().unwrap();
    output.as_slice::<f32>().unwrap().to_vec()
}

/// The example written out, for one token: the bottom right corner of what was padded is zero, and so
/// is its normalisation but for the shift.
fn padded_token() -> Vec<f64> {
    let scores = [0.25, 0.0, -0.25];
    let total: f64 = scores.iter().map(|score: &f64| score.exp()).sum();
    // erf by its series, which is exact enough below 1.
    let erf = |x: f64| {
        let terms = [1.0, -1.0 / 3.0, 1.0 / 10.0, -1.0 / 42.0, 1.0 / 216.0];
        let sum: f64 = terms.iter().rev().fold(0.0, |sum, term| sum * x * x + term);
        2.0 / std::f64::consts::PI.sqrt() * x * sum
    };
    let gelu = |x: f64| x * 0.5 * (1.0 + erf(x / std::f64::consts::SQRT_2));
    let shares = scores.iter().map(|score| score.exp() / total);
    shares.map(|share| 2.0 * gelu(share)).collect()
}

#[test]
fn a_graph_with_its_weights_is_read() {
    let file = written(None);
    let found = run(tract_onnx::onnx().model_for_read(&mut &*file).unwrap());
    for (found, expected) in found[72..].iter().zip(padded_token()) {
        assert!(
            (f64::from(*found) - expected).abs() < 1e-5,
            "{found} {expected}"
        );
    }
    assert!(found.iter().any(|value| (value - found[72]).abs() > 0.1));
}

#[test]
fn weights_may_be_in_a_file_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = Vec::new();
    let file = written(Some(ExternalData {
        name: "weights",
        file: &mut data,
    }));
    // Five weights, each at the beginning of a page.
    assert_eq!(data.len(), 4 * 4096 + 24);
    let path = folder.path().join("graph");
    std::fs::write(&path, &file).unwrap();
    std::fs::write(folder.path().join("weights"), &data).unwrap();
    let apart = run(tract_onnx::onnx().model_for_path(&path).unwrap());
    let file = written(None);
    let inline = run(tract_onnx::onnx().model_for_read(&mut &*file).unwrap());
    assert_eq!(apart, inline);
}

#[test]
fn constants_are_written_once() {
    let mut graph: Graph<()> = Graph::new("example");
    let x = graph.add_input("image", &[4, 6], &[]);
    let x = graph.reshape("there", &x, &[6, 4]);
    let x = graph.gelu("gelu", &x);
    let bytes = graph.constant_bytes();
    let x = graph.gelu("gelu_again", &x);
    graph.reshape("there_again", &x, &[6, 4]);
    assert_eq!(graph.constant_bytes(), bytes);
    assert_eq!(bytes, 2 * 8 + 3 * 4);
}

#[test]
fn sizes_that_overflow_are_large() {
    let mut graph = Graph::new("example");
    graph.weights("weight", &[usize::MAX, usize::MAX, 2], ());
    graph.weights("another", &[1], ());
    assert_eq!(graph.constant_bytes(), u64::MAX);
}

#[test]
fn errors_of_weights_are_passed_on() {
    let read = &mut |_: &Vec<f32>| Err(io::Error::other("no weight"));
    let error = write(&example(), &mut Vec::new(), None, read).unwrap_err();
    assert_eq!(error.to_string(), "no weight");
}
