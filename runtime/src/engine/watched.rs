//! The thing that the last answer shows, for whoever can see how it moves by itself.

use super::chains::{Chains, Following};
use super::choice::Candidate;
use super::machine::Engine;
use super::names::{JobId, ThingId, age_us};
use crate::geometry::Bounds;
use crate::motion::Motion;

/// Masks that share less than this of both together are of different things. A part shares more with its whole, as a
/// rule, and goes with it.
const SMALLEST_AGREEMENT: f32 = 0.1;

/// The thing that the last answer shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watched {
    /// Its name, the same for as long as answers are of it.
    pub thing: ThingId,
    /// The decoding that made its mask; names the pixels.
    pub job: JobId,
    /// Box around the mask in its keyframe.
    pub bounds: Bounds,
    /// Capture of the newest frame, microseconds.
    pub newest_us: i64,
    /// The thing's motion from the mask's keyframe to the newest frame.
    pub newest_from_keyframe: Motion,
}

impl Engine {
    /// The thing to be followed: tell its own motion to the next frame with
    /// [`FrameNews::thing`](super::FrameNews::thing). None when no young answer shows one, or it was lost.
    #[must_use]
    pub fn watched(&self) -> Option<Watched> {
        let last = self.last.as_ref()?;
        if age_us(self.now_us, last.decoded_us) > self.options.oldest_mask_us {
            return None;
        }
        Some(Watched {
            thing: self.thing,
            job: last.drawn.job,
            bounds: last.drawn.shown()?.bounds?,
            newest_us: self.frames.newest()?.capture_us,
            newest_from_keyframe: *last.track.newest_from_keyframe(Following::Thing)?,
        })
    }

    /// Another thing is looked at, of whose own way nothing is known yet.
    pub(super) fn watch_another(&mut self) {
        self.thing.0 += 1;
        self.frames.chains_mut().for_each(Chains::forget_thing);
        self.chains_mut().for_each(Chains::forget_thing);
    }

    /// From every frame in use, but those kept for prompts to come, to the newest.
    pub(super) fn chains_mut(&mut self) -> impl Iterator<Item = &mut Chains> {
        let encoding = self.encoding.as_mut().map(|job| &mut job.track);
        let decoding = self.decoding.as_mut().map(|job| &mut job.track);
        let last = self.last.as_mut().map(|last| &mut last.track);
        let tracks = [self.keyframe.as_mut(), encoding, decoding, last];
        let tracks = tracks.into_iter().flatten().map(|track| &mut track.chains);
        tracks.chain(self.open.iter_mut().map(|open| &mut open.chains))
    }
}

/// Whether a mask decoded for a place that went with this shows what the last answer showed.
pub(super) fn shows_the_same(following: Following, shown: Option<&Candidate>) -> bool {
    let agreement = shown.and_then(|shown| shown.agreement);
    following == Following::Thing && agreement.is_none_or(|share| share >= SMALLEST_AGREEMENT)
}
