//! The image attends to tokens: its weights become factors.

use crate::kernels::{Ahead, Matrix, MatrixMut, Update, block_matmul, softmax_columns};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::blocks::BLOCK;
use super::coefficients::TokenValues;
use super::factors::BlockFactors;
use super::layout::{Layout, PartKind};
use super::scoring::{ScoredProjection, Scoring};
use super::tokens::TokenLayer;

/// What one prompt makes of the attention of the image to the tokens.
#[derive(Default)]
pub(super) struct ToTokensPlan {
    pub(super) scoring: Scoring,
}

/// Buffers for one block at a time.
#[derive(Default)]
pub(super) struct ToTokensLane {
    scores: Vec<f32>,
    projected: Vec<f32>,
}

/// How many factors a layer leaves, and of which kind: whichever are fewer.
pub(super) fn factors_of(heads: Heads, tokens: usize) -> (usize, PartKind) {
    let weights = heads.count * (tokens - 1);
    if weights <= heads.inner() {
        (weights, PartKind::Weights)
    } else {
        (heads.inner(), PartKind::Direct)
    }
}

impl ToTokensPlan {
    /// Makes ready for a prompt's tokens, with and without their encoding. `layout` has the factors
    /// before this layer; its values go into `layer_values`.
    #[expect(clippy::too_many_arguments, reason = "what an attention needs")]
    pub(super) fn begin(
        &mut self,
        query: &ScoredProjection,
        layer: &TokenLayer,
        (tokens, encoded): (&[f32], &[f32]),
        layout: &Layout,
        layer_values: &mut TokenValues,
        values: &[TokenValues],
        heads_of_layers: &[Heads],
    ) {
        layer.value.apply(tokens, &mut layer_values.all);
        layer_values.update(query.heads);
        layer.key.apply(encoded, &mut self.scoring.vectors);
        self.scoring.begin(query, layout, values, heads_of_layers);
    }
}

impl ToTokensLane {
    /// Writes one block's factors of this layer, `[rows + 1, BLOCK]`. `queries` is what the keyframe
    /// keeps, `[inner, BLOCK]`; `before` are the factors before this layer.
    #[expect(clippy::too_many_arguments, reason = "what an attention needs")]
    pub(super) fn block(
        &mut self,
        plan: &ToTokensPlan,
        query: &ScoredProjection,
        block: usize,
        queries: &[f32],
        before: BlockFactors<'_>,
        values: &TokenValues,
        kind: PartKind,
        out: &mut [f32],
        ahead: &Ahead<'_>,
    ) {
        let heads = query.heads;
        let rows = plan.scoring.rows();
        let tokens = rows / heads.count;
        let scores = sized(&mut self.scores, rows * BLOCK);
        plan.scoring.block(
            query,
            block,
            queries,
            before,
            true,
            scores,
            &mut self.projected,
            ahead,
        );
        let out_rows = out.len() / BLOCK - 1;
        let (out, ones) = out.split_at_mut(out_rows * BLOCK);
        ones.fill(1.0);
        for (head, scores) in scores.chunks_exact_mut(tokens * BLOCK).enumerate() {
            softmax_columns(scores, BLOCK);
            if kind == PartKind::Weights {
                let length = (tokens - 1) * BLOCK;
                out[head * length..][..length].copy_from_slice(&scores[..length]);
            } else {
                let (inner, width) = (heads.inner(), heads.width);
                block_matmul(
                    MatrixMut::new(&mut out[head * width * BLOCK..], width, BLOCK),
                    Update::Replace,
                    Matrix::with_row_stride(&values.all[head * width..], tokens, width, inner)
                        .transposed(),
                    Matrix::new(scores, tokens, BLOCK),
                );
            }
        }
    }
}
