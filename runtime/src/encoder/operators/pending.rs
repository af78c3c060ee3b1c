//! Operators that mean something only together with the next ones.

use std::sync::Arc;

use super::view::{ValueId, View};
use crate::kernels::Coding;

/// For each code, another one.
pub(super) type Table = Arc<[u8; 256]>;

/// What stands for a tensor of the graph.
#[derive(Clone, Debug)]
pub(super) enum Tensor {
    /// A tensor that exists.
    View(View),
    /// The codes of a tensor; or, once they are decoded, what they stand for.
    Coded(Coded),
    /// What a table has for each code.
    LookedUp { codes: Coded, table: Table },
    /// The sums of a tensor along an axis, or their means.
    Sums { of: View, axis: usize, mean: bool },
    /// A tensor less its means along an axis.
    Centred { of: View, axis: usize },
    /// Products of queries and keys, or their softmax.
    Scores(Scores),
}

/// A tensor as codes, or what they stand for.
#[derive(Clone, Debug)]
pub(super) struct Coded {
    /// The floats that are coded.
    pub(super) of: View,
    /// The tensor that these were picked from, of which all is coded once.
    pub(super) whole: View,
    pub(super) coding: Coding,
    pub(super) decoded: bool,
}

/// What a query adds to its scores: the keys come in stretches of equal length, such as the rows of an image (decomposed
/// relative positions, Li et al., arXiv 2112.01526).
#[derive(Clone, Debug)]
pub(super) struct Relative {
    pub(super) value: ValueId,
    /// Where each query's begin, in the order of the scores.
    pub(super) first: Arc<[u32]>,
    pub(super) along: Along,
    /// Keys of a stretch.
    pub(super) length: usize,
}

/// What has an addend of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Along {
    /// Every stretch of keys.
    Stretches,
    /// Every key of a stretch, the same in all stretches.
    Keys,
}

/// What an axis of scores runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Windows, heads: an axis of queries and of keys.
    Batch {
        query_axis: usize,
        key_axis: usize,
    },
    Queries,
    Keys,
}

#[derive(Clone, Debug)]
pub(super) struct Scores {
    pub(super) queries: View,
    /// The axis of the queries that counts them, and the one that is summed over.
    pub(super) query_axes: [usize; 2],
    pub(super) keys: View,
    pub(super) key_axes: [usize; 2],
    pub(super) roles: Vec<Role>,
    /// Constant, with the axes of the scores.
    pub(super) bias: Option<(ValueId, Vec<Arc<[u32]>>)>,
    /// What else is added, of each query its own.
    pub(super) relative: Vec<Relative>,
    /// The shape that their elements are seen in, in the same order, where it is not that of the roles.
    pub(super) seen_as: Option<Vec<usize>>,
    pub(super) scale: f32,
    /// After the softmax.
    pub(super) shares: bool,
}
