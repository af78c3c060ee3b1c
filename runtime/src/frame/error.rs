//! Why bytes are not a frame.

use std::fmt;

use super::PixelFormat;

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
