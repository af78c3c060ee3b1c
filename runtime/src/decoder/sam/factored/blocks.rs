//! How image features are stored: in blocks of positions that stay in the nearest cache while a
//! whole stage is done with them. A block is `[rows, BLOCK]`, row-major; the last one is filled up
//! with zeros.

use std::ops::Range;

/// Positions of a block.
pub(super) const BLOCK: usize = 64;

/// Number of blocks that so many positions need.
pub(super) fn block_count(positions: usize) -> usize {
    positions.div_ceil(BLOCK)
}

/// The positions of one block.
pub(super) fn positions_of(block: usize, positions: usize) -> Range<usize> {
    block * BLOCK..positions.min((block + 1) * BLOCK)
}

/// Copies the positions of one block out of `image`, `[rows, positions]`.
pub(super) fn copy_block(image: &[f32], positions: usize, block: usize, out: &mut [f32]) {
    let range = positions_of(block, positions);
    for (row, out) in image
        .chunks_exact(positions)
        .zip(out.chunks_exact_mut(BLOCK))
    {
        let (there, missing) = out.split_at_mut(range.len());
        there.copy_from_slice(&row[range.clone()]);
        missing.fill(0.0);
    }
}
