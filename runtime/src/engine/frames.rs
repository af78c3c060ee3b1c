//! The latest frames, keyframes, and the motions between them and the newest.

use super::chains::{Chains, Following, Links};
use super::names::{FrameId, KeyframeId};
use crate::geometry::{Bounds, Homography, Point};
use crate::motion::Motion;

/// Frames on which prompts may come: half a second at 30 Hz.
const KEPT: usize = 16;

/// A frame and the motion from it to the newest.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameTrack {
    pub(super) frame: FrameId,
    pub(super) chains: Chains,
}

/// The latest frames of one size.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    tracks: [Option<FrameTrack>; KEPT],
    next: usize,
    newest: Option<Newest>,
}

/// The newest frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newest {
    pub(super) frame: FrameId,
    pub(super) capture_us: i64,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    /// When it came.
    pub(super) arrival_us: i64,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            tracks: [None; KEPT],
            next: 0,
            newest: None,
        }
    }

    pub(super) fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }

    /// Forgets all frames but the newest's number and time, which the next one must exceed.
    pub(super) fn forget(&mut self) {
        self.tracks = [None; KEPT];
    }

    pub(super) fn push(&mut self, newest: Newest, links: &Links) {
        self.chains_mut().for_each(|chains| chains.extend(links));
        self.tracks[self.next] = Some(FrameTrack {
            frame: newest.frame,
            chains: Chains::new(newest.capture_us),
        });
        self.next = (self.next + 1) % KEPT;
        self.newest = Some(newest);
    }

    pub(super) fn chains_mut(&mut self) -> impl Iterator<Item = &mut Chains> {
        let tracks = self.tracks.iter_mut().flatten();
        tracks.map(|track| &mut track.chains)
    }

    pub(super) fn track(&self, frame: FrameId) -> Option<&FrameTrack> {
        self.tracks
            .iter()
            .flatten()
            .find(|track| track.frame == frame)
    }

    /// The newest frame known that is not after this one.
    pub(super) fn up_to(&self, frame: FrameId) -> Option<FrameId> {
        let known = self.tracks.iter().flatten().map(|track| track.frame);
        known.filter(|&known| known <= frame).max()
    }

    /// Capture of the oldest frame known, microseconds.
    pub(super) fn oldest_us(&self) -> Option<i64> {
        let known = self.tracks.iter().flatten();
        known.map(|track| track.chains.frame_us()).min()
    }

    /// The latest frame captured by then; the oldest known if none was.
    pub(super) fn at(&self, time_us: i64) -> Option<&FrameTrack> {
        let known = self.tracks.iter().flatten();
        known
            .clone()
            .filter(|track| track.chains.frame_us() <= time_us)
            .max_by_key(|track| track.chains.frame_us())
            .or_else(|| known.min_by_key(|track| track.chains.frame_us()))
    }
}

/// A keyframe, or one to be, and the motion from it to the newest frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyframeTrack {
    pub(super) keyframe: KeyframeId,
    pub(super) chains: Chains,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
}

impl KeyframeTrack {
    pub(super) fn newest_from_keyframe(&self, following: Following) -> Option<&Motion> {
        self.chains.newest_from_frame(following).ok()
    }

    /// How far the picture has moved, as a share of its width: the largest of the centre and points
    /// halfway to the corners; none if that is not known.
    pub(super) fn shift_share(&self) -> Option<f64> {
        let map: &Homography = self
            .newest_from_keyframe(Following::Picture)?
            .target_from_source();
        let whole = Bounds::of_image(self.width_px, self.height_px);
        let middle = Point::new(
            (whole.x0_px + whole.x1_px) / 2.0,
            (whole.y0_px + whole.y1_px) / 2.0,
        );
        let mut furthest_px = map.apply(middle)?.distance_px(middle);
        for corner in whole.corners() {
            let point = Point::new(
                (corner.x_px + middle.x_px) / 2.0,
                (corner.y_px + middle.y_px) / 2.0,
            );
            furthest_px = furthest_px.max(map.apply(point)?.distance_px(point));
        }
        Some(furthest_px / f64::from(self.width_px))
    }
}
