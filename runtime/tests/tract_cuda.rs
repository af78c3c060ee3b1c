//! tract on a GPU: refused where it cannot be, else with the masks of the CPU.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::Write;

use fixate::bundle::{Bundle, Precision};
use fixate::encoder::{Backend, EncoderError, TractCudaOptions};
use fixate::frame::{Frame, PixelFormat};
use fixate::prompt::{MultimaskOutput, Prompt};
use fixate::segmenter::{Segmenter, SegmenterError, SegmenterOptions};

fn load(precision: Option<Precision>) -> Result<Segmenter, SegmenterError> {
    let mut options = SegmenterOptions::default();
    options.backend = Backend::TractCuda(TractCudaOptions::default());
    options.precision = precision;
    Segmenter::new(&Bundle::builtin().unwrap(), options)
}

/// The area of the best mask of a disc.
fn area(mut segmenter: Segmenter) -> f64 {
    let inside = |index: usize| {
        let (x, y) = ((index % 96) as i32 - 48, (index / 96) as i32 - 40);
        if x * x + y * y < 500 {
            [220, 180, 40]
        } else {
            [40, 60, 90]
        }
    };
    let pixels: Vec<u8> = (0..96 * 80).flat_map(inside).collect();
    let frame = Frame::contiguous(PixelFormat::Rgb8, 96, 80, &pixels, 0).unwrap();
    let keyframe = segmenter.encode(&frame).unwrap();
    let prompt = Prompt::point(48.0, 40.0);
    let candidates = segmenter
        .segment(&keyframe, &prompt, MultimaskOutput::Auto)
        .unwrap();
    let mask = candidates[0].logits.view().to_bitmap(&keyframe.placement);
    mask.unwrap().area() as f64
}

#[test]
fn a_gpu_gives_the_masks_of_the_cpu_or_is_refused() {
    match load(None) {
        Ok(segmenter) => {
            let bundle = Bundle::builtin().unwrap();
            let mut options = SegmenterOptions::default();
            options.precision = Some(Precision::F32);
            let expected = area(Segmenter::new(&bundle, options).unwrap());
            let found = area(segmenter);
            assert!(
                (found - expected).abs() <= 0.02 * expected,
                "{found} {expected}"
            );
        }
        Err(SegmenterError::Encoder(error @ EncoderError::Provider { .. })) => {
            let _ = writeln!(std::io::stderr(), "the GPU's masks are NOT tested: {error}");
            let told = error.to_string();
            assert!(told.contains("tract:cuda"), "{told}");
            assert!(told.contains("CUDA"), "{told}");
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn int8_is_refused_rather_than_left_to_the_cpu() {
    match load(Some(Precision::Int8)).err() {
        Some(SegmenterError::Encoder(EncoderError::Load(reason))) => {
            assert!(reason.contains("int8"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
