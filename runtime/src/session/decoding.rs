//! The decoder's thread: prompts to masks, and the mask shown drawn on the frame.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::candidates::{look_at, window};
use super::clock::now_us;
use super::drawing::Drawing;
use super::error::SessionError;
use super::orders::DecodeOrder;
use super::pool::Pool;
use super::shared::Shared;
use crate::decoder::{Decoded, Decoder, DecoderError, MaskSelection};
use crate::engine::{
    Candidates, ChoiceOptions, FrameId, JobFailed, JobId, KeyframeId, PromptShape, Rung,
};
use crate::geometry::Homography;
use crate::mask::MaskUpsampler;
use crate::preprocess::Placement;
use crate::prompt::Prompt;

/// Decodings and drawings that may be in use at once: of the last answer, the one before it, one being
/// compared, one being moved, one being followed, one being made.
const MOST_MASKS: usize = 7;

/// The masks of a decoding, in their keyframe.
pub(super) struct Masks {
    pub(super) job: JobId,
    pub(super) keyframe: KeyframeId,
    pub(super) decoded: Decoded,
    pub(super) placement: Placement,
    /// The mask shown, counted among those decoded.
    pub(super) shown: usize,
}

impl Masks {
    fn empty() -> Self {
        Self {
            job: JobId(0),
            keyframe: KeyframeId(0),
            decoded: Decoded::default(),
            placement: super::drawing::MaskPixels::default().placement,
            shown: 0,
        }
    }
}

/// What came of a decoding.
pub(super) struct Made {
    pub(super) candidates: Candidates,
    pub(super) masks: Arc<Masks>,
    /// None where there is no mask to show.
    pub(super) drawing: Option<Arc<Drawing>>,
}

/// A decoder with its buffers.
pub(super) struct DecoderDesk {
    decoder: Box<dyn Decoder>,
    choice: ChoiceOptions,
    prompt: Prompt,
    masks: Pool<Masks>,
    drawings: Pool<Drawing>,
    upsampler: MaskUpsampler,
    /// The last answer's mask, moved to the keyframe.
    remembered: Vec<f32>,
    single_only: bool,
}

impl DecoderDesk {
    /// `answers_kept` answers may hold their drawings.
    pub(super) fn new(
        decoder: Box<dyn Decoder>,
        choice: ChoiceOptions,
        answers_kept: usize,
    ) -> Self {
        Self {
            decoder,
            choice,
            prompt: Prompt::default(),
            masks: Pool::new(MOST_MASKS, Masks::empty),
            drawings: Pool::new(MOST_MASKS + answers_kept, Drawing::empty),
            upsampler: MaskUpsampler::new(),
            remembered: Vec::new(),
            single_only: false,
        }
    }

    /// Lets all buffers be as large as these masks need, so that decoding need not.
    pub(super) fn fill_buffers(&mut self, made: &Made) -> Result<(), SessionError> {
        let upsampler = &mut self.upsampler;
        let given = &*made.masks;
        self.masks.fill_all(|masks| {
            masks.decoded.clone_from(&given.decoded);
            Ok::<(), SessionError>(())
        })?;
        self.drawings.fill_all(|drawing| {
            drawing.draw(
                (given.job, FrameId(0)),
                given.decoded.mask(given.shown),
                &given.placement,
                &Homography::IDENTITY,
                upsampler,
            )
        })?;
        Ok(())
    }

    /// Decodes, looks at the masks, and draws the one that the engine will choose.
    pub(super) fn make(&mut self, order: &DecodeOrder) -> Result<Made, SessionError> {
        let DecodeOrder {
            job,
            keyframe,
            memory,
        } = order;
        put(&mut self.prompt, &job.shape);
        let (decoder, prompt) = (&mut self.decoder, &self.prompt);
        let (single_only, remembered) = (&mut self.single_only, &mut self.remembered);
        let (mut found, mut chosen) = (Candidates::default(), None);
        let choice = self.choice;
        let masks = self
            .masks
            .fill(|masks| {
                masks.job = job.job;
                masks.keyframe = job.keyframe;
                masks.placement = keyframe.placement;
                let out = &mut masks.decoded;
                match job.rung {
                    Rung::Candidates if !*single_only => {
                        let all = decoder.decode_into(keyframe, prompt, MaskSelection::All, out);
                        if matches!(all, Err(DecoderError::SingleMaskOnly)) {
                            *single_only = true;
                            decoder.decode_into(keyframe, prompt, MaskSelection::Single, out)?;
                        } else {
                            all?;
                        }
                    }
                    Rung::Window => {
                        let part = job
                            .window
                            .map(|part| window(&part, &keyframe.placement, decoder.mask_size()));
                        let single = MaskSelection::Single;
                        match part {
                            Some(part) => {
                                decoder.decode_window_into(keyframe, prompt, single, &part, out)?;
                            }
                            None => decoder.decode_into(keyframe, prompt, single, out)?,
                        }
                    }
                    _ => decoder.decode_into(keyframe, prompt, MaskSelection::Single, out)?,
                }
                found = look_at(masks, job, memory.as_deref(), remembered)?;
                chosen = choice.choose(&found, job.ambiguous, job.memory_age_us);
                masks.shown = chosen.map_or(0, |chosen| chosen.position);
                Ok::<(), SessionError>(())
            })
            .ok_or(SessionError::NoBuffer)??;
        let mut drawing = None;
        if chosen.is_some() {
            let upsampler = &mut self.upsampler;
            let drawn = self.drawings.fill(|drawing| {
                drawing.draw(
                    (job.job, job.frame),
                    masks.decoded.mask(masks.shown),
                    &masks.placement,
                    job.frame_from_keyframe.target_from_source(),
                    upsampler,
                )
            });
            drawing = Some(drawn.ok_or(SessionError::NoBuffer)??);
        }
        Ok(Made {
            candidates: found,
            masks,
            drawing,
        })
    }
}

/// The engine's prompt as the decoder takes it, in the buffers that are there.
fn put(prompt: &mut Prompt, shape: &PromptShape) {
    prompt.points.clear();
    prompt.points.extend_from_slice(shape.points());
    prompt.bounds = shape.prompt_box();
    prompt.mask = None;
}

/// What the thread does until there are no more orders or it was replaced.
pub(super) fn run(
    shared: &Shared,
    mut desk: DecoderDesk,
    orders: &Receiver<DecodeOrder>,
    generation: u64,
) {
    while let Ok(order) = orders.recv() {
        let begun_us = now_us();
        let made = catch_unwind(AssertUnwindSafe(|| desk.make(&order)));
        let job = order.job.job;
        // The keyframe may be wanted elsewhere before the report is done.
        drop(order);
        let result = match made {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) => {
                log::warn!("a prompt could not be decoded: {error}");
                Err(JobFailed)
            }
            Err(_) => {
                log::error!("the decoder panicked");
                Err(JobFailed)
            }
        };
        let took_us = now_us().saturating_sub(begun_us);
        if !shared.decoded(generation, job, took_us, result) {
            return;
        }
    }
}
