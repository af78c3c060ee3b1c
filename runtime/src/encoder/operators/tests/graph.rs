//! Graphs in the making.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::{
    Conv, Deconv, KernelFormat, MaxPool, PaddingSpec, PoolSpec,
};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math::{add, mul, sub};
use tract_onnx::tract_core::ops::nn::{DataFormat, Reduce, Reducer, RmsNorm};
use tract_onnx::tract_core::ops::quant::{
    DequantizeLinearF32, quantize_linear_i8, quantize_linear_u8,
};

use super::super::rewrite;

fn values(seed: usize, shape: &[usize]) -> Tensor {
    let length: usize = shape.iter().product();
    let values: Vec<f32> = (0..length)
        .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
        .collect();
    Tensor::from_shape(shape, &values).unwrap()
}

/// A graph in the making.
pub(super) struct Graph {
    pub(super) model: TypedModel,
    pub(super) last: OutletId,
    constants: usize,
}

impl Graph {
    pub(super) fn new(shape: &[usize]) -> Self {
        let mut model = TypedModel::default();
        let last = model.add_source("source", f32::fact(shape)).unwrap();
        Self {
            model,
            last,
            constants: 0,
        }
    }

    pub(super) fn shape(&self) -> Vec<usize> {
        let fact = self.model.outlet_fact(self.last).unwrap();
        fact.shape.as_concrete().unwrap().to_vec()
    }

    pub(super) fn constant(&mut self, shape: &[usize]) -> OutletId {
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

    pub(super) fn given(&mut self, tensor: Tensor) -> OutletId {
        self.constants += 1;
        let name = format!("constant {}", self.constants);
        self.model.add_const(name, tensor).unwrap()
    }

    pub(super) fn wire(
        &mut self,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> OutletId {
        let name = format!("node {}", self.model.nodes().len());
        self.last = self.model.wire_node(name, op, inputs).unwrap()[0];
        self.last
    }

    pub(super) fn then(&mut self, op: impl Into<Box<dyn TypedOp>>) -> OutletId {
        self.wire(op, &[self.last])
    }

    pub(super) fn convolution(
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
        self.convolution_with(weights, kernel, stride, dilation, padding, group)
    }

    pub(super) fn convolution_with(
        &mut self,
        weights: OutletId,
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: usize,
        group: usize,
    ) -> OutletId {
        let inputs = self.shape()[1];
        let outputs = self.model.outlet_fact(weights).unwrap().shape[0]
            .to_usize()
            .unwrap();
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

    fn window(&self, kernel: usize, stride: usize, padding: usize, outputs: usize) -> PoolSpec {
        PoolSpec {
            data_format: DataFormat::NCHW,
            kernel_shape: tvec!(kernel, kernel),
            padding: PaddingSpec::Explicit(tvec!(padding, padding), tvec!(padding, padding)),
            dilations: None,
            strides: Some(tvec!(stride, stride)),
            input_channels: self.shape()[1],
            output_channels: outputs,
        }
    }

    pub(super) fn max_pool(&mut self, kernel: usize, stride: usize, padding: usize) -> OutletId {
        let pool_spec = self.window(kernel, stride, padding, self.shape()[1]);
        self.then(MaxPool {
            pool_spec,
            with_index_outputs: None,
        })
    }

    pub(super) fn transposed(
        &mut self,
        outputs: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        more: usize,
    ) -> OutletId {
        let weights = self.constant(&[outputs, self.shape()[1], kernel, kernel]);
        let bias = self.constant(&[outputs]);
        let op = Deconv {
            pool_spec: self.window(kernel, stride, padding, outputs),
            kernel_format: KernelFormat::OIHW,
            adjustments: tvec!(more, more),
            group: 1,
        };
        self.wire(op, &[self.last, weights, bias])
    }

    pub(super) fn reshape(&mut self, at: usize, from: &[usize], to: &[usize]) -> OutletId {
        let dims = |extents: &[usize]| extents.iter().map(|extent| extent.to_dim()).collect();
        self.then(AxisOp::Reshape(at, dims(from), dims(to)))
    }

    pub(super) fn einsum(&mut self, formula: &str, inputs: &[OutletId]) -> OutletId {
        let op = EinSum::new(formula.parse().unwrap(), f32::datum_type());
        self.wire(op, inputs)
    }

    /// The last tensor as codes and back.
    pub(super) fn coded(&mut self, signed: bool, scale: f32) -> OutletId {
        self.quantised(signed, scale);
        self.dequantised(signed, scale)
    }

    pub(super) fn quantised(&mut self, signed: bool, scale: f32) -> OutletId {
        let quantize: Box<dyn TypedOp> = match signed {
            true => Box::new(quantize_linear_i8(scale.recip(), 0)),
            false => Box::new(quantize_linear_u8(scale.recip(), 100)),
        };
        self.then(quantize)
    }

    pub(super) fn dequantised(&mut self, signed: bool, scale: f32) -> OutletId {
        let zero_point = if signed { 0 } else { 100 };
        self.then(DequantizeLinearF32 { scale, zero_point })
    }

    /// Layer normalisation along the last axis, in the parts that tract has it in.
    pub(super) fn layer_norm(&mut self) -> OutletId {
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
    pub(super) fn check(mut self, regions: usize) {
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
