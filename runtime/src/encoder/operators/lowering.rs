//! From the graph's operators to steps.

mod attention;
mod axes;
mod codes;
mod convolution;
mod elementwise;
mod image;
mod linear;
mod lookup;
mod normalization;
mod pooling;
mod transposed;

use std::collections::{HashMap, HashSet};

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::Downsample;
use tract_onnx::tract_core::ops::array::{Pad, Slice};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::cnn::{Conv, Deconv, MaxPool};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::nn::{NearestUpsample, Reduce, RmsNorm, Softmax};
use tract_onnx::tract_core::ops::quant::DequantizeLinearF32;

use super::pending::Tensor as Lowering;
use super::program::{Origin, Program, Step, Work};
use super::view::{ValueId, View};

/// Elements of the largest tensor that is lowered; SAM's largest has 21 million.
const MAX_ELEMENTS: usize = 1 << 26;

/// Places in all tables of a graph's views and steps together; SAM's largest encoder has some 10 million. A stranger's graph may
/// have thousands of operators on tensors of single columns.
const MAX_PLACES: usize = 1 << 26;

/// Elements of all buffers of a stretch together.
const MAX_BUFFERED: usize = 1 << 30;

/// How often a stretch is shortened because an operator at its end has no meaning without the next ones.
const MAX_ATTEMPTS: usize = 8;

/// A stretch of the graph as a program.
pub(super) struct Lowered {
    pub(super) program: Program,
    pub(super) inputs: Vec<OutletId>,
    pub(super) outputs: Vec<OutletId>,
    /// How many nodes it replaces.
    pub(super) nodes: usize,
    /// Whether anything in it is faster than in tract.
    pub(super) is_worth_it: bool,
}

/// Lowers as many of `nodes`, which are in order, as it can from the first on; none if that is not known. Counts on in
/// `places` what tables take.
pub(super) fn lower(model: &TypedModel, nodes: &[usize], places: &mut usize) -> Option<Lowered> {
    let mut limit = nodes.len();
    for _ in 0..MAX_ATTEMPTS {
        let mut builder = Builder::new(model, *places);
        let known = nodes[..limit]
            .iter()
            .take_while(|node| builder.add(**node).is_some());
        limit = known.count();
        *places = builder.places;
        if limit == 0 {
            return None;
        }
        match builder.finish(&nodes[..limit]) {
            Ok(lowered) => return (lowered.program.buffered() <= MAX_BUFFERED).then_some(lowered),
            Err(shorter) => limit = shorter,
        }
    }
    None
}

/// A program in the making.
struct Builder<'a> {
    model: &'a TypedModel,
    origins: Vec<Origin>,
    steps: Vec<Step>,
    /// The step that computes a value.
    producers: HashMap<ValueId, usize>,
    tensors: HashMap<OutletId, Lowering>,
    /// Tensors whose values nobody else reads but the one consumer that they have.
    sole: HashSet<OutletId>,
    inputs: Vec<OutletId>,
    encoded: Vec<codes::Encoded>,
    /// Places in tables so far.
    places: usize,
}

impl<'a> Builder<'a> {
    fn new(model: &'a TypedModel, places: usize) -> Self {
        Self {
            model,
            origins: Vec::new(),
            steps: Vec::new(),
            producers: HashMap::new(),
            tensors: HashMap::new(),
            sole: HashSet::new(),
            inputs: Vec::new(),
            encoded: Vec::new(),
            places,
        }
    }

    /// Lowers a node; none if it is not known.
    fn add(&mut self, node: usize) -> Option<()> {
        let model = self.model;
        let node = &model.nodes()[node];
        let [output] = &node.outputs[..] else {
            return None;
        };
        let op = &*node.op;
        let is_code = op
            .downcast_ref::<ElementWiseOp>()
            .is_some_and(|op| codes::is_code(&*op.0))
            || op.is::<AxisOp>() && self.are_codes(node.inputs[0]);
        let is_float = output.fact.datum_type == f32::datum_type();
        let is_too_large = elements(&output.fact)? > MAX_ELEMENTS || self.places > MAX_PLACES;
        if !(is_float || is_code) || is_too_large {
            return None;
        }
        let before = self.steps.len();
        let lowered = if let Some(op) = op.downcast_ref::<AxisOp>() {
            self.axis_op(node, op)
        } else if let Some(op) = op.downcast_ref::<Downsample>() {
            self.downsample(node, op)
        } else if let Some(op) = op.downcast_ref::<Slice>() {
            self.slice(node, op)
        } else if let Some(op) = op.downcast_ref::<Pad>() {
            self.pad(node, op)
        } else if let Some(op) = op.downcast_ref::<NearestUpsample>() {
            self.upsample(node, op)
        } else if let Some(op) = op.downcast_ref::<Conv>() {
            self.convolution(node, op)
        } else if let Some(op) = op.downcast_ref::<Deconv>() {
            self.transposed(node, op)
        } else if let Some(op) = op.downcast_ref::<MaxPool>() {
            self.max_pool(node, op)
        } else if let Some(op) = op.downcast_ref::<EinSum>() {
            self.einsum(node, op)
        } else if let Some(op) = op.downcast_ref::<TypedBinOp>() {
            self.binary(node, op)
        } else if let Some(op) = op.downcast_ref::<ElementWiseOp>() {
            self.element_wise(node, op)
        } else if let Some(op) = op.downcast_ref::<DequantizeLinearF32>() {
            self.decoded(node, op)
        } else if let Some(op) = op.downcast_ref::<Reduce>() {
            self.reduce(node, op)
        } else if let Some(op) = op.downcast_ref::<RmsNorm>() {
            self.rms_norm(node, op)
        } else if let Some(op) = op.downcast_ref::<Softmax>() {
            self.softmax(node, op)
        } else {
            None
        }?;
        if let Lowering::View(view) = &lowered {
            let expected = output.fact.shape.as_concrete()?;
            if view.shape() != expected {
                return None;
            }
            self.places += expected.iter().sum::<usize>();
        }
        let outlet = OutletId::new(node.id, 0);
        let made = self.steps.len() > before;
        let is_output = model
            .output_outlets()
            .is_ok_and(|outputs| outputs.contains(&outlet));
        let inherits = made
            || node
                .inputs
                .iter()
                .all(|input| self.sole.contains(input) || self.is_constant_outlet(*input));
        if inherits && output.successors.len() == 1 && !is_output {
            self.sole.insert(outlet);
        }
        self.tensors.insert(outlet, lowered);
        Some(())
    }

    /// The program of the nodes added; how many to add instead if a tensor that others read does not exist.
    fn finish(mut self, nodes: &[usize]) -> Result<Lowered, usize> {
        let inside: HashMap<usize, usize> = nodes
            .iter()
            .enumerate()
            .map(|(index, node)| (*node, index))
            .collect();
        let mut outputs = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let outlet = OutletId::new(*node, 0);
            let successors = &self.model.nodes()[*node].outputs[0].successors;
            let is_output = self
                .model
                .output_outlets()
                .is_ok_and(|outputs| outputs.contains(&outlet));
            if is_output
                || successors
                    .iter()
                    .any(|inlet| !inside.contains_key(&inlet.node))
            {
                match self.tensors.get(&outlet) {
                    Some(Lowering::View(_)) => outputs.push(outlet),
                    Some(Lowering::Coded(coded)) if coded.decoded => outputs.push(outlet),
                    _ => return Err(index),
                }
            }
        }
        let mut values = Vec::new();
        for outlet in &outputs {
            let view = self.view(*outlet).ok_or(0_usize)?;
            let whole = self.materialized(&view).ok_or(0_usize)?;
            values.push(whole.value);
        }
        let is_worth_it = self.steps.iter().any(|step| {
            matches!(
                step.work,
                Work::Product(_) | Work::Depthwise(_) | Work::Attention(_)
            )
        });
        Ok(Lowered {
            program: Program::new(self.steps, self.origins, values),
            inputs: self.inputs,
            outputs,
            nodes: nodes.len(),
            is_worth_it,
        })
    }

    /// What stands for a tensor that a node reads.
    fn tensor(&mut self, outlet: OutletId) -> Option<Lowering> {
        if let Some(tensor) = self.tensors.get(&outlet) {
            return Some(tensor.clone());
        }
        let fact = self.model.outlet_fact(outlet).ok()?;
        let shape = fact.shape.as_concrete()?;
        if fact.datum_type != f32::datum_type() || elements(fact)? > MAX_ELEMENTS {
            return None;
        }
        let origin = match &fact.konst {
            Some(tensor) => Origin::Constant(
                tensor
                    .try_as_plain_ram()
                    .ok()?
                    .as_slice::<f32>()
                    .ok()?
                    .to_vec(),
            ),
            None => {
                self.inputs.push(outlet);
                Origin::Input(self.inputs.len() - 1)
            }
        };
        self.origins.push(origin);
        let view = View::whole(ValueId(self.origins.len() - 1), shape);
        self.tensors.insert(outlet, Lowering::View(view.clone()));
        Some(Lowering::View(view))
    }

    fn view(&mut self, outlet: OutletId) -> Option<View> {
        match self.tensor(outlet)? {
            Lowering::View(view) => Some(view),
            Lowering::Coded(coded) if coded.decoded => {
                let view = self.rounded(outlet, coded)?;
                self.tensors.insert(outlet, Lowering::View(view.clone()));
                Some(view)
            }
            _ => None,
        }
    }

    fn constant(&self, view: &View) -> Option<&[f32]> {
        match &self.origins[view.value.0] {
            Origin::Constant(values) => Some(values),
            _ => None,
        }
    }

    fn is_constant_outlet(&self, outlet: OutletId) -> bool {
        self.model
            .outlet_fact(outlet)
            .is_ok_and(|fact| fact.konst.is_some())
    }

    /// Adds a step; the view of its rows and columns, whose rows run along axes of `extents`, with the columns as axis
    /// `column_axis` among them.
    fn step(&mut self, extents: &[usize], column_axis: usize, work: Work) -> View {
        let mut order: Vec<usize> = extents.to_vec();
        let columns = order.remove(column_axis);
        order.push(columns);
        let rows = order.iter().product::<usize>() / columns.max(1);
        self.origins.push(Origin::Computed(rows * columns));
        let out = ValueId(self.origins.len() - 1);
        self.producers.insert(out, self.steps.len());
        self.places += rows;
        self.steps.push(Step {
            out,
            rows,
            columns,
            work,
            coding: None,
        });
        let mut view = View::whole(out, &order);
        if let Some(axis) = view.axes.pop() {
            view.axes.insert(column_axis, axis);
        }
        view
    }
}

fn elements(fact: &TypedFact) -> Option<usize> {
    let shape = fact.shape.as_concrete()?;
    let product = shape
        .iter()
        .try_fold(1_usize, |product, extent| product.checked_mul(*extent))?;
    // A tensor without elements has no rows to run along.
    (product > 0).then_some(product)
}
