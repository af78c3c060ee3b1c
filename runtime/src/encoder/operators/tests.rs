//! Small graphs before and after the rewrite.

use proptest::prelude::*;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::{Pad, PadMode, Slice};
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math::{add, max, mul, sub, tanh};
use tract_onnx::tract_core::ops::nn::{
    DataFormat, GeluExact, NearestUpsample, Reduce, Reducer, RmsNorm, Softmax, SoftmaxKind,
};

use tract_onnx::tract_core::ops::quant::{
    DequantizeLinearF32, quantize_linear_i8, quantize_linear_u8,
};

use super::rewrite;

fn values(seed: usize, shape: &[usize]) -> Tensor {
    let length: usize = shape.iter().product();
    let values: Vec<f32> = (0..length)
        .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
        .collect();
    Tensor::from_shape(shape, &values).unwrap()
}

/// A graph in the making.
struct Graph {
    model: TypedModel,
    last: OutletId,
    constants: usize,
}

impl Graph {
    fn new(shape: &[usize]) -> Self {
        let mut model = TypedModel::default();
        let last = model.add_source("source", f32::fact(shape)).unwrap();
        Self {
            model,
            last,
            constants: 0,
        }
    }

    fn shape(&self) -> Vec<usize> {
        let fact = self.model.outlet_fact(self.last).unwrap();
        fact.shape.as_concrete().unwrap().to_vec()
    }

    fn constant(&mut self, shape: &[usize]) -> OutletId {
        // Weights that a few bits tell, so that they may be taken for integers.
        let tensor = values(self.constants + 1, shape);
        let view = tensor.try_as_plain_ram().unwrap();
        let coarse = view
            .as_slice::<f32>()
            .unwrap()
            .iter()
            .map(|value| (value * 63.0).round() / 64.0);
        self.given(Tensor::from_shape(shape, &coarse.collect::<Vec<_>>()).unwrap())
    }

    fn given(&mut self, tensor: Tensor) -> OutletId {
        self.constants += 1;
        let name = format!("constant {}", self.constants);
        self.model.add_const(name, tensor).unwrap()
    }

    fn wire(&mut self, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> OutletId {
        let name = format!("node {}", self.model.nodes().len());
        self.last = self.model.wire_node(name, op, inputs).unwrap()[0];
        self.last
    }

    fn then(&mut self, op: impl Into<Box<dyn TypedOp>>) -> OutletId {
        self.wire(op, &[self.last])
    }

    fn convolution(
        &mut self,
        outputs: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: usize,
        group: usize,
    ) -> OutletId {
        let inputs = self.shape()[1];
        let weights = self.constant(&[outputs, inputs / group, kernel, kernel]);
        let bias = self.constant(&[outputs]);
        let spec = PoolSpec {
            data_format: DataFormat::NCHW,
            kernel_shape: tvec!(kernel, kernel),
            padding: PaddingSpec::Explicit(tvec!(padding, padding), tvec!(padding, padding)),
            dilations: Some(tvec!(dilation, dilation)),
            strides: Some(tvec!(stride, stride)),
            input_channels: inputs,
            output_channels: outputs,
        };
        let op = Conv {
            pool_spec: spec,
            kernel_fmt: KernelFormat::OIHW,
            group,
            q_params: None,
        };
        self.wire(op, &[self.last, weights, bias])
    }

    fn reshape(&mut self, at: usize, from: &[usize], to: &[usize]) -> OutletId {
        let dims = |extents: &[usize]| extents.iter().map(|extent| extent.to_dim()).collect();
        self.then(AxisOp::Reshape(at, dims(from), dims(to)))
    }

    fn einsum(&mut self, formula: &str, inputs: &[OutletId]) -> OutletId {
        let op = EinSum::new(formula.parse().unwrap(), f32::datum_type());
        self.wire(op, inputs)
    }

    /// The last tensor as codes and back.
    fn coded(&mut self, signed: bool, scale: f32) -> OutletId {
        let quantize: Box<dyn TypedOp> = match signed {
            true => Box::new(quantize_linear_i8(scale.recip(), 0)),
            false => Box::new(quantize_linear_u8(scale.recip(), 100)),
        };
        self.then(quantize);
        let zero_point = if signed { 0 } else { 100 };
        self.then(DequantizeLinearF32 { scale, zero_point })
    }

    /// Layer normalisation along the last axis, in the parts that tract has it in.
    fn layer_norm(&mut self) -> OutletId {
        let shape = self.shape();
        let (axis, count) = (shape.len() - 1, shape[shape.len() - 1]);
        let mut along = vec![1; shape.len()];
        let one = self.given(Tensor::from_shape(&along, &[1.0 / count as f32]).unwrap());
        along[axis] = count;
        let input = self.last;
        let reduce = Reduce {
            axes: tvec!(axis),
            reducer: Reducer::Sum,
        };
        let sums = self.then(reduce);
        let means = self.wire(mul(), &[sums, one]);
        let centred = self.wire(sub(), &[input, means]);
        let normal = self.wire(
            RmsNorm {
                axis,
                eps: Arc::new(Tensor::from(1e-5_f32)),
            },
            &[centred],
        );
        let weight = self.constant(&along);
        let scaled = self.wire(mul(), &[normal, weight]);
        let bias = self.constant(&along);
        self.wire(add(), &[scaled, bias])
    }

    /// Checks that the rewritten graph gives the same, and has so many regions.
    fn check(mut self, regions: usize) {
        self.model.select_output_outlets(&[self.last]).unwrap();
        self.model.check_consistency().unwrap();
        let input = self
            .model
            .input_fact(0)
            .unwrap()
            .shape
            .as_concrete()
            .unwrap()
            .to_vec();
        let input: TValue = values(0, &input).into();
        let expected = self
            .model
            .clone()
            .into_runnable()
            .unwrap()
            .run(tvec!(input.clone()))
            .unwrap();
        for threads in 1..4 {
            let rewritten = rewrite(self.model.clone(), threads).unwrap();
            let names = rewritten
                .nodes()
                .iter()
                .map(|node| node.op.name().to_string());
            assert_eq!(names.filter(|name| name == "FixateRegion").count(), regions);
            let runnable = rewritten.into_optimized().unwrap().into_runnable().unwrap();
            // A second run finds what the first has left in the buffers.
            for _ in 0..2 {
                let found = runnable.run(tvec!(input.clone())).unwrap();
                found[0]
                    .close_enough(&expected[0], Approximation::Approximate)
                    .unwrap();
            }
        }
    }
}

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
}
