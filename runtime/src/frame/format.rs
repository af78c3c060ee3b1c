//! How the bytes of a frame are to be read.

use super::FrameError;

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

/// Whether a frame may have this size at all.
pub(super) fn check_size(
    format: PixelFormat,
    width_px: u32,
    height_px: u32,
) -> Result<(), FrameError> {
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
