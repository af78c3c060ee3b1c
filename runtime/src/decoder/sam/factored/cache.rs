//! What is computed once for a keyframe: products of its features with everything that does not
//! depend on a prompt.

use crate::kernels::{
    Matrix, MatrixMut, Update, add, add_assign, add_column_dots, block_matmul, scale_columns,
};

use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::{BLOCK, block_count, copy_block};
use super::model::Model;

/// One keyframe's products, block by block.
#[derive(Default)]
pub(super) struct Cache {
    pub(super) levels: Vec<LevelCache>,
    /// `[blocks, upscaled rows, BLOCK]`.
    pub(super) upscaling: Vec<f32>,
}

/// The products of one level.
#[derive(Default)]
pub(super) struct LevelCache {
    /// `[blocks, inner, BLOCK]`: keys of the attention of the tokens to the image.
    pub(super) keys: Vec<f32>,
    /// `[blocks, BLOCK, inner]`: its values.
    pub(super) values: Vec<f32>,
    /// `[blocks, inner, BLOCK]`: queries of the attention of the image to the tokens; none at the
    /// last level.
    pub(super) queries: Vec<f32>,
    /// `[blocks, rows of all sources, BLOCK]`; none at level 0.
    pub(super) cross: Vec<f32>,
    /// `[blocks, BLOCK]`: squares of the features in this level's space; none at level 0.
    pub(super) squares: Vec<f32>,
}

/// Buffers for filling a cache.
#[derive(Default)]
pub(super) struct CacheScratch {
    /// `[channels, BLOCK]`.
    features: Vec<f32>,
    /// `[1, BLOCK]`.
    means: Vec<f32>,
}

impl Cache {
    /// Floats that it holds.
    pub(super) fn len(&self) -> usize {
        let levels = self.levels.iter().map(|level| {
            level.keys.len()
                + level.values.len()
                + level.queries.len()
                + level.cross.len()
                + level.squares.len()
        });
        levels.sum::<usize>() + self.upscaling.len()
    }

    /// Computes everything from an embedding, `[channels, positions]`.
    pub(super) fn fill(&mut self, model: &Model, embedding: &[f32], scratch: &mut CacheScratch) {
        let channels = model.shape.channels;
        let positions = model.shape.positions();
        let blocks = block_count(positions);
        self.levels
            .resize_with(model.to_image.len(), LevelCache::default);
        for (index, level) in self.levels.iter_mut().enumerate() {
            let room = |width: usize| blocks * width * BLOCK;
            sized(
                &mut level.keys,
                room(model.to_image[index].key.projection.width),
            );
            sized(&mut level.values, room(model.to_image[index].value.width));
            let queries = model.to_tokens.get(index);
            sized(
                &mut level.queries,
                room(queries.map_or(0, |query| query.projection.width)),
            );
            let cross = index.checked_sub(1).map(|before| &model.crosses[before]);
            sized(&mut level.cross, room(cross.map_or(0, |cross| cross.width)));
            sized(&mut level.squares, room(cross.map_or(0, |_| 1)));
        }
        let upscaling = &model.upscaling.first;
        sized(&mut self.upscaling, blocks * upscaling.width * BLOCK);

        for block in 0..blocks {
            let features = sized(&mut scratch.features, channels * BLOCK);
            copy_block(embedding, positions, block, features);
            for (row, value) in features.chunks_exact_mut(BLOCK).zip(model.no_mask()) {
                add(row, *value);
            }
            for (index, level) in self.levels.iter_mut().enumerate() {
                let to_image = &model.to_image[index];
                project(&to_image.key.projection, features, block, &mut level.keys);
                project_rows(
                    &to_image.value_base,
                    to_image.value.width,
                    features,
                    block,
                    &mut level.values,
                );
                let query = model.to_tokens.get(index);
                if let Some(query) = query {
                    project(&query.projection, features, block, &mut level.queries);
                }
                if index == 0 {
                    add_block(&to_image.key.encoding, block, &mut level.keys, blocks);
                    if let Some(query) = query {
                        add_block(&query.encoding, block, &mut level.queries, blocks);
                    }
                } else {
                    project(&model.crosses[index - 1], features, block, &mut level.cross);
                }
            }
            project(upscaling, features, block, &mut self.upscaling);

            for index in 1..self.levels.len() {
                if let Some(weight) = index
                    .checked_sub(2)
                    .map(|before| &model.norm_weights[before])
                {
                    for (row, weight) in features.chunks_exact_mut(BLOCK).zip(weight) {
                        scale_columns(row, &[*weight; 1]);
                    }
                }
                centre(features, &mut scratch.means);
                let squares = &mut self.levels[index].squares[block * BLOCK..][..BLOCK];
                squares.fill(0.0);
                add_column_dots(squares, 1.0, features, features);
            }
        }
    }
}

/// Takes away each column's mean.
fn centre(features: &mut [f32], means: &mut Vec<f32>) {
    let means = sized(means, BLOCK);
    means.fill(0.0);
    for row in features.chunks_exact(BLOCK) {
        add_assign(means, row);
    }
    let scale = -(BLOCK as f32) / features.len() as f32;
    for mean in means.iter_mut() {
        *mean *= scale;
    }
    for row in features.chunks_exact_mut(BLOCK) {
        add_assign(row, means);
    }
}

/// One block of a projection, `[width, BLOCK]`.
fn project(projection: &Projection, features: &[f32], block: usize, out: &mut [f32]) {
    let (width, channels) = (projection.width, features.len() / BLOCK);
    block_matmul(
        MatrixMut::new(&mut out[block * width * BLOCK..], width, BLOCK),
        Update::Replace,
        Matrix::new(&projection.base, width, channels),
        Matrix::new(features, channels, BLOCK),
    );
}

/// One block of a projection, position by position: `[BLOCK, width]`. `weight` is `[channels, width]`.
fn project_rows(weight: &[f32], width: usize, features: &[f32], block: usize, out: &mut [f32]) {
    let channels = features.len() / BLOCK;
    block_matmul(
        MatrixMut::new(&mut out[block * width * BLOCK..], BLOCK, width),
        Update::Replace,
        Matrix::new(features, channels, BLOCK).transposed(),
        Matrix::new(weight, channels, width),
    );
}

fn add_block(addends: &[f32], block: usize, sums: &mut [f32], blocks: usize) {
    let length = sums.len() / blocks;
    add_assign(
        &mut sums[block * length..][..length],
        &addends[block * length..][..length],
    );
}
