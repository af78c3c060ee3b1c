//! The decoder on one and two threads, on the model that comes with the library and on one of
//! MobileSAM's sizes; its plain twin; and what is computed once for a keyframe.
//!
//! Where the time goes is printed first: each stage with the share of the machine's plain matrix
//! product that it reaches.

#![allow(clippy::print_stdout, reason = "criterion has no place for stages")]

#[path = "../tests/random_decoder/mod.rs"]
mod random_decoder;

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use fixate::bundle::Bundle;
use fixate::decoder::{
    Decoded, Decoder, Embedding, FactoredSamDecoder, Keyframe, MaskSelection, MaskWindow,
    ProductPrecision, SamDecoder, StageProfile,
};
use fixate::kernels::{Matrix, MatrixMut, Update, matmul};
use fixate::mask::MaskLogits;
use fixate::preprocess::Placement;
use fixate::prompt::Prompt;

use random_decoder::{MOBILE_SAM, random_decoder};

/// Prompts of a batch.
const BATCH: usize = 64;

fn keyframe(decoder: &SamDecoder) -> Keyframe {
    let shape = decoder.embedding_shape();
    let size_px = decoder.input_size_px() as u32;
    // Neither constant nor regular, so that no softmax or normalisation is degenerate.
    let values =
        (0..shape.iter().product()).map(|i: usize| (i * 7919 % 2003) as f32 / 1000.0 - 1.0);
    Keyframe {
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
    }
}

/// Multiply-adds a second of a plain product on this machine, now.
fn peak() -> f64 {
    const SIDE: usize = 512;
    let (left, right) = (vec![0.5f32; SIDE * SIDE], vec![0.25f32; SIDE * SIDE]);
    let mut product = vec![0.0f32; SIDE * SIDE];
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let started = Instant::now();
        matmul(
            MatrixMut::new(&mut product, SIDE, SIDE),
            Update::Replace,
            1.0,
            Matrix::new(&left, SIDE, SIDE),
            Matrix::new(&right, SIDE, SIDE),
        );
        best = best.min(started.elapsed());
    }
    (SIDE * SIDE * SIDE) as f64 / best.as_secs_f64()
}

fn print_stages(
    name: &str,
    decoder: &mut FactoredSamDecoder,
    keyframe: &Keyframe,
    prompt: &Prompt,
) {
    let peak = peak();
    println!(
        "{name}, one point, four masks, one thread; a keyframe keeps {:.2} MiB; plain product {:.0} GFLOP/s",
        decoder.prepared_bytes(keyframe) as f64 / f64::from(1 << 20),
        2e-9 * peak
    );
    for (products, precision) in [
        ("floats", ProductPrecision::Full),
        ("codes", ProductPrecision::Codes),
    ] {
        decoder.set_product_precision(precision);
        let profile = quietest_profile(decoder, keyframe, prompt);
        let arithmetic = decoder.stage_arithmetic(1, 4);
        println!(
            "  products of {products}: {:.3} ms",
            1e3 * total(&profile).as_secs_f64()
        );
        for (stage, time, products) in [
            ("tokens", profile.tokens, arithmetic.tokens),
            ("image to tokens", profile.to_tokens, arithmetic.to_tokens),
            ("deviations", profile.deviation, arithmetic.deviation),
            ("tokens to image", profile.to_image, arithmetic.to_image),
            ("upscaling", profile.upscaling, arithmetic.upscaling),
        ] {
            let rate = products as f64 / time.as_secs_f64();
            println!(
                "    {stage:<16} {:>7.3} ms {:>6.1} M multiply-adds {:>6.0} GFLOP/s {:>4.0} %",
                time.as_secs_f64() * 1e3,
                products as f64 * 1e-6,
                2e-9 * rate,
                100.0 * rate / peak
            );
        }
    }
    decoder.set_product_precision(ProductPrecision::Full);
}

fn total(profile: &StageProfile) -> Duration {
    profile.tokens + profile.to_tokens + profile.deviation + profile.to_image + profile.upscaling
}

/// The mean times of the round of decodes that took least: the machine may have had other things to do in the others.
fn quietest_profile(
    decoder: &mut FactoredSamDecoder,
    keyframe: &Keyframe,
    prompt: &Prompt,
) -> StageProfile {
    const DECODES: u32 = 20;
    let mut decoded = Decoded::default();
    let rounds = (0..10).map(|_| {
        decoder.time_stages(true);
        for _ in 0..DECODES {
            decoder
                .decode_into(keyframe, prompt, MaskSelection::All, &mut decoded)
                .expect("a good prompt");
        }
        decoder.stage_profile() / DECODES
    });
    let quietest = rounds.min_by_key(total);
    decoder.time_stages(false);
    quietest.expect("ten rounds")
}

fn compare(criterion: &mut Criterion, name: &str, bytes: &[u8]) {
    let mut plain = SamDecoder::from_safetensors(bytes).expect("a SAM decoder");
    let mut keyframe = keyframe(&plain);
    let size_px = plain.input_size_px() as f32;
    let point = Prompt::point(size_px / 3.0, size_px / 2.0);
    let [side, _] = plain.mask_size();
    let mut decoded = Decoded::default();
    criterion.bench_function(
        &format!("{name}, plain, one point, four masks"),
        |bencher| {
            bencher.iter(|| plain.decode_into(&keyframe, &point, MaskSelection::All, &mut decoded));
        },
    );

    let refinement = Prompt {
        points: vec![point.points[0]; 2],
        mask: Some(MaskLogits {
            width: side,
            height: side,
            values: (0..side * side)
                .map(|i| (i * 31 % 97) as f32 / 8.0 - 6.0)
                .collect(),
        }),
        ..Prompt::default()
    };
    let window = MaskWindow {
        rows: side / 4..3 * side / 4,
        columns: side / 4..3 * side / 4,
    };
    let batch: Vec<Prompt> = (0..BATCH)
        .map(|i| {
            Prompt::point(
                (i % 8) as f32 / 8.0 * size_px,
                (i / 8) as f32 / 8.0 * size_px,
            )
        })
        .collect();
    let mut answers = vec![Decoded::default(); BATCH];
    for threads in [1, 2] {
        let mut decoder = FactoredSamDecoder::from_safetensors(bytes).expect("a SAM decoder");
        decoder
            .prepare(&mut keyframe)
            .expect("an embedding that fits");
        if threads == 1 {
            print_stages(name, &mut decoder, &keyframe, &point);
            criterion.bench_function(&format!("{name}, keyframe"), |bencher| {
                bencher.iter(|| decoder.prepare(&mut keyframe));
            });
        }
        decoder.set_threads(threads).expect("a thread");
        let mut bench = |what: &str, run: &mut dyn FnMut(&mut FactoredSamDecoder)| {
            criterion.bench_function(&format!("{name}, {threads} threads, {what}"), |bencher| {
                bencher.iter(|| run(&mut decoder));
            });
        };
        for (what, prompt, masks) in [
            ("one point, four masks", &point, MaskSelection::All),
            ("one point, single mask", &point, MaskSelection::Single),
            (
                "refinement with a mask, single mask",
                &refinement,
                MaskSelection::Single,
            ),
        ] {
            bench(what, &mut |decoder| {
                decoder
                    .decode_into(&keyframe, prompt, masks, &mut decoded)
                    .expect("a good prompt");
            });
        }
        bench(
            "one point, four masks, a quarter of the image",
            &mut |decoder| {
                decoder
                    .decode_window_into(
                        &keyframe,
                        &point,
                        MaskSelection::All,
                        &window,
                        &mut decoded,
                    )
                    .expect("a good prompt");
            },
        );
        bench("64 points, four masks each", &mut |decoder| {
            decoder
                .decode_batch_into(&keyframe, &batch, MaskSelection::All, &mut answers)
                .expect("good prompts");
        });
    }
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
