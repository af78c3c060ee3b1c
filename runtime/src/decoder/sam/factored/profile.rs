//! Where the time of a decode goes.

use std::time::{Duration, Instant};

/// Time by stage, added up over decodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageProfile {
    /// What is done with tokens alone, the prompt's encoding and what a mask prompt needs included.
    pub tokens: Duration,
    /// The image attends to the tokens.
    pub to_tokens: Duration,
    /// The deviations of the image features.
    pub deviation: Duration,
    /// The tokens attend to the image.
    pub to_image: Duration,
    /// From image features to mask logits.
    pub upscaling: Duration,
}

impl std::ops::Div<u32> for StageProfile {
    type Output = Self;

    /// The mean over so many decodes.
    fn div(self, decodes: u32) -> Self {
        Self {
            tokens: self.tokens / decodes,
            to_tokens: self.to_tokens / decodes,
            deviation: self.deviation / decodes,
            to_image: self.to_image / decodes,
            upscaling: self.upscaling / decodes,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Stage {
    Tokens,
    ToTokens,
    Deviation,
    ToImage,
    Upscaling,
}

/// Adds up laps; reads no clock unless it is asked to.
#[derive(Default)]
pub(super) struct StageClock {
    /// The start of the current lap; none unless laps are timed.
    since: Option<Instant>,
    pub(super) profile: StageProfile,
}

impl StageClock {
    pub(super) fn switch(&mut self, on: bool) {
        self.since = on.then(Instant::now);
        self.profile = StageProfile::default();
    }

    /// Begins a lap, whatever came before it.
    pub(super) fn begin(&mut self) {
        if let Some(since) = &mut self.since {
            *since = Instant::now();
        }
    }

    /// Ends a lap that was of this stage, and begins the next.
    pub(super) fn lap(&mut self, stage: Stage) {
        let Some(since) = &mut self.since else { return };
        let now = Instant::now();
        let profile = &mut self.profile;
        let total = match stage {
            Stage::Tokens => &mut profile.tokens,
            Stage::ToTokens => &mut profile.to_tokens,
            Stage::Deviation => &mut profile.deviation,
            Stage::ToImage => &mut profile.to_image,
            Stage::Upscaling => &mut profile.upscaling,
        };
        *total += now - *since;
        *since = now;
    }
}
