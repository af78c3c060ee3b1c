//! Mask logits at a decoder's own resolution.

use super::MaskError;

/// Low-resolution mask logits: row-major, above 0 where the thing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaskLogits {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` logits, row after row.
    pub values: Vec<f32>,
}

impl MaskLogits {
    /// The logits, borrowed.
    #[must_use]
    pub fn view(&self) -> LogitsView<'_> {
        LogitsView {
            width: self.width,
            height: self.height,
            values: &self.values,
        }
    }
}

/// Borrowed [`MaskLogits`], such as one mask of a decoder's output [K, height, width].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogitsView<'a> {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` logits, row after row.
    pub values: &'a [f32],
}

impl<'a> LogitsView<'a> {
    /// The logits in a buffer of their own.
    #[must_use]
    pub fn to_mask_logits(&self) -> MaskLogits {
        MaskLogits {
            width: self.width,
            height: self.height,
            values: self.values.to_vec(),
        }
    }

    pub(super) fn check(&self) -> Result<(), MaskError> {
        if self.values.is_empty() || self.width.checked_mul(self.height) != Some(self.values.len())
        {
            return Err(MaskError::LogitsLength {
                width: self.width,
                height: self.height,
                found: self.values.len(),
            });
        }
        Ok(())
    }

    /// The logit at a place between pixels, whose centres are at whole numbers: bilinear, and that of the nearest place in
    /// the mask for one beyond it.
    #[inline]
    pub(crate) fn between(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.max(0.0), y.max(0.0));
        // Through i32, to which the processor casts at once.
        let left = (x as i32 as usize).min(self.width - 1);
        let top = (y as i32 as usize).min(self.height - 1);
        let (u, v) = ((x - left as f32).min(1.0), (y - top as f32).min(1.0));
        let right = usize::from(left + 1 < self.width);
        let above = &self.values[top * self.width + left..];
        let below = if top + 1 < self.height {
            &above[self.width..]
        } else {
            above
        };
        let upper = above[0] + (above[right] - above[0]) * u;
        let lower = below[0] + (below[right] - below[0]) * u;
        upper + (lower - upper) * v
    }

    pub(super) fn row(&self, y: usize) -> &'a [f32] {
        &self.values[y * self.width..][..self.width]
    }
}
