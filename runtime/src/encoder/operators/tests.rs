//! Small graphs before and after the rewrite.

mod graph;

use proptest::prelude::*;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::Downsample;
use tract_onnx::tract_core::ops::array::{Pad, PadMode, Slice};
use tract_onnx::tract_core::ops::cast::cast;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math::{add, max, mul, tanh};
use tract_onnx::tract_core::ops::nn::{
    GeluExact, NearestUpsample, Reduce, Reducer, Softmax, SoftmaxKind,
};

use graph::Graph;

#[test]
fn residual_blocks() {
    let mut graph = Graph::new(&[1, 3, 19, 14]);
    graph.convolution(16, 3, 2, 1, 1, 1);
    let zero = graph.given(Tensor::from_shape(&[1, 1, 1, 1], &[0.0_f32]).unwrap());
    let first = graph.wire(max(), &[graph.last, zero]);
    graph.convolution(40, 3, 1, 1, 1, 1);
    graph.wire(max(), &[graph.last, zero]);
    graph.convolution(40, 3, 1, 1, 1, 40);
    graph.then(ElementWiseOp(Box::new(GeluExact {}), None));
    let second = graph.convolution(16, 1, 1, 1, 0, 1);
    graph.wire(add(), &[first, second]);
    graph.wire(max(), &[zero, graph.last]);
    graph.check(1);
}

#[test]
fn scales_are_joined() {
    let mut graph = Graph::new(&[1, 5, 8, 8]);
    let fine = graph.convolution(7, 2, 2, 1, 0, 1);
    let coarse = graph.convolution(7, 3, 2, 1, 1, 1);
    let up = graph.wire(
        NearestUpsample {
            scales: tvec!(1, 1, 2, 2),
        },
        &[coarse],
    );
    graph.wire(add(), &[up, fine]);
    graph.check(1);
}

#[test]
fn what_is_not_known_stays() {
    let mut graph = Graph::new(&[1, 4, 9, 9]);
    graph.convolution(33, 3, 1, 1, 1, 1);
    graph.then(tanh());
    graph.convolution(12, 1, 1, 1, 0, 1);
    graph.check(2);

    // Convolutions of several groups; the sums of a layer norm that nobody needs together.
    let mut graph = Graph::new(&[1, 4, 9, 9]);
    graph.convolution(4, 3, 1, 1, 1, 2);
    graph.check(0);
    let mut graph = Graph::new(&[1, 4, 9, 9]);
    graph.convolution(5, 1, 1, 1, 0, 1);
    graph.then(Reduce {
        axes: tvec!(1),
        reducer: Reducer::Sum,
    });
    graph.check(1);
}

#[test]
fn window_attention() {
    let (height, width, window, heads, channels) = (5, 4, 3, 2, 10);
    let mut graph = Graph::new(&[1, 3, height, width]);
    graph.convolution(channels, 3, 1, 1, 1, 1);
    graph.then(AxisOp::Move(1, 3));
    let image = graph.then(AxisOp::Rm(0));
    let pads = vec![(0, 1), (0, 2), (0, 0)];
    graph.then(Pad {
        pads,
        mode: PadMode::default(),
    });
    let (rows, columns) = (2, 2);
    graph.reshape(0, &[6], &[rows, window]);
    graph.reshape(2, &[6], &[columns, window]);
    graph.then(AxisOp::Move(2, 1));
    let (windows, tokens) = (rows * columns, window * window);
    graph.reshape(0, &[rows, columns, window, window], &[windows * tokens]);
    let normal = graph.layer_norm();
    let head = [windows, tokens, heads, channels / heads];
    let parts: Vec<OutletId> = (0..3)
        .map(|_| {
            let weights = graph.constant(&[channels, channels]);
            let product = graph.einsum("mk,kn->mn", &[normal, weights]);
            let bias = graph.constant(&[1, channels]);
            graph.wire(add(), &[product, bias]);
            graph.reshape(0, &[windows * tokens], &head[..2]);
            graph.reshape(2, &[channels], &head[2..])
        })
        .collect();
    graph.einsum("ambk,anbk->abmn", &parts[..2]);
    let scale = graph.given(Tensor::from_shape(&[1, 1, 1, 1], &[0.4_f32]).unwrap());
    let scaled = graph.wire(mul(), &[graph.last, scale]);
    let bias = graph.constant(&[1, heads, tokens, tokens]);
    graph.wire(add(), &[scaled, bias]);
    let softmax = Softmax {
        axes: tvec!(3),
        quant_output_dt: None,
        kind: SoftmaxKind::default(),
    };
    let shares = graph.then(softmax);
    let mixed = graph.einsum("abmk,akbn->ambn", &[shares, parts[2]]);
    let weights = graph.constant(&[heads, channels / heads, channels]);
    graph.einsum("bmak,akn->bmn", &[mixed, weights]);
    graph.reshape(0, &[windows, tokens], &[rows, columns, window, window]);
    graph.then(AxisOp::Move(2, 1));
    graph.reshape(0, &[rows, window], &[6]);
    graph.reshape(1, &[columns, window], &[6]);
    graph.then(Slice::new(0, 0, height));
    graph.then(Slice::new(1, 0, width));
    graph.wire(add(), &[graph.last, image]);
    graph.then(ElementWiseOp(Box::new(GeluExact {}), None));
    graph.check(1);
}

/// A table of relative positions as weights `[query, depth, key]`: what the key's place relative to the query has.
fn relative_positions(graph: &mut Graph, side: usize, depth: usize, falling: bool) -> OutletId {
    let value =
        |relative: usize, depth: usize| ((relative * 31 + depth * 17) % 23) as f32 / 16.0 - 0.7;
    let mut weights = Vec::new();
    for query in 0..side {
        for depth in 0..depth {
            for key in 0..side {
                let relative = if falling {
                    query + side - 1 - key
                } else {
                    query + key
                };
                weights.push(value(relative, depth));
            }
        }
    }
    graph.given(Tensor::from_shape(&[side, depth, side], &weights).unwrap())
}

#[test]
fn attention_with_relative_positions() {
    let (windows, sides, heads, head) = (3, [3, 4], 2, 5);
    let (tokens, channels) = (sides[0] * sides[1], heads * head);
    for falling in [true, false] {
        for added_first in [true, false] {
            let mut graph = Graph::new(&[windows * tokens, channels]);
            let image = graph.last;
            let parts: Vec<OutletId> = (0..3)
                .map(|_| {
                    let weights = graph.constant(&[channels, channels]);
                    graph.einsum("mk,kn->mn", &[image, weights]);
                    graph.reshape(0, &[windows * tokens], &[windows, tokens]);
                    graph.reshape(2, &[channels], &[heads, head])
                })
                .collect();
            let all = windows * heads * tokens;
            graph.last = parts[0];
            let grid = graph.reshape(1, &[tokens], &sides);
            let [rows, columns] =
                [(0, "archd,rdk->ahrck"), (1, "archd,cdk->ahrck")].map(|(axis, formula)| {
                    let table = relative_positions(&mut graph, sides[axis], head, falling);
                    graph.einsum(formula, &[grid, table]);
                    graph.reshape(0, &[windows, heads, sides[0], sides[1]], &[all]);
                    graph.then(AxisOp::Add(2 - axis))
                });
            graph.einsum("ambk,anbk->abmn", &parts[..2]);
            graph.reshape(0, &[windows, heads, tokens], &[all]);
            let scores = graph.reshape(1, &[tokens], &sides);
            let with_rows = if added_first {
                [rows, scores]
            } else {
                [scores, rows]
            };
            let scores = graph.wire(add(), &with_rows);
            graph.wire(add(), &[scores, columns]);
            graph.reshape(1, &sides, &[tokens]);
            graph.reshape(0, &[all], &[windows, heads, tokens]);
            let softmax = Softmax {
                axes: tvec!(3),
                quant_output_dt: None,
                kind: SoftmaxKind::default(),
            };
            let shares = graph.then(softmax);
            graph.einsum("abmk,akbn->ambn", &[shares, parts[2]]);
            graph.check(1);
        }
    }
}

#[test]
fn eight_bit_integers() {
    for signed in [true, false] {
        let mut graph = Graph::new(&[1, 3, 11, 10]);
        // Scales that no sum of products comes to the middle of two codes with.
        graph.coded(signed, 0.010_37);
        graph.convolution(8, 3, 2, 1, 1, 1);
        // Kept as codes alone; then read by a product and by a sum as well.
        graph.coded(signed, 0.053_11);
        graph.convolution(12, 1, 1, 1, 0, 1);
        let zero = graph.given(Tensor::from_shape(&[1, 1, 1, 1], &[0.0_f32]).unwrap());
        graph.wire(max(), &[graph.last, zero]);
        let first = graph.coded(signed, 0.107_9);
        graph.convolution(12, 3, 1, 1, 1, 1);
        graph.wire(add(), &[graph.last, first]);
        // By a convolution that stays in floats.
        graph.coded(signed, 0.213_7);
        graph.convolution(12, 3, 1, 1, 1, 12);
        graph.then(AxisOp::Move(1, 3));
        graph.coded(signed, 0.231_3);
        let weights = graph.constant(&[12, 33]);
        graph.einsum("abmk,kn->abmn", &[graph.last, weights]);
        graph.check(1);
    }
}

#[test]
fn shortcuts_of_every_second_place() {
    for signed in [true, false] {
        for shortcut_first in [true, false] {
            let mut graph = Graph::new(&[1, 3, 13, 10]);
            graph.convolution(8, 3, 1, 1, 1, 1);
            let image = graph.coded(signed, 0.107_9);
            let mut halves = [0, 1].map(|_| image);
            for first in [shortcut_first, !shortcut_first] {
                graph.last = image;
                halves[usize::from(first)] = if first {
                    graph.then(Downsample::new(2, 2, 0));
                    graph.then(Downsample::new(3, 2, 0));
                    let picked = graph.last;
                    let weights = graph.constant(&[12, 8]);
                    graph.einsum("nc,achw->anhw", &[weights, picked])
                } else {
                    graph.convolution(12, 3, 2, 1, 1, 1)
                };
            }
            graph.wire(add(), &halves);
            graph.check(1);
        }
    }
}

#[test]
fn sums_of_codes() {
    for signed in [true, false] {
        let mut graph = Graph::new(&[1, 3, 9, 10]);
        graph.convolution(8, 3, 1, 1, 1, 1);
        let block = graph.coded(signed, 0.107_9);
        graph.convolution(8, 3, 1, 1, 1, 1);
        let zero = graph.given(Tensor::from_shape(&[1, 1, 1, 1], &[0.0_f32]).unwrap());
        graph.wire(max(), &[graph.last, zero]);
        let body = graph.coded(signed, 0.091_3);
        graph.wire(add(), &[body, block]);
        graph.wire(max(), &[graph.last, zero]);
        let image = graph.coded(signed, 0.121_7);
        let floats = graph.convolution(8, 1, 1, 1, 0, 1);
        graph.wire(add(), &[floats, image]);
        graph.coded(signed, 0.151_9);
        graph.wire(add(), &[graph.last, image]);
        graph.check(1);
    }
}

#[test]
fn activations_between_codes() {
    for signed in [true, false] {
        let mut graph = Graph::new(&[1, 3, 9, 10]);
        graph.convolution(6, 3, 1, 1, 1, 1);
        graph.coded(signed, 0.107_9);
        graph.then(ElementWiseOp(Box::new(GeluExact {}), None));
        graph.coded(signed, 0.091_3);
        graph.convolution(12, 3, 2, 1, 1, 1);
        graph.model.select_output_outlets(&[graph.last]).unwrap();
        graph.model = graph.model.into_decluttered().unwrap();
        graph.last = graph.model.output_outlets().unwrap()[0];
        let nodes = graph.model.nodes().iter();
        assert!(
            nodes
                .map(|node| node.op.name())
                .any(|name| name == "LookupTable")
        );
        graph.check(1);
    }
}

#[test]
fn codes_with_other_axes() {
    for signed in [true, false] {
        let mut graph = Graph::new(&[1, 3, 9, 10]);
        graph.convolution(8, 3, 1, 1, 1, 1);
        graph.quantised(signed, 0.107_9);
        graph.then(AxisOp::Move(1, 3));
        graph.reshape(0, &[1, 9, 10], &[90]);
        let rows = graph.dequantised(signed, 0.107_9);
        let weights = graph.constant(&[8, 12]);
        let product = graph.einsum("mk,kn->mn", &[rows, weights]);
        graph.quantised(signed, 0.213_7);
        graph.reshape(0, &[90], &[9, 10]);
        graph.dequantised(signed, 0.213_7);
        // In floats, whose channels lie apart.
        graph.then(AxisOp::Move(2, 0));
        graph.then(AxisOp::Add(0));
        graph.convolution(12, 3, 1, 1, 1, 12);
        graph.reshape(2, &[9, 10], &[90]);
        graph.then(AxisOp::Rm(0));
        graph.then(AxisOp::Move(0, 1));
        graph.wire(add(), &[graph.last, product]);
        graph.check(1);
    }
}

#[test]
fn rounded_floats() {
    for signed in [true, false] {
        // What is decoded may be steps of another length than those that were coded.
        for length in [1.0, 1.3] {
            let mut graph = Graph::new(&[1, 3, 9, 10]);
            graph.convolution(8, 3, 1, 1, 1, 1);
            graph.quantised(signed, 0.107_9);
            let several = graph.dequantised(signed, 0.107_9 * length);
            graph.then(ElementWiseOp(Box::new(GeluExact {}), None));
            graph.convolution(8, 3, 1, 1, 1, 8);
            graph.quantised(signed, 0.053_11);
            graph.dequantised(signed, 0.053_11 * length);
            let bias = graph.constant(&[1, 8, 1, 1]);
            graph.wire(add(), &[graph.last, bias]);
            let alone = graph.then(ElementWiseOp(Box::new(GeluExact {}), None));
            graph.last = several;
            let deep = graph.convolution(8, 3, 1, 1, 1, 8);
            graph.last = several;
            let product = graph.convolution(8, 3, 1, 1, 1, 1);
            graph.wire(add(), &[deep, product]);
            graph.wire(add(), &[graph.last, several]);
            graph.wire(add(), &[graph.last, alone]);
            graph.check(1);
        }
    }
}

#[test]
fn weights_that_the_graph_makes_floats_of() {
    let mut graph = Graph::new(&[1, 3, 9, 10]);
    let image = graph.coded(true, 0.010_7);
    let integers: Vec<i8> = (0..12 * 27).map(|index| (index * 37 % 251) as i8).collect();
    let integers = graph.given(Tensor::from_shape(&[12, 3, 3, 3], &integers).unwrap());
    let floats = graph.wire(cast(f32::datum_type()), &[integers]);
    let scales: Vec<f32> = (1..13).map(|index| index as f32 * 1e-3).collect();
    let scales = graph.given(Tensor::from_shape(&[12, 1, 1, 1], &scales).unwrap());
    let weights = graph.wire(mul(), &[floats, scales]);
    graph.last = image;
    graph.convolution_with(weights, 3, 1, 1, 1, 1);
    graph.check(1);
}

#[test]
fn pools_and_transposed_convolutions() {
    for signed in [true, false] {
        let mut graph = Graph::new(&[1, 3, 22, 19]);
        graph.convolution(16, 7, 2, 1, 3, 1);
        let zero = graph.given(Tensor::from_shape(&[1, 1, 1, 1], &[0.0_f32]).unwrap());
        graph.wire(max(), &[graph.last, zero]);
        graph.max_pool(3, 2, 1);
        let image = graph.coded(signed, 0.107_9);
        // In integers, then in floats.
        graph.transposed(12, 3, 2, 1, 1);
        graph.then(ElementWiseOp(Box::new(GeluExact {}), None));
        graph.wire(max(), &[graph.last, zero]);
        graph.transposed(5, 2, 2, 0, 0);
        graph.convolution(7, 3, 1, 1, 1, 1);
        // Of codes, whose results are coded in the same way, in another and not at all.
        let mut all = None;
        for scale in [Some(0.107_9), Some(0.131_3), None] {
            graph.last = image;
            let pooled = graph.max_pool(2, 1, 0);
            if let Some(scale) = scale {
                graph.coded(signed, scale);
            }
            graph.convolution(9, 3, 1, 1, 1, 1);
            graph.wire(max(), &[graph.last, zero]);
            graph.convolution(16, 1, 1, 1, 0, 1);
            let end = graph.wire(add(), &[graph.last, pooled]);
            all = Some(all.map_or(end, |all| graph.wire(add(), &[all, end])));
        }
        graph.check(1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn convolutions(
        inputs in 1_usize..20, outputs in 1_usize..70, kernel in 1_usize..4, stride in 1_usize..4,
        dilation in 1_usize..3, padding in 0_usize..3, rows in 7_usize..20, columns in 7_usize..20,
        depthwise: bool,
    ) {
        let mut graph = Graph::new(&[1, inputs, rows, columns]);
        graph.convolution(inputs, 1, 1, 1, 0, 1);
        let (outputs, group) = if depthwise { (inputs, inputs) } else { (outputs, 1) };
        graph.convolution(outputs, kernel, stride, dilation, padding, group);
        graph.check(1);
    }

    #[test]
    fn transposed_convolutions(
        inputs in 1_usize..10, outputs in 1_usize..40, kernel in 1_usize..6, stride in 1_usize..4,
        padding in 0_usize..3, more in 0_usize..2, rows in 3_usize..9, columns in 3_usize..9,
    ) {
        // Paddings that leave nothing are no convolutions.
        prop_assume!(padding < kernel && more < stride);
        let mut graph = Graph::new(&[1, inputs, rows, columns]);
        graph.convolution(inputs, 1, 1, 1, 0, 1);
        graph.transposed(outputs, kernel, stride, padding, more);
        graph.check(1);
    }

    #[test]
    fn max_pools(
        channels in 1_usize..40, kernel in 1_usize..5, stride in 1_usize..4, padding in 0_usize..3,
        rows in 5_usize..12, columns in 5_usize..12,
    ) {
        prop_assume!(padding < kernel);
        let mut graph = Graph::new(&[1, 3, rows, columns]);
        graph.convolution(channels, 1, 1, 1, 0, 1);
        graph.max_pool(kernel, stride, padding);
        graph.check(1);
    }
}
