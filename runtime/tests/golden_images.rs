//! What happens to pixels and masks, against the reference implementation.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where it finds something missing"
)]

mod shared;

use fixate::frame::{Frame, PixelFormat};
use fixate::mask::LogitsView;
use fixate::preprocess::{InputSpec, Placement, Preprocessor, ResizeRule};
use safetensors::SafeTensors;

const SIZE: usize = 1024;
const MEAN: [f32; 3] = [123.675, 116.28, 103.53];
const STD: [f32; 3] = [58.395, 57.12, 57.375];

fn spec() -> InputSpec {
    InputSpec {
        size_px: SIZE as u32,
        resize: ResizeRule::LongestSide,
        mean: MEAN,
        std: STD,
    }
}

fn photograph(name: &str) -> Option<image::RgbImage> {
    Some(image::open(shared::file(name)?).unwrap().into_rgb8())
}

fn preprocessed(format: PixelFormat, width: u32, height: u32, bytes: &[u8]) -> Vec<f32> {
    let frame = Frame::contiguous(format, width, height, bytes, 0).unwrap();
    let mut input = vec![f32::NAN; 3 * SIZE * SIZE];
    let mut preprocessor = Preprocessor::new(spec()).unwrap();
    let placement = preprocessor.preprocess_into(&frame, &mut input).unwrap();
    assert_eq!(placement, spec().placement(width, height));
    input
}

#[test]
fn the_resized_photograph_is_the_references_to_the_digit() {
    let (Some(image), Some(expected)) = (
        photograph("golden/truck.png"),
        photograph("golden/truck_resized.png"),
    ) else {
        return;
    };
    let (width, height) = (expected.width() as usize, expected.height() as usize);
    assert_eq!((width, height), (1024, 683));
    let input = preprocessed(PixelFormat::Rgb8, image.width(), image.height(), &image);
    for channel in 0..3 {
        let plane = &input[channel * SIZE * SIZE..][..SIZE * SIZE];
        for (y, row) in plane.chunks_exact(SIZE).enumerate() {
            for (x, &value) in row.iter().enumerate() {
                if x < width && y < height {
                    let byte = value * STD[channel] + MEAN[channel];
                    let wanted = f32::from(expected.get_pixel(x as u32, y as u32)[channel]);
                    let difference = (byte - wanted).abs();
                    assert!(difference < 0.01, "{x} {y} {channel}: {byte} {wanted}");
                } else {
                    assert_eq!(value, 0.0, "padding at {x} {y}");
                }
            }
        }
    }
}

#[test]
fn every_channel_order_gives_the_same_input() {
    let (width, height) = (61_u32, 40_u32);
    let rgb: Vec<u8> = (0..width * height * 3)
        .map(|i| (i * 37 % 251) as u8)
        .collect();
    let expected = preprocessed(PixelFormat::Rgb8, width, height, &rgb);
    let reordered = |order: &[usize]| -> Vec<u8> {
        rgb.chunks(3)
            .flat_map(|pixel| {
                // The byte of alpha must not matter.
                order
                    .iter()
                    .map(|&c| pixel.get(c).copied().unwrap_or(pixel[0]))
            })
            .collect()
    };
    for (format, order) in [
        (PixelFormat::Bgr8, &[2, 1, 0][..]),
        (PixelFormat::Rgba8, &[0, 1, 2, 3]),
        (PixelFormat::Bgra8, &[2, 1, 0, 3]),
    ] {
        let input = preprocessed(format, width, height, &reordered(order));
        let difference = input
            .iter()
            .zip(&expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert_eq!(difference, 0.0, "{format:?}");
    }
    let grey: Vec<u8> = rgb.chunks(3).map(|pixel| pixel[1]).collect();
    let replicated: Vec<u8> = grey.iter().flat_map(|&g| [g, g, g]).collect();
    assert_eq!(
        preprocessed(PixelFormat::Gray8, width, height, &grey),
        preprocessed(PixelFormat::Rgb8, width, height, &replicated)
    );
}

#[test]
fn the_masks_logits_at_the_images_size_are_the_references() {
    let Some(path) = shared::file("golden/mobile_sam_random.safetensors") else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let low_res = tensors.tensor("truck.point.multi.low_res").unwrap();
    let values: Vec<f32> = low_res
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect();
    let expected: Vec<f32> = tensors
        .tensor("truck.point.multi.full0")
        .unwrap()
        .data()
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&b| half::f16::from_le_bytes(b).to_f32())
        .collect();
    let logits = LogitsView {
        width: 256,
        height: 256,
        values: &values[..256 * 256],
    };
    let placement: Placement = spec().placement(1800, 1200);
    let found = logits.to_image_logits(&placement).unwrap();
    assert_eq!(found.len(), expected.len());

    let count = expected.len() as f64;
    let mean = expected.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let variance = expected
        .iter()
        .map(|&v| (f64::from(v) - mean).powi(2))
        .sum::<f64>()
        / count;
    let tolerance = variance.sqrt() * 1e-3;
    let mut worst: f64 = 0.0;
    for (&found, &expected) in found.iter().zip(&expected) {
        // The reference was stored with eleven significant bits.
        let stored = f64::from(expected.abs()) / 2048.0 + 3e-8;
        let excess = (f64::from(found) - f64::from(expected)).abs() - stored;
        worst = worst.max(excess);
        assert!(excess <= tolerance, "{found} {expected}");
    }
    println!(
        "largest difference beyond f16 rounding: {:.2e} standard deviations",
        worst / variance.sqrt()
    );
    let bitmap = logits.to_bitmap(&placement).unwrap();
    let area = expected.iter().filter(|&&v| v > 0.0).count() as u64;
    assert!(bitmap.area().abs_diff(area) * 1000 <= area, "{area}");
}
