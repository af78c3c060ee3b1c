//! Masks made with an encoder, against those of f32 and the truth.

use fixate::bundle::{Bundle, DecoderKind, EncoderEntry, WeightsFile};
use fixate::decoder::{
    Decoded, Decoder, Embedding, FactoredSamDecoder, Keyframe, MaskSelection, OnnxDecoder,
};
use fixate::encoder::{Encoder, TractEncoder, TractOptions};
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::{Bitmap, interior_point};
use fixate::preprocess::{Placement, Preprocessor};
use fixate::prompt::Prompt;
use serde::{Deserialize, Serialize};

use crate::QuantizeError;
use crate::images::CalibrationImage;

/// Points of images whose objects are not known: a grid of so many columns and rows.
const GRID: usize = 3;

/// Points on each object beside the one at its centre, so that chance weighs less.
const OTHER_POINTS: usize = 2;

/// How well an encoder does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// Prompts that were answered.
    pub prompts: usize,
    /// Mean IoU of its masks with those of the f32 encoder, all candidates of each prompt.
    pub iou_with_f32: f64,
    /// Mean IoU of the best candidates with the truth; none without a truth.
    pub miou: Option<f64>,
    /// The same of the f32 encoder.
    pub miou_f32: Option<f64>,
    /// Standard error of the difference of the two, as prompts vary.
    pub miou_error: Option<f64>,
}

impl Verdict {
    /// Points of mIoU that are lost; without a truth, what is lost of the masks of f32 in percent.
    #[must_use]
    pub fn lost_points(&self) -> f64 {
        match (self.miou, self.miou_f32) {
            (Some(miou), Some(float)) => 100.0 * (float - miou),
            _ => 100.0 * (1.0 - self.iou_with_f32),
        }
    }
}

/// A prompt, and which of the image's objects it asks for.
#[derive(Clone)]
struct Asked {
    prompt: Prompt,
    object: Option<usize>,
}

/// What the f32 encoder made of an image.
struct Reference {
    embedding: Vec<f32>,
    prompts: Vec<Asked>,
    /// For each prompt, the signs of all candidates' logits, and the IoU of the best with the truth.
    masks: Vec<(Vec<Vec<bool>>, Option<f64>)>,
}

/// A bundle's decoder with what f32 gives on some images.
pub(crate) struct Judge<'a> {
    images: &'a [CalibrationImage],
    decoder: Box<dyn Decoder>,
    preprocessor: Preprocessor,
    references: Vec<Reference>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        bundle: &Bundle,
        float: &mut dyn Encoder,
        images: &'a [CalibrationImage],
    ) -> Result<Self, QuantizeError> {
        let manifest = bundle.manifest();
        let bytes = bundle.decoder()?;
        let decoder: Box<dyn Decoder> = match &manifest.decoder.kind {
            DecoderKind::Onnx(spec) => {
                let size = bundle.input_spec().size_px as usize;
                Box::new(OnnxDecoder::new(
                    &bytes,
                    spec,
                    manifest.embedding_shape,
                    size,
                )?)
            }
            _ => Box::new(FactoredSamDecoder::from_safetensors(&bytes)?),
        };
        let mut judge = Self {
            images,
            decoder,
            preprocessor: Preprocessor::new(bundle.input_spec())?,
            references: Vec::new(),
        };
        for (index, image) in images.iter().enumerate() {
            let keyframe = judge.keyframe(float, index)?;
            let prompts = prompts(image);
            let mut masks = Vec::new();
            for asked in &prompts {
                masks.push(judge.masks(&keyframe, asked, index)?);
            }
            let embedding = keyframe.embedding.values;
            judge.references.push(Reference {
                embedding,
                prompts,
                masks,
            });
        }
        Ok(judge)
    }

    /// An image as the encoder takes it.
    pub(crate) fn input(&mut self, index: usize) -> Result<(Vec<f32>, Placement), QuantizeError> {
        let image = &self.images[index];
        let mut input = vec![0.0; self.preprocessor.spec().len()];
        let frame = Frame::contiguous(
            PixelFormat::Rgb8,
            image.width_px,
            image.height_px,
            &image.rgb,
            0,
        )
        .map_err(|error| QuantizeError::Graph(format!("{}: {error}", image.name)))?;
        let placement = self.preprocessor.preprocess_into(&frame, &mut input)?;
        Ok((input, placement))
    }

    fn keyframe(
        &mut self,
        encoder: &mut dyn Encoder,
        index: usize,
    ) -> Result<Keyframe, QuantizeError> {
        let (input, placement) = self.input(index)?;
        let shape = encoder.embedding_shape();
        let mut values = vec![0.0; shape.iter().product()];
        encoder.encode_into(&input, &mut values)?;
        let mut keyframe = Keyframe {
            embedding: Embedding { shape, values },
            placement,
            capture_time_us: 0,
            prepared: None,
        };
        self.decoder.prepare(&mut keyframe)?;
        Ok(keyframe)
    }

    fn masks(
        &mut self,
        keyframe: &Keyframe,
        asked: &Asked,
        index: usize,
    ) -> Result<(Vec<Vec<bool>>, Option<f64>), QuantizeError> {
        let truth = asked
            .object
            .and_then(|object| self.images[index].objects.get(object));
        let mut decoded = Decoded::default();
        self.decoder.decode_into(
            keyframe,
            &asked.prompt,
            MaskSelection::Multiple,
            &mut decoded,
        )?;
        let count = decoded.indices.len();
        let signs = |position: usize| {
            decoded
                .mask(position)
                .values
                .iter()
                .map(|value| *value > 0.0)
                .collect()
        };
        let masks = (0..count).map(signs).collect();
        let best = (0..count).max_by(|left, right| {
            decoded.predicted_iou[*left].total_cmp(&decoded.predicted_iou[*right])
        });
        let iou = match (best, truth) {
            (Some(best), Some(truth)) => {
                let mask = decoded.mask(best).to_bitmap(&keyframe.placement)?;
                Some(mask.intersection_over_union(truth).unwrap_or(0.0))
            }
            _ => None,
        };
        Ok((masks, iou))
    }

    /// Judges an encoder on all images.
    pub(crate) fn judge(&mut self, encoder: &mut dyn Encoder) -> Result<Verdict, QuantizeError> {
        let (mut with_f32, mut of_it, mut of_f32) =
            (Mean::default(), Mean::default(), Mean::default());
        let mut lost = Mean::default();
        let mut prompts = 0;
        for index in 0..self.images.len() {
            let keyframe = self.keyframe(encoder, index)?;
            for position in 0..self.references[index].prompts.len() {
                let asked = self.references[index].prompts[position].clone();
                let (masks, found) = self.masks(&keyframe, &asked, index)?;
                let (expected, expected_iou) = &self.references[index].masks[position];
                for (mask, expected) in masks.iter().zip(expected) {
                    with_f32.add(iou(mask, expected));
                }
                if let (Some(found), Some(expected)) = (found, expected_iou) {
                    of_it.add(found);
                    of_f32.add(*expected);
                    lost.add(expected - found);
                }
                prompts += 1;
            }
        }
        // As many digits as a record gives back exactly.
        let known = |value: f64| (lost.count > 0).then(|| rounded(value, 1e6));
        Ok(Verdict {
            prompts,
            iou_with_f32: rounded(with_f32.mean(), 1e6),
            miou: known(of_it.mean()),
            miou_f32: known(of_f32.mean()),
            miou_error: known(lost.standard_error()),
        })
    }

    /// How much stronger embeddings of the first images are than their error, in decibels.
    pub(crate) fn signal_to_noise_db(
        &mut self,
        encoder: &mut dyn Encoder,
        images: usize,
    ) -> Result<f64, QuantizeError> {
        let (mut signal, mut noise) = (0.0f64, 0.0f64);
        let mut values = vec![0.0; encoder.embedding_shape().iter().product()];
        for index in 0..images.min(self.images.len()) {
            let (input, _) = self.input(index)?;
            encoder.encode_into(&input, &mut values)?;
            for (found, expected) in values.iter().zip(&self.references[index].embedding) {
                signal += f64::from(*expected).powi(2);
                noise += f64::from(found - expected).powi(2);
            }
        }
        // A layer that loses nothing is as good as any that loses next to nothing.
        let ratio = signal / noise.max(1e-12 * signal).max(f64::MIN_POSITIVE);
        Ok(rounded(10.0 * ratio.log10(), 1e2))
    }
}

/// A graph of a bundle's encoder on tract.
pub(crate) fn encoder(
    bundle: &Bundle,
    entry: &EncoderEntry,
    onnx: &[u8],
    weights: Option<WeightsFile>,
    threads: usize,
) -> Result<TractEncoder, QuantizeError> {
    let options = TractOptions {
        input: entry.input.clone(),
        output: entry.output.clone(),
        input_size_px: bundle.input_spec().size_px as usize,
        embedding_shape: bundle.manifest().embedding_shape,
        threads,
        weights,
    };
    Ok(TractEncoder::new(onnx, &options)?)
}

fn prompts(image: &CalibrationImage) -> Vec<Asked> {
    let asked = |x: f32, y: f32, object| Asked {
        prompt: Prompt::point(x, y),
        object,
    };
    if image.objects.is_empty() {
        let (width, height) = (image.width_px as f32, image.height_px as f32);
        let at = |index: usize| (index as f32 + 0.5) / GRID as f32;
        let points = 0..GRID * GRID;
        let point = |index| (at(index % GRID) * width, at(index / GRID) * height);
        return points.map(point).map(|(x, y)| asked(x, y, None)).collect();
    }
    let mut prompts = Vec::new();
    for (index, object) in image.objects.iter().enumerate() {
        let parts = (1..=OTHER_POINTS).map(|part| part as f64 / (OTHER_POINTS + 1) as f64);
        let others = parts.filter_map(|part| point_at(object, part));
        for (x, y) in interior_point(object).into_iter().chain(others) {
            prompts.push(asked(x as f32 + 0.5, y as f32 + 0.5, Some(index)));
        }
    }
    prompts
}

/// The pixel before which this part of an object lies, in reading order.
fn point_at(object: &Bitmap, part: f64) -> Option<(usize, usize)> {
    let pixels = object.bytes().iter().enumerate();
    let index = pixels
        .filter(|(_, inside)| **inside != 0)
        .map(|(index, _)| index)
        .nth((part * object.area() as f64) as usize)?;
    Some((index % object.width(), index / object.width()))
}

/// A number to so many parts of one.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    squares: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.squares += value * value;
        self.count += 1;
    }

    fn mean(self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    fn standard_error(self) -> f64 {
        let count = self.count.max(1) as f64;
        let variance = (self.squares / count - self.mean().powi(2)).max(0.0);
        (variance / count).sqrt()
    }
}

/// Intersection over union; 1 if nothing is in either.
fn iou(left: &[bool], right: &[bool]) -> f64 {
    let both = left.iter().zip(right);
    let (mut intersection, mut union) = (0u32, 0u32);
    for (left, right) in both {
        intersection += u32::from(*left && *right);
        union += u32::from(*left || *right);
    }
    match union {
        0 => 1.0,
        union => f64::from(intersection) / f64::from(union),
    }
}
