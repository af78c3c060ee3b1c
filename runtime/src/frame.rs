//! Borrowed camera pixels with their format, strides and capture time.
//!
//! A [`Frame`] never owns or copies pixels: it is a checked view of the camera's own buffer, so a
//! constructor that succeeds is the only place where sizes have to be doubted.

use std::fmt;

mod rgb8;

pub(crate) use rgb8::YuvToRgb;

/// How the bytes of a frame are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Red, green, blue; 3 bytes a pixel.
    Rgb8,
    /// Blue, green, red; 3 bytes a pixel.
    Bgr8,
    /// Red, green, blue, alpha; 4 bytes a pixel. Alpha is ignored.
    Rgba8,
    /// Blue, green, red, alpha; 4 bytes a pixel. Alpha is ignored.
    Bgra8,
    /// One byte of grey a pixel, taken as red, green and blue alike.
    Gray8,
    /// A plane of luma and a plane of interleaved U, V at half the width and height (4:2:0).
    /// Width and height must be even.
    Nv12,
    /// Y0 U Y1 V in one plane, 4 bytes for two pixels (4:2:2). The width must be even.
    Yuyv,
}

impl PixelFormat {
    /// Number of planes that a frame of this format has.
    #[must_use]
    pub fn planes(self) -> usize {
        match self {
            Self::Nv12 => 2,
            _ => 1,
        }
    }

    /// Bytes that one row of the given plane fills, padding excluded; none on overflow.
    pub(crate) fn row_bytes(self, width_px: u32) -> Option<usize> {
        let bytes_per_pixel = match self {
            Self::Rgb8 | Self::Bgr8 => 3,
            Self::Rgba8 | Self::Bgra8 => 4,
            Self::Yuyv => 2,
            // The chroma plane of NV12 has half the samples, of two bytes each.
            Self::Gray8 | Self::Nv12 => 1,
        };
        usize::try_from(width_px).ok()?.checked_mul(bytes_per_pixel)
    }

    /// Bytes of a frame whose rows, and planes, follow one another without gaps.
    ///
    /// # Errors
    /// When no frame of this format has such a size.
    pub fn contiguous_bytes(self, width_px: u32, height_px: u32) -> Result<usize, FrameError> {
        check_size(self, width_px, height_px)?;
        let rows: usize = (0..self.planes())
            .map(|plane| self.rows(plane, height_px))
            .sum();
        let row_bytes = self.row_bytes(width_px);
        row_bytes
            .and_then(|bytes| bytes.checked_mul(rows))
            .ok_or(FrameError::TooLarge {
                width_px,
                height_px,
            })
    }

    pub(crate) fn rows(self, plane: usize, height_px: u32) -> usize {
        let height = height_px as usize;
        if self == Self::Nv12 && plane == 1 {
            height / 2
        } else {
            height
        }
    }
}

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

/// Which luma coefficients a YUV frame was made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum YuvMatrix {
    /// ITU-R BT.601, what most cameras give at any size.
    #[default]
    Bt601,
    /// ITU-R BT.709, high-definition video.
    Bt709,
}

/// Which byte values a YUV frame uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum YuvRange {
    /// Luma 16..=235, chroma 16..=240.
    #[default]
    Limited,
    /// 0..=255, as in JPEG and motion JPEG.
    Full,
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

/// Whether a frame may have this size at all.
fn check_size(format: PixelFormat, width_px: u32, height_px: u32) -> Result<(), FrameError> {
    if width_px == 0 || height_px == 0 {
        return Err(FrameError::ZeroSize {
            width_px,
            height_px,
        });
    }
    let odd_width = width_px % 2 == 1;
    let odd = match format {
        PixelFormat::Nv12 => odd_width || height_px % 2 == 1,
        PixelFormat::Yuyv => odd_width,
        _ => false,
    };
    if odd {
        return Err(FrameError::OddSize {
            format,
            width_px,
            height_px,
        });
    }
    Ok(())
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// Width or height is zero.
    ZeroSize {
        /// As given.
        width_px: u32,
        /// As given.
        height_px: u32,
    },
    /// The format shares chroma between two pixels, and a side is odd.
    OddSize {
        /// As given.
        format: PixelFormat,
        /// As given.
        width_px: u32,
        /// As given.
        height_px: u32,
    },
    /// The size does not fit this machine's memory addresses.
    TooLarge {
        /// As given.
        width_px: u32,
        /// As given.
        height_px: u32,
    },
    /// More or fewer planes than the format has.
    PlaneCount {
        /// As given.
        format: PixelFormat,
        /// Planes given.
        found: usize,
    },
    /// Rows would overlap.
    ShortStride {
        /// Which plane, from 0.
        plane: usize,
        /// As given.
        stride_bytes: usize,
        /// Bytes that the pixels of a row fill.
        row_bytes: usize,
    },
    /// A plane ends before its last row.
    ShortPlane {
        /// Which plane, from 0.
        plane: usize,
        /// Bytes given.
        found_bytes: usize,
        /// Bytes that the rows need.
        needed_bytes: usize,
    },
    /// The caller's buffer for the converted pixels has another size.
    OutputLength {
        /// Bytes given.
        found_bytes: usize,
        /// Bytes needed: width x height x 3.
        needed_bytes: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ZeroSize {
                width_px,
                height_px,
            } => write!(
                f,
                "the frame is {width_px}x{height_px} pixels; give a width and height of at least 1"
            ),
            Self::OddSize {
                format,
                width_px,
                height_px,
            } => write!(
                f,
                "a {format:?} frame cannot be {width_px}x{height_px} pixels: {}; crop it by one pixel",
                if format == PixelFormat::Nv12 {
                    "width and height must be even"
                } else {
                    "the width must be even"
                }
            ),
            Self::TooLarge {
                width_px,
                height_px,
            } => write!(
                f,
                "a frame of {width_px}x{height_px} pixels does not fit this machine's addresses; give a smaller one"
            ),
            Self::PlaneCount { format, found } => write!(
                f,
                "a {format:?} frame has {} plane(s), but {found} were given",
                format.planes()
            ),
            Self::ShortStride {
                plane,
                stride_bytes,
                row_bytes,
            } => write!(
                f,
                "plane {plane} has a stride of {stride_bytes} bytes, but its rows have {row_bytes}; give the distance in bytes from row to row"
            ),
            Self::ShortPlane {
                plane,
                found_bytes,
                needed_bytes,
            } => write!(
                f,
                "plane {plane} has {found_bytes} bytes, but its rows need {needed_bytes}; check width, height, stride and format"
            ),
            Self::OutputLength {
                found_bytes,
                needed_bytes,
            } => write!(
                f,
                "the output has {found_bytes} bytes, but the frame needs {needed_bytes} (width x height x 3)"
            ),
        }
    }
}

impl std::error::Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn contiguous(format: PixelFormat, w: u32, h: u32, length: usize) -> Result<(), FrameError> {
        Frame::contiguous(format, w, h, &vec![0; length], 0).map(|_| ())
    }

    #[test]
    fn exact_sizes_are_accepted_and_one_byte_less_is_not() {
        for (format, length) in [
            (PixelFormat::Rgb8, 72),
            (PixelFormat::Bgr8, 72),
            (PixelFormat::Rgba8, 96),
            (PixelFormat::Bgra8, 96),
            (PixelFormat::Gray8, 24),
            (PixelFormat::Nv12, 36),
            (PixelFormat::Yuyv, 48),
        ] {
            assert_eq!(contiguous(format, 6, 4, length), Ok(()), "{format:?}");
            assert!(
                matches!(
                    contiguous(format, 6, 4, length - 1),
                    Err(FrameError::ShortPlane { .. })
                ),
                "{format:?}"
            );
        }
    }

    #[test]
    fn the_last_row_may_lack_its_padding() {
        let bytes = [0; 8 + 8 + 6];
        let plane = |length: usize| Plane {
            bytes: &bytes[..length],
            stride_bytes: 8,
        };
        assert!(Frame::new(PixelFormat::Rgb8, 2, 3, &[plane(22)], 0).is_ok());
        assert_eq!(
            Frame::new(PixelFormat::Rgb8, 2, 3, &[plane(21)], 0).map(|_| ()),
            Err(FrameError::ShortPlane {
                plane: 0,
                found_bytes: 21,
                needed_bytes: 22
            })
        );
    }

    #[test]
    fn impossible_sizes_are_named() {
        assert!(matches!(
            contiguous(PixelFormat::Rgb8, 0, 4, 0),
            Err(FrameError::ZeroSize { .. })
        ));
        assert!(matches!(
            contiguous(PixelFormat::Nv12, 4, 3, 100),
            Err(FrameError::OddSize { .. })
        ));
        assert!(matches!(
            contiguous(PixelFormat::Yuyv, 3, 4, 100),
            Err(FrameError::OddSize { .. })
        ));
        assert_eq!(contiguous(PixelFormat::Yuyv, 4, 3, 24), Ok(()));
        let huge = Plane {
            bytes: &[0; 12],
            stride_bytes: usize::MAX,
        };
        assert!(matches!(
            Frame::new(PixelFormat::Rgb8, 1, 3, &[huge], 0),
            Err(FrameError::TooLarge { .. })
        ));
        let narrow = Plane {
            bytes: &[0; 100],
            stride_bytes: 5,
        };
        let error = Frame::new(PixelFormat::Rgb8, 2, 2, &[narrow], 0).unwrap_err();
        assert_eq!(
            error,
            FrameError::ShortStride {
                plane: 0,
                stride_bytes: 5,
                row_bytes: 6
            }
        );
        assert!(error.to_string().contains("stride of 5 bytes"));
        assert!(matches!(
            Frame::new(PixelFormat::Nv12, 2, 2, &[narrow], 0),
            Err(FrameError::PlaneCount { found: 1, .. })
        ));
    }
}
