//! Scaled dot-product attention (Vaswani et al., arXiv 1706.03762) within windows, with a bias for each pair of places,
//! or with relative positions.

use super::machine::Values;
use super::pending::{Along, Relative};
use super::view::ValueId;
use crate::kernels::{
    Matrix, MatrixMut, Update, add_repeatedly, add_to_stretches, block_matmul, softmax_rows,
    transpose_strided_into,
};

/// Queries whose scores are in the cache at a time.
const BLOCK_QUERIES: usize = 64;

/// Queries of a large window that are computed together: as many as make the keys' turning small beside their own work.
const LARGE_PART: usize = 1024;

/// Floats of the widest register.
const LANES: usize = 16;

/// Vectors, equally far apart, for every window and head.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) value: ValueId,
    /// Where those of each window and head begin.
    pub(super) first: Vec<u32>,
    pub(super) stride: usize,
    pub(super) count: usize,
}

impl Tokens {
    fn get<'a>(&self, values: Values<'a>, batch: usize, width: usize) -> Matrix<'a> {
        let values = &values.get(self.value)[self.first[batch] as usize..];
        Matrix::with_row_stride(values, self.count, width, self.stride)
    }
}

#[derive(Debug)]
pub(super) struct Attention {
    pub(super) queries: Tokens,
    pub(super) keys: Tokens,
    pub(super) values: Tokens,
    /// What is added to the scores `[queries, keys]` of each window and head: where it begins in a value, and the
    /// distance of its rows.
    pub(super) bias: Option<(ValueId, Vec<u32>, usize)>,
    /// What else is added, the queries in the order of windows and heads.
    pub(super) relative: Vec<Relative>,
    /// What the scores are multiplied with before.
    pub(super) scale: f32,
    /// Length of queries and keys, and of values.
    pub(super) widths: [usize; 2],
    /// Windows and heads; the output has a row for each window, query and head.
    pub(super) heads: usize,
}

impl Attention {
    pub(super) fn reads(&self) -> Vec<ValueId> {
        let bias = self.bias.as_ref().map(|(value, _, _)| *value);
        [self.queries.value, self.keys.value, self.values.value]
            .into_iter()
            .chain(bias)
            .chain(self.relative.iter().map(|relative| relative.value))
            .collect()
    }

    /// Rows of the output that are computed together: those of a window, or of a part of a large one.
    pub(super) fn grain(&self) -> usize {
        match self.queries.count {
            count if count.is_multiple_of(LARGE_PART) => LARGE_PART,
            count => count,
        }
    }

    /// Computes parts of windows; the output has a row of all heads for each query.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let [width, value_width] = self.widths;
        let (queries, keys) = (self.queries.count, self.keys.count);
        let columns = self.heads * value_width;
        // Rows of whole registers; what fills them up gets no share.
        let padded = keys.next_multiple_of(LANES);
        let mut turned = vec![0.0; width * padded];
        let mut scores = vec![0.0; BLOCK_QUERIES * padded];
        let grain = self.grain();
        for (index, out) in out.chunks_mut(grain * columns).enumerate() {
            let row = first_row + index * grain;
            let (window, first_query) = (row / queries, row % queries);
            for head in 0..self.heads {
                let batch = window * self.heads + head;
                let source = &values.get(self.keys.value)[self.keys.first[batch] as usize..];
                // A single key is said to have none.
                let stride = if keys == 1 { width } else { self.keys.stride };
                transpose_strided_into(&mut turned, padded, (source, stride), keys, width);
                turned.iter_mut().for_each(|turned| *turned *= self.scale);
                let source = &values.get(self.queries.value)[self.queries.first[batch] as usize..];
                let mixed = self.values.get(values, batch, value_width);
                for block in (0..grain).step_by(BLOCK_QUERIES) {
                    let count = BLOCK_QUERIES.min(grain - block);
                    let first = first_query + block;
                    let scores = &mut scores[..count * padded];
                    self.start_scores(values, batch, first, scores, padded);
                    block_matmul(
                        MatrixMut::new(scores, count, padded),
                        Update::Add,
                        Matrix::with_row_stride(
                            &source[first * self.queries.stride..],
                            count,
                            width,
                            self.queries.stride,
                        ),
                        Matrix::new(&turned, width, padded),
                    );
                    softmax_rows(scores, padded);
                    let out = &mut out[block * columns + head * value_width..];
                    block_matmul(
                        MatrixMut::with_row_stride(out, count, value_width, columns),
                        Update::Replace,
                        Matrix::with_row_stride(scores, count, keys, padded),
                        mixed,
                    );
                }
            }
        }
    }

    /// Scores of queries from `first` on before their products with the keys are added.
    fn start_scores(
        &self,
        values: Values<'_>,
        batch: usize,
        first: usize,
        scores: &mut [f32],
        padded: usize,
    ) {
        let keys = self.keys.count;
        let bias = self.bias.as_ref().map(|(value, places, stride)| {
            (&values.get(*value)[places[batch] as usize..], *stride)
        });
        for (row, scores) in scores.chunks_mut(padded).enumerate() {
            let (inside, beyond) = scores.split_at_mut(keys);
            match bias {
                Some((bias, stride)) => {
                    inside.copy_from_slice(&bias[(first + row) * stride..][..keys])
                }
                None => inside.fill(0.0),
            }
            for relative in &self.relative {
                let query = batch * self.queries.count + first + row;
                let addends = &values.get(relative.value)[relative.first[query] as usize..];
                match relative.along {
                    Along::Stretches => {
                        let addends = &addends[..keys / relative.length];
                        add_to_stretches(inside, addends, relative.length);
                    }
                    Along::Keys => add_repeatedly(inside, &addends[..relative.length]),
                }
            }
            beyond.fill(f32::MIN);
        }
    }
}
