//! The motion from a frame to the newest: as the picture goes, and as the thing looked at goes.

use serde::{Deserialize, Serialize};

use super::names::ThingId;
use crate::motion::{ChainError, Evidence, FrameMotion, Lost, Motion, MotionChain};

/// How the thing that was looked at went, where it moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThingMotion {
    /// The thing ([`Watched::thing`](super::Watched::thing)); of another than the engine's, it is ignored.
    pub thing: ThingId,
    /// From the frame before to this one.
    pub motion: Motion,
}

/// What a place goes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Following {
    /// The picture: the world at rest, most of it.
    Picture,
    /// The thing that the last answer shows.
    Thing,
}

/// The motions from the frame before to the newest one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    picture: FrameMotion,
    thing: FrameMotion,
}

impl Links {
    /// The thing goes with the picture unless it is known to go by itself.
    pub(super) fn new(picture: FrameMotion, thing: Option<Motion>) -> Self {
        let mut own = picture;
        own.motion = thing.or(picture.motion);
        Self {
            picture,
            thing: own,
        }
    }
}

/// From one frame to the newest, both ways of going; the two differ for as long as the thing has moved by
/// itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chains {
    picture: MotionChain,
    thing: MotionChain,
}

impl Chains {
    /// From the frame captured then to itself.
    pub(super) fn new(frame_us: i64) -> Self {
        let chain = MotionChain::new(frame_us);
        Self {
            picture: chain,
            thing: chain,
        }
    }

    /// Capture of the frame, microseconds.
    pub(super) fn frame_us(&self) -> i64 {
        self.picture.keyframe_us()
    }

    /// The motion of what is followed. How a thing went is the picture's motion where nothing else is known.
    ///
    /// # Errors
    /// When the chain is broken.
    pub(super) fn newest_from_frame(&self, following: Following) -> Result<&Motion, ChainError> {
        let picture = self.picture.newest_from_keyframe();
        match following {
            Following::Picture => picture,
            Following::Thing => self.thing.newest_from_keyframe().or(picture),
        }
    }

    /// Whether the thing has moved by itself.
    pub(super) fn differ(&self) -> bool {
        self.thing != self.picture
    }

    pub(super) fn extend(&mut self, links: &Links) {
        extend(&mut self.picture, &links.picture);
        extend(&mut self.thing, &links.thing);
    }

    /// Another thing is looked at: of its way so far nothing is known but the picture's.
    pub(super) fn forget_thing(&mut self) {
        self.thing = self.picture;
    }
}

/// Goes on with a chain. A link that does not fit breaks it: the motion is then not known.
fn extend(chain: &mut MotionChain, link: &FrameMotion) {
    let fits = link.source_us == chain.newest_us() && link.motion.is_some();
    let own = if fits {
        *link
    } else {
        unknown(chain.newest_us(), link.target_us)
    };
    // A broken chain says so whenever it is asked.
    let _ = chain.extend(&own);
}

/// The motion between two frames when nothing is known of it.
pub(super) fn unknown(source_us: i64, target_us: i64) -> FrameMotion {
    FrameMotion {
        source_us,
        target_us,
        motion: None,
        evidence: Evidence::Nothing {
            flow: Lost::SizeChanged,
        },
    }
}
