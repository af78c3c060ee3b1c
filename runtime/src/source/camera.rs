//! Cameras of the operating system: Video4Linux, AVFoundation, Media Foundation.

use nokhwa::Camera;
use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};

use super::image_file::decode_image;
use super::{FrameBuffer, Source, SourceError, Supply};
use crate::frame::{Frame, PixelFormat, YuvMatrix, YuvRange};

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

/// A camera. Frames are stamped with the caller's clock when the driver hands them over, which is an
/// exposure and a transfer after their capture.
pub struct CameraSource<C> {
    camera: Camera,
    index: u32,
    now_us: C,
    newest_us: i64,
}

impl<C: FnMut() -> i64 + Send> CameraSource<C> {
    /// Opens the camera with this number, from 0. `now_us` tells microseconds of the host's monotonic
    /// clock.
    ///
    /// # Errors
    /// When it is not there, is in use, or has no format that is read.
    pub fn open(index: u32, request: CameraRequest, now_us: C) -> Result<Self, SourceError> {
        let failed = |error: nokhwa::NokhwaError| SourceError::Camera {
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
            None => {
                open(RequestedFormatType::AbsoluteHighestFrameRate, &FORMATS).map_err(failed)?
            }
        };
        camera.open_stream().map_err(failed)?;
        log::info!("camera {index}: {}", camera.camera_format());
        Ok(Self {
            camera,
            index,
            now_us,
            newest_us: i64::MIN,
        })
    }
}

impl<C: FnMut() -> i64 + Send> Source for CameraSource<C> {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        let index = self.index;
        let failed = |reason: String| SourceError::Camera { index, reason };
        let taken = self
            .camera
            .frame()
            .map_err(|error| failed(error.to_string()))?;
        // Two frames handed over within a microsecond still come one after the other.
        self.newest_us = (self.now_us)().max(self.newest_us.saturating_add(1));
        let resolution = taken.resolution();
        let (width_px, height_px) = (resolution.width(), resolution.height());
        let format = match taken.source_frame_format() {
            FrameFormat::MJPEG => {
                decode_image(taken.buffer(), buffer)
                    .map_err(|error| failed(format!("a frame gives no picture: {error}")))?;
                buffer.set_capture_us(self.newest_us);
                return Ok(Supply::Frame);
            }
            FrameFormat::YUYV => PixelFormat::Yuyv,
            FrameFormat::NV12 => PixelFormat::Nv12,
            FrameFormat::GRAY => PixelFormat::Gray8,
            FrameFormat::RAWRGB => PixelFormat::Rgb8,
            FrameFormat::RAWBGR => PixelFormat::Bgr8,
        };
        let bytes = taken.buffer();
        let frame = Frame::contiguous(format, width_px, height_px, bytes, self.newest_us)
            .map_err(|error| failed(error.to_string()))?
            .with_yuv(YuvMatrix::Bt601, YuvRange::Limited);
        buffer
            .copy_from(&frame)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Supply::Frame)
    }

    fn is_live(&self) -> bool {
        true
    }
}
