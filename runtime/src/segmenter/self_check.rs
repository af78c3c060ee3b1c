//! Whether an encoder of another engine gives the model's masks, tried before it is used.
//!
//! GPUs' engines compute in other orders and precisions, and some models break there without an error: their layer norms
//! overflow in f16, or a range of int8 is wrong. What is compared are masks, which is what matters.

use super::{Parts, SegmenterError};
use crate::bundle::Bundle;
use crate::decoder::{Decoded, Decoder, Embedding, Keyframe, MaskSelection};
use crate::encoder::{Encoder, EncoderError};
use crate::frame::{Frame, PixelFormat};
use crate::preprocess::Preprocessor;
use crate::prompt::Prompt;

/// The mean IoU of masks below which an encoder is refused.
const LEAST_IOU: f64 = 0.9;

/// Columns and rows of the image.
const IMAGE_PX: (usize, usize) = (320, 240);

/// Points on the things of [`image`], and on the ground between them.
const POINTS_PX: [(f32, f32); 6] = [
    (80.0, 70.0),
    (230.0, 60.0),
    (110.0, 180.0),
    (250.0, 180.0),
    (175.0, 120.0),
    (20.0, 225.0),
];

/// Compares the masks of an encoder with those of the bundle's f32 encoder on tract; tells their mean IoU.
pub(super) fn check(
    bundle: &Bundle,
    encoder: &mut dyn Encoder,
    decoder: &mut dyn Decoder,
    threads: usize,
) -> Result<f64, SegmenterError> {
    let refused = |reason: String| SegmenterError::Encoder(EncoderError::SelfCheck(reason));
    let mut preprocessor = Preprocessor::new(bundle.input_spec())?;
    let pixels = image();
    let (width, height) = (IMAGE_PX.0 as u32, IMAGE_PX.1 as u32);
    let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, &pixels, 0)
        .map_err(|error| refused(error.to_string()))?;
    let mut input = vec![0.0; bundle.input_spec().len()];
    let placement = preprocessor.preprocess_into(&frame, &mut input)?;
    let encode = |encoder: &mut dyn Encoder| {
        let shape = encoder.embedding_shape();
        let mut values = vec![0.0; shape.iter().product()];
        encoder.encode_into(&input, &mut values)?;
        Ok::<_, EncoderError>(Keyframe {
            embedding: Embedding { shape, values },
            placement,
            capture_time_us: 0,
            prepared: None,
        })
    };
    let mut keyframe = match encode(encoder) {
        Err(EncoderError::NotFinite) => {
            return Err(refused(
                "its embedding of a plain image is not finite".to_owned(),
            ));
        }
        keyframe => keyframe?,
    };
    let entry = bundle.choose_encoder(None)?;
    let mut reference = Parts::on_tract(bundle, entry, threads)?;
    let mut expected = encode(&mut reference)?;
    drop(reference);
    decoder.prepare(&mut keyframe)?;
    decoder.prepare(&mut expected)?;
    let (mut sum, mut masks) = (0.0, 0);
    let (mut found, mut right) = (Decoded::default(), Decoded::default());
    for (x_px, y_px) in POINTS_PX {
        let prompt = Prompt::point(x_px, y_px);
        decoder.decode_into(&keyframe, &prompt, MaskSelection::Multiple, &mut found)?;
        decoder.decode_into(&expected, &prompt, MaskSelection::Multiple, &mut right)?;
        for position in 0..right.indices.len().min(found.indices.len()) {
            sum += iou(found.mask(position).values, right.mask(position).values);
            masks += 1;
        }
    }
    let mean = sum / f64::from(masks.max(1));
    if mean < LEAST_IOU {
        return Err(refused(format!(
            "its masks of a plain image have an IoU of {mean:.2} with those of the {} encoder on tract, {LEAST_IOU} is the least",
            entry.precision
        )));
    }
    Ok(mean)
}

/// Intersection over union of what is above 0; 1 if nothing is.
fn iou(left: &[f32], right: &[f32]) -> f64 {
    let (mut intersection, mut union) = (0u32, 0u32);
    for (left, right) in left.iter().zip(right) {
        let (left, right) = (*left > 0.0, *right > 0.0);
        intersection += u32::from(left && right);
        union += u32::from(left || right);
    }
    match union {
        0 => 1.0,
        union => f64::from(intersection) / f64::from(union),
    }
}

/// A disc, a bar, a triangle and a striped square on a slope, packed RGB.
fn image() -> Vec<u8> {
    let mut pixels = Vec::with_capacity(3 * IMAGE_PX.0 * IMAGE_PX.1);
    for y in 0..IMAGE_PX.1 as i32 {
        for x in 0..IMAGE_PX.0 as i32 {
            let colour = if (x - 80).pow(2) + (y - 70).pow(2) < 40 * 40 {
                [225, 190, 60]
            } else if (x - 230).abs() < 60 && (y - 60).abs() < 22 {
                [40, 90, 200]
            } else if y > 140 && y < 220 && (x - 110).abs() < (y - 140) / 2 {
                [200, 50, 60]
            } else if (x - 250).abs() < 38 && (y - 180).abs() < 38 {
                if (x / 8) % 2 == 0 { [230; 3] } else { [25; 3] }
            } else {
                [(50 + x / 5) as u8, 80, (70 + y / 4) as u8]
            };
            pixels.extend_from_slice(&colour);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_compared_by_their_signs() {
        assert_eq!(iou(&[1.0, 2.0, -1.0, -2.0], &[3.0, 0.5, -9.0, -1.0]), 1.0);
        assert_eq!(iou(&[1.0, -2.0, -1.0, -2.0], &[3.0, 0.5, -9.0, -1.0]), 0.5);
        assert_eq!(iou(&[-1.0; 4], &[-1.0; 4]), 1.0);
        assert_eq!(iou(&[1.0; 4], &[-1.0; 4]), 0.0);
    }

    #[test]
    fn the_points_lie_on_different_colours() {
        let pixels = image();
        let colour =
            |(x, y): (f32, f32)| &pixels[3 * (y as usize * IMAGE_PX.0 + x as usize)..][..3];
        for (index, point) in POINTS_PX[..5].iter().enumerate() {
            for other in &POINTS_PX[index + 1..] {
                assert_ne!(colour(*point), colour(*other), "{point:?} {other:?}");
            }
        }
    }
}
