//! What is computed once for a keyframe: products of its features with everything that does not
//! depend on a prompt.

use std::ops::Range;

use crate::kernels::{Matrix, MatrixMut, Team, Update, add_assign, add_column_dots, block_matmul};

use super::super::layers::sized;
use super::algebra::Projection;
use super::blocks::{BLOCK, block_count, copy_block};
use super::model::Model;
use super::scoring::ScoredProjection;
use super::spaces::{add_rows, next_space};
use super::stored::{CachePrecision, Stored};

/// One keyframe's products, block by block.
#[derive(Default)]
pub(super) struct Cache {
    /// One for each thread that fills it, in order.
    parts: Vec<CachePart>,
}

/// The products of some blocks.
#[derive(Default)]
pub(super) struct CachePart {
    blocks: Range<usize>,
    pub(super) levels: Vec<LevelCache>,
    /// `[blocks, upscaled rows, BLOCK]`.
    pub(super) upscaling: Stored,
    scratch: CacheScratch,
}

/// The products of one level.
#[derive(Default)]
pub(super) struct LevelCache {
    /// `[blocks, inner, BLOCK]`: keys of the attention of the tokens to the image.
    pub(super) keys: Stored,
    /// `[blocks, BLOCK, inner]`: its values.
    pub(super) values: Stored,
    /// `[blocks, inner, BLOCK]`: queries of the attention of the image to the tokens; none at the
    /// last level.
    pub(super) queries: Stored,
    /// `[blocks, rows of all layers before, BLOCK]`; none at level 0.
    pub(super) cross: Stored,
    /// `[blocks, BLOCK]`: roots of the mean squares of the features in this level's space; none at level
    /// 0.
    pub(super) magnitudes: Stored,
}

/// Buffers for filling it.
#[derive(Default)]
struct CacheScratch {
    /// `[channels, BLOCK]`.
    features: Vec<f32>,
    means: Vec<f32>,
    block: Vec<f32>,
}

impl Cache {
    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(CachePart::bytes).sum()
    }

    /// The part that has a block, and the block's place in it: its index, and how many there are.
    pub(super) fn part(&self, block: usize) -> (&CachePart, (usize, usize)) {
        let holds = |part: &&CachePart| part.blocks.contains(&block);
        // Whoever asks for a block that there is finds it.
        let part = self.parts.iter().find(holds).unwrap_or(&self.parts[0]);
        (part, (block - part.blocks.start, part.blocks.len()))
    }

    /// Computes everything from an embedding, `[channels, positions]`, in as many parts as the team has
    /// members.
    pub(super) fn fill(
        &mut self,
        model: &Model,
        embedding: &[f32],
        precision: CachePrecision,
        team: &mut Option<Team>,
    ) {
        let count = team.as_ref().map_or(1, Team::members);
        let blocks = block_count(model.shape.positions());
        self.parts.resize_with(count, CachePart::default);
        for (index, part) in self.parts.iter_mut().enumerate() {
            part.blocks = blocks * index / count..blocks * (index + 1) / count;
        }
        let fill = |part: &mut CachePart| part.fill(model, embedding, precision);
        match team {
            Some(team) => team.each(&mut self.parts, fill),
            None => self.parts.iter_mut().for_each(fill),
        }
    }
}

impl CachePart {
    fn bytes(&self) -> usize {
        let levels = self.levels.iter().map(|level| {
            let stored = [&level.keys, &level.values, &level.queries, &level.cross];
            let stored = stored.into_iter().chain([&level.magnitudes]);
            stored.map(Stored::bytes).sum::<usize>()
        });
        levels.sum::<usize>() + self.upscaling.bytes()
    }

    fn reset(&mut self, model: &Model, precision: CachePrecision) {
        let blocks = self.blocks.len();
        let room = |width: usize| blocks * width * BLOCK;
        self.levels
            .resize_with(model.to_image.len(), LevelCache::default);
        for (index, level) in self.levels.iter_mut().enumerate() {
            let to_image = &model.to_image[index];
            let queries = model.to_tokens.get(index);
            let queries = queries.map_or(0, |query| query.projection.width);
            let cross = index.checked_sub(1).map(|before| &model.crosses[before]);
            for (stored, width) in [
                (&mut level.keys, to_image.key.projection.width),
                (&mut level.values, to_image.value.width),
                (&mut level.queries, queries),
                (&mut level.cross, cross.map_or(0, |cross| cross.width)),
                (&mut level.magnitudes, cross.map_or(0, |_| 1)),
            ] {
                stored.reset(precision, room(width));
            }
        }
        let width = model.upscaling.first.width;
        self.upscaling.reset(precision, room(width));
    }

    fn fill(&mut self, model: &Model, embedding: &[f32], precision: CachePrecision) {
        self.reset(model, precision);
        let positions = model.shape.positions();
        let blocks = self.blocks.len();
        let CacheScratch {
            features,
            means,
            block: buffer,
        } = &mut self.scratch;
        let features = sized(features, model.shape.channels * BLOCK);
        for (own, block) in self.blocks.clone().enumerate() {
            copy_block(embedding, positions, block, features);
            add_rows(features, &model.no_mask);
            let place = (own, blocks);
            for (index, level) in self.levels.iter_mut().enumerate() {
                if index == 1 {
                    add_rows(features, &model.first_bias);
                }
                let to_image = &model.to_image[index];
                level.keys.write_block(place, buffer, |out| {
                    project_scored(&to_image.key, features, block, out);
                });
                level.values.write_block(place, buffer, |out| {
                    project_rows(&to_image.value_base, features, out);
                });
                if let Some(query) = model.to_tokens.get(index) {
                    level.queries.write_block(place, buffer, |out| {
                        project_scored(query, features, block, out);
                    });
                }
                if let Some(before) = index.checked_sub(1) {
                    level.cross.write_block(place, buffer, |out| {
                        project(&model.crosses[before], features, out);
                    });
                }
            }
            self.upscaling.write_block(place, buffer, |out| {
                project(&model.upscaling.first, features, out);
            });

            for (index, level) in self.levels.iter_mut().enumerate().skip(1) {
                next_space(features, model.norm_weight_into(index), means);
                level.magnitudes.write_block(place, buffer, |magnitudes| {
                    magnitudes.fill(0.0);
                    add_column_dots(magnitudes, 1.0, features, features);
                    for value in magnitudes {
                        *value = (*value / model.shape.channels as f32).sqrt();
                    }
                });
            }
        }
    }
}

/// One block of a projection, `[width, BLOCK]`.
fn project(projection: &Projection, features: &[f32], out: &mut [f32]) {
    let (width, channels) = (projection.width, features.len() / BLOCK);
    block_matmul(
        MatrixMut::new(out, width, BLOCK),
        Update::Replace,
        Matrix::new(&projection.base, width, channels),
        Matrix::new(features, channels, BLOCK),
    );
}

/// The same of one that tokens are compared with, with the encoding if it does not stay apart.
fn project_scored(scored: &ScoredProjection, features: &[f32], block: usize, out: &mut [f32]) {
    project(&scored.projection, features, out);
    if !scored.encoded_apart {
        add_assign(out, &scored.encoding[block * out.len()..][..out.len()]);
    }
}

/// One block of a projection, position by position: `[BLOCK, width]`. `weight` is `[channels, width]`.
fn project_rows(weight: &[f32], features: &[f32], out: &mut [f32]) {
    let (width, channels) = (out.len() / BLOCK, features.len() / BLOCK);
    block_matmul(
        MatrixMut::new(out, BLOCK, width),
        Update::Replace,
        Matrix::new(features, channels, BLOCK).transposed(),
        Matrix::new(weight, channels, width),
    );
}
