//! Products with constant matrices.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::einsum::EinSum;

use super::super::left::Left;
use super::super::pending::{Coded, Tensor as Lowering};
use super::super::product::{Finish, Product, Weights};
use super::super::program::Work;
use super::super::view::{View, is_contiguous};
use super::Builder;
use super::codes::coded_weights;
use crate::kernels::{CODE_GROUP, PackedMatrix};

/// An axis of a product of two tensors: where it is in each of them and in the result.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductAxis {
    pub(super) inputs: [Option<usize>; 2],
    pub(super) output: Option<usize>,
}

/// The axes of a product of two tensors; none if one runs along a diagonal.
pub(super) fn product_axes(op: &EinSum) -> Option<Vec<ProductAxis>> {
    if op.q_params.is_some() || op.axes.input_count() != 2 || op.axes.output_count() != 1 {
        return None;
    }
    let one = |positions: &TVec<usize>| match positions[..] {
        [] => Some(None),
        [position] => Some(Some(position)),
        _ => None,
    };
    let axes = op.axes.iter_all_axes().map(|axis| {
        Some(ProductAxis {
            inputs: [one(&axis.inputs[0])?, one(&axis.inputs[1])?],
            output: one(&axis.outputs[0])?,
        })
    });
    axes.collect()
}

impl Builder<'_> {
    pub(super) fn einsum(&mut self, node: &TypedNode, op: &EinSum) -> Option<Lowering> {
        let axes = product_axes(op)?;
        let constant = (0..2)
            .rev()
            .find(|input| self.is_constant_outlet(node.inputs[*input]));
        let Some(constant) = constant else {
            return self.attention(node, &axes);
        };
        let weights = self.view(node.inputs[constant])?;
        let input = node.inputs[1 - constant];
        if let Lowering::Coded(coded) = self.tensor(input)?
            && coded.decoded
        {
            let product = self.linear(node, &axes, constant, &coded.of, &weights, Some(&coded));
            if product.is_some() {
                return product;
            }
        }
        let view = self.view(input)?;
        self.linear(node, &axes, constant, &view, &weights, None)
    }

    fn linear(
        &mut self,
        node: &TypedNode,
        axes: &[ProductAxis],
        constant: usize,
        view: &View,
        weights: &View,
        coded: Option<&Coded>,
    ) -> Option<Lowering> {
        let shape = node.outputs[0].fact.shape.as_concrete()?.to_vec();
        // Rows: position in the view and in the result; sums: in the view and in the weights.
        let (mut rows, mut sums, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        // A row axis along which the weights change.
        let mut changing = None;
        for axis in axes {
            let (ours, theirs) = (axis.inputs[1 - constant], axis.inputs[constant]);
            match (ours, theirs, axis.output) {
                (Some(ours), None, Some(out)) => rows.push((ours, out)),
                (Some(ours), Some(theirs), None)
                    if view.axes[ours].len() == weights.axes[theirs].len() =>
                {
                    sums.push((ours, theirs));
                }
                (None, Some(theirs), Some(out)) if shape[out] > 1 => columns.push((theirs, out)),
                (Some(ours), Some(theirs), Some(out))
                    if view.axes[ours].len() == 1 && weights.axes[theirs].len() == 1 =>
                {
                    rows.push((ours, out));
                }
                (Some(ours), Some(theirs), Some(out))
                    if changing.is_none()
                        && view.axes[ours].len() == weights.axes[theirs].len() =>
                {
                    changing = Some((theirs, out));
                    rows.push((ours, out));
                }
                (Some(ours), None, None) if view.axes[ours].len() == 1 => {}
                (None, Some(theirs), _) if weights.axes[theirs].len() == 1 => {}
                (None, None, Some(out)) if shape[out] == 1 => {}
                _ => return None,
            }
        }
        let [(weight_column, out_column)] = columns[..] else {
            return None;
        };
        rows.sort_by_key(|(_, out)| *out);
        // The axes that are summed over, in the order in which they lie in the view.
        sums.sort_by_key(|(ours, _)| {
            std::cmp::Reverse(view.axes[*ours].get(1).map_or(0, |second| *second))
        });
        let sum_axes: Vec<usize> = sums.iter().map(|(ours, _)| *ours).collect();
        let row_axes: Vec<usize> = rows.iter().map(|(ours, _)| *ours).collect();
        if coded.is_none() && !is_contiguous(&view.merged(&sum_axes)) {
            let together = self.summed_together(view, &sum_axes)?;
            return self.linear(node, axes, constant, &together, weights, None);
        }
        let depth_places =
            weights.rows(&sums.iter().map(|(_, theirs)| *theirs).collect::<Vec<_>>());
        let column_places = &weights.axes[weight_column];
        let (depth, columns) = (depth_places.len(), column_places.len());
        let column_base = column_places[0];
        let values = self.constant(weights)?;
        if let Some((weight_axis, out_axis)) = changing {
            if coded.is_some() {
                return None;
            }
            let changes = &weights.axes[weight_axis];
            let at = |index: usize, depth: usize, column: usize| {
                let place = depth_places[depth] + column_places[column] + changes[index];
                values[(place - column_base - changes[0]) as usize]
            };
            let shifted = Shifted::of([changes.len(), depth, columns], at)?;
            let left = Left::Rows {
                value: view.value,
                rows: view.rows(&row_axes),
            };
            return Some(self.shifted(&shape, [out_axis, out_column], left, shifted));
        }
        let at = |depth: usize, column: usize| {
            values[(depth_places[depth] + column_places[column] - column_base) as usize]
        };
        let bias = vec![0.0; columns];
        let work = if let Some(coded) = coded {
            let padded = depth.next_multiple_of(CODE_GROUP);
            let weights = coded_weights(depth, columns, padded, coded.coding, at)?;
            // The rows begin at the first of what is summed over; the columns tell what each of them adds.
            let places = view.merged(&sum_axes);
            let places = places.iter().map(|place| place - places[0]).collect();
            let input = node.inputs[1 - constant];
            let (encoded, rows) = self.coded_rows(input, coded, &row_axes, places)?;
            Work::Product(Product {
                left: Left::Rows {
                    value: encoded.out,
                    rows: rows.into(),
                },
                weights,
                bias,
                finish: Finish::default(),
            })
        } else {
            Work::Product(Product {
                left: Left::Rows {
                    value: view.value,
                    rows: view.rows(&row_axes),
                },
                weights: Weights::Floats(PackedMatrix::new(depth, columns, at)),
                bias,
                finish: Finish::default(),
            })
        };
        Some(Lowering::View(self.step(&shape, out_column, work)))
    }

    /// A product with all columns that the weights have anywhere, of which each row's are seen.
    fn shifted(
        &mut self,
        shape: &[usize],
        [changing, column]: [usize; 2],
        left: Left,
        weights: Shifted,
    ) -> Lowering {
        let mut extents = shape.to_vec();
        extents[column] = weights.matrix.columns();
        let work = Work::Product(Product {
            left,
            bias: vec![0.0; extents[column]],
            weights: Weights::Floats(weights.matrix),
            finish: Finish::default(),
        });
        let mut view = self.step(&extents, column, work);
        let moved = view.axes[changing].iter().zip(&weights.first);
        view.axes[changing] = moved.map(|(place, first)| place + first).collect();
        view.axes[column] = view.axes[column][..shape[column]].into();
        Lowering::View(view)
    }

    /// A copy of a view, whose axes stay, in which the axes that are summed over lie together.
    fn summed_together(&mut self, view: &View, sums: &[usize]) -> Option<View> {
        let mut order: Vec<usize> = (0..view.axes.len())
            .filter(|axis| !sums.contains(axis))
            .collect();
        order.extend_from_slice(sums);
        let permuted = View {
            value: view.value,
            axes: order.iter().map(|axis| view.axes[*axis].clone()).collect(),
        };
        let copied = self.rearranged(&permuted, order.len() - 1)?;
        let mut axes = view.axes.clone();
        for (axis, original) in copied.axes.into_iter().zip(order) {
            axes[original] = axis;
        }
        Some(View {
            value: copied.value,
            axes,
        })
    }
}

/// Matrices that are windows of one: a table of relative positions gives each place its own, moved by a column from one to
/// the next.
struct Shifted {
    matrix: PackedMatrix,
    /// The first column of each matrix.
    first: Vec<u32>,
}

impl Shifted {
    /// From the weight of each matrix at a depth and column; none if they are no such windows.
    fn of(
        [count, depth, columns]: [usize; 3],
        at: impl Fn(usize, usize, usize) -> f32,
    ) -> Option<Self> {
        for forwards in [true, false] {
            let first = |index: usize| if forwards { index } else { count - 1 - index };
            let all = count + columns - 1;
            // Of each column, the first matrix that has it.
            let owner = |column: usize| {
                let steps = column.saturating_sub(columns - 1);
                (first(steps), column - steps)
            };
            let of_all = |depth: usize, column: usize| {
                let (index, column) = owner(column);
                at(index, depth, column)
            };
            let is_window = |index: usize| {
                let mut places =
                    (0..depth).flat_map(|depth| (0..columns).map(move |column| (depth, column)));
                places.all(|(depth, column)| {
                    let (one, other) = (
                        at(index, depth, column),
                        of_all(depth, first(index) + column),
                    );
                    one.to_bits() == other.to_bits()
                })
            };
            if (0..count).all(is_window) {
                return Some(Self {
                    matrix: PackedMatrix::new(depth, all, of_all),
                    first: (0..count).map(|index| first(index) as u32).collect(),
                });
            }
        }
        None
    }
}
