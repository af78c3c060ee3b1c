//! Attention, which graphs have in parts: scores, bias, softmax, mixture.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};

use super::super::attention::{Attention, Tokens};
use super::super::pending::{Role, Scores, Tensor as Lowering};
use super::super::program::Work;
use super::super::view::{View, stride_of};
use super::Builder;
use super::linear::ProductAxis;

impl Builder<'_> {
    /// A product of two tensors that are not constant.
    pub(super) fn attention(&mut self, node: &TypedNode, axes: &[ProductAxis]) -> Option<Lowering> {
        match (self.tensor(node.inputs[0])?, self.tensor(node.inputs[1])?) {
            (Lowering::View(queries), Lowering::View(keys)) => scores(axes, queries, keys),
            (Lowering::Scores(scores), Lowering::View(values)) => {
                self.mixture(node, axes, 0, &scores, &values)
            }
            (Lowering::View(values), Lowering::Scores(scores)) => {
                self.mixture(node, axes, 1, &scores, &values)
            }
            _ => None,
        }
    }

    pub(super) fn biased_scores(&mut self, mut scores: Scores, bias: &View) -> Option<Lowering> {
        if scores.bias.is_some() || scores.shares || self.constant(bias).is_none() {
            return None;
        }
        let bias = bias.broadcast(&scores.shape())?;
        scores.bias = Some((bias.value, bias.axes));
        Some(Lowering::Scores(scores))
    }

    pub(super) fn softmax(&mut self, node: &TypedNode, op: &Softmax) -> Option<Lowering> {
        let Lowering::Scores(mut scores) = self.tensor(node.inputs[0])? else {
            return None;
        };
        let plain =
            op.kind == SoftmaxKind::Softmax && op.quant_output_dt.is_none() && !scores.shares;
        match op.axes[..] {
            [axis] if plain && scores.roles[axis] == Role::Keys => {
                scores.shares = true;
                Some(Lowering::Scores(scores))
            }
            _ => None,
        }
    }

    fn mixture(
        &mut self,
        node: &TypedNode,
        axes: &[ProductAxis],
        of_scores: usize,
        scores: &Scores,
        values: &View,
    ) -> Option<Lowering> {
        if !scores.shares {
            return None;
        }
        let shape = node.outputs[0].fact.shape.as_concrete()?.to_vec();
        let (mut batch, mut query, mut key, mut column) = (Vec::new(), None, None, None);
        for axis in axes {
            match (
                axis.inputs[of_scores],
                axis.inputs[1 - of_scores],
                axis.output,
            ) {
                (Some(score), value, out) => match (scores.roles[score], value, out) {
                    (Role::Queries, None, Some(out)) => query = Some((score, out)),
                    (Role::Keys, Some(value), None) => key = Some((score, value)),
                    (Role::Batch { .. }, Some(value), Some(out)) => batch.push((score, value, out)),
                    _ => return None,
                },
                (None, Some(value), Some(out)) => column = Some((value, out)),
                _ => return None,
            }
        }
        let ((query, query_out), (key, value_key), (value_column, column_out)) =
            (query?, key?, column?);
        if column_out + 1 != shape.len() {
            return None;
        }
        batch.sort_by_key(|(_, _, out)| *out);
        let heads: usize = batch
            .iter()
            .filter(|(_, _, out)| *out > query_out)
            .map(|(_, _, out)| shape[*out])
            .product();
        let query_batch = scores.batch_axes(&batch, |query_axis, _| query_axis)?;
        let key_batch = scores.batch_axes(&batch, |_, key_axis| key_axis)?;
        let value_batch: Vec<usize> = batch.iter().map(|(_, value, _)| *value).collect();
        let score_batch: Vec<usize> = batch.iter().map(|(score, _, _)| *score).collect();
        let bias = match &scores.bias {
            Some((value, axes)) => {
                let view = View {
                    value: *value,
                    axes: axes.clone(),
                };
                if !view.is_contiguous(key) {
                    return None;
                }
                Some((
                    *value,
                    view.rows(&score_batch).to_vec(),
                    stride_of(&view.axes[query])?,
                ))
            }
            None => None,
        };
        let work = Attention {
            queries: tokens(&scores.queries, &query_batch, scores.query_axes)?,
            keys: tokens(&scores.keys, &key_batch, scores.key_axes)?,
            values: tokens(values, &value_batch, [value_key, value_column])?,
            bias,
            scale: scores.scale,
            widths: [
                scores.queries.axes[scores.query_axes[1]].len(),
                shape[column_out],
            ],
            heads,
        };
        let rows: usize = shape.iter().product::<usize>() / (heads * shape[column_out]);
        let view = self.step(&[rows, heads * shape[column_out]], 1, Work::Attention(work));
        // The output's own order is windows, queries, heads, columns.
        Some(Lowering::View(View::whole(view.value, &shape)))
    }
}

impl Scores {
    /// The axes of the queries or the keys that windows and heads run along.
    fn batch_axes(
        &self,
        batch: &[(usize, usize, usize)],
        pick: impl Fn(usize, usize) -> usize,
    ) -> Option<Vec<usize>> {
        let axes = batch.iter().map(|(score, _, _)| match self.roles[*score] {
            Role::Batch {
                query_axis,
                key_axis,
            } => Some(pick(query_axis, key_axis)),
            _ => None,
        });
        axes.collect()
    }

    fn shape(&self) -> Vec<usize> {
        let extent = |role: &Role| match role {
            Role::Batch { query_axis, .. } => self.queries.axes[*query_axis].len(),
            Role::Queries => self.queries.axes[self.query_axes[0]].len(),
            Role::Keys => self.keys.axes[self.key_axes[0]].len(),
        };
        self.roles.iter().map(extent).collect()
    }
}

/// Products of queries and keys.
fn scores(axes: &[ProductAxis], queries: View, keys: View) -> Option<Lowering> {
    let mut roles = vec![None; axes.iter().filter(|axis| axis.output.is_some()).count()];
    let (mut query, mut key, mut summed) = (None, None, None);
    for axis in axes {
        let role = match (axis.inputs, axis.output) {
            ([Some(ours), Some(theirs)], None) => {
                if summed.replace([ours, theirs]).is_some() {
                    return None;
                }
                continue;
            }
            ([Some(query_axis), Some(key_axis)], Some(_)) => Role::Batch {
                query_axis,
                key_axis,
            },
            ([Some(ours), None], Some(_)) if query.replace(ours).is_none() => Role::Queries,
            ([None, Some(theirs)], Some(_)) if key.replace(theirs).is_none() => Role::Keys,
            _ => return None,
        };
        *roles.get_mut(axis.output?)? = Some(role);
    }
    let [query_sum, key_sum] = summed?;
    if !queries.is_contiguous(query_sum) || !keys.is_contiguous(key_sum) {
        return None;
    }
    Some(Lowering::Scores(Scores {
        query_axes: [query?, query_sum],
        key_axes: [key?, key_sum],
        queries,
        keys,
        roles: roles.into_iter().collect::<Option<_>>()?,
        bias: None,
        scale: 1.0,
        shares: false,
    }))
}

/// Vectors along `[counted, summed]` axes for each window and head.
fn tokens(view: &View, batch: &[usize], [counted, summed]: [usize; 2]) -> Option<Tokens> {
    if !view.is_contiguous(summed) {
        return None;
    }
    let count = view.axes[counted].len();
    Some(Tokens {
        value: view.value,
        first: view.rows(batch).to_vec(),
        stride: stride_of(&view.axes[counted])?,
        count,
    })
}
