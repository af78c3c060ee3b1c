//! The thread that moves masks, while the decoder is late.

use crossbeam_channel::Receiver;

use super::drawing::Drawing;
use super::orders::MoveOrder;
use super::pool::Pool;
use super::shared::Shared;
use crate::engine::JobFailed;
use crate::mask::MaskUpsampler;

/// Drawings in use besides those in answers: the one shown, one to be shown, one being made.
const MOST_DRAWINGS: usize = 4;

/// What the thread does until there are no more orders.
pub(super) fn run(shared: &Shared, orders: &Receiver<MoveOrder>, answers_kept: usize) {
    let mut drawings = Pool::new(MOST_DRAWINGS + answers_kept, Drawing::empty);
    let mut upsampler = MaskUpsampler::new();
    while let Ok(MoveOrder { job, masks }) = orders.recv() {
        let drawn = drawings.fill(|drawing| {
            drawing.draw(
                (job.decoded, job.frame),
                masks.decoded.mask(masks.shown),
                &masks.placement,
                job.frame_from_keyframe.target_from_source(),
                &mut upsampler,
            )
        });
        drop(masks);
        let result = match drawn {
            Some(Ok(drawing)) => Ok(drawing),
            Some(Err(error)) => {
                log::warn!("a mask could not be moved: {error}");
                Err(JobFailed)
            }
            None => {
                log::warn!("a mask could not be moved: all buffers are in use");
                Err(JobFailed)
            }
        };
        shared.moved(job.job, result);
    }
}
