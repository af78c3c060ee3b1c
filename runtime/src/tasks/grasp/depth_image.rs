//! Depth, pixel for pixel with a frame.

use std::fmt;

/// A borrowed depth image that is registered to the frame: its pixel (x, y) is how far the frame's pixel
/// (x, y) is along the camera's axis. Zero, negative and not finite values mean: not measured.
#[derive(Clone, Copy)]
pub struct DepthImage<'a> {
    values: Values<'a>,
    width_px: usize,
    height_px: usize,
    stride: usize,
}

#[derive(Clone, Copy)]
enum Values<'a> {
    Metres(&'a [f32]),
    Units(&'a [u16], f32),
}

impl fmt::Debug for DepthImage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.values {
            Values::Metres(_) => "f32 metres".to_owned(),
            Values::Units(_, metres) => format!("u16 x {metres} m"),
        };
        write!(f, "DepthImage({}x{} {kind})", self.width_px, self.height_px)
    }
}

impl<'a> DepthImage<'a> {
    /// Metres, row after row; `stride` is the number of values from the start of a row to that of the
    /// next.
    ///
    /// # Errors
    /// When there are fewer values than the rows need.
    pub fn metres(
        values: &'a [f32],
        width_px: usize,
        height_px: usize,
        stride: usize,
    ) -> Result<Self, DepthImageError> {
        Self::new(
            Values::Metres(values),
            values.len(),
            [width_px, height_px, stride],
        )
    }

    /// Millimetres, as most depth cameras give them; else as [`DepthImage::metres`].
    ///
    /// # Errors
    /// As [`DepthImage::metres`].
    pub fn millimetres(
        values: &'a [u16],
        width_px: usize,
        height_px: usize,
        stride: usize,
    ) -> Result<Self, DepthImageError> {
        Self::units(values, width_px, height_px, stride, 0.001)
    }

    /// Whole numbers of another unit, in metres; else as [`DepthImage::metres`].
    ///
    /// # Errors
    /// As [`DepthImage::metres`], and when the unit is not a positive number.
    pub fn units(
        values: &'a [u16],
        width_px: usize,
        height_px: usize,
        stride: usize,
        unit_m: f32,
    ) -> Result<Self, DepthImageError> {
        if !unit_m.is_finite() || unit_m <= 0.0 {
            return Err(DepthImageError::Unit { unit_m });
        }
        let length = values.len();
        Self::new(
            Values::Units(values, unit_m),
            length,
            [width_px, height_px, stride],
        )
    }

    fn new(
        values: Values<'a>,
        found: usize,
        [width_px, height_px, stride]: [usize; 3],
    ) -> Result<Self, DepthImageError> {
        if stride < width_px {
            return Err(DepthImageError::ShortStride { stride, width_px });
        }
        // The last row may end where its pixels end.
        let needed = match height_px.checked_sub(1) {
            None => Some(0),
            Some(rows) => rows
                .checked_mul(stride)
                .and_then(|start| start.checked_add(width_px)),
        };
        if needed.is_none_or(|needed| found < needed) {
            return Err(DepthImageError::Short {
                width_px,
                height_px,
                stride,
                found,
            });
        }
        Ok(Self {
            values,
            width_px,
            height_px,
            stride,
        })
    }

    /// Columns.
    #[must_use]
    pub fn width_px(&self) -> usize {
        self.width_px
    }

    /// Rows.
    #[must_use]
    pub fn height_px(&self) -> usize {
        self.height_px
    }

    /// How far a pixel is, metres; none where that was not measured, and outside of the image.
    #[must_use]
    pub fn depth_m(&self, x: usize, y: usize) -> Option<f32> {
        if x >= self.width_px || y >= self.height_px {
            return None;
        }
        let at = y * self.stride + x;
        let depth_m = match self.values {
            Values::Metres(values) => values[at],
            Values::Units(values, unit_m) => f32::from(values[at]) * unit_m,
        };
        (depth_m.is_finite() && depth_m > 0.0).then_some(depth_m)
    }
}

/// Why values are not a depth image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DepthImageError {
    /// Rows would overlap.
    ShortStride {
        /// As given, values.
        stride: usize,
        /// As given.
        width_px: usize,
    },
    /// There are fewer values than the rows need.
    Short {
        /// As given.
        width_px: usize,
        /// As given.
        height_px: usize,
        /// As given, values.
        stride: usize,
        /// Values given.
        found: usize,
    },
    /// The unit is zero, negative or not finite.
    Unit {
        /// As given, metres.
        unit_m: f32,
    },
}

impl fmt::Display for DepthImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShortStride { stride, width_px } => write!(
                f,
                "the depth image has a stride of {stride} values, but its rows have {width_px}; give the number of values, not bytes, from row to row"
            ),
            Self::Short {
                width_px,
                height_px,
                stride,
                found,
            } => write!(
                f,
                "a depth image of {width_px}x{height_px} with a stride of {stride} has {found} values, which is too few; check its size"
            ),
            Self::Unit { unit_m } => write!(
                f,
                "the depth image's unit is {unit_m} m; give a positive one, as 0.001 for millimetres"
            ),
        }
    }
}

impl std::error::Error for DepthImageError {}
