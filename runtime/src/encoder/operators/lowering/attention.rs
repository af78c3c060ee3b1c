//! Attention, which graphs have in parts: scores, bias, softmax, mixture.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};

use super::super::attention::{Attention, Tokens};
use super::super::pending::{Along, Relative, Role, Scores, Tensor as Lowering};
use super::super::program::Work;
use super::super::view::{View, is_contiguous, stride_of};
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
        if scores.shares {
            return None;
        }
        if self.constant(bias).is_some() && scores.bias.is_none() && scores.seen_as.is_none() {
            let bias = bias.broadcast(&scores.shape())?;
            scores.bias = Some((bias.value, bias.axes));
            return Some(Lowering::Scores(scores));
        }
        let relative = scores.relative(bias)?;
        self.places += relative.first.len();
        scores.relative.push(relative);
        Some(Lowering::Scores(scores))
    }

    /// Scores whose elements are seen in another shape, in the same order.
    pub(super) fn seen_as(&mut self, mut scores: Scores, shape: &[usize]) -> Option<Lowering> {
        if scores.shares {
            return None;
        }
        scores.seen_as = (scores.shape() != shape).then(|| shape.to_vec());
        Some(Lowering::Scores(scores))
    }

    pub(super) fn softmax(&mut self, node: &TypedNode, op: &Softmax) -> Option<Lowering> {
        let Lowering::Scores(mut scores) = self.tensor(node.inputs[0])? else {
            return None;
        };
        let plain =
            op.kind == SoftmaxKind::Softmax && op.quant_output_dt.is_none() && !scores.shares;
        match op.axes[..] {
            [axis] if plain && scores.seen_as.is_none() && scores.roles[axis] == Role::Keys => {
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
                    (Role::Batch { .. }, Some(value), Some(out))
                        if values.axes[value].len() == shape[out] =>
                    {
                        batch.push((score, value, out));
                    }
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
        // The scores' own order, without the keys: these come last.
        let own = scores.shape();
        let order = [&score_batch[..], &[query]].concat();
        let of_queries = |relative: &Relative| {
            let places = View::whole(relative.value, &own[..own.len() - 1]).merged(&order);
            Relative {
                first: places
                    .iter()
                    .map(|place| relative.first[*place as usize])
                    .collect(),
                ..relative.clone()
            }
        };
        let relative = scores.relative.iter().map(of_queries).collect();
        let work = Attention {
            relative,
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

    /// What a tensor adds that has the shape in which the scores are seen, or is repeated to it; none if its addends are
    /// neither by stretch of keys nor by key of a stretch.
    fn relative(&self, addend: &View) -> Option<Relative> {
        let own = self.shape();
        let (keys, before) = own.split_last()?;
        if self.roles.last() != Some(&Role::Keys) {
            return None;
        }
        let shape = self.seen_as.as_ref().unwrap_or(&own);
        let queries: usize = before.iter().product();
        let split = (0..shape.len()).find(|split| {
            shape[..*split].iter().product::<usize>() == queries
                && shape[*split..].iter().product::<usize>() == *keys
        })?;
        let addend = addend.broadcast(shape)?;
        let last = shape.len() - 1;
        let (outer, inner) = (
            addend.merged(&(split..last).collect::<Vec<_>>()),
            &addend.axes[last],
        );
        let is_same = |places: &[u32]| places.iter().all(|place| *place == places[0]);
        let along = if is_contiguous(&outer) && is_same(inner) {
            Along::Stretches
        } else if is_same(&outer) && is_contiguous(inner) {
            Along::Keys
        } else {
            return None;
        };
        let base = outer[0].wrapping_add(inner[0]);
        let first = addend.merged(&(0..split).collect::<Vec<_>>());
        Some(Relative {
            value: addend.value,
            first: first.iter().map(|place| place.wrapping_add(base)).collect(),
            along,
            length: shape[last],
        })
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
            ([Some(query_axis), Some(key_axis)], Some(_))
                if queries.axes[query_axis].len() == keys.axes[key_axis].len() =>
            {
                Role::Batch {
                    query_axis,
                    key_axis,
                }
            }
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
        relative: Vec::new(),
        seen_as: None,
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
