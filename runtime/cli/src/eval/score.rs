//! Clicks and boxes on known objects, and how well they are answered.

use super::EvalImage;
use crate::close_look::CloseLook;
use crate::failure::Failure;
use fixate::decoder::Keyframe;
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::{Bitmap, MaskLogits, interior_point};
use fixate::prompt::{MultimaskOutput, PointLabel, Prompt, PromptBox, PromptPoint};
use fixate::segmenter::{Candidate, Segmenter};
use fixate_scenes::random::Random;

/// A mean in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// Zero before the first value.
    pub(super) fn mean(self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

/// IoU of every kind of prompt, over all objects so far.
pub(super) struct Scores {
    pub(super) center_top: Mean,
    pub(super) center_oracle: Mean,
    pub(super) random_top: Mean,
    pub(super) random_oracle: Mean,
    pub(super) bounds_top: Mean,
    pub(super) predicted_iou_error: Mean,
    /// After one click, two, and so on.
    pub(super) after_clicks: Vec<Mean>,
    close_look: CloseLook,
    random: Random,
}

impl Scores {
    /// Nothing measured yet; `rounds` clicks on each object.
    pub(super) fn new(rounds: u8, close_look: CloseLook) -> Self {
        Self {
            close_look,
            center_top: Mean::default(),
            center_oracle: Mean::default(),
            random_top: Mean::default(),
            random_oracle: Mean::default(),
            bounds_top: Mean::default(),
            predicted_iou_error: Mean::default(),
            after_clicks: vec![Mean::default(); usize::from(rounds)],
            random: Random::new(0),
        }
    }

    /// Objects so far.
    pub(super) fn cases(&self) -> usize {
        self.center_top.count
    }

    /// Asks for every object of an image.
    pub(super) fn add(
        &mut self,
        segmenter: &mut Segmenter,
        image: &EvalImage,
    ) -> Result<(), Failure> {
        let (width, height) = image.image.dimensions();
        let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, image.image.as_raw(), 0)
            .map_err(Failure::of)?;
        let keyframe = segmenter.encode(&frame).map_err(Failure::of)?;
        for object in &image.objects {
            self.object(segmenter, &frame, &keyframe, object)
                .map_err(|error| Failure::Failed(format!("{}: {error}", image.name)))?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        segmenter: &mut Segmenter,
        frame: &Frame<'_>,
        keyframe: &Keyframe,
        object: &Bitmap,
    ) -> Result<(), Failure> {
        let Some(center) = interior_point(object) else {
            return Ok(());
        };
        let close_look = self.close_look;
        let ask = |segmenter: &mut Segmenter, prompt: &Prompt| {
            let auto = MultimaskOutput::Auto;
            let mut answers = segmenter
                .segment(keyframe, prompt, auto)
                .map_err(Failure::of)?;
            let masks = close_look.masks(segmenter, frame, keyframe, prompt, auto, &mut answers)?;
            let mut scored = Vec::with_capacity(answers.len());
            for (answer, mask) in answers.into_iter().zip(masks) {
                let iou = mask.intersection_over_union(object).unwrap_or(0.0);
                scored.push((answer, mask, iou));
            }
            Ok::<_, Failure>(scored)
        };
        let top =
            |answers: &[(Candidate, Bitmap, f64)]| answers.first().map_or(0.0, |answer| answer.2);
        let oracle = |answers: &[(Candidate, Bitmap, f64)]| {
            answers.iter().map(|answer| answer.2).fold(0.0, f64::max)
        };

        let first = Prompt::point(center.0 as f32 + 0.5, center.1 as f32 + 0.5);
        let mut answers = ask(segmenter, &first)?;
        self.center_top.add(top(&answers));
        self.center_oracle.add(oracle(&answers));
        for (answer, _, iou) in &answers {
            self.predicted_iou_error
                .add((f64::from(answer.predicted_iou) - iou).abs());
        }

        let random = ask(segmenter, &anywhere(object, &mut self.random))?;
        self.random_top.add(top(&random));
        self.random_oracle.add(oracle(&random));

        let bounds = ask(segmenter, &around(object))?;
        self.bounds_top.add(top(&bounds));

        let mut prompt = first;
        for round in 0..self.after_clicks.len() {
            if round > 0 {
                let Some((answer, mask, _)) = answers.first() else {
                    break;
                };
                // A click more where the answer is most wrong; nothing to add to a perfect one.
                if let Some(point) = correction(mask, object) {
                    prompt.points.push(point);
                    prompt.mask = Some(MaskLogits::clone(&answer.logits));
                    answers = ask(segmenter, &prompt)?;
                }
            }
            self.after_clicks[round].add(top(&answers));
        }
        Ok(())
    }
}

/// A click on any pixel of the object, each as likely as the next.
fn anywhere(object: &Bitmap, random: &mut Random) -> Prompt {
    let mut left = (random.unit() * object.area() as f32) as u64;
    for (index, byte) in object.bytes().iter().enumerate() {
        if *byte != 0 {
            if left == 0 {
                let (x, y) = (index % object.width(), index / object.width());
                return Prompt::point(x as f32 + 0.5, y as f32 + 0.5);
            }
            left -= 1;
        }
    }
    Prompt::default()
}

/// The object's tight box.
fn around(object: &Bitmap) -> Prompt {
    let [x, y, width, height] = object.bounding_box().map(|side| side as f32);
    Prompt::bounds(PromptBox {
        x0_px: x,
        y0_px: y,
        x1_px: x + width,
        y1_px: y + height,
    })
}

/// The point deepest inside what is missed or wrongly covered.
fn correction(mask: &Bitmap, object: &Bitmap) -> Option<PromptPoint> {
    let wrong = Bitmap::from_fn(object.width(), object.height(), |x, y| {
        mask.contains(x, y) != object.contains(x, y)
    });
    let (x, y) = interior_point(&wrong)?;
    let label = if object.contains(x, y) {
        PointLabel::Foreground
    } else {
        PointLabel::Background
    };
    Some(PromptPoint {
        x_px: x as f32 + 0.5,
        y_px: y as f32 + 0.5,
        label,
    })
}
