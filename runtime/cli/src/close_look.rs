//! Masks at the image's size, with a closer look where the thing is small.

use clap::{Args, ValueEnum};
use fixate::decoder::Keyframe;
use fixate::frame::Frame;
use fixate::mask::Bitmap;
use fixate::prompt::{MultimaskOutput, Prompt};
use fixate::segmenter::{Candidate, Segmenter};

use crate::failure::Failure;

/// Whether to look closer.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CloseLook {
    /// Encode what lies around the click, and around masks that are small in the image, by itself: for finer masks, and for
    /// things too small to be seen in the whole; and move edges to where colours change. Takes as long as encoding the image
    /// up to five times more. auto: where answers are fitted to their prompts, as those of the model that comes with fixate
    /// are.
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    close_look: Mode,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    Auto,
    Always,
    Never,
}

impl CloseLook {
    /// The masks of a prompt's candidates, best first, as these then are.
    pub(crate) fn masks(
        self,
        segmenter: &mut Segmenter,
        frame: &Frame<'_>,
        keyframe: &Keyframe,
        prompt: &Prompt,
        multimask: MultimaskOutput,
        candidates: &mut Vec<Candidate>,
    ) -> Result<Vec<Bitmap>, Failure> {
        let closer = match self.close_look {
            Mode::Auto => segmenter.fits_answers() && multimask == MultimaskOutput::Auto,
            Mode::Always => true,
            Mode::Never => false,
        };
        let mut masks = Vec::new();
        if closer {
            segmenter
                .look_closer_into(frame, keyframe, prompt, candidates, &mut masks)
                .map_err(Failure::of)?;
            return Ok(masks);
        }
        for candidate in candidates {
            let mask = candidate.logits.view().to_bitmap(&keyframe.placement);
            masks.push(mask.map_err(Failure::of)?);
        }
        Ok(masks)
    }
}
