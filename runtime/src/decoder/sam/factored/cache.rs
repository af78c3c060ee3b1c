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
    pub(super) stored: Stored,
    /// Where the products of each level are, and those of the upscaling: rows of a block.
    pub(super) levels: Vec<LevelRows>,
    pub(super) upscaling: Range<usize>,
    scratch: CacheScratch,
}

/// Where the products of one level are: rows of a block, as many as the products are wide.
#[derive(Default)]
pub(super) struct LevelRows {
    /// `[inner, BLOCK]`: keys of the attention of the tokens to the image.
    pub(super) keys: Range<usize>,
    /// `[BLOCK, inner]`: its values.
    pub(super) values: Range<usize>,
    /// `[inner, BLOCK]`: queries of the attention of the image to the tokens; none at the last level.
    pub(super) queries: Range<usize>,
    /// `[rows of all layers before, BLOCK]`; none at level 0.
    pub(super) cross: Range<usize>,
    /// `[1, BLOCK]`: roots of the mean squares of the features in this level's space; none at level 0.
    pub(super) magnitudes: Range<usize>,
}

impl LevelRows {
    /// All that this level needs, which follows each other: queries are for the next.
    pub(super) fn all(&self) -> Range<usize> {
        self.keys.start..self.magnitudes.end
    }
}

/// Buffers for filling it.
#[derive(Default)]
struct CacheScratch {
    /// `[channels, BLOCK]`.
    features: Vec<f32>,
    means: Vec<f32>,
    /// `[middle channels of the upscaling, BLOCK]`.
    place_features: Vec<f32>,
    block: Vec<f32>,
}

impl Cache {
    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.stored.bytes()).sum()
    }

    /// The part that has a block, and the block's index in it.
    pub(super) fn part(&self, block: usize) -> (&CachePart, usize) {
        let holds = |part: &&CachePart| part.blocks.contains(&block);
        // Whoever asks for a block that there is finds it.
        let part = self.parts.iter().find(holds).unwrap_or(&self.parts[0]);
        (part, block - part.blocks.start)
    }

    /// Computes everything from an embedding, fine features included, in as many parts as the team has members.
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
    fn reset(&mut self, model: &Model, precision: CachePrecision) {
        let mut rows = 0;
        let mut next = |width: usize| {
            let first = rows;
            rows += width;
            first..rows
        };
        self.levels.clear();
        for (index, to_image) in model.to_image.iter().enumerate() {
            let queries = model.to_tokens.get(index);
            let cross = index.checked_sub(1).map(|before| &model.crosses[before]);
            self.levels.push(LevelRows {
                keys: next(to_image.key.projection.width),
                values: next(to_image.value.width),
                cross: next(cross.map_or(0, |cross| cross.width)),
                magnitudes: next(cross.map_or(0, |_| 1)),
                queries: next(queries.map_or(0, |query| query.projection.width)),
            });
        }
        self.upscaling = next(model.upscaling.kept_rows());
        self.stored.reset(precision, self.blocks.len(), rows);
    }

    fn fill(&mut self, model: &Model, embedding: &[f32], precision: CachePrecision) {
        self.reset(model, precision);
        let positions = model.shape.positions();
        let (embedding, fine) = model.shape.split(embedding);
        let stored = &mut self.stored;
        let CacheScratch {
            features,
            means,
            place_features,
            block: buffer,
        } = &mut self.scratch;
        let features = sized(features, model.shape.channels * BLOCK);
        for (own, block) in self.blocks.clone().enumerate() {
            copy_block(embedding, positions, block, features);
            add_rows(features, &model.no_mask);
            for (index, level) in self.levels.iter().enumerate() {
                if index == 1 {
                    add_rows(features, &model.first_bias);
                }
                let to_image = &model.to_image[index];
                stored.write(own, &level.keys, buffer, |out| {
                    project_scored(&to_image.key, features, block, out);
                });
                stored.write(own, &level.values, buffer, |out| {
                    project_rows(&to_image.value_base, features, out);
                });
                if let Some(query) = model.to_tokens.get(index) {
                    stored.write(own, &level.queries, buffer, |out| {
                        project_scored(query, features, block, out);
                    });
                }
                if let Some(before) = index.checked_sub(1) {
                    stored.write(own, &level.cross, buffer, |out| {
                        project(&model.crosses[before], features, out);
                    });
                }
            }
            stored.write(own, &self.upscaling, buffer, |out| {
                let (product, addends) = out.split_at_mut(model.upscaling.first.width * BLOCK);
                project(&model.upscaling.first, features, product);
                let buffers = (&mut *place_features, &mut *means);
                let upscaling = &model.upscaling;
                upscaling.keep_fine((fine, positions), block, buffers, addends);
            });

            for (index, level) in self.levels.iter().enumerate().skip(1) {
                next_space(features, model.norm_weight_into(index), means);
                stored.write(own, &level.magnitudes, buffer, |magnitudes| {
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
