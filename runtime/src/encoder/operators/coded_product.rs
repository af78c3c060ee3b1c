//! A product of eight-bit integers whose left rows are gathered.

use super::machine::Values;
use super::product::{BLOCK_ROWS, Finish, Left};
use super::view::ValueId;
use crate::kernels::{CodeRows, CodedMatrix, PANEL_COLUMNS, TILE_ROWS, coded_product};

#[derive(Debug)]
pub(super) struct CodedProduct {
    /// Of codes.
    pub(super) left: Left,
    pub(super) weights: CodedMatrix,
    /// The code of zero.
    pub(super) zero: u8,
    /// What one step of both codes stands for, for each column.
    pub(super) scale: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) finish: Finish,
}

impl CodedProduct {
    pub(super) fn reads(&self) -> Vec<ValueId> {
        let residual = self.finish.residual.as_ref().map(|(value, _)| *value);
        [self.left.value()].into_iter().chain(residual).collect()
    }

    /// Computes rows from `first_row` on.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        let (columns, depth) = (self.weights.columns(), self.weights.depth());
        let zeros = self.left.zeros(self.zero);
        let source = values.codes(self.left.value());
        let mut tiles: Vec<Vec<CodeRows<'_>>> = vec![Vec::new(); BLOCK_ROWS / TILE_ROWS];
        for (index, out) in out.chunks_mut(BLOCK_ROWS * columns).enumerate() {
            let first_row = first_row + index * BLOCK_ROWS;
            let rows = out.len() / columns;
            for (index, tile) in tiles.iter_mut().enumerate().take(rows.div_ceil(TILE_ROWS)) {
                let first = index * TILE_ROWS;
                let count = TILE_ROWS.min(rows - first);
                self.left
                    .gather(source, depth, first_row + first, count, &zeros, tile);
            }
            for panel in 0..columns.div_ceil(PANEL_COLUMNS) {
                for (tile, out) in tiles.iter().zip(out.chunks_mut(TILE_ROWS * columns)) {
                    let rows = out.len() / columns;
                    coded_product(
                        out,
                        rows,
                        tile,
                        &self.weights,
                        &self.scale,
                        &self.bias,
                        panel,
                    );
                }
            }
            self.finish.run(values, first_row, columns, out);
        }
    }
}
