//! The camera's thread: how each frame moved.

use crossbeam_channel::Receiver;

use super::shared::Shared;
use crate::engine::{FrameNews, ThingMotion};
use crate::motion::{
    FrameMotion, GyroNoise, GyroTrack, Intrinsics, MotionEstimator, ObjectMotion, PlacedMask,
};
use crate::newest::Taken;

/// A sample of the gyroscope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) time_us: i64,
    pub(super) rate_rad_s: [f64; 3],
}

/// Where chance begins in the search for a motion that most corners share.
const SEED: u64 = 1;

/// What the thread does until the slot for frames is closed.
pub(super) fn run(shared: &Shared, turns: &Receiver<Turn>, intrinsics: Option<Intrinsics>) {
    let mut estimator = MotionEstimator::new(SEED);
    let mut gyro = GyroTrack::new();
    let mut before_us = None;
    while let Taken::Value(frame) = shared.camera.take(None) {
        while let Ok(turn) = turns.try_recv() {
            // The engine refuses and counts the same samples.
            let _ = gyro.push(turn.time_us, turn.rate_rad_s);
        }
        let Ok(view) = frame.view() else { continue };
        let capture_us = view.capture_time_us();
        let turned = match (before_us, &intrinsics) {
            (Some(before_us), Some(intrinsics)) => gyro
                .motion(before_us, capture_us, intrinsics, &GyroNoise::default())
                .ok(),
            _ => None,
        };
        let link = match estimator.push(&view, turned.as_ref()) {
            Ok(link) => link,
            Err(error) => {
                log::warn!("a frame was left out: {error}");
                continue;
            }
        };
        before_us = Some(capture_us);
        let thing = link
            .as_ref()
            .and_then(|link| thing_motion(shared, &mut estimator, link));
        let (width_px, height_px) = (view.width_px(), view.height_px());
        let news = FrameNews {
            frame: frame.id,
            capture_us,
            width_px,
            height_px,
            sharpness: estimator.newest().sharpness(),
            motion: link,
            thing,
        };
        shared.frame(&news, frame);
    }
}

/// How what the last answer shows went, if not with the picture.
fn thing_motion(
    shared: &Shared,
    estimator: &mut MotionEstimator,
    link: &FrameMotion,
) -> Option<ThingMotion> {
    let picture = link.motion.as_ref()?;
    let (watched, masks) = shared.watched()?;
    if watched.newest_us != link.source_us {
        return None;
    }
    let mask = PlacedMask::new(masks.decoded.mask(masks.shown), &masks.placement).ok()?;
    let before_from_mask = watched.newest_from_keyframe.target_from_source();
    match estimator.thing(picture, &mask, &watched.bounds, before_from_mask) {
        ObjectMotion::ByItself(found) => Some(ThingMotion {
            thing: watched.thing,
            motion: found.motion,
        }),
        _ => None,
    }
}
