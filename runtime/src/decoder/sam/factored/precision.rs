//! In what the products of a decode are computed.

use crate::kernels::CodePairDots;

/// How a decode computes most of its products: those with what a prompt adds to the image's features, and those that bring
/// its masks to their size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProductPrecision {
    /// In f32.
    #[default]
    Full,
    /// In codes of 14 to 16 bits with sums of 32, on processors that multiply and add pairs of them (AVX512-VNNI), which
    /// takes half the time; in f32 on others. Logits change by some thousandths of their deviation.
    Codes,
}

impl ProductPrecision {
    /// What takes the least time on this processor: codes where it has instructions for them, else floats.
    #[must_use]
    pub fn fastest() -> Self {
        match CodePairDots::found() {
            Some(_) => Self::Codes,
            None => Self::Full,
        }
    }
}
