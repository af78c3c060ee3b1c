//! The camera's thread: how each frame moved.

use crossbeam_channel::Receiver;

use super::shared::Shared;
use crate::engine::FrameNews;
use crate::motion::{GyroNoise, GyroTrack, Intrinsics, MotionEstimator};
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
        let (width_px, height_px) = (view.width_px(), view.height_px());
        let news = FrameNews {
            frame: frame.id,
            capture_us,
            width_px,
            height_px,
            sharpness: estimator.newest().sharpness(),
            motion: link,
        };
        shared.frame(&news, frame);
    }
}
