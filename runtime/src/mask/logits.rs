//! Mask logits at a decoder's own resolution.

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

impl LogitsView<'_> {
    /// The logits in a buffer of their own.
    #[must_use]
    pub fn to_owned(&self) -> MaskLogits {
        MaskLogits {
            width: self.width,
            height: self.height,
            values: self.values.to_vec(),
        }
    }
}
