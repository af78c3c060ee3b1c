//! One point, four masks, on one thread: the plain decoder and its fast twin, on the model that comes
//! with the library and on one of MobileSAM's sizes; and what is computed once for a keyframe.

use criterion::{Criterion, criterion_group, criterion_main};
use fixate::bundle::Bundle;
use fixate::decoder::{
    Decoded, Decoder, Embedding, FactoredSamDecoder, Keyframe, MaskSelection, SamDecoder,
};
use fixate::preprocess::Placement;
use fixate::prompt::Prompt;

#[path = "../tests/random_decoder/mod.rs"]
mod random_decoder;

use random_decoder::{MOBILE_SAM, random_decoder};

fn compare(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    let plain = SamDecoder::from_safetensors(bytes).expect("a SAM decoder");
    let size_px = plain.input_size_px() as u32;
    let mut factored = FactoredSamDecoder::from_safetensors(bytes).expect("a SAM decoder");
    let shape = plain.embedding_shape();
    // Neither constant nor regular, so that no softmax or normalisation is degenerate.
    let values =
        (0..shape.iter().product()).map(|i: usize| (i * 7919 % 2003) as f32 / 1000.0 - 1.0);
    let mut keyframe = Keyframe {
        embedding: Embedding {
            shape,
            values: values.collect(),
        },
        placement: Placement {
            image_width_px: size_px,
            image_height_px: size_px,
            resized_width_px: size_px,
            resized_height_px: size_px,
            input_size_px: size_px,
        },
        capture_time_us: 0,
        prepared: None,
    };
    let prompt = Prompt::point(size_px as f32 / 3.0, size_px as f32 / 2.0);
    let mut decoded = Decoded::default();
    factored
        .prepare(&mut keyframe)
        .expect("an embedding that fits");
    stages(name, &mut factored, &keyframe, &prompt);
    let mut threaded = FactoredSamDecoder::from_safetensors(bytes).expect("a SAM decoder");
    threaded.set_threads(2).expect("a thread");
    threaded
        .prepare(&mut keyframe)
        .expect("an embedding that fits");
    criterion.bench_function(
        &format!("{name}, one point, four masks, factored, two threads"),
        |bencher| {
            bencher.iter(|| {
                threaded
                    .decode_into(&keyframe, &prompt, MaskSelection::All, &mut decoded)
                    .expect("a good prompt");
            });
        },
    );
    let twins: [(&str, Box<dyn Decoder>); 2] =
        [("plain", Box::new(plain)), ("factored", Box::new(factored))];
    for (twin, mut decoder) in twins {
        decoder
            .prepare(&mut keyframe)
            .expect("an embedding that fits");
        if twin == "factored" {
            criterion.bench_function(&format!("{name}, keyframe"), |bencher| {
                bencher.iter(|| decoder.prepare(&mut keyframe));
            });
        }
        for (masks, selection) in [
            ("four masks", MaskSelection::All),
            ("single", MaskSelection::Single),
        ] {
            criterion.bench_function(&format!("{name}, one point, {masks}, {twin}"), |bencher| {
                bencher.iter(|| {
                    decoder
                        .decode_into(&keyframe, &prompt, selection, &mut decoded)
                        .expect("a good prompt");
                });
            });
        }
    }
}

/// Prints where the time goes, which criterion has no place for.
fn stages(name: &str, decoder: &mut FactoredSamDecoder, keyframe: &Keyframe, prompt: &Prompt) {
    const DECODES: u32 = 50;
    let mut decoded = Decoded::default();
    decoder.time_stages(true);
    for _ in 0..DECODES {
        decoder
            .decode_into(keyframe, prompt, MaskSelection::All, &mut decoded)
            .expect("a good prompt");
    }
    println!(
        "{name}, one point, four masks, mean of {DECODES}: {:?}",
        decoder.stage_profile() / DECODES
    );
    decoder.time_stages(false);
}

fn decoder(criterion: &mut Criterion) {
    let bundle = Bundle::builtin().expect("the built-in model");
    compare(
        criterion,
        "built-in",
        &bundle.decoder().expect("the built-in decoder"),
    );
    compare(criterion, "mobile sam", &random_decoder(&MOBILE_SAM, 1));
}

criterion_group!(benches, decoder);
criterion_main!(benches);
