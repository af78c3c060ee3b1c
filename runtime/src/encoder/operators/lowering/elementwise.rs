//! Sums, biases, residuals and activations.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::math::{Add, Max, Mul, Sub};
use tract_onnx::tract_core::ops::nn::GeluExact;
use tract_onnx::tract_core::ops::quant::{LookupTable, QuantizeLinearI8, QuantizeLinearU8};

use super::super::pending::Tensor as Lowering;
use super::super::program::{Activation, Step, Work};
use super::super::sum::{Sum, Term};
use super::super::view::View;
use super::Builder;
use crate::kernels::Coding;

impl Builder<'_> {
    pub(super) fn element_wise(
        &mut self,
        node: &TypedNode,
        op: &ElementWiseOp,
    ) -> Option<Lowering> {
        if let Some(op) = op.0.downcast_ref::<QuantizeLinearI8>() {
            // The same codes as bytes.
            return self.coded(node, op.scale, (op.zero_point as u8).wrapping_add(1 << 7));
        }
        if let Some(op) = op.0.downcast_ref::<QuantizeLinearU8>() {
            return self.coded(node, op.scale, op.zero_point);
        }
        if let Some(op) = op.0.downcast_ref::<LookupTable>() {
            return self.lookup(node, op);
        }
        if !op.0.is::<GeluExact>() || op.1.is_some() {
            return None;
        }
        let view = self.view(node.inputs[0])?;
        self.activated(node.inputs[0], &view, Activation::Gelu)
    }

    pub(super) fn binary(&mut self, node: &TypedNode, op: &TypedBinOp) -> Option<Lowering> {
        if op.1.is_some() {
            return None;
        }
        if op.0.is::<Add>()
            && let Some(sum) = self.sum_of_codes(node)
        {
            return Some(sum);
        }
        let left = self.existing(node.inputs[0])?;
        let right = self.existing(node.inputs[1])?;
        if op.0.is::<Sub>() {
            return Self::centred(left, &right);
        }
        // A constant on the left goes to the right, and so does what is added to scores: all others commute.
        let swapped =
            self.is_constant_outlet(node.inputs[0]) || matches!(right, Lowering::Scores(_));
        let (left, right, from) = if swapped {
            (right, left, node.inputs[1])
        } else {
            (left, right, node.inputs[0])
        };
        let Lowering::View(right) = right else {
            return None;
        };
        if op.0.is::<Mul>() {
            return self.scaled(from, left, &right);
        }
        if op.0.is::<Max>() {
            let Lowering::View(left) = left else {
                return None;
            };
            let zero = self.constant(&right)?.iter().all(|value| *value == 0.0);
            return zero.then(|| self.activated(from, &left, Activation::Relu))?;
        }
        if !op.0.is::<Add>() {
            return None;
        }
        match left {
            Lowering::Scores(scores) => self.biased_scores(scores, &right),
            Lowering::View(left) => {
                let shape = node.outputs[0].fact.shape.as_concrete()?;
                let (left, right) = (left.broadcast(shape)?, right.broadcast(shape)?);
                self.added(node, from, left, right)
            }
            _ => None,
        }
    }

    fn added(
        &mut self,
        node: &TypedNode,
        from: OutletId,
        left: View,
        right: View,
    ) -> Option<Lowering> {
        if let Some(vector) = self.by_channel(&left, &right)
            && let Some(step) = self.sole_producer(from, &left)
        {
            let work = &mut self.steps[step].work;
            if let Some(bias) = work.last_bias() {
                for (bias, more) in bias.iter_mut().zip(vector) {
                    *bias += more;
                }
                return Some(Lowering::View(left));
            }
            if let Some(activations) = work.activations() {
                activations.push(Activation::Added(vector));
                return Some(Lowering::View(left));
            }
        }
        let other = node.inputs[usize::from(from == node.inputs[0])];
        for (outlet, product, residual) in [(from, &left, &right), (other, &right, &left)] {
            if self.with_residual(outlet, product, residual).is_some() {
                return Some(Lowering::View(product.clone()));
            }
        }
        self.sum(vec![left, right], Vec::new())
    }

    /// The values that a constant has for each channel of a view, if it has the same ones everywhere.
    pub(super) fn by_channel(&self, view: &View, constant: &View) -> Option<Vec<f32>> {
        let values = self.constant(constant)?;
        let channel = view.channel_axis()?;
        let same = constant.others(channel).into_iter().all(|axis| {
            let places = &constant.axes[axis];
            places.iter().all(|place| *place == places[0])
        });
        let base = constant.base(&[channel]);
        same.then(|| {
            constant.axes[channel]
                .iter()
                .map(|place| values[(place + base) as usize])
                .collect()
        })
    }

    /// The step that computed all of what a tensor shows, if nobody else reads it.
    pub(super) fn sole_producer(&self, outlet: OutletId, view: &View) -> Option<usize> {
        let step = *self.producers.get(&view.value)?;
        let Step { rows, columns, .. } = &self.steps[step];
        let channel = view.channel_axis()?;
        let whole = view.axes[channel].len() == *columns
            && view.base(&[]) == 0
            && view.shape().iter().product::<usize>() == rows * columns;
        (whole && self.sole.contains(&outlet)).then_some(step)
    }

    /// Adds a tensor to what a product computes, if it was there before.
    fn with_residual(&mut self, outlet: OutletId, view: &View, residual: &View) -> Option<()> {
        let step = self.sole_producer(outlet, view)?;
        let before = self
            .producers
            .get(&residual.value)
            .is_none_or(|producer| *producer < step);
        let channel = view.channel_axis()?;
        if !before || residual.value == view.value || !residual.is_contiguous(channel) {
            return None;
        }
        let Step {
            rows,
            columns,
            work,
            ..
        } = &mut self.steps[step];
        let finish = work.finish().filter(|finish| finish.is_nothing())?;
        let mut places = vec![u32::MAX; *rows];
        let others = view.others(channel);
        for (ours, theirs) in view.rows(&others).iter().zip(residual.rows(&others).iter()) {
            *places.get_mut(*ours as usize / *columns)? = *theirs;
        }
        if places.contains(&u32::MAX) {
            return None;
        }
        finish.residual = Some((residual.value, places.into()));
        Some(())
    }

    /// A view with an activation, which the step that computes it does as well if nobody else reads `outlet`.
    pub(super) fn activated(
        &mut self,
        outlet: OutletId,
        view: &View,
        activation: Activation,
    ) -> Option<Lowering> {
        if let Some(step) = self.sole_producer(outlet, view)
            && let Some(activations) = self.steps[step].work.activations()
        {
            activations.push(activation);
            return Some(Lowering::View(view.clone()));
        }
        self.sum(vec![view.clone()], vec![activation])
    }

    /// A sum of two tensors of which at least one is kept as codes.
    fn sum_of_codes(&mut self, node: &TypedNode) -> Option<Lowering> {
        let shape = node.outputs[0].fact.shape.as_concrete()?;
        // What is a bias for the step before does not keep its values as codes.
        for outlet in &node.inputs {
            if self.model.outlet_fact(*outlet).ok()?.shape.as_concrete()? != shape {
                return None;
            }
        }
        let mut terms = Vec::new();
        for outlet in &node.inputs {
            let tensor = self.tensor(*outlet)?;
            terms.push(match tensor {
                Lowering::Coded(coded) if coded.decoded => match self.kept_codes(*outlet, &coded) {
                    Some(view) => (view, Some(coded.coding)),
                    None => (self.view(*outlet)?, None),
                },
                Lowering::View(view) => (view, None),
                _ => return None,
            });
        }
        let any = terms.iter().any(|(_, coding)| coding.is_some());
        any.then(|| self.sum_of(terms, Vec::new()))?
    }

    fn sum(&mut self, terms: Vec<View>, activations: Vec<Activation>) -> Option<Lowering> {
        let floats = terms.into_iter().map(|view| (view, None)).collect();
        self.sum_of(floats, activations)
    }

    /// The sum of terms, each of floats or of codes.
    fn sum_of(
        &mut self,
        mut terms: Vec<(View, Option<Coding>)>,
        activations: Vec<Activation>,
    ) -> Option<Lowering> {
        let shape = terms[0].0.shape();
        let shared =
            (0..shape.len()).filter(|axis| terms.iter().all(|(term, _)| term.is_contiguous(*axis)));
        let channel = match shared
            .max_by_key(|axis| shape[*axis])
            .filter(|axis| shape[*axis] > 1)
        {
            Some(channel) => channel,
            None => {
                let channel = terms[0].0.channel_axis()?;
                for (term, coding) in &mut terms {
                    if let Some(coding) = coding.take() {
                        *term = self.decoded_copy(term.clone(), coding)?;
                    }
                    if !term.is_contiguous(channel) {
                        *term = self.rearranged(term, channel)?;
                    }
                }
                channel
            }
        };
        let terms = terms.into_iter().map(|(view, coding)| Term {
            value: view.value,
            rows: view.rows(&view.others(channel)),
            coding,
        });
        let work = Sum {
            terms: terms.collect(),
            columns: shape[channel],
            activations,
        };
        Some(Lowering::View(self.step(&shape, channel, Work::Sum(work))))
    }

    fn scaled(&mut self, outlet: OutletId, left: Lowering, constant: &View) -> Option<Lowering> {
        match left {
            Lowering::Sums {
                of,
                axis,
                mean: false,
            } => {
                let count = of.axes[axis].len() as f32;
                let factor = self.scalar(constant)?;
                ((factor * count - 1.0).abs() < 1e-6).then_some(Lowering::Sums {
                    of,
                    axis,
                    mean: true,
                })
            }
            Lowering::Scores(mut scores)
                if scores.bias.is_none() && scores.relative.is_empty() && !scores.shares =>
            {
                scores.scale *= self.scalar(constant)?;
                Some(Lowering::Scores(scores))
            }
            Lowering::View(view) => {
                let constant = constant.broadcast(&view.shape())?;
                let factors = self.by_channel(&view, &constant)?;
                let step = self.sole_producer(outlet, &view)?;
                let Work::LayerNorm(work) = &mut self.steps[step].work else {
                    return None;
                };
                for (index, factor) in factors.iter().enumerate() {
                    work.weight[index] *= factor;
                    work.bias[index] *= factor;
                }
                Some(Lowering::View(view))
            }
            _ => None,
        }
    }

    /// The one value of a constant.
    fn scalar(&self, constant: &View) -> Option<f32> {
        match self.constant(constant)? {
            [value] => Some(*value),
            _ => None,
        }
    }
}
