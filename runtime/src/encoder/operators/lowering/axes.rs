//! Moving, cutting, repeating and padding.

use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::DimLike;
use tract_onnx::tract_core::ops::Downsample;
use tract_onnx::tract_core::ops::array::{Pad, PadMode, Slice};
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::nn::NearestUpsample;

use super::super::copy::{Copy, ZEROS};
use super::super::pending::{Coded, Tensor as Lowering};
use super::super::program::Work;
use super::super::view::{View, is_contiguous, stride_of};
use super::Builder;

impl Builder<'_> {
    pub(super) fn axis_op(&mut self, node: &TypedNode, op: &AxisOp) -> Option<Lowering> {
        if let Lowering::Scores(scores) = self.tensor(node.inputs[0])? {
            let shape = node.outputs[0].fact.shape.as_concrete()?;
            let keeps_order = !matches!(op, AxisOp::Move(..));
            return keeps_order.then(|| self.seen_as(scores, shape))?;
        }
        if let Lowering::Coded(coded) = self.tensor(node.inputs[0])?
            && !coded.decoded
        {
            // What was picked from a tensor has not the axes of the whole.
            let all = coded.of == coded.whole;
            let of = all.then(|| self.with_axes(coded.of, op))??;
            return Some(Lowering::Coded(Coded {
                whole: of.clone(),
                of,
                ..coded
            }));
        }
        let view = self.view(node.inputs[0])?;
        self.with_axes(view, op).map(Lowering::View)
    }

    /// A view with other axes.
    fn with_axes(&mut self, view: View, op: &AxisOp) -> Option<View> {
        let mut axes = view.axes.clone();
        match op {
            AxisOp::Add(axis) => axes.insert(*axis, Arc::new([0])),
            AxisOp::Rm(axis) => {
                let gone = axes.remove(*axis);
                let first = axes.first_mut();
                match first {
                    Some(first) if gone[0] != 0 => {
                        *first = first.iter().map(|place| place + gone[0]).collect()
                    }
                    None if gone[0] != 0 => return None,
                    _ => {}
                }
            }
            AxisOp::Move(from, to) => {
                let axis = axes.remove(*from);
                axes.insert(*to, axis);
            }
            AxisOp::Reshape(at, from, to) => {
                let to = to
                    .iter()
                    .map(|extent| extent.to_usize().ok())
                    .collect::<Option<Vec<_>>>()?;
                let reshaped = match view.reshaped(*at, from.len(), &to) {
                    Some(reshaped) => reshaped,
                    None => self.materialized(&view)?.reshaped(*at, from.len(), &to)?,
                };
                return Some(reshaped);
            }
        }
        Some(View {
            value: view.value,
            axes,
        })
    }

    pub(super) fn slice(&mut self, node: &TypedNode, op: &Slice) -> Option<Lowering> {
        let mut view = self.view(node.inputs[0])?;
        let (start, end) = (op.start.to_usize().ok()?, op.end.to_usize().ok()?);
        view.axes[op.axis] = view.axes[op.axis].get(start..end)?.into();
        Some(Lowering::View(view))
    }

    /// Every so many-th element along an axis.
    pub(super) fn downsample(&mut self, node: &TypedNode, op: &Downsample) -> Option<Lowering> {
        let stride = usize::try_from(op.stride).ok().filter(|step| *step > 0)?;
        let picked = |mut view: View| {
            let places = view.axes[op.axis].iter().skip(op.modulo).step_by(stride);
            view.axes[op.axis] = places.copied().collect();
            (!view.axes[op.axis].is_empty()).then_some(view)
        };
        match self.tensor(node.inputs[0])? {
            Lowering::View(view) => picked(view).map(Lowering::View),
            Lowering::Coded(coded) => {
                let of = picked(coded.of)?;
                Some(Lowering::Coded(Coded { of, ..coded }))
            }
            _ => None,
        }
    }

    pub(super) fn upsample(&mut self, node: &TypedNode, op: &NearestUpsample) -> Option<Lowering> {
        let mut view = self.view(node.inputs[0])?;
        for (axis, scale) in view.axes.iter_mut().zip(&op.scales) {
            *axis = axis
                .iter()
                .flat_map(|place| std::iter::repeat_n(*place, *scale))
                .collect();
        }
        Some(Lowering::View(view))
    }

    pub(super) fn pad(&mut self, node: &TypedNode, op: &Pad) -> Option<Lowering> {
        let view = self.view(node.inputs[0])?;
        match &op.mode {
            PadMode::Constant(value) if value.cast_to_scalar::<f32>().ok()? == 0.0 => {}
            _ => return None,
        }
        let whole = (0..view.axes.len())
            .filter(|axis| op.pads[*axis] == (0, 0) && view.is_contiguous(*axis));
        let columns = whole.max_by_key(|axis| view.axes[*axis].len())?;
        let mut rows = vec![view.base(&view.others(columns))];
        for axis in view.others(columns) {
            let (before, after) = op.pads[axis];
            let places = view.axes[axis].iter().copied();
            let padded: Vec<u32> = std::iter::repeat_n(ZEROS, before)
                .chain(places)
                .chain(std::iter::repeat_n(ZEROS, after))
                .collect();
            rows = rows
                .iter()
                .flat_map(|row| {
                    padded.iter().map(move |place| match (*row, *place) {
                        (ZEROS, _) | (_, ZEROS) => ZEROS,
                        (row, place) => row + place,
                    })
                })
                .collect();
        }
        let first = view.axes[columns][0];
        // The base holds the first column already.
        let places = view.axes[columns].iter().map(|place| place - first);
        let work = Copy::new(view.value, rows.into(), places.collect());
        let extents: Vec<usize> = view
            .axes
            .iter()
            .zip(&op.pads)
            .map(|(axis, (before, after))| before + axis.len() + after)
            .collect();
        Some(Lowering::View(self.step(
            &extents,
            columns,
            Work::Copy(work),
        )))
    }

    /// The same tensor in the usual order.
    pub(super) fn materialized(&mut self, view: &View) -> Option<View> {
        if view.is_whole(self.length(view)) {
            return Some(view.clone());
        }
        let last = view.axes.len().checked_sub(1)?;
        self.turned(view).or_else(|| self.rearranged(view, last))
    }

    /// The same tensor in the usual order, if that is the transpose of a matrix: its first axes lie next to each other, its
    /// last ones evenly apart.
    fn turned(&mut self, view: &View) -> Option<View> {
        let axes: Vec<usize> = (0..view.axes.len()).collect();
        let [rows, columns] = (1..axes.len()).find_map(|split| {
            let (rows, columns) = axes.split_at(split);
            let [rows, columns] = [rows, columns].map(|axes| view.merged(axes));
            let fits =
                rows.len() > 1 && is_contiguous(&rows) && stride_of(&columns) == Some(rows.len());
            fits.then_some([rows, columns])
        })?;
        let extents = [rows.len(), columns.len()];
        let work = Copy::new(view.value, rows, columns);
        let value = self.step(&extents, 1, Work::Copy(work)).value;
        Some(View::whole(value, &view.shape()))
    }

    /// The same tensor with the elements along an axis next to each other.
    pub(super) fn rearranged(&mut self, view: &View, columns: usize) -> Option<View> {
        let rows = view.merged(&view.others(columns));
        let work = Copy::new(view.value, rows, Arc::clone(&view.axes[columns]));
        Some(self.step(&view.shape(), columns, Work::Copy(work)))
    }

    /// Elements of a view's value.
    fn length(&self, view: &View) -> usize {
        use super::super::program::Origin;
        match &self.origins[view.value.0] {
            // What is not computed here is copied, so that outputs are always buffers.
            Origin::Input(_) | Origin::Constant(_) => usize::MAX,
            Origin::Computed(length) => *length,
        }
    }
}
