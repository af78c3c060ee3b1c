//! A plain f32 matrix product on one thread: what this machine gives, and how evenly, while something else is measured.

use fixate::kernels::{Matrix, MatrixMut, Update, matmul};
use std::time::{Duration, Instant};

/// Side of the matrices, which fit a core's second cache.
const SIDE: usize = 256;

pub(super) struct Yardstick {
    left: Vec<f32>,
    right: Vec<f32>,
    product: Vec<f32>,
}

impl Yardstick {
    pub(super) fn new() -> Self {
        let matrix = |value| vec![value; SIDE * SIDE];
        Self {
            left: matrix(0.5),
            right: matrix(0.25),
            product: matrix(0.0),
        }
    }

    /// Multiplies so many times, and tells how long that took.
    pub(super) fn multiply(&mut self, times: u32) -> Duration {
        let started = Instant::now();
        for _ in 0..times {
            matmul(
                MatrixMut::new(&mut self.product, SIDE, SIDE),
                Update::Replace,
                1.0,
                Matrix::new(&self.left, SIDE, SIDE),
                Matrix::new(&self.right, SIDE, SIDE),
            );
            std::hint::black_box(&mut self.product);
        }
        started.elapsed()
    }
}

/// Multiply-adds in 10^9 a second of one product that took so long.
pub(super) fn gmac_per_s(product_ms: f64) -> f64 {
    (SIDE * SIDE * SIDE) as f64 / (product_ms * 1e6)
}
