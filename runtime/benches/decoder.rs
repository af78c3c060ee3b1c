//! One point, four masks, on the model that comes with the library, one thread.

use criterion::{Criterion, criterion_group, criterion_main};
use fixate::bundle::Bundle;
use fixate::decoder::{Decoded, Decoder, Embedding, Keyframe, MaskSelection, SamDecoder};
use fixate::prompt::Prompt;

fn decoder(criterion: &mut Criterion) {
    let bundle = Bundle::builtin().expect("the built-in model");
    let weights = bundle.decoder().expect("the built-in decoder");
    let mut decoder = SamDecoder::from_safetensors(&weights).expect("the built-in decoder");
    let shape = decoder.embedding_shape();
    // Neither constant nor regular, so that no softmax or normalisation is degenerate.
    let values =
        (0..shape.iter().product()).map(|i: usize| (i * 7919 % 2003) as f32 / 1000.0 - 1.0);
    let size_px = bundle.input_spec().size_px;
    let keyframe = Keyframe {
        embedding: Embedding {
            shape,
            values: values.collect(),
        },
        placement: bundle.input_spec().placement(size_px, size_px),
        capture_time_us: 0,
        prepared: None,
    };
    let prompt = Prompt::point(size_px as f32 / 3.0, size_px as f32 / 2.0);
    let mut decoded = Decoded::default();
    criterion.bench_function("sam decoder, one point, four masks", |bencher| {
        bencher.iter(|| {
            decoder
                .decode_into(&keyframe, &prompt, MaskSelection::All, &mut decoded)
                .expect("a good prompt");
        });
    });
}

criterion_group!(benches, decoder);
criterion_main!(benches);
