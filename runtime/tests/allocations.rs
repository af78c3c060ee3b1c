//! After warm-up, decoding takes no memory.

#![allow(unsafe_code, reason = "an allocator is unsafe by nature")]
#![allow(clippy::unwrap_used, reason = "a test tells, and fails")]

mod counting_allocator;
mod random_decoder;

use fixate::decoder::{
    Decoded, Decoder, Embedding, FactoredSamDecoder, Keyframe, MaskSelection, ProductPrecision,
};
use fixate::mask::MaskLogits;
use fixate::preprocess::Placement;
use fixate::prompt::{Prompt, PromptBox};

use random_decoder::{MOBILE_SAM, Sizes, noise, random_decoder};

/// One test alone: another one's allocations would be counted.
#[test]
fn a_warm_decoder_allocates_nothing() {
    let sizes = Sizes {
        embedding_size: 16,
        ..MOBILE_SAM
    };
    let mut keyframe = Keyframe {
        embedding: Embedding {
            shape: [256, 16, 16],
            values: noise(1).take(256 * 16 * 16).collect(),
        },
        placement: Placement {
            image_width_px: 256,
            image_height_px: 256,
            resized_width_px: 256,
            resized_height_px: 256,
            input_size_px: 256,
        },
        capture_time_us: 0,
        prepared: None,
    };
    let point = Prompt::point(100.0, 50.0);
    let many = Prompt {
        points: vec![point.points[0]; 30],
        bounds: Some(PromptBox {
            x0_px: 1.0,
            y0_px: 2.0,
            x1_px: 100.0,
            y1_px: 120.0,
        }),
        mask: Some(MaskLogits {
            width: 64,
            height: 64,
            values: noise(2).take(64 * 64).collect(),
        }),
    };
    let bounds = Prompt {
        bounds: many.bounds,
        ..Prompt::default()
    };
    for (threads, products) in [
        (1, ProductPrecision::Full),
        (2, ProductPrecision::Full),
        (1, ProductPrecision::Codes),
    ] {
        let bytes = random_decoder(&sizes, 3);
        let mut decoder = FactoredSamDecoder::from_safetensors(&bytes).unwrap();
        decoder.set_threads(threads).unwrap();
        decoder.set_product_precision(products);
        let mut decoded = Decoded::default();
        let mut round = |decoder: &mut FactoredSamDecoder, keyframe: &mut Keyframe| {
            decoder.prepare(keyframe).unwrap();
            for prompt in [&many, &point, &bounds] {
                for masks in [MaskSelection::All, MaskSelection::Single] {
                    decoder
                        .decode_into(keyframe, prompt, masks, &mut decoded)
                        .unwrap();
                }
            }
        };
        // Twice, because buffers change places.
        round(&mut decoder, &mut keyframe);
        round(&mut decoder, &mut keyframe);
        let before = counting_allocator::calls();
        for _ in 0..5 {
            round(&mut decoder, &mut keyframe);
        }
        let calls = counting_allocator::calls() - before;
        assert_eq!(calls, 0, "{threads} threads, {products:?}");
    }
}
