//! The pixels of one frame, used again for the next.

use crate::frame::{Frame, FrameError, LentFrame, PixelFormat, YuvMatrix, YuvRange};

/// A frame with pixels of its own. Rows, and planes, follow one another without gaps.
#[derive(Clone, Debug, Default)]
pub struct FrameBuffer {
    shape: Option<Shape>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    format: PixelFormat,
    width_px: u32,
    height_px: u32,
    capture_us: i64,
    matrix: YuvMatrix,
    range: YuvRange,
}

impl FrameBuffer {
    /// A buffer without a frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The frame.
    ///
    /// # Errors
    /// [`FrameError::ZeroSize`] when there is none yet.
    pub fn frame(&self) -> Result<Frame<'_>, FrameError> {
        let Some(shape) = self.shape else {
            return Err(FrameError::ZeroSize {
                width_px: 0,
                height_px: 0,
            });
        };
        let frame = Frame::contiguous(
            shape.format,
            shape.width_px,
            shape.height_px,
            &self.bytes,
            shape.capture_us,
        )?;
        Ok(frame.with_yuv(shape.matrix, shape.range))
    }

    /// Makes room for a frame of this size and gives its pixels to be filled: rows, and planes, without
    /// gaps. Allocates only where no frame before was as large. YUV is BT.601, limited range, until
    /// [`FrameBuffer::set_yuv`].
    ///
    /// # Errors
    /// When no frame has such a size; the buffer is then empty.
    pub fn reshape(
        &mut self,
        format: PixelFormat,
        width_px: u32,
        height_px: u32,
        capture_us: i64,
    ) -> Result<&mut [u8], FrameError> {
        self.shape = None;
        let length = format.contiguous_bytes(width_px, height_px)?;
        let more = length.saturating_sub(self.bytes.len());
        if self.bytes.try_reserve(more).is_err() {
            return Err(FrameError::TooLarge {
                width_px,
                height_px,
            });
        }
        self.bytes.resize(length, 0);
        self.shape = Some(Shape {
            format,
            width_px,
            height_px,
            capture_us,
            matrix: YuvMatrix::default(),
            range: YuvRange::default(),
        });
        Ok(&mut self.bytes)
    }

    /// How YUV pixels are to be read.
    pub fn set_yuv(&mut self, matrix: YuvMatrix, range: YuvRange) {
        if let Some(shape) = &mut self.shape {
            (shape.matrix, shape.range) = (matrix, range);
        }
    }

    /// When the pixels were captured, microseconds of the host's monotonic clock.
    pub fn set_capture_us(&mut self, capture_us: i64) {
        if let Some(shape) = &mut self.shape {
            shape.capture_us = capture_us;
        }
    }

    /// Takes over a frame's pixels, without the padding of its rows.
    ///
    /// # Errors
    /// When the frame's size does not fit this machine's addresses without padding.
    pub fn copy_from(&mut self, frame: &Frame<'_>) -> Result<(), FrameError> {
        let (format, height_px) = (frame.format(), frame.height_px());
        let row_bytes = frame.row_bytes();
        let bytes = self.reshape(format, frame.width_px(), height_px, frame.capture_time_us())?;
        let rows = (0..format.planes())
            .flat_map(|plane| (0..format.rows(plane, height_px)).map(move |row| (plane, row)));
        for (out, (plane, row)) in bytes.chunks_exact_mut(row_bytes).zip(rows) {
            out.copy_from_slice(frame.row(plane, row));
        }
        let (matrix, range) = frame.yuv();
        self.set_yuv(matrix, range);
        Ok(())
    }

    /// The pixels, without copying them; the buffer's frame is gone.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl LentFrame for FrameBuffer {
    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        FrameBuffer::frame(self)
    }
}
