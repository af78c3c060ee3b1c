//! Scores between tokens and image positions, in either direction.

use crate::kernels::{
    Ahead, Groups, LargePages, Matrix, MatrixMut, Update, block_matmul, block_matmul_blended,
    block_matmul_groups, scale_columns, transpose_into,
};

use super::super::attention::Heads;
use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::BLOCK;
use super::coded::FactorWeights;
use super::coefficients::{TokenValues, coefficients};
use super::factors::BlockFactors;
use super::layout::Layout;

/// An image-side projection that tokens are compared with.
pub(super) struct ScoredProjection {
    pub(super) heads: Heads,
    pub(super) projection: Projection,
    /// `[blocks, width, BLOCK]`: what the positional encoding adds. At level 0 it is part of what a
    /// keyframe keeps instead.
    pub(super) encoding: LargePages<f32>,
    /// Whether the encoding is added here.
    pub(super) encoded_apart: bool,
}

/// What one prompt's tokens are to be compared with the image by.
#[derive(Default)]
pub(super) struct Scoring {
    tokens: usize,
    /// `[tokens, inner]`, scaled: queries or keys.
    pub(super) vectors: Vec<f32>,
    /// Their products with the rows of the factors, `[heads, tokens, factors]`; or, where there are
    /// more tokens than channels, the rows themselves, `[inner, factors]`.
    products: FactorWeights,
    /// `[heads, tokens]`: what is constant over the positions.
    constants: Vec<f32>,
    apart: bool,
    rows: Vec<f32>,
    transposed: Vec<f32>,
}

/// Whether so many tokens are better compared with projected features than with what those are made
/// of.
fn is_crowd(heads: Heads, tokens: usize) -> bool {
    tokens > heads.width
}

impl Scoring {
    /// Makes ready for a prompt whose `vectors` are there already, unscaled.
    pub(super) fn begin(
        &mut self,
        image: &ScoredProjection,
        layout: &Layout,
        values: &[TokenValues],
        heads_of_layers: &[Heads],
    ) {
        let heads = image.heads;
        let (inner, width) = (heads.inner(), heads.width);
        let tokens = self.vectors.len() / inner;
        self.tokens = tokens;
        self.apart = is_crowd(heads, tokens);
        for value in &mut self.vectors {
            *value *= heads.scale();
        }
        coefficients(
            &image.projection,
            layout.parts(),
            values,
            heads_of_layers,
            &mut self.rows,
        );
        let count = self.rows.len() / inner;
        let transposed = sized(&mut self.transposed, self.rows.len());
        transpose_into(transposed, count, &self.rows, count, inner);
        if self.apart {
            std::mem::swap(&mut self.products.values, &mut self.transposed);
        } else if count > 0 {
            let products = sized(&mut self.products.values, heads.count * tokens * count);
            for head in 0..heads.count {
                let start = head * width;
                block_matmul(
                    MatrixMut::new(&mut products[head * tokens * count..], tokens, count),
                    Update::Replace,
                    Matrix::with_row_stride(&self.vectors[start..], tokens, width, inner),
                    Matrix::new(&self.transposed[start * count..], width, count),
                );
            }
        }
        if layout.dots().is_some() {
            self.products.code(layout.parts());
        }
        self.constants.clear();
        for start in heads.starts() {
            for token in self.vectors.chunks_exact(inner) {
                let pairs = token[start..start + width].iter();
                let pairs = pairs.zip(&image.projection.constant[start..]);
                self.constants
                    .push(pairs.map(|(left, right)| left * right).sum());
            }
        }
    }

    /// Rows of scores.
    pub(super) fn rows(&self) -> usize {
        self.constants.len()
    }

    /// Writes one block's scores, `[heads, tokens, BLOCK]`. `base` is what the keyframe keeps of this
    /// projection, `[inner, BLOCK]`. Without `constants` they are those up to what is the same at
    /// every position.
    #[expect(
        clippy::too_many_arguments,
        reason = "what scores are made of, and buffers"
    )]
    pub(super) fn block(
        &self,
        image: &ScoredProjection,
        block: usize,
        base: &[f32],
        factors: BlockFactors<'_>,
        constants: bool,
        scores: &mut [f32],
        projected: &mut Vec<f32>,
        ahead: &Ahead<'_>,
    ) {
        let encoding = image.encoded_apart.then(|| {
            let length = image.heads.inner() * BLOCK;
            &image.encoding[block * length..][..length]
        });
        if self.apart {
            let inner = image.heads.inner();
            let projected = sized(projected, inner * BLOCK);
            projected.copy_from_slice(base);
            if let Some(scale) = factors.scale {
                scale_columns(projected, scale);
            }
            if let Some(encoding) = encoding {
                crate::kernels::add_assign(projected, encoding);
            }
            let all = (factors, factors.rows);
            self.products
                .multiply(projected, Update::Add, 0..inner, all, &Ahead::default());
            self.compare(image.heads, projected, Update::Replace, scores);
        } else {
            self.compare_with(image.heads, base, factors.scale, encoding, scores);
            if factors.rows > 0 {
                let all = (factors, factors.rows);
                self.products
                    .multiply(scores, Update::Add, 0..self.rows(), all, ahead);
            }
        }
        if constants {
            for (row, constant) in scores.chunks_exact_mut(BLOCK).zip(&self.constants) {
                crate::kernels::add(row, *constant);
            }
        }
    }

    /// Products of the vectors with `features * scale + encoding`, head by head.
    fn compare_with(
        &self,
        heads: Heads,
        features: &[f32],
        scale: Option<&[f32]>,
        encoding: Option<&[f32]>,
        scores: &mut [f32],
    ) {
        let (Some(scale), Some(encoding)) = (scale, encoding) else {
            self.compare(heads, features, Update::Replace, scores);
            if let Some(scale) = scale {
                scale_columns(scores, scale);
            }
            if let Some(encoding) = encoding {
                self.compare(heads, encoding, Update::Add, scores);
            }
            return;
        };
        block_matmul_blended(
            self.groups(heads),
            MatrixMut::new(scores, self.tokens, BLOCK),
            Matrix::with_row_stride(&self.vectors, self.tokens, heads.width, heads.inner()),
            Matrix::new(features, heads.width, BLOCK),
            scale,
            encoding,
        );
    }

    /// Products of the vectors with features, `[inner, BLOCK]`, head by head.
    fn compare(&self, heads: Heads, features: &[f32], update: Update, scores: &mut [f32]) {
        block_matmul_groups(
            self.groups(heads),
            MatrixMut::new(scores, self.tokens, BLOCK),
            update,
            Matrix::with_row_stride(&self.vectors, self.tokens, heads.width, heads.inner()),
            Matrix::new(features, heads.width, BLOCK),
        );
    }

    /// What the positional encoding adds to a block, where it stays apart.
    pub(super) fn encoding_of<'a>(&self, image: &'a ScoredProjection, block: usize) -> &'a [f32] {
        let length = image.heads.inner() * BLOCK;
        let there = image.encoded_apart && !self.apart;
        let encoding = image.encoding.get(block * length..(block + 1) * length);
        encoding.filter(|_| there).unwrap_or_default()
    }

    /// Where each head's scores, vectors and features are.
    fn groups(&self, heads: Heads) -> Groups {
        Groups {
            count: heads.count,
            product: self.tokens * BLOCK,
            left: heads.width,
            right: heads.width * BLOCK,
        }
    }
}
