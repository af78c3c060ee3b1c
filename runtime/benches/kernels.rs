//! Products of the sizes that the decoder makes of one block of positions: our kernel for matrices in
//! the cache, and the `gemm` crate's.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixate::kernels::{Matrix, MatrixMut, Update, block_matmul, gelu, matmul};

fn products(criterion: &mut Criterion) {
    for (what, rows, depth, columns) in [
        ("first upscaling", 256, 98, 64),
        ("second upscaling", 128, 64, 64),
        ("scores from factors", 56, 98, 64),
        ("sums of factors", 56, 64, 104),
        ("scores of a head", 7, 16, 64),
        ("sums of a head", 7, 64, 16),
        ("tokens", 7, 256, 48),
    ] {
        let left = vec![0.5f32; rows * depth];
        let right = vec![0.25f32; depth * columns];
        let mut product = vec![0.0f32; rows * columns];
        let mut group = criterion.benchmark_group(what);
        group.throughput(Throughput::Elements((rows * depth * columns) as u64));
        group.bench_function("block_matmul", |bencher| {
            bencher.iter(|| {
                block_matmul(
                    MatrixMut::new(&mut product, rows, columns),
                    Update::Replace,
                    Matrix::new(&left, rows, depth),
                    Matrix::new(&right, depth, columns),
                );
            });
        });
        group.bench_function("gemm", |bencher| {
            bencher.iter(|| {
                matmul(
                    MatrixMut::new(&mut product, rows, columns),
                    Update::Replace,
                    1.0,
                    Matrix::new(&left, rows, depth),
                    Matrix::new(&right, depth, columns),
                );
            });
        });
    }
}

fn activations(criterion: &mut Criterion) {
    let mut values: Vec<f32> = (0..8192).map(|i| i as f32 / 1024.0 - 4.0).collect();
    let before = values.clone();
    let mut group = criterion.benchmark_group("gelu");
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("8192 values", |bencher| {
        bencher.iter(|| {
            values.copy_from_slice(&before);
            gelu(&mut values);
        });
    });
}

criterion_group!(benches, products, activations);
criterion_main!(benches);
