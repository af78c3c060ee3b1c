//! The answer to a prompt, small enough for a microcontroller.

use core::f32::consts::FRAC_PI_2;

use super::codes::codes;
use super::error::{at_most, flag, in_range};
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

codes! {
    /// How current a mask is.
    AnswerKind {
        /// Decoded for this prompt.
        Fresh = 1,
        /// Decoded earlier, moved to the newest frame.
        Propagated = 2,
        /// Nothing newer by the deadline.
        Held = 3,
    }
}

codes! {
    /// Why there is no mask.
    NoneReason {
        /// No image was encoded yet.
        NoKeyframe = 1,
        /// The prompt lies outside the frame.
        OffFrame = 2,
        /// The prompt was not valid: a blink, for example.
        InvalidPrompt = 3,
        /// Nothing stands out there.
        Nothing = 4,
        /// Something failed on the host.
        Failed = 5,
    }
}

/// A mask in numbers, in pixels of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaskShape {
    /// The box's first column.
    pub left_px: u16,
    /// The box's first row.
    pub top_px: u16,
    /// The box's columns, at least 1.
    pub width_px: u16,
    /// The box's rows, at least 1.
    pub height_px: u16,
    /// Pixels of the mask, from 1 to those of the box.
    pub area_px: u32,
    /// Mean column of the mask's pixels' centres, inside the box.
    pub centroid_x_px: f32,
    /// Mean row, inside the box.
    pub centroid_y_px: f32,
    /// Length along the principal axis, 0 to 100000.
    pub major_axis_px: f32,
    /// Length across it, at most the other.
    pub minor_axis_px: f32,
    /// The principal axis, from the image's x axis towards its y axis, from -pi/2 to pi/2.
    pub axis_angle_rad: f32,
    /// The model's own estimate of its quality, 0 to 1000.
    pub score_permille: u16,
    /// Whether the mask touches the frame's border, so that the thing may go on outside.
    pub touches_border: bool,
}

/// A mask, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// A mask.
    Mask {
        /// How current it is.
        kind: AnswerKind,
        /// Now minus the capture time of the keyframe behind it, microseconds.
        mask_age_us: u32,
        /// What it looks like.
        shape: MaskShape,
    },
    /// No mask.
    None(NoneReason),
}

/// The answer to the gaze sample or grasp point of a device time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaskSummary {
    /// The prompt's own `device_time_us`, which names it.
    pub prompt_time_us: u32,
    /// Whether the answer was there by its deadline.
    pub in_time: bool,
    /// The answer.
    pub answer: Answer,
}

impl MaskShape {
    fn read(reader: &mut Reader<'_>, touches_border: bool) -> Self {
        Self {
            left_px: reader.u16(),
            top_px: reader.u16(),
            width_px: reader.u16(),
            height_px: reader.u16(),
            area_px: reader.u32(),
            centroid_x_px: reader.f32(),
            centroid_y_px: reader.f32(),
            major_axis_px: reader.f32(),
            minor_axis_px: reader.f32(),
            axis_angle_rad: reader.f32(),
            score_permille: reader.u16(),
            touches_border,
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        for value in [self.left_px, self.top_px, self.width_px, self.height_px] {
            writer.u16(value);
        }
        writer.u32(self.area_px);
        writer.f32(self.centroid_x_px);
        writer.f32(self.centroid_y_px);
        writer.f32(self.major_axis_px);
        writer.f32(self.minor_axis_px);
        writer.f32(self.axis_angle_rad);
        writer.u16(self.score_permille);
    }

    fn check(&self) -> Result<(), FieldError> {
        let (left, top) = (u32::from(self.left_px), u32::from(self.top_px));
        let (width, height) = (u32::from(self.width_px), u32::from(self.height_px));
        if width == 0 || left + width > 65536 {
            return Err(FieldError::OutOfRange("width_px"));
        }
        if height == 0 || top + height > 65536 {
            return Err(FieldError::OutOfRange("height_px"));
        }
        if self.area_px == 0 || self.area_px > width * height {
            return Err(FieldError::Contradiction("area_px"));
        }
        // Whole numbers up to 65536 are exact in f32.
        in_range(
            "centroid_x_px",
            self.centroid_x_px,
            left as f32,
            (left + width) as f32,
        )?;
        in_range(
            "centroid_y_px",
            self.centroid_y_px,
            top as f32,
            (top + height) as f32,
        )?;
        in_range("major_axis_px", self.major_axis_px, 0.0, 100_000.0)?;
        in_range("minor_axis_px", self.minor_axis_px, 0.0, self.major_axis_px)?;
        in_range("axis_angle_rad", self.axis_angle_rad, -FRAC_PI_2, FRAC_PI_2)?;
        at_most("score_permille", self.score_permille.into(), 1000)
    }
}

impl Payload for MaskSummary {
    const KIND: Kind = Kind::MaskSummary;
    const LAYOUT: &'static [Field] = &[
        field(
            "prompt_time_us",
            Wire::U32,
            "the prompt's `device_time_us`, which names it",
        ),
        field("answer", Wire::U8, "0 none, 1 fresh, 2 propagated, 3 held"),
        field(
            "none_reason",
            Wire::U8,
            "none: 1 no keyframe, 2 off the frame, 3 invalid prompt, 4 nothing there, 5 failed; else 0",
        ),
        field("in_time", Wire::U8, "1 by the deadline, 0 later"),
        field(
            "touches_border",
            Wire::U8,
            "1 the mask touches the frame's border, 0 not; this and all that follow are 0 if none",
        ),
        field(
            "mask_age_us",
            Wire::U32,
            "now minus the keyframe's capture time",
        ),
        field("left_px", Wire::U16, "the box's first column"),
        field("top_px", Wire::U16, "the box's first row"),
        field("width_px", Wire::U16, "the box's columns, at least 1"),
        field("height_px", Wire::U16, "the box's rows, at least 1"),
        field("area_px", Wire::U32, "the mask's pixels, 1 to the box's"),
        field("centroid_x_px", Wire::F32, "mean column, inside the box"),
        field("centroid_y_px", Wire::F32, "mean row, inside the box"),
        field(
            "major_axis_px",
            Wire::F32,
            "length along the principal axis, 0 to 100000",
        ),
        field(
            "minor_axis_px",
            Wire::F32,
            "length across it, at most the other",
        ),
        field(
            "axis_angle_rad",
            Wire::F32,
            "from the x axis towards the y axis, -pi/2 to pi/2",
        ),
        field(
            "score_permille",
            Wire::U16,
            "the model's estimate of its quality, 0 to 1000",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let prompt_time_us = reader.u32();
        let (answer, reason) = (reader.u8(), reader.u8());
        let in_time = flag("in_time", reader.u8())?;
        let touches_border = flag("touches_border", reader.u8())?;
        let mask_age_us = reader.u32();
        let shape = MaskShape::read(reader, touches_border);
        let answer = match (AnswerKind::from_code(answer), NoneReason::from_code(reason)) {
            (Some(_), _) if reason != 0 => return Err(FieldError::Contradiction("none_reason")),
            (Some(kind), _) => Answer::Mask {
                kind,
                mask_age_us,
                shape,
            },
            (None, _) if answer != 0 => return Err(FieldError::UnknownCode("answer", answer)),
            (None, None) => return Err(FieldError::UnknownCode("none_reason", reason)),
            // One writing for each value: what the fields of no mask hold is not for guessing.
            (None, Some(_)) if mask_age_us != 0 || !shape.is_blank() => {
                return Err(FieldError::Contradiction("answer"));
            }
            (None, Some(reason)) => Answer::None(reason),
        };
        Ok(Self {
            prompt_time_us,
            in_time,
            answer,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let (answer, reason, age, shape) = match self.answer {
            Answer::Mask {
                kind,
                mask_age_us,
                shape,
            } => (kind.code(), 0, mask_age_us, shape),
            Answer::None(reason) => (
                0,
                reason.code(),
                0,
                MaskShape::read(&mut Reader::new(&[]), false),
            ),
        };
        writer.u32(self.prompt_time_us);
        writer.u8(answer);
        writer.u8(reason);
        writer.u8(self.in_time.into());
        writer.u8(shape.touches_border.into());
        writer.u32(age);
        shape.write(writer);
    }

    fn check(&self) -> Result<(), FieldError> {
        match self.answer {
            Answer::Mask { shape, .. } => shape.check(),
            Answer::None(_) => Ok(()),
        }
    }
}

impl MaskShape {
    /// Whether every bit is zero, as it is where there is no mask.
    fn is_blank(&self) -> bool {
        let floats = [
            self.centroid_x_px,
            self.centroid_y_px,
            self.major_axis_px,
            self.minor_axis_px,
            self.axis_angle_rad,
        ];
        let counts = [
            self.left_px,
            self.top_px,
            self.width_px,
            self.height_px,
            self.score_permille,
        ];
        !self.touches_border
            && self.area_px == 0
            && counts.iter().all(|&count| count == 0)
            && floats.iter().all(|value| value.to_bits() == 0)
    }
}
