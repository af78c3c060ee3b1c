//! One thread's share of the image, and what is done with it.

use std::ops::Range;

use super::super::layers::sized;
use super::super::mask_embedding::MASK_SCALE;
use super::blocks::{BLOCK, block_count, block_of, copy_block, positions_of};
use super::cache::Cache;
use super::deviation::{DeviationLane, DeviationPlan};
use super::factors::{Factors, Layout, TokenValues};
use super::model::Model;
use super::profile::{Stage, StageClock};
use super::to_image::{ToImageLane, ToImagePlan};
use super::to_tokens::{ToTokensLane, ToTokensPlan};
use super::upscaling::{UpscalingLane, UpscalingPlan};

/// What one prompt makes of the model, the same for all lanes.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// By layer.
    pub(super) values: Vec<TokenValues>,
    pub(super) to_image: ToImagePlan,
    pub(super) to_tokens: ToTokensPlan,
    pub(super) deviation: DeviationPlan,
    pub(super) upscaling: UpscalingPlan,
}

/// Some blocks of the image, one thread's.
#[derive(Default)]
pub(super) struct Lane {
    blocks: Range<usize>,
    factors: Factors,
    to_tokens: ToTokensLane,
    deviation: DeviationLane,
    pub(super) to_image: ToImageLane,
    upscaling: UpscalingLane,
    /// `[masks, rows of these blocks, 4 size]`.
    pub(super) logits: Vec<f32>,
    pub(super) clock: StageClock,
}

/// Divides the blocks of an image evenly among the lanes, so that each has whole rows; where blocks
/// and rows do not fit each other, the first lane has all.
pub(super) fn divide(lanes: &mut [Lane], size: usize) {
    let blocks = block_count(size * size);
    let count = lanes.len();
    // Blocks until one begins with a row again.
    let step = (1..=size).find(|blocks| (blocks * BLOCK).is_multiple_of(size));
    let step = step.unwrap_or(blocks);
    let mut first = 0;
    for (index, lane) in lanes.iter_mut().enumerate() {
        let last = match index + 1 == count {
            true => blocks,
            false => (blocks * (index + 1) / count / step * step).max(first),
        };
        lane.blocks = first..last;
        first = last;
    }
}

impl Lane {
    /// Makes room for the factors of a prompt, and takes in those of its mask, `[features,
    /// positions]`, if it has one.
    pub(super) fn begin(&mut self, layout: &Layout, mask: Option<&[f32]>, positions: usize) {
        self.factors.reset(layout, self.blocks.len());
        let Some(features) = mask else { return };
        for (index, block) in self.blocks.clone().enumerate() {
            let (factors, _) = self.factors.block_mut(layout, index);
            let (factors, ones) = factors.split_at_mut(factors.len() - BLOCK);
            copy_block(features, positions, block, factors);
            ones.fill(1.0);
        }
    }

    /// Runs one level: what the layer before it makes of the image, then what the tokens see there.
    pub(super) fn attend(&mut self, level: usize, model: &Model, plan: &Plan, cache: &Cache) {
        let positions = model.shape.positions();
        let cached = &cache.levels[level];
        let layout = &plan.layout;
        self.to_image.begin(&plan.to_image, &model.to_image[level]);
        self.clock.begin();
        for (index, block) in self.blocks.clone().enumerate() {
            if let Some(layer) = level.checked_sub(1) {
                let queries = &cache.levels[layer].queries;
                let (before, newest, kind) = self.factors.split_newest(layout, index);
                self.to_tokens.block(
                    &plan.to_tokens,
                    &model.to_tokens[layer],
                    block,
                    block_of(queries, block, positions),
                    before,
                    &plan.values[layer],
                    kind,
                    newest,
                );
                self.clock.lap(Stage::ToTokens);
                let (factors, scale) = self.factors.block_mut(layout, index);
                self.deviation.block(
                    &plan.deviation,
                    &model.deviations[layer],
                    layout.parts(),
                    &plan.values,
                    &model.heads,
                    (
                        block_of(&cached.squares, block, positions),
                        block_of(&cached.cross, block, positions),
                    ),
                    factors,
                    scale,
                );
                self.clock.lap(Stage::Deviation);
            }
            self.to_image.block(
                &plan.to_image,
                &model.to_image[level],
                block,
                positions_of(block, positions).len(),
                block_of(&cached.keys, block, positions),
                block_of(&cached.values, block, positions),
                self.factors.block(layout, index),
            );
            self.clock.lap(Stage::ToImage);
        }
    }

    /// Computes this lane's rows of so many masks.
    pub(super) fn upscale(&mut self, masks: usize, model: &Model, plan: &Plan, cache: &Cache) {
        let size = model.shape.embedding_size;
        let positions = size * size;
        let rows = self.rows(size).len();
        let logits = sized(&mut self.logits, masks * rows * size * MASK_SCALE);
        let first_position = self.blocks.start * BLOCK;
        self.clock.begin();
        for (index, block) in self.blocks.clone().enumerate() {
            self.upscaling.block(
                &plan.upscaling,
                &model.upscaling,
                (block, first_position),
                size,
                block_of(&cache.upscaling, block, positions),
                self.factors.block(&plan.layout, index),
                logits,
            );
        }
        self.clock.lap(Stage::Upscaling);
    }

    /// The rows of a mask that are this lane's.
    pub(super) fn rows(&self, size: usize) -> Range<usize> {
        let row = |block: usize| (block * BLOCK / size).min(size) * MASK_SCALE;
        let last = match self.blocks.end == block_count(size * size) {
            true => size * MASK_SCALE,
            false => row(self.blocks.end),
        };
        row(self.blocks.start).min(last)..last
    }
}
