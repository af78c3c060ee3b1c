//! What stands in a recording for people to look at, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::engine::gaze::{GazePosition, GazeSample};
use crate::engine::{Answer, AnswerKind};
use crate::mask::{Bitmap, Rle, RleError, contours};

/// Seconds and nanoseconds; monotonic clocks begin anywhere, but never before zero here.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Time {
    sec: u64,
    nsec: u64,
}

impl Time {
    pub(super) fn of_us(time_us: i64) -> Self {
        let time_us = u64::try_from(time_us).unwrap_or_default();
        Self {
            sec: time_us / 1_000_000,
            nsec: time_us % 1_000_000 * 1_000,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct CompressedImage {
    timestamp: Time,
    frame_id: &'static str,
    data: String,
    format: &'static str,
}

impl CompressedImage {
    pub(super) fn jpeg(capture_us: i64, jpeg: &[u8]) -> Self {
        Self {
            timestamp: Time::of_us(capture_us),
            frame_id: "camera",
            data: STANDARD.encode(jpeg),
            format: "jpeg",
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Colour {
    r: f32,
    g: f32,
    b: f32,
    a: f32,
}

impl Colour {
    const NOTHING: Self = Self::of(0.0, 0.0, 0.0, 0.0);

    const fn of(r: f32, g: f32, b: f32, a: f32) -> Self {
        Self { r, g, b, a }
    }

    fn faint(self) -> Self {
        Self { a: 0.25, ..self }
    }
}

/// A place on an image as viewers count it: (0, 0) is the first pixel's corner, not its centre.
#[derive(Clone, Copy, Debug, Serialize)]
struct Place {
    x: f64,
    y: f64,
}

impl Place {
    fn of_centre(x_px: f64, y_px: f64) -> Self {
        Self {
            x: x_px + 0.5,
            y: y_px + 0.5,
        }
    }
}

#[derive(Debug, Serialize)]
struct Circle {
    timestamp: Time,
    position: Place,
    diameter: f64,
    thickness: f64,
    fill_color: Colour,
    outline_color: Colour,
    metadata: [(); 0],
}

#[derive(Debug, Serialize)]
struct Points {
    timestamp: Time,
    r#type: u8,
    points: Vec<Place>,
    outline_color: Colour,
    outline_colors: [Colour; 0],
    fill_color: Colour,
    thickness: f64,
    metadata: [(); 0],
}

#[derive(Debug, Serialize)]
struct Text {
    timestamp: Time,
    position: Place,
    text: String,
    font_size: f64,
    text_color: Colour,
    background_color: Colour,
    metadata: [(); 0],
}

#[derive(Debug, Default, Serialize)]
pub(super) struct ImageAnnotations {
    circles: Vec<Circle>,
    points: Vec<Points>,
    texts: Vec<Text>,
}

const LINE_LOOP: u8 = 2;
const WHITE: Colour = Colour::of(1.0, 1.0, 1.0, 1.0);
const GAZE: Colour = Colour::of(1.0, 0.85, 0.1, 1.0);

fn colour(kind: AnswerKind) -> Colour {
    match kind {
        AnswerKind::Fresh => Colour::of(0.1, 0.8, 0.3, 1.0),
        AnswerKind::Propagated => Colour::of(0.2, 0.5, 1.0, 1.0),
        AnswerKind::Held => Colour::of(1.0, 0.55, 0.1, 1.0),
        AnswerKind::None(_) => Colour::of(0.9, 0.1, 0.1, 1.0),
    }
}

impl ImageAnnotations {
    /// A ring around a gaze in pixels of the frame; nothing for another one.
    pub(super) fn of_gaze(sample: &GazeSample) -> Self {
        let mut annotations = Self::default();
        if let GazePosition::Frame(point) = sample.position
            && sample.valid
            && point.is_finite()
        {
            annotations.circles.push(Circle {
                timestamp: Time::of_us(sample.time_us),
                position: Place::of_centre(point.x_px, point.y_px),
                diameter: 24.0,
                thickness: 3.0,
                fill_color: Colour::NOTHING,
                outline_color: GAZE,
                metadata: [],
            });
        }
        annotations
    }

    /// The outlines of a mask, with what kind of answer it is and how good the model thinks it is.
    pub(super) fn of_mask(answer: &Answer, frame_us: i64, mask: &Bitmap) -> Self {
        let (timestamp, outline) = (Time::of_us(frame_us), colour(answer.kind));
        let borders = contours(mask);
        let has_holes = borders.iter().any(|border| border.is_hole);
        let points = borders
            .iter()
            .map(|border| Points {
                timestamp,
                r#type: LINE_LOOP,
                points: border
                    .corners()
                    .iter()
                    .map(|&(x, y)| Place::of_centre(x.into(), y.into()))
                    .collect(),
                outline_color: outline,
                outline_colors: [],
                // Holes would be filled too.
                fill_color: if has_holes {
                    Colour::NOTHING
                } else {
                    outline.faint()
                },
                thickness: 2.0,
                metadata: [],
            })
            .collect();
        let [left, top, ..] = mask.bounding_box();
        let label = match predicted_iou(answer) {
            Some(iou) => format!("{} {iou:.2}", answer.kind.name()),
            None => answer.kind.name().to_owned(),
        };
        let text = Text {
            timestamp,
            position: Place {
                x: left as f64,
                y: top as f64,
            },
            text: label,
            font_size: 16.0,
            text_color: WHITE,
            background_color: outline,
            metadata: [],
        };
        Self {
            circles: Vec::new(),
            points,
            texts: vec![text],
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct GazeMessage {
    timestamp: Time,
    x_px: f64,
    y_px: f64,
    pixels_of: &'static str,
    valid: bool,
    confidence: Option<f32>,
}

impl GazeMessage {
    pub(super) fn of(sample: &GazeSample) -> Self {
        let (point, pixels_of) = match sample.position {
            GazePosition::Frame(point) => (point, "frame"),
            GazePosition::Tracker(point) => (point, "tracker"),
        };
        Self {
            timestamp: Time::of_us(sample.time_us),
            x_px: point.x_px,
            y_px: point.y_px,
            pixels_of,
            valid: sample.valid,
            confidence: sample.confidence,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ImuMessage {
    timestamp: Time,
    rate_rad_s: Rates,
}

#[derive(Debug, Serialize)]
struct Rates {
    x: f64,
    y: f64,
    z: f64,
}

impl ImuMessage {
    pub(super) fn of(time_us: i64, [x, y, z]: [f64; 3]) -> Self {
        Self {
            timestamp: Time::of_us(time_us),
            rate_rad_s: Rates { x, y, z },
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct AnswerMessage {
    timestamp: Time,
    prompt: u64,
    kind: &'static str,
    reason: Option<String>,
    predicted_iou: Option<f32>,
    latency_us: i64,
    in_time: bool,
    mask_age_us: Option<i64>,
}

impl AnswerMessage {
    pub(super) fn of(answer: &Answer) -> Self {
        Self {
            timestamp: Time::of_us(answer.answered_us),
            prompt: answer.prompt.0,
            kind: answer.kind.name(),
            reason: match answer.kind {
                AnswerKind::None(reason) => Some(format!("{reason:?}")),
                _ => None,
            },
            predicted_iou: predicted_iou(answer),
            latency_us: answer.latency_us(),
            in_time: answer.in_time(),
            mask_age_us: answer.mask_age_us,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct MaskMessage {
    timestamp: Time,
    prompt: u64,
    frame: u64,
    area: u64,
    bbox: [usize; 4],
    rle: RleText,
}

#[derive(Debug, Serialize)]
struct RleText {
    size: [usize; 2],
    counts: String,
}

impl MaskMessage {
    pub(super) fn of(
        answer: &Answer,
        frame: u64,
        frame_us: i64,
        mask: &Bitmap,
    ) -> Result<Self, RleError> {
        let rle = Rle::from_bitmap(mask)?;
        Ok(Self {
            timestamp: Time::of_us(frame_us),
            prompt: answer.prompt.0,
            frame,
            area: rle.area(),
            bbox: mask.bounding_box(),
            rle: RleText {
                size: [mask.height(), mask.width()],
                counts: rle.to_compressed(),
            },
        })
    }
}

/// The model's own guess for the mask shown.
fn predicted_iou(answer: &Answer) -> Option<f32> {
    Some(answer.drawn.as_ref()?.shown()?.predicted_iou)
}
