//! Borrowed camera pixels with their format, strides and capture time.
//!
//! A [`Frame`] never owns or copies pixels: it is a checked view of the camera's own buffer, so a
//! constructor that succeeds is the only place where sizes have to be doubted. A [`LentFrame`] is such a
//! buffer that outlives the call that hands it over.

use std::fmt;

mod error;
mod format;
mod lent;
mod region;
mod rgb8;
#[cfg(test)]
mod tests;

pub use error::FrameError;
pub use format::{PixelFormat, YuvMatrix, YuvRange};
pub use lent::LentFrame;
pub(crate) use region::Region;
pub(crate) use rgb8::YuvToRgb;

use format::check_size;

/// The bytes of one plane: `rows` rows, each `stride_bytes` after the one before. The last row may
/// end where its pixels end.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    /// The pixels, from the first byte of the first row.
    pub bytes: &'a [u8],
    /// Distance from the start of a row to the start of the next.
    pub stride_bytes: usize,
}

impl fmt::Debug for Plane<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Plane({} bytes, stride {})",
            self.bytes.len(),
            self.stride_bytes
        )
    }
}

/// An image with its capture time: checked, borrowed pixels.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    format: PixelFormat,
    width_px: u32,
    height_px: u32,
    planes: [Plane<'a>; 2],
    capture_time_us: i64,
    yuv_matrix: YuvMatrix,
    yuv_range: YuvRange,
}

const NO_PLANE: Plane<'static> = Plane {
    bytes: &[],
    stride_bytes: 0,
};

impl<'a> Frame<'a> {
    /// A view of `planes`, which must be as many as the format has ([`PixelFormat::planes`]), first
    /// luma, then chroma. `capture_time_us` is in microseconds of the host's monotonic clock.
    ///
    /// # Errors
    /// When a size is zero or odd where it may not be, or a plane does not hold its rows.
    pub fn new(
        format: PixelFormat,
        width_px: u32,
        height_px: u32,
        planes: &[Plane<'a>],
        capture_time_us: i64,
    ) -> Result<Self, FrameError> {
        check_size(format, width_px, height_px)?;
        if planes.len() != format.planes() {
            return Err(FrameError::PlaneCount {
                format,
                found: planes.len(),
            });
        }
        let too_large = FrameError::TooLarge {
            width_px,
            height_px,
        };
        let row_bytes = format.row_bytes(width_px).ok_or(too_large)?;
        for (index, plane) in planes.iter().enumerate() {
            if plane.stride_bytes < row_bytes {
                return Err(FrameError::ShortStride {
                    plane: index,
                    stride_bytes: plane.stride_bytes,
                    row_bytes,
                });
            }
            let needed_bytes = (format.rows(index, height_px) - 1)
                .checked_mul(plane.stride_bytes)
                .and_then(|start| start.checked_add(row_bytes))
                .ok_or(too_large)?;
            if plane.bytes.len() < needed_bytes {
                return Err(FrameError::ShortPlane {
                    plane: index,
                    found_bytes: plane.bytes.len(),
                    needed_bytes,
                });
            }
        }
        Ok(Self {
            format,
            width_px,
            height_px,
            planes: [planes[0], planes.get(1).copied().unwrap_or(NO_PLANE)],
            capture_time_us,
            yuv_matrix: YuvMatrix::default(),
            yuv_range: YuvRange::default(),
        })
    }

    /// A view of pixels whose rows, and planes, follow one another without gaps.
    ///
    /// # Errors
    /// As [`Frame::new`].
    pub fn contiguous(
        format: PixelFormat,
        width_px: u32,
        height_px: u32,
        bytes: &'a [u8],
        capture_time_us: i64,
    ) -> Result<Self, FrameError> {
        let too_large = FrameError::TooLarge {
            width_px,
            height_px,
        };
        let stride_bytes = format.row_bytes(width_px).ok_or(too_large)?;
        let first = Plane {
            bytes,
            stride_bytes,
        };
        if format.planes() == 1 {
            return Self::new(format, width_px, height_px, &[first], capture_time_us);
        }
        let luma_bytes = stride_bytes
            .checked_mul(format.rows(0, height_px))
            .ok_or(too_large)?;
        let second = Plane {
            bytes: bytes.get(luma_bytes..).unwrap_or_default(),
            stride_bytes,
        };
        Self::new(
            format,
            width_px,
            height_px,
            &[first, second],
            capture_time_us,
        )
    }

    /// The same frame with another reading of its YUV bytes; BT.601, limited range until then.
    /// Other formats ignore it.
    #[must_use]
    pub fn with_yuv(mut self, matrix: YuvMatrix, range: YuvRange) -> Self {
        self.yuv_matrix = matrix;
        self.yuv_range = range;
        self
    }

    /// How its YUV bytes are to be read; other formats ignore it.
    #[must_use]
    pub fn yuv(&self) -> (YuvMatrix, YuvRange) {
        (self.yuv_matrix, self.yuv_range)
    }

    /// How the bytes are to be read.
    #[must_use]
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Width in pixels, at least 1.
    #[must_use]
    pub fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Height in pixels, at least 1.
    #[must_use]
    pub fn height_px(&self) -> u32 {
        self.height_px
    }

    /// When the pixels were captured, in microseconds of the host's monotonic clock.
    #[must_use]
    pub fn capture_time_us(&self) -> i64 {
        self.capture_time_us
    }

    /// The planes, as many as the format has.
    #[must_use]
    pub fn planes(&self) -> &[Plane<'a>] {
        &self.planes[..self.format.planes()]
    }

    /// The pixels of one row of a plane, its padding cut off.
    ///
    /// # Panics
    /// When the plane or the row is not there.
    pub(crate) fn row(&self, plane: usize, row: usize) -> &'a [u8] {
        let row_bytes = self.row_bytes();
        let Plane {
            bytes,
            stride_bytes,
        } = self.planes[plane];
        &bytes[row * stride_bytes..][..row_bytes]
    }

    /// Bytes of pixels in a row, the same in every plane of a format.
    pub(crate) fn row_bytes(&self) -> usize {
        // The constructor has checked that this does not overflow.
        self.format.row_bytes(self.width_px).unwrap_or_default()
    }
}
