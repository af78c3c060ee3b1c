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

    pub(super) fn row(&self, y: usize) -> &'a [f32] {
        &self.values[y * self.width..][..self.width]
    }
}
