//! One thread's share of the image, and what is done with it.

use std::ops::Range;

use crate::kernels::Ahead;

use super::super::layers::sized;
use super::super::mask_embedding::MASK_SCALE;
use super::blocks::{BLOCK, block_count, copy_block, positions_of};
use super::cache::Cache;
use super::coefficients::TokenValues;
use super::deviation::{DeviationLane, DeviationPlan};
use super::factors::Factors;
use super::layout::Layout;
use super::model::Model;
use super::profile::{Stage, StageClock};
use super::spaces::MaskSquares;
use super::to_image::{ToImageLane, ToImagePlan};
use super::to_tokens::{ToTokensLane, ToTokensPlan};
use super::upscaling::{UpscalingLane, UpscalingPlan};
use super::window::{Pack, Places};

/// What one prompt makes of the model, the same for all threads.
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

/// Some blocks of the image, one thread's, for all prompts that are decoded together: what a keyframe
/// keeps of a block is brought near once for all of them.
#[derive(Default)]
pub(super) struct Share {
    blocks: Range<usize>,
    /// One for each prompt.
    pub(super) lanes: Vec<Lane>,
    pub(super) clock: StageClock,
    pack: Pack,
    near: Near,
}

/// One block of what a keyframe keeps, widened where it is kept in half.
#[derive(Default)]
struct Near {
    keys: Vec<f32>,
    values: Vec<f32>,
    queries: Vec<f32>,
    cross: Vec<f32>,
    magnitudes: Vec<f32>,
    squares: Vec<f32>,
    upscaling: Vec<f32>,
}

/// One block of what the attentions of a level need.
struct NearLevel<'a> {
    keys: &'a [f32],
    values: &'a [f32],
    /// Of the layer before, and what its deviations need: squares and products with all sources.
    layer: Option<NearLayer<'a>>,
}

struct NearLayer<'a> {
    queries: &'a [f32],
    squares: &'a [f32],
    cross: &'a [f32],
}

impl Near {
    fn level<'a>(
        &'a mut self,
        (cache, channels): (&'a Cache, usize),
        level: usize,
        block: usize,
    ) -> NearLevel<'a> {
        let (part, place) = cache.part(block);
        let rows = &part.levels[level];
        let queries = level
            .checked_sub(1)
            .map(|layer| &part.levels[layer].queries);
        let stored = &part.stored;
        NearLevel {
            keys: stored.read(place, &rows.keys, &mut self.keys),
            values: stored.read(place, &rows.values, &mut self.values),
            layer: queries.map(|queries| {
                let magnitudes = stored.read(place, &rows.magnitudes, &mut self.magnitudes);
                let squares = sized(&mut self.squares, BLOCK);
                for (square, magnitude) in squares.iter_mut().zip(magnitudes) {
                    *square = magnitude * magnitude * channels as f32;
                }
                NearLayer {
                    queries: stored.read(place, queries, &mut self.queries),
                    squares,
                    cross: stored.read(place, &rows.cross, &mut self.cross),
                }
            }),
        }
    }
}

/// What one thread does for one prompt.
#[derive(Default)]
pub(super) struct Lane {
    factors: Factors,
    mask_squares: MaskSquares,
    to_tokens: ToTokensLane,
    deviation: DeviationLane,
    pub(super) to_image: ToImageLane,
    upscaling: UpscalingLane,
    /// `[masks, rows of these blocks, 4 size]`.
    pub(super) logits: Vec<f32>,
}

/// Divides the blocks of an image evenly among threads, so that each has whole rows; where blocks and
/// rows do not fit each other, some have none.
pub(super) fn divide(shares: &mut [Share], size: usize) {
    let blocks = block_count(size * size);
    let count = shares.len();
    // Blocks until one begins with a row again.
    let step = (1..=size).find(|blocks| (blocks * BLOCK).is_multiple_of(size));
    let step = step.unwrap_or(blocks);
    let mut first = 0;
    for (index, share) in shares.iter_mut().enumerate() {
        let last = match index + 1 == count {
            true => blocks,
            false => (blocks * (index + 1) / count / step * step).max(first),
        };
        share.blocks = first..last;
        first = last;
    }
}

impl Share {
    /// Makes room for the factors of a prompt, and takes in those of its mask, `[features,
    /// positions]`, if it has one.
    pub(super) fn begin(
        &mut self,
        prompt: usize,
        layout: &Layout,
        mask: Option<&[f32]>,
        positions: usize,
    ) {
        if self.lanes.len() <= prompt {
            self.lanes.resize_with(prompt + 1, Lane::default);
        }
        let lane = &mut self.lanes[prompt];
        lane.factors.reset(layout, self.blocks.len());
        let Some(features) = mask else { return };
        for (index, block) in self.blocks.clone().enumerate() {
            let factors = lane.factors.values_mut(layout, index);
            let (factors, ones) = factors.split_at_mut(factors.len() - BLOCK);
            copy_block(features, positions, block, factors);
            ones.fill(1.0);
            lane.factors.code_newest(layout, index);
        }
    }

    /// Runs one level: what the layer before it makes of the image, then what the tokens see there.
    /// `embedding` is the keyframe's, `[channels, positions]`.
    pub(super) fn attend(
        &mut self,
        level: usize,
        model: &Model,
        plans: &[Plan],
        (cache, embedding): (&Cache, &[f32]),
    ) {
        let Self {
            lanes, clock, near, ..
        } = self;
        for (lane, plan) in lanes.iter_mut().zip(plans) {
            lane.to_image.begin(&plan.to_image, &model.to_image[level]);
        }
        clock.begin();
        let positions = model.shape.positions();
        for (index, block) in self.blocks.clone().enumerate() {
            let near = near.level((cache, model.shape.channels), level, block);
            for (prompt, (lane, plan)) in lanes.iter_mut().zip(plans).enumerate() {
                let ahead = match prompt + 1 == plans.len() && index + 1 < self.blocks.len() {
                    true => next_block(level, block + 1, model, plan, cache),
                    false => Ahead::default(),
                };
                if level == 0 && plan.layout.has_mask() {
                    let factors = lane.factors.block(&plan.layout, index).values;
                    let place = (index, self.blocks.len());
                    let image = (embedding, block);
                    lane.mask_squares
                        .take(&model.mask_cross, place, image, factors);
                }
                if let (Some(layer), Some(near)) = (level.checked_sub(1), &near.layer) {
                    lane.leave_layer(layer, (index, block), model, plan, near, (&ahead, clock));
                }
                lane.to_image.block(
                    &plan.to_image,
                    &model.to_image[level],
                    (block, positions_of(block, positions).len()),
                    (near.keys, near.values),
                    lane.factors.block(&plan.layout, index),
                    &ahead,
                );
                clock.lap(Stage::ToImage);
            }
        }
    }

    /// Computes this share's rows of so many masks for each prompt, at `places` only.
    pub(super) fn upscale(
        &mut self,
        masks: usize,
        places: &Places,
        model: &Model,
        plans: &[Plan],
        cache: &Cache,
    ) {
        let size = model.shape.embedding_size;
        let rows = self.rows(size);
        let Self {
            lanes,
            clock,
            pack,
            near,
            ..
        } = self;
        clock.begin();
        for lane in lanes.iter_mut().take(plans.len()) {
            let logits = sized(&mut lane.logits, masks * rows.len() * size * MASK_SCALE);
            if !places.is_everywhere(size) {
                logits.fill(super::OUTSIDE);
            }
        }
        let first_position = self.blocks.start * BLOCK;
        let positions = size * size;
        if places.is_everywhere(size) {
            for (index, block) in self.blocks.clone().enumerate() {
                let (part, place) = cache.part(block);
                let base = part
                    .stored
                    .read(place, &part.upscaling, &mut near.upscaling);
                let range = positions_of(block, positions);
                let range = range.start - first_position..range.end - first_position;
                for (lane, plan) in lanes.iter_mut().zip(plans) {
                    let factors = lane.factors.block(&plan.layout, index);
                    lane.upscaling
                        .block(&plan.upscaling, &model.upscaling, base, factors);
                    lane.upscaling
                        .place(0, range.clone(), size, masks, &mut lane.logits);
                }
            }
        } else {
            let share_rows = rows.start / MASK_SCALE..rows.end / MASK_SCALE;
            for (lane, plan) in lanes.iter_mut().zip(plans) {
                let mut runs = places.runs(share_rows.clone(), size);
                while pack.fill(&mut runs) {
                    let local = |position: usize| position - first_position;
                    let (base, factors) = pack.gather(
                        cache,
                        &mut near.upscaling,
                        (&lane.factors, &plan.layout),
                        self.blocks.start,
                    );
                    lane.upscaling
                        .block(&plan.upscaling, &model.upscaling, base, factors);
                    for (offset, run) in pack.runs() {
                        let run = local(run.start)..local(run.end);
                        lane.upscaling
                            .place(offset, run, size, masks, &mut lane.logits);
                    }
                }
            }
        }
        clock.lap(Stage::Upscaling);
    }

    /// The rows of a mask that are this share's.
    pub(super) fn rows(&self, size: usize) -> Range<usize> {
        let row = |block: usize| (block * BLOCK / size).min(size) * MASK_SCALE;
        let last = match self.blocks.end == block_count(size * size) {
            true => size * MASK_SCALE,
            false => row(self.blocks.end),
        };
        row(self.blocks.start).min(last)..last
    }
}

/// What a level needs of the next block.
fn next_block<'a>(
    level: usize,
    block: usize,
    model: &'a Model,
    plan: &Plan,
    cache: &'a Cache,
) -> Ahead<'a> {
    let (part, place) = cache.part(block);
    let far = |rows: &Range<usize>| part.stored.far(place, rows);
    let layer = level.checked_sub(1);
    let queries = layer.map_or(&[] as &[f32], |layer| far(&part.levels[layer].queries));
    let of_queries = layer.map_or(&[] as &[f32], |layer| {
        let scoring = &plan.to_tokens.scoring;
        scoring.encoding_of(&model.to_tokens[layer], block)
    });
    let scoring = &plan.to_image.scoring;
    let of_keys = scoring.encoding_of(&model.to_image[level].key, block);
    Ahead::of([queries, of_queries, far(&part.levels[level].all()), of_keys])
}

impl Lane {
    /// What a layer makes of one block of the image: the image attends to the tokens, and is
    /// normalised.
    fn leave_layer(
        &mut self,
        layer: usize,
        (index, block): (usize, usize),
        model: &Model,
        plan: &Plan,
        near: &NearLayer<'_>,
        (ahead, clock): (&Ahead<'_>, &mut StageClock),
    ) {
        let layout = &plan.layout;
        let (before, newest, kind) = self.factors.split_newest(layout, index);
        self.to_tokens.block(
            &plan.to_tokens,
            &model.to_tokens[layer],
            block,
            near.queries,
            before,
            &plan.values[layer],
            kind,
            newest,
            ahead,
        );
        clock.lap(Stage::ToTokens);
        let squares = match layout.has_mask() {
            true => self.mask_squares.with_mask(index, layer, near.squares),
            false => near.squares,
        };
        self.factors.code_newest(layout, index);
        self.deviation.block(
            &plan.deviation,
            &model.deviations[layer],
            layout.parts(),
            &plan.values,
            &model.heads,
            (squares, near.cross),
            self.factors.block_mut(layout, index),
            ahead,
        );
        clock.lap(Stage::Deviation);
    }
}
