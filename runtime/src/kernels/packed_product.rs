//! Large products whose left factor is gathered row by row and whose right factor was packed once.
//!
//! Both factors are cut into strips that are read from end to end: of the left one [`TILE_ROWS`] rows, of the right one
//! [`PANEL_COLUMNS`] columns, depth by depth (Goto and van de Geijn, "Anatomy of high-performance matrix
//! multiplication", 2008). Whoever packs the left strips decides where its rows come from, so that a convolution
//! needs no copy of its patches.

use super::dispatch::{InstructionSet, Level};
use super::vector::Vector;

/// Rows of a packed strip of the left factor.
pub const TILE_ROWS: usize = 12;

/// Columns of a packed panel of the right factor.
pub const PANEL_COLUMNS: usize = 32;

/// A right factor, panel after panel; the last one ends in zeros.
#[derive(Clone, Debug)]
pub struct PackedMatrix {
    values: Vec<f32>,
    depth: usize,
    columns: usize,
}

impl PackedMatrix {
    /// From the element at each depth and column.
    #[must_use]
    pub fn new(depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let panels = columns.div_ceil(PANEL_COLUMNS);
        let mut values = Vec::with_capacity(panels * depth * PANEL_COLUMNS);
        for panel in 0..panels {
            for row in 0..depth {
                values.extend(
                    (panel * PANEL_COLUMNS..(panel + 1) * PANEL_COLUMNS).map(|column| {
                        if column < columns {
                            at(row, column)
                        } else {
                            0.0
                        }
                    }),
                );
            }
        }
        Self {
            values,
            depth,
            columns,
        }
    }

    /// Rows of the unpacked matrix.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the unpacked matrix.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// A row of the left factor, in stretches: one for each part of the depth.
pub type TileRows<'a> = [&'a [f32]; TILE_ROWS];

/// Multiplies up to [`TILE_ROWS`] rows with a panel of `right` into `sums`, `rows` rows of as many columns as `right`, and
/// adds the columns' elements of `bias`. `left` has the rows' parts one after the other, each part of every row equally
/// long; rows beyond `rows` may be any.
///
/// # Panics
/// If a length does not fit.
pub fn packed_product(
    sums: &mut [f32],
    rows: usize,
    bias: &[f32],
    left: &[TileRows<'_>],
    right: &PackedMatrix,
    panel: usize,
) {
    packed_product_on(
        InstructionSet::widest(),
        sums,
        rows,
        bias,
        left,
        right,
        panel,
    );
}

fn packed_product_on(
    set: InstructionSet,
    sums: &mut [f32],
    rows: usize,
    bias: &[f32],
    left: &[TileRows<'_>],
    right: &PackedMatrix,
    panel: usize,
) {
    let columns = right.columns;
    assert!(rows <= TILE_ROWS && sums.len() == rows * columns && bias.len() == columns);
    let mut depth = 0;
    for part in left {
        assert!(part.iter().all(|row| row.len() == part[0].len()));
        depth += part[0].len();
    }
    assert_eq!(depth, right.depth);
    let first_column = panel * PANEL_COLUMNS;
    let width = PANEL_COLUMNS.min(columns - first_column);
    let panel = &right.values[first_column * depth..][..depth * PANEL_COLUMNS];
    let sums = &mut sums[first_column..];
    let bias = &bias[first_column..][..width];
    if rows == TILE_ROWS && width == PANEL_COLUMNS {
        assert!(sums.len() >= (TILE_ROWS - 1) * columns + PANEL_COLUMNS);
        // SAFETY: the tile's last element lies in `sums`, as asserted; the parts are as deep as the panel, the bias as wide.
        unsafe { tile_on(set, sums.as_mut_ptr(), columns, left, panel, bias, width) };
        return;
    }
    let mut whole = [0.0; TILE_ROWS * PANEL_COLUMNS];
    let mut whole_bias = [0.0; PANEL_COLUMNS];
    whole_bias[..width].copy_from_slice(bias);
    // SAFETY: `whole` is exactly a tile; the parts are as deep as the panel, the bias as wide.
    unsafe {
        tile_on(
            set,
            whole.as_mut_ptr(),
            PANEL_COLUMNS,
            left,
            panel,
            &whole_bias,
            width,
        )
    };
    for (whole, row) in whole
        .chunks(PANEL_COLUMNS)
        .zip(sums.chunks_mut(columns))
        .take(rows)
    {
        row[..width].copy_from_slice(&whole[..width]);
    }
}

/// # Safety
/// The sums of a whole tile can be read and written; the parts of each row of `left` together are as deep as `panel`; a
/// bias is as wide as a panel.
unsafe fn tile_on(
    set: InstructionSet,
    sums: *mut f32,
    stride: usize,
    left: &[TileRows<'_>],
    panel: &[f32],
    bias: &[f32],
    width: usize,
) {
    let tile = Tile {
        sums,
        stride,
        left,
        panel: panel.as_ptr(),
        bias: bias.as_ptr(),
        width,
    };
    // SAFETY: the caller's; an `InstructionSet` holds only a level found on this processor.
    unsafe {
        match set.level() {
            Level::Baseline => baseline(tile),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(tile),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(tile),
        }
    }
}

#[derive(Clone, Copy)]
struct Tile<'a> {
    sums: *mut f32,
    stride: usize,
    left: &'a [TileRows<'a>],
    panel: *const f32,
    bias: *const f32,
    /// Columns that matter.
    width: usize,
}

/// # Safety
/// The tile's elements can be read, its sums also written.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512(tile: Tile<'_>) {
    // SAFETY: the caller's; this function's instruction set.
    unsafe {
        if tile.width <= 16 {
            parts::<std::arch::x86_64::__m512, 1, 12>(tile);
        } else {
            parts::<std::arch::x86_64::__m512, 2, 12>(tile);
        }
    }
}

/// # Safety
/// The tile's elements can be read, its sums also written.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(tile: Tile<'_>) {
    // SAFETY: the caller's; this function's instruction set.
    unsafe { parts::<std::arch::x86_64::__m256, 2, 6>(tile) }
}

/// # Safety
/// The tile's elements can be read, its sums also written.
unsafe fn baseline(tile: Tile<'_>) {
    // SAFETY: the caller's; every processor of these architectures has these registers.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        parts::<std::arch::x86_64::__m128, 2, 6>(tile);
        #[cfg(target_arch = "aarch64")]
        parts::<std::arch::aarch64::float32x4_t, 2, 12>(tile);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        parts::<f32, 2, 4>(tile);
    }
}

/// The tile in parts of as many sums as there are registers for.
///
/// # Safety
/// As for [`baseline`], and the processor has the instruction set of `V`.
#[inline(always)]
unsafe fn parts<V: Vector, const VECTORS: usize, const ROWS: usize>(tile: Tile<'_>) {
    for row in (0..TILE_ROWS).step_by(ROWS) {
        for column in (0..tile.width).step_by(VECTORS * V::LANES) {
            // SAFETY: `ROWS` divides the rows and `VECTORS * LANES` the columns of a tile.
            unsafe { part::<V, VECTORS, ROWS>(tile, row, column) };
        }
    }
}

/// # Safety
/// As for [`parts`]; the part lies in the tile.
#[inline(always)]
unsafe fn part<V: Vector, const VECTORS: usize, const ROWS: usize>(
    tile: Tile<'_>,
    row: usize,
    column: usize,
) {
    // SAFETY: all places lie in the tile, its strip or its panel.
    unsafe {
        let first = tile.sums.add(row * tile.stride + column);
        let mut sums = [[V::zero(); VECTORS]; ROWS];
        for sums in &mut sums {
            for (place, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(tile.bias.add(column + place * V::LANES));
            }
        }
        let mut right = tile.panel.add(column);
        for part in tile.left {
            let rows: [*const f32; ROWS] = std::array::from_fn(|index| part[row + index].as_ptr());
            for depth in 0..part[0].len() {
                let mut factors = [V::zero(); VECTORS];
                for (place, factor) in factors.iter_mut().enumerate() {
                    *factor = V::load(right.add(place * V::LANES));
                }
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let spread = V::splat(row.add(depth).read());
                    for (sum, factor) in sums.iter_mut().zip(factors) {
                        *sum = sum.plus_product(spread, factor);
                    }
                }
                right = right.wrapping_add(PANEL_COLUMNS);
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            for (place, sum) in sums.iter().enumerate() {
                sum.store(first.add(index * tile.stride + place * V::LANES));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pseudo_random(seed: usize, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
            .collect()
    }

    proptest! {
        #[test]
        fn products_are_the_plain_ones_on_every_instruction_set(
            rows in 1usize..40, columns in 1usize..80, depth in 1usize..50, cut in 0usize..50,
        ) {
            let cut = cut % depth;
            let left = pseudo_random(1, rows * depth);
            let right = pseudo_random(2, depth * columns);
            let bias = pseudo_random(3, columns);
            let packed = PackedMatrix::new(depth, columns, |row, column| right[row * columns + column]);
            for set in InstructionSet::available() {
                let mut sums = vec![9.0; rows * columns];
                for first in (0..rows).step_by(TILE_ROWS) {
                    let count = TILE_ROWS.min(rows - first);
                    // The depth in two parts, the first of which may be empty.
                    let parts = [0..cut, cut..depth].map(|part| {
                        std::array::from_fn(|index| {
                            let row = (first + index).min(rows - 1);
                            &left[row * depth..][part.clone()]
                        })
                    });
                    let sums = &mut sums[first * columns..(first + count) * columns];
                    for panel in 0..columns.div_ceil(PANEL_COLUMNS) {
                        packed_product_on(set, sums, count, &bias, &parts, &packed, panel);
                    }
                }
                for row in 0..rows {
                    for column in 0..columns {
                        let sum: f64 = (0..depth)
                            .map(|k| f64::from(left[row * depth + k]) * f64::from(right[k * columns + column]))
                            .sum();
                        let expected = sum + f64::from(bias[column]);
                        let found = f64::from(sums[row * columns + column]);
                        prop_assert!((found - expected).abs() < 2e-5, "{set:?} ({row}, {column}): {found} for {expected}");
                    }
                }
            }
        }
    }
}
