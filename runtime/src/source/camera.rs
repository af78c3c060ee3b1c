//! Cameras of the operating system: Video4Linux, AVFoundation, Media Foundation.

use std::sync::mpsc::{Receiver, channel};

use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};
use nokhwa::{Buffer, Camera, NokhwaError};

use super::image_file::decode_image;
use super::{
    FrameBuffer, FramePusher, PushCounters, PushedFrames, Source, SourceError, Supply,
    pushed_frames,
};
use crate::frame::{Frame, PixelFormat};

/// What frames to ask a camera for. It gives others where it has none of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CameraRequest {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Frames a second.
    pub rate_hz: u32,
}

impl Default for CameraRequest {
    fn default() -> Self {
        Self {
            width_px: 1280,
            height_px: 720,
            rate_hz: 30,
        }
    }
}

/// Those that are read, best first: what needs no decoding before what does.
const FORMATS: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::GRAY,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::MJPEG,
];

/// So many frames in a row may fail before the camera is given up.
const MOST_FAILURES: u32 = 30;

/// A camera, on a thread of its own, because systems bind cameras to the thread that opened them. The
/// newest frame wins; frames are stamped with the caller's clock when the driver hands them over, which
/// is an exposure and a transfer after their capture.
pub struct CameraSource {
    frames: PushedFrames,
    failure: Receiver<SourceError>,
}

impl CameraSource {
    /// Opens the camera with this number, from 0. `now_us` tells microseconds of the host's monotonic
    /// clock.
    ///
    /// # Errors
    /// When it is not there, is in use, or has no format that is read.
    pub fn open(
        index: u32,
        request: CameraRequest,
        now_us: impl FnMut() -> i64 + Send + 'static,
    ) -> Result<Self, SourceError> {
        let (pusher, frames) = pushed_frames();
        let (opened, is_open) = channel();
        let (failed, failure) = channel();
        let work = move || {
            let camera = match open(index, request) {
                Ok(camera) => camera,
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let _ = opened.send(Ok(()));
            if let Err(error) = capture(camera, index, &pusher, now_us) {
                // Nobody is left to hear it if the source is gone.
                let _ = failed.send(error);
            }
        };
        let thread = std::thread::Builder::new().name(format!("camera {index}"));
        thread.spawn(work).map_err(|error| SourceError::Camera {
            index,
            reason: error.to_string(),
        })?;
        match is_open.recv() {
            Ok(opened) => opened.map(|()| Self { frames, failure }),
            Err(_) => Err(SourceError::Camera {
                index,
                reason: "its driver has failed".to_owned(),
            }),
        }
    }

    /// How many frames came, and how many of them nobody took in time.
    #[must_use]
    pub fn counters(&self) -> PushCounters {
        self.frames.counters()
    }
}

impl Source for CameraSource {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        match self.frames.next_into(buffer)? {
            Supply::Frame => Ok(Supply::Frame),
            // Told once: the sender is gone with its thread.
            Supply::Ended => self.failure.try_recv().map_or(Ok(Supply::Ended), Err),
        }
    }

    fn is_live(&self) -> bool {
        true
    }
}

fn open(index: u32, request: CameraRequest) -> Result<Camera, SourceError> {
    let failed = |error: NokhwaError| SourceError::Camera {
        index,
        reason: error.to_string(),
    };
    let open = |kind, formats: &[FrameFormat]| {
        let wanted = RequestedFormat::with_formats(kind, formats);
        Camera::new(CameraIndex::Index(index), wanted)
    };
    let closest = |format| {
        let resolution = Resolution::new(request.width_px, request.height_px);
        let closest = CameraFormat::new(resolution, format, request.rate_hz);
        open(RequestedFormatType::Closest(closest), &[format]).ok()
    };
    // The closest is only found where the camera has the very size that is asked for.
    let mut camera = match FORMATS.into_iter().find_map(closest) {
        Some(camera) => camera,
        None => open(RequestedFormatType::AbsoluteHighestFrameRate, &FORMATS).map_err(failed)?,
    };
    camera.open_stream().map_err(failed)?;
    log::info!("camera {index}: {}", camera.camera_format());
    Ok(camera)
}

/// Pushes frames until nobody takes them any more, or too many in a row have failed.
fn capture(
    mut camera: Camera,
    index: u32,
    pusher: &FramePusher,
    mut now_us: impl FnMut() -> i64,
) -> Result<(), SourceError> {
    let mut decoded = FrameBuffer::new();
    let (mut newest_us, mut failures) = (i64::MIN, 0);
    while !pusher.is_closed() {
        let taken = camera.frame();
        // Two frames handed over within a microsecond still come one after the other.
        newest_us = now_us().max(newest_us.saturating_add(1));
        let pushed = match &taken {
            Ok(taken) => push(taken, newest_us, &mut decoded, pusher),
            Err(error) => Err(error.to_string()),
        };
        failures = if pushed.is_ok() { 0 } else { failures + 1 };
        let Err(reason) = pushed else { continue };
        log::warn!("camera {index}: {reason}");
        if failures == MOST_FAILURES {
            return Err(SourceError::Camera { index, reason });
        }
    }
    Ok(())
}

fn push(
    taken: &Buffer,
    capture_us: i64,
    decoded: &mut FrameBuffer,
    pusher: &FramePusher,
) -> Result<(), String> {
    let format = match taken.source_frame_format() {
        FrameFormat::MJPEG => {
            decode_image(taken.buffer(), decoded).map_err(|error| error.to_string())?;
            decoded.set_capture_us(capture_us);
            let frame = decoded.frame().map_err(|error| error.to_string())?;
            return pusher.push(&frame).map_err(|error| error.to_string());
        }
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Gray8,
        FrameFormat::RAWRGB => PixelFormat::Rgb8,
        FrameFormat::RAWBGR => PixelFormat::Bgr8,
    };
    let size = taken.resolution();
    Frame::contiguous(
        format,
        size.width(),
        size.height(),
        taken.buffer(),
        capture_us,
    )
    .and_then(|frame| pusher.push(&frame))
    .map_err(|error| error.to_string())
}
