//! Frames that outlive the camera's buffer.

use crate::engine::FrameId;
use crate::frame::{Frame, FrameError, PixelFormat, Plane, YuvMatrix, YuvRange};

/// A frame with pixels of its own, its rows and planes without gaps.
pub(super) struct OwnFrame {
    pub(super) id: FrameId,
    format: PixelFormat,
    width_px: u32,
    height_px: u32,
    capture_us: i64,
    yuv: (YuvMatrix, YuvRange),
    /// Where the second plane begins.
    second: usize,
    bytes: Vec<u8>,
}

impl OwnFrame {
    /// A frame without pixels, to be filled.
    pub(super) fn empty() -> Self {
        Self {
            id: FrameId(0),
            format: PixelFormat::Gray8,
            width_px: 0,
            height_px: 0,
            capture_us: 0,
            yuv: (YuvMatrix::default(), YuvRange::default()),
            second: 0,
            bytes: Vec::new(),
        }
    }

    /// Becomes a copy of `frame`. Allocates for the first frame of a size.
    pub(super) fn copy_from(&mut self, id: FrameId, frame: &Frame<'_>) {
        self.id = id;
        self.format = frame.format();
        self.width_px = frame.width_px();
        self.height_px = frame.height_px();
        self.capture_us = frame.capture_time_us();
        self.yuv = frame.yuv();
        self.bytes.clear();
        self.second = 0;
        for plane in 0..frame.format().planes() {
            self.second = self.bytes.len();
            let rows = frame.format().rows(plane, frame.height_px());
            for row in 0..rows {
                self.bytes.extend_from_slice(frame.row(plane, row));
            }
        }
    }

    pub(super) fn size_px(&self) -> (u32, u32) {
        (self.width_px, self.height_px)
    }

    pub(super) fn capture_us(&self) -> i64 {
        self.capture_us
    }

    /// The frame.
    ///
    /// # Errors
    /// Before it was filled.
    pub(super) fn view(&self) -> Result<Frame<'_>, FrameError> {
        let (first, second) = self.bytes.split_at(if self.format.planes() == 2 {
            self.second
        } else {
            self.bytes.len()
        });
        let stride_bytes = self.format.row_bytes(self.width_px).unwrap_or_default();
        let planes = [first, second].map(|bytes| Plane {
            bytes,
            stride_bytes,
        });
        let frame = Frame::new(
            self.format,
            self.width_px,
            self.height_px,
            &planes[..self.format.planes()],
            self.capture_us,
        )?;
        Ok(frame.with_yuv(self.yuv.0, self.yuv.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_same_pixels_without_the_gaps() {
        let bytes: Vec<u8> = (0..=255).collect();
        let plane = |start: usize| Plane {
            bytes: &bytes[start..],
            stride_bytes: 7,
        };
        let format = PixelFormat::Nv12;
        let frame = Frame::new(format, 4, 4, &[plane(0), plane(100)], 5).unwrap();
        let mut own = OwnFrame::empty();
        assert!(own.view().is_err());
        own.copy_from(
            FrameId(3),
            &frame.with_yuv(YuvMatrix::Bt709, YuvRange::Full),
        );
        let copy = own.view().unwrap();
        assert_eq!(copy.capture_time_us(), 5);
        assert_eq!(copy.yuv(), (YuvMatrix::Bt709, YuvRange::Full));
        for plane in 0..2 {
            for row in 0..format.rows(plane, 4) {
                assert_eq!(copy.row(plane, row), frame.row(plane, row));
            }
        }
    }
}
