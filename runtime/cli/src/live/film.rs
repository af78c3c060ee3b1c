//! Clips of files: folders of images, videos, recordings.

use super::clip::{Clip, Tree};
use crate::arguments::Live;
use crate::failure::Failure;
use fixate::source::{FrameBuffer, FrameRate, Supply, open};
use indicatif::ProgressBar;
use std::path::Path;

/// Pixels kept at most; a minute of 1280x720 at 30 Hz is more.
const MOST_BYTES: usize = 4 << 30;

/// Reads all frames, or those of the seconds that are asked for.
pub(super) fn read(arguments: &Live, path: &Path) -> Result<Clip, Failure> {
    let rate = FrameRate::new(arguments.fps, 1).unwrap_or_default();
    let mut source = open(path, rate).map_err(|error| {
        // The name alone may be meant for a scene.
        Failure::Usage(format!("{error}; or give scene[:SEED]"))
    })?;
    let mut buffer = FrameBuffer::new();
    let mut frames: Vec<Vec<u8>> = Vec::new();
    let mut size = None;
    let (mut first_us, mut last_us) = (0, 0);
    let progress = ProgressBar::new_spinner();
    while source.next_into(&mut buffer).map_err(Failure::of)? == Supply::Frame {
        let frame = buffer.frame().map_err(|error| Failure::file(path, error))?;
        let found = (frame.width_px(), frame.height_px());
        let expected = *size.get_or_insert(found);
        if found != expected {
            return Err(Failure::file(
                path,
                format!(
                    "frame {} is {found:?} pixels, but those before {expected:?}; scale them alike",
                    frames.len()
                ),
            ));
        }
        if frames.is_empty() {
            first_us = frame.capture_time_us();
        }
        let since_us = frame.capture_time_us() - first_us;
        if arguments
            .seconds
            .is_some_and(|seconds| since_us as f64 > seconds * 1e6)
        {
            break;
        }
        last_us = frame.capture_time_us();
        let rgb = frame.to_rgb8();
        if (frames.len() + 1) * rgb.len() > MOST_BYTES {
            return Err(Failure::file(
                path,
                format!(
                    "more than {} frames do not fit the memory; give --seconds",
                    frames.len()
                ),
            ));
        }
        frames.push(rgb);
        progress.inc(1);
    }
    progress.finish_and_clear();
    let Some((width, height)) = size else {
        return Err(Failure::file(path, "there are no frames in it"));
    };
    let steps = frames.len().saturating_sub(1) as f64;
    let fps = match last_us - first_us {
        length_us if length_us > 0 => steps * 1e6 / length_us as f64,
        _ => f64::from(arguments.fps),
    };
    Ok(Clip {
        width: width as usize,
        height: height as usize,
        fps,
        frames,
        looks: Vec::new(),
        looks_return: false,
        turns: Vec::new(),
        intrinsics: None,
        labels: Vec::new(),
        tree: Tree::default(),
    })
}
