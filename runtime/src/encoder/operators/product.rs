//! A matrix product whose left rows are gathered: linear layers and convolutions.

use std::sync::Arc;

use super::left::Left;
use super::machine::Values;
use super::program::{Activation, apply, is_what_coding_does};
use super::view::ValueId;
use crate::kernels::{
    CodeRows, CodedMatrix, Coding, ColumnScales, PANEL_COLUMNS, PackedMatrix, TILE_ROWS, TileRows,
    add_assign, coded_product, encoded_product, packed_product,
};

/// Elements of a part below which going from part to part costs more than copying them together.
const SHORT_PART: usize = 32;

/// The same of codes, of which fewer are copied in the time that more are multiplied.
const SHORT_CODED_PART: usize = 16;

/// Tiles of rows that go through all panels, and then through what follows, while they are in the second cache.
const BLOCK_TILES: usize = 4;

/// The same where the weights are so large that they come from the third cache each time.
const LARGE_BLOCK_TILES: usize = 16;

/// Bytes of weights that stay in the second cache beside what else is in it.
const LARGE_WEIGHTS: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Product {
    pub(super) left: Left,
    pub(super) weights: Weights,
    pub(super) bias: Vec<f32>,
    pub(super) finish: Finish,
}

/// The right factor, and in what both are multiplied.
#[derive(Debug)]
pub(super) enum Weights {
    Floats(PackedMatrix),
    /// Eight-bit integers; the left factor's are codes.
    Codes {
        matrix: CodedMatrix,
        /// What one step of both stands for, for each column.
        scale: Vec<f32>,
        /// The left factor's code of zero.
        zero: u8,
    },
}

/// What is done to a product while it is in the cache.
#[derive(Debug, Default)]
pub(super) struct Finish {
    /// Rows of another value that are added.
    pub(super) residual: Option<(ValueId, Arc<[u32]>)>,
    pub(super) activations: Vec<Activation>,
}

impl Finish {
    pub(super) fn is_nothing(&self) -> bool {
        self.residual.is_none() && self.activations.is_empty()
    }

    /// Finishes rows from `first_row` on.
    fn run(&self, values: Values<'_>, first_row: usize, columns: usize, out: &mut [f32]) {
        if let Some((value, places)) = &self.residual {
            let values = values.get(*value);
            for (out, place) in out.chunks_mut(columns).zip(&places[first_row..]) {
                add_assign(out, &values[*place as usize..][..columns]);
            }
        }
        apply(&self.activations, out);
    }
}

impl Product {
    pub(super) fn reads(&self) -> Vec<ValueId> {
        let residual = self.finish.residual.as_ref().map(|(value, _)| *value);
        [self.left.value()].into_iter().chain(residual).collect()
    }

    /// Tiles that are computed together.
    pub(super) fn block_tiles(&self) -> usize {
        let bytes = match &self.weights {
            Weights::Floats(matrix) => 4 * matrix.depth() * matrix.columns(),
            Weights::Codes { matrix, .. } => matrix.depth() * matrix.columns(),
        };
        match bytes > LARGE_WEIGHTS {
            true => LARGE_BLOCK_TILES,
            false => BLOCK_TILES,
        }
    }

    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let value = self.left.value();
        let columns = self.bias.len();
        let finish = |first_row, out: &mut [f32]| {
            self.finish.run(values, first_row, columns, out);
        };
        match &self.weights {
            Weights::Floats(matrix) => {
                let multiply = |tile: &[TileRows<'_>], out: &mut [f32], rows, panel| {
                    packed_product(out, rows, &self.bias, tile, matrix, panel);
                };
                let shape = [matrix.depth(), matrix.columns()];
                let source = values.get(value);
                self.by_blocks(source, 0.0, shape, first_row, out, multiply, finish);
            }
            Weights::Codes {
                matrix,
                scale,
                zero,
            } => {
                let scales = self.scales(scale);
                let multiply = |tile: &[CodeRows<'_>], out: &mut [f32], rows, panel| {
                    coded_product(out, rows, tile, matrix, scales, panel);
                };
                let shape = [matrix.depth(), matrix.columns()];
                let source = values.codes(value);
                self.by_blocks(source, *zero, shape, first_row, out, multiply, finish);
            }
        }
    }

    /// Whether codes come of the sums of codes at once, without floats in memory.
    pub(super) fn gives_codes(&self, coding: Coding) -> bool {
        matches!(self.weights, Weights::Codes { .. })
            && self.finish.residual.is_none()
            && is_what_coding_does(&self.finish.activations, coding)
    }

    /// Computes rows from `first_row` on as codes, see [`Self::gives_codes`].
    pub(super) fn run_coded(
        &self,
        values: Values<'_>,
        first_row: usize,
        out: &mut [u8],
        coding: Coding,
    ) {
        let Weights::Codes {
            matrix,
            scale,
            zero,
        } = &self.weights
        else {
            return;
        };
        let scales = self.scales(scale);
        let multiply = |tile: &[CodeRows<'_>], out: &mut [u8], rows, panel| {
            encoded_product(out, rows, tile, matrix, scales, panel, coding);
        };
        let shape = [matrix.depth(), matrix.columns()];
        let source = values.codes(self.left.value());
        self.by_blocks(source, *zero, shape, first_row, out, multiply, |_, _| {});
    }

    fn scales<'a>(&'a self, scale: &'a [f32]) -> ColumnScales<'a> {
        ColumnScales {
            scale,
            bias: &self.bias,
        }
    }

    /// Gathers a block of rows from `source`, multiplies its tiles with panel after panel of weights of `[depth, columns]`,
    /// and finishes it, block after block.
    #[expect(
        clippy::too_many_arguments,
        reason = "a run, and what differs between its two kinds"
    )]
    fn by_blocks<T: Copy, O>(
        &self,
        source: &[T],
        zero: T,
        [depth, columns]: [usize; 2],
        first_row: usize,
        out: &mut [O],
        multiply: impl Fn(&[[&[T]; TILE_ROWS]], &mut [O], usize, usize),
        finish: impl Fn(usize, &mut [O]),
    ) {
        let zeros = self.left.zeros(zero);
        let mut tiles = vec![Vec::new(); self.block_tiles()];
        let block_rows = tiles.len() * TILE_ROWS;
        let is_fragmented = self.left.is_fragmented(match &self.weights {
            Weights::Floats(_) => SHORT_PART,
            Weights::Codes { .. } => SHORT_CODED_PART,
        });
        let mut parts = Vec::new();
        let mut together = match is_fragmented {
            true => vec![zero; block_rows * depth],
            false => Vec::new(),
        };
        for (index, out) in out.chunks_mut(block_rows * columns).enumerate() {
            let first_row = first_row + index * block_rows;
            let rows = out.len() / columns;
            let tile_of = |index: usize| {
                let first = index * TILE_ROWS;
                (first_row + first, TILE_ROWS.min(rows - first))
            };
            let count = rows.div_ceil(TILE_ROWS);
            let multiply = |tiles: &[Vec<[&[T]; TILE_ROWS]>], out: &mut [O]| {
                for panel in 0..columns.div_ceil(PANEL_COLUMNS) {
                    for (tile, out) in tiles.iter().zip(out.chunks_mut(TILE_ROWS * columns)) {
                        let rows = out.len() / columns;
                        multiply(tile, out, rows, panel);
                    }
                }
            };
            if is_fragmented {
                for (index, rows) in together
                    .chunks_mut(TILE_ROWS * depth)
                    .enumerate()
                    .take(count)
                {
                    let (first, count) = tile_of(index);
                    self.left
                        .gather(source, depth, first, count, &zeros, &mut parts);
                    copied_together(&parts, rows, depth);
                }
                let whole = together
                    .chunks(TILE_ROWS * depth)
                    .take(count)
                    .map(|rows| vec![std::array::from_fn(|row| &rows[row * depth..][..depth])]);
                multiply(&whole.collect::<Vec<_>>(), out);
            } else {
                for (index, tile) in tiles.iter_mut().enumerate().take(count) {
                    let (first, count) = tile_of(index);
                    self.left.gather(source, depth, first, count, &zeros, tile);
                }
                multiply(&tiles, out);
            }
            finish(first_row, out);
        }
    }
}

/// Copies the parts of each row of a tile after one another into a row of `depth`.
fn copied_together<T: Copy>(parts: &[[&[T]; TILE_ROWS]], rows: &mut [T], depth: usize) {
    for (index, row) in rows.chunks_mut(depth).enumerate() {
        let mut rest = row;
        for part in parts {
            let (here, next) = rest.split_at_mut(part[index].len());
            here.copy_from_slice(part[index]);
            rest = next;
        }
    }
}
