//! The TinyViT of MobileSAM, "tiny_vit_sam.py" of its reference implementation: a convolutional
//! stem, stages of inverted bottlenecks or of attention in windows, each but the last with a
//! downsampling behind it, and SAM's neck.

mod graph;
mod read;

use std::fmt;

/// The TinyViT of MobileSAM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TinyVit {
    /// Side of the square input in pixels, which the tensors do not tell.
    pub input_size_px: usize,
    /// Channels between the two convolutions of the stem.
    pub stem_width: usize,
    /// One after the other.
    pub stages: Vec<TinyVitStage>,
    /// Channels of the embedding.
    pub channels: usize,
}

/// A stage of a [`TinyVit`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TinyVitStage {
    /// Number of blocks.
    pub depth: usize,
    /// Channels.
    pub width: usize,
    /// Rows and columns.
    pub side: usize,
    /// Hidden channels of every block's inverted bottleneck or perceptron.
    pub hidden: usize,
    /// None if the blocks are inverted bottlenecks.
    pub attention: Option<TinyVitAttention>,
    /// What follows the blocks.
    pub downsample: Option<TinyVitDownsample>,
}

/// The attention of a stage's blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TinyVitAttention {
    /// Attention heads.
    pub heads: usize,
    /// Side of the windows within which tokens attend to each other.
    pub window: usize,
    /// Side of the kernel of the depthwise convolution behind the attention.
    pub kernel: usize,
}

/// What stands between two stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TinyVitDownsample {
    /// Channels of the next stage.
    pub width: usize,
    /// How many times fewer rows and columns the next stage has; 1 or 2.
    pub stride: usize,
}

impl TinyVit {
    /// Rows and columns of the embedding.
    #[must_use]
    pub fn side(&self) -> usize {
        self.stages.last().map_or(0, |stage| stage.side)
    }
}

impl fmt::Display for TinyVit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |text: &dyn Fn(&TinyVitStage) -> String| {
            let texts: Vec<String> = self.stages.iter().map(text).collect();
            texts.join(", ")
        };
        let attention = |number: fn(TinyVitAttention) -> usize| {
            list(&|stage| {
                let number = stage.attention.map(number);
                number.map_or_else(|| "none".to_owned(), |number| number.to_string())
            })
        };
        write!(
            f,
            "MobileSAM TinyViT for {size}x{size} pixels: {count} stages of depth {depths}; width {widths}; heads {heads}; window {windows}",
            size = self.input_size_px,
            count = self.stages.len(),
            depths = list(&|stage| stage.depth.to_string()),
            widths = list(&|stage| stage.width.to_string()),
            heads = attention(|attention| attention.heads),
            windows = attention(|attention| attention.window),
        )
    }
}
