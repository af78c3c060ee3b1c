//! The ViT of Segment Anything, "image_encoder.py" of the reference implementation: patches of the
//! image, blocks of attention in windows or in the whole image with decomposed relative positions,
//! and the neck.

mod graph;

use std::collections::BTreeSet;
use std::fmt;

use super::ArchitectureError;
use super::neck;
use super::shapes::Shapes;

/// The ViT of Segment Anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SamVit {
    /// Channels of a token.
    pub width: usize,
    /// Attention heads of every block.
    pub heads: usize,
    /// Hidden channels of every block's perceptron.
    pub hidden: usize,
    /// Side of a patch in pixels.
    pub patch_size_px: usize,
    /// Patches along a side of the image; rows and columns of the embedding.
    pub side: usize,
    /// Channels of the embedding.
    pub channels: usize,
    /// One after the other.
    pub blocks: Vec<SamVitBlock>,
}

/// A block of a [`SamVit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SamVitBlock {
    /// Side in patches of the windows within which tokens attend to each other; none if all tokens
    /// do.
    pub window: Option<usize>,
    /// Rows of the tables of relative positions. If they are not twice the side of the window or
    /// image less one, the tables are interpolated.
    pub relative_positions: usize,
}

impl SamVit {
    /// Reads the architecture off the tensors' shapes.
    pub(super) fn read(shapes: &mut Shapes<'_>) -> Result<Self, ArchitectureError> {
        let projection = "patch_embed.proj.weight";
        let [width, _, patch_size_px, _] = shapes.shape(projection)?;
        let weight = [width, 3, patch_size_px, patch_size_px];
        shapes.take_both("patch_embed.proj", &weight, &[width])?;
        let [_, side, ..] = shapes.shape::<4>("pos_embed")?;
        shapes.take("pos_embed", &[1, side, side, width])?;

        let depth = shapes.count("blocks").max(1);
        let [_, head] = shapes.shape("blocks.0.attn.rel_pos_h")?;
        if !width.is_multiple_of(head) {
            let expected = format!("a second dimension that divides the width of {width}");
            return Err(shapes.mismatch("blocks.0.attn.rel_pos_h", expected));
        }
        let [hidden, _] = shapes.shape("blocks.0.mlp.lin1.weight")?;
        let mut lengths = Vec::new();
        for index in 0..depth {
            lengths.push(read_block(
                shapes,
                &format!("blocks.{index}"),
                [width, head, hidden],
            )?);
        }
        let window = window(&lengths, side)?;
        let blocks = lengths.into_iter().map(|relative_positions| SamVitBlock {
            window: window.filter(|window| 2 * window - 1 == relative_positions),
            relative_positions,
        });
        Ok(Self {
            width,
            heads: width / head,
            hidden,
            patch_size_px,
            side,
            blocks: blocks.collect(),
            channels: neck::read(shapes, width)?,
        })
    }

    /// Side of the square input in pixels.
    #[must_use]
    pub fn input_size_px(&self) -> usize {
        self.side.saturating_mul(self.patch_size_px)
    }
}

/// Checks off a block's tensors; gives the rows of its tables of relative positions.
fn read_block(
    shapes: &mut Shapes<'_>,
    module: &str,
    [width, head, hidden]: [usize; 3],
) -> Result<usize, ArchitectureError> {
    let named = |name: &str| format!("{module}.{name}");
    shapes.take_both(&named("norm1"), &[width], &[width])?;
    shapes.take_both(&named("attn.qkv"), &[3 * width, width], &[3 * width])?;
    shapes.take_both(&named("attn.proj"), &[width, width], &[width])?;
    shapes.take_both(&named("norm2"), &[width], &[width])?;
    shapes.take_both(&named("mlp.lin1"), &[hidden, width], &[hidden])?;
    shapes.take_both(&named("mlp.lin2"), &[width, hidden], &[width])?;
    let table = named("attn.rel_pos_h");
    let [length, _] = shapes.shape(&table)?;
    if length % 2 == 0 {
        return Err(shapes.mismatch(&table, "an odd number of rows".to_owned()));
    }
    shapes.take(&table, &[length, head])?;
    shapes.take(&named("attn.rel_pos_w"), &[length, head])?;
    Ok(length)
}

/// The window of the blocks that have one, from the rows of all blocks' tables.
///
/// Tables of global attention have `2 * side - 1` rows, those of windows `2 * window - 1`. A
/// checkpoint whose `pos_embed` was resized keeps the global tables of its former side: then the
/// shorter of two lengths is that of windows, which all have one size.
fn window(lengths: &[usize], side: usize) -> Result<Option<usize>, ArchitectureError> {
    let distinct: BTreeSet<usize> = lengths.iter().copied().collect();
    let distinct: Vec<usize> = distinct.into_iter().collect();
    let rows_of_image = (2 * side).saturating_sub(1);
    match distinct[..] {
        [length] if length == rows_of_image => Ok(None),
        [length] | [length, _] if length < rows_of_image => Ok(Some(length.div_ceil(2))),
        _ => Err(ArchitectureError::Windows {
            lengths: distinct,
            side,
        }),
    }
}

impl fmt::Display for SamVit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            heads,
            blocks,
            ..
        } = self;
        let depth = blocks.len();
        let size = self.input_size_px();
        write!(
            f,
            "SAM ViT for {size}x{size} pixels: {depth} blocks of width {width} with {heads} heads"
        )?;
        if let Some(window) = blocks.iter().find_map(|block| block.window) {
            write!(f, ", windows of {window}x{window}")?;
        }
        let all = blocks.iter().enumerate();
        let global = all.filter(|(_, block)| block.window.is_none());
        let global: Vec<String> = global.map(|(index, _)| index.to_string()).collect();
        if !global.is_empty() {
            write!(f, ", global attention in blocks {}", global.join(", "))?;
        }
        Ok(())
    }
}
