//! The encoder of the model that comes with the library, and what its operators take, with tract's own and with ours.
//! `FIXATE_BUNDLE=DIR` shows another bundle's, `FIXATE_INT8=1` its int8 encoder.

#![allow(clippy::print_stdout, reason = "criterion has no place for a table")]

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use fixate::bundle::{Bundle, Precision};
use fixate::encoder::{Encoder, OperatorTime, TractEncoder, TractOptions, operator_times};

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn print(what: &str, times: &[OperatorTime]) {
    let all: Duration = times.iter().map(|kind| kind.time).sum();
    println!("{what}: {:.2} ms", milliseconds(all));
    // What takes less than a hundredth is not worth a row.
    for kind in times.iter().filter(|kind| kind.time * 100 > all) {
        println!(
            "  {:<24} {:>4} {:>9.3} ms {:>3.0} %",
            kind.kind,
            kind.count,
            milliseconds(kind.time),
            100.0 * kind.time.as_secs_f64() / all.as_secs_f64()
        );
    }
}

fn encoder(criterion: &mut Criterion) {
    let bundle = match std::env::var_os("FIXATE_BUNDLE") {
        Some(folder) => Bundle::open(folder.as_ref()),
        None => Bundle::builtin(),
    };
    let bundle = bundle.expect("a bundle");
    let precision = std::env::var_os("FIXATE_INT8").map(|_| Precision::Int8);
    let entry = bundle.choose_encoder(precision).expect("an encoder");
    let onnx = bundle.encoder(entry).expect("its file");
    let options = TractOptions {
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: bundle.input_spec().size_px as usize,
        embedding_shape: bundle.manifest().embedding_shape,
        threads: 1,
        weights: bundle.encoder_weights(entry).expect("its weights"),
    };
    let pixels = 3 * options.input_size_px * options.input_size_px;
    let input: Vec<f32> = (0..pixels)
        .map(|index| (index * 7919 % 2003) as f32 / 500.0 - 2.0)
        .collect();
    let times = operator_times(&onnx, &options, &input, 3).expect("an encoder that runs");
    print("tract's operators", &times.before);
    print("with our own", &times.after);
    let mut encoder = TractEncoder::new(&onnx, &options).expect("an encoder");
    let mut embedding = vec![0.0; options.embedding_shape.iter().product()];
    criterion.bench_function("encoder", |bencher| {
        bencher.iter(|| encoder.encode_into(&input, &mut embedding));
    });
}

criterion_group!(benches, encoder);
criterion_main!(benches);
