//! One decode, from prompts of equally many tokens to their masks: what the tokens do by turns with what all threads
//! do to their shares of the image.

use crate::decoder::{Decoded, DecoderError, Keyframe, MaskSelection};
use crate::kernels::{Team, add_into};
use crate::prompt::Prompt;

use super::super::layers::sized;
use super::super::prompt_encoder::PromptEncoder;
use super::cache::Cache;
use super::coefficients::TokenValues;
use super::deviation::DeviationPlan;
use super::lane::Plan;
use super::layout::{Layout, PartKind};
use super::profile::Stage;
use super::to_image::ToImagePlan;
use super::to_tokens::factors_of;
use super::window::Places;
use super::{FactoredSamDecoder, GROUP};

impl FactoredSamDecoder {
    /// Encodes prompts of equally many tokens, and announces the factors of their masks.
    fn begin(&mut self, keyframe: &Keyframe, prompts: &[Prompt]) {
        let model = &*self.model;
        let shape = model.shape;
        let count = prompts.first().map_or(0, PromptEncoder::token_count);
        let outputs = model.output_tokens.len();
        let length = outputs + count * shape.channels;
        let tokens = sized(&mut self.tokens, prompts.len() * length);
        let count = length / shape.channels;
        let of_layers = model.heads.iter();
        let room: usize = of_layers.map(|heads| factors_of(*heads, count).0 + 1).sum();
        if self.plans.len() < prompts.len() {
            self.plans.resize_with(prompts.len(), Plan::default);
        }
        let each = prompts.iter().zip(tokens.chunks_exact_mut(length));
        for (index, (prompt, tokens)) in each.enumerate() {
            let (output_tokens, prompt_tokens) = tokens.split_at_mut(outputs);
            output_tokens.copy_from_slice(&model.output_tokens);
            self.prompt_encoder
                .encode_points(prompt, &keyframe.placement, prompt_tokens);
            let plan = &mut self.plans[index];
            plan.values
                .resize_with(model.layers.len(), TokenValues::default);
            let parts = 1 + model.layers.len();
            plan.layout
                .reset(room + model.mask_factors + 1, parts, self.dots);
            let features = prompt.mask.as_ref().map(|mask| {
                plan.layout.push(0, model.mask_factors, PartKind::Direct);
                self.prompt_encoder.mask_features(mask)
            });
            for share in &mut self.shares {
                share.begin(index, &plan.layout, features, shape.positions());
            }
        }
        sized(&mut self.encoding, self.tokens.len()).copy_from_slice(&self.tokens);
        sized(&mut self.encoded, self.tokens.len());
    }

    /// Runs one level: what the layer before it makes of the image, then what the tokens see there.
    fn attend(&mut self, level: usize, prompts: usize, image: (&Cache, &[f32])) {
        let model = &*self.model;
        let plans = &mut self.plans[..prompts];
        let length = self.tokens.len() / prompts;
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        let mut preparations = [const { None }; 2 * GROUP];
        let encoded = self.encoded.chunks_exact(length);
        for (index, (plan, encoded)) in plans.iter_mut().zip(encoded).enumerate() {
            let known = (&plan.layout, &*plan.values);
            preparations[index] = Some(Preparation::ToImage {
                plan: &mut plan.to_image,
                encoded,
                known,
            });
            preparations[prompts + index] =
                level.checked_sub(1).map(|layer| Preparation::Deviation {
                    plan: &mut plan.deviation,
                    layer,
                    known,
                });
        }
        // Before the first layer there are no deviations.
        let count = if level == 0 { prompts } else { 2 * prompts };
        on_all_threads(
            &mut preparations[..count],
            &mut self.team,
            |preparation| match preparation {
                Some(Preparation::ToImage {
                    plan,
                    encoded,
                    known: (layout, values),
                }) => plan.begin(
                    &model.to_image[level],
                    encoded,
                    layout,
                    values,
                    &model.heads,
                ),
                Some(Preparation::Deviation {
                    plan,
                    layer,
                    known: (layout, values),
                }) => plan.begin(&model.deviations[*layer], layout, values, &model.heads),
                None => {}
            },
        );
        self.clock.lap(Stage::Tokens);
        let shared = &*plans;
        on_all_threads(&mut self.shares, &mut self.team, |share| {
            share.attend(level, model, shared, image);
        });
        self.clock.begin();
        let Some((first, others)) = self.shares.split_first_mut() else {
            return;
        };
        let tokens = self.tokens.chunks_exact_mut(length);
        for (index, (plan, tokens)) in plans.iter_mut().zip(tokens).enumerate() {
            let lane = &mut first.lanes[index].to_image;
            for other in &mut *others {
                lane.merge(&mut other.lanes[index].to_image);
            }
            plan.to_image.finish(lane, &model.to_image[level], tokens);
        }
    }

    /// What a layer's tokens do after they saw the image, and what the image will see of them.
    fn think(&mut self, index: usize, prompts: usize) {
        let model = &*self.model;
        let layer = &model.layers[index];
        let length = self.tokens.len() / prompts;
        layer.think(&mut self.tokens, &mut self.token_scratch);
        add_into(&mut self.encoded, &self.tokens, &self.encoding);
        let tokens = self.tokens.chunks_exact(length);
        let tokens = tokens.zip(self.encoded.chunks_exact(length));
        let mut parts = [const { None }; GROUP];
        for (slot, part) in parts.iter_mut().zip(self.plans.iter_mut().zip(tokens)) {
            *slot = Some(part);
        }
        on_all_threads(&mut parts[..prompts], &mut self.team, |part| {
            let Some((plan, tokens)) = part else { return };
            let (known, newest) = plan.values.split_at_mut(index);
            plan.to_tokens.begin(
                &model.to_tokens[index],
                layer,
                *tokens,
                &plan.layout,
                &mut newest[0],
                known,
                &model.heads,
            );
            let (rows, kind) = factors_of(model.heads[index], newest[0].tokens);
            plan.layout.push(index + 1, rows, kind);
        });
    }

    /// Decodes prompts of equally many tokens together.
    pub(super) fn decode(
        &mut self,
        cache: &Cache,
        keyframe: &Keyframe,
        prompts: &[Prompt],
        (masks, places): (MaskSelection, &Places),
        out: &mut [Decoded],
    ) -> Result<(), DecoderError> {
        let shape = self.model.shape;
        let wanted = shape.wanted(masks)?;
        let (embedding, _) = shape.split(&keyframe.embedding.values);
        let count = prompts.len();
        self.clock.begin();
        self.begin(keyframe, prompts);
        for level in 0..self.model.to_image.len() {
            if let Some(layer) = self.model.layers.get(level) {
                layer.attend_each_other(
                    &mut self.tokens,
                    &self.encoding,
                    count,
                    level == 0,
                    &mut self.token_scratch,
                );
            }
            self.attend(level, count, (cache, embedding));
            if level < self.model.layers.len() {
                self.think(level, count);
            }
        }
        let model = &*self.model;
        model.final_norm.apply_to_tokens(&mut self.tokens);
        let length = self.tokens.len() / count;
        let plans = &mut self.plans[..count];
        let tokens = (&*self.tokens, length);
        let ious = self.predictions.of(&model.upscaling, 0, tokens);
        for (ious, out) in ious.zip(&mut *out) {
            out.predicted_iou.clear();
            out.predicted_iou.extend_from_slice(&ious[wanted.clone()]);
        }
        for plan in &mut *plans {
            plan.upscaling.kernels.clear();
        }
        for mask in wanted.clone() {
            let kernels = self.predictions.of(&model.upscaling, 1 + mask, tokens);
            for (kernel, plan) in kernels.zip(&mut *plans) {
                plan.upscaling.kernels.extend_from_slice(kernel);
            }
        }
        on_all_threads(plans, &mut self.team, |plan| {
            plan.upscaling
                .begin(&model.upscaling, &plan.layout, &plan.values, &model.heads);
        });
        self.clock.lap(Stage::Tokens);
        let shared = &*plans;
        on_all_threads(&mut self.shares, &mut self.team, |share| {
            share.upscale(wanted.len(), places, model, shared, cache);
        });
        for (index, out) in out.iter_mut().enumerate() {
            self.gather(index, wanted.len(), &mut out.logits);
            [out.width, out.height] = [shape.mask_side(); 2];
            out.indices = wanted.clone();
            out.check_finite()?;
        }
        Ok(())
    }

    /// Puts the shares' rows of a prompt's masks together.
    fn gather(&mut self, prompt: usize, masks: usize, logits: &mut Vec<f32>) {
        if let [share] = self.shares.as_mut_slice() {
            std::mem::swap(logits, &mut share.lanes[prompt].logits);
            return;
        }
        let side = self.model.shape.mask_side();
        let logits = sized(logits, masks * side * side);
        for share in &self.shares {
            let rows = share.rows(self.model.shape.embedding_size);
            let length = rows.len() * side;
            let from = &share.lanes[prompt].logits;
            for mask in 0..masks {
                logits[(mask * side + rows.start) * side..][..length]
                    .copy_from_slice(&from[mask * length..][..length]);
            }
        }
    }
}

/// Something that is made ready for a prompt before the image is looked at.
enum Preparation<'a> {
    ToImage {
        plan: &'a mut ToImagePlan,
        /// The prompt's tokens with their encoding.
        encoded: &'a [f32],
        known: (&'a Layout, &'a [TokenValues]),
    },
    Deviation {
        plan: &'a mut DeviationPlan,
        layer: usize,
        known: (&'a Layout, &'a [TokenValues]),
    },
}

/// Calls `job` for every part, on all threads that there are.
fn on_all_threads<T: Send>(parts: &mut [T], team: &mut Option<Team>, job: impl Fn(&mut T) + Sync) {
    match team {
        Some(team) => team.each(parts, job),
        None => parts.iter_mut().for_each(job),
    }
}
