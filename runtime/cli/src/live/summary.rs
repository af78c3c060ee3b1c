//! Answers as a microcontroller is told of them.

use fixate::engine::{Answer, AnswerKind, NoneReason};
use fixate::mask::Bitmap;
use fixate::tasks::grasp::MaskShape;
use fixate_bridge::message as wire;

/// An answer in numbers.
pub(super) fn summary(answer: &Answer, mask: &Bitmap) -> wire::Answer {
    let kind = match answer.kind {
        AnswerKind::Fresh => wire::AnswerKind::Fresh,
        AnswerKind::Propagated => wire::AnswerKind::Propagated,
        AnswerKind::Held => wire::AnswerKind::Held,
        AnswerKind::None(reason) => return wire::Answer::None(reason_of(reason)),
    };
    let shape = answer.drawn.as_ref().zip(MaskShape::of(mask));
    let Some((drawn, shape)) = shape else {
        return wire::Answer::None(wire::NoneReason::Nothing);
    };
    let [left, top, width, height] = mask.bounding_box();
    let small = |pixels: usize| u16::try_from(pixels).unwrap_or(u16::MAX);
    let score = drawn
        .shown()
        .map_or(0.0, |shown| shown.predicted_iou.clamp(0.0, 1.0));
    let axes = &shape.axes;
    let major_axis_px = axes.length_px.max(axes.width_px);
    wire::Answer::Mask {
        kind,
        mask_age_us: answer
            .mask_age_us
            .map_or(0, |age_us| u32::try_from(age_us).unwrap_or(u32::MAX)),
        shape: wire::MaskShape {
            left_px: small(left),
            top_px: small(top),
            width_px: small(width),
            height_px: small(height),
            area_px: u32::try_from(shape.area_px).unwrap_or(u32::MAX),
            centroid_x_px: (shape.centroid.x_px + 0.5) as f32,
            centroid_y_px: (shape.centroid.y_px + 0.5) as f32,
            major_axis_px: major_axis_px as f32,
            minor_axis_px: axes.width_px as f32,
            axis_angle_rad: axes.major[1].atan2(axes.major[0]) as f32,
            score_permille: (score * 1000.0) as u16,
            touches_border: shape.touches_border,
        },
    }
}

fn reason_of(reason: NoneReason) -> wire::NoneReason {
    match reason {
        NoneReason::NoKeyframe => wire::NoneReason::NoKeyframe,
        NoneReason::OffKeyframe | NoneReason::FrameSizeChanged => wire::NoneReason::OffFrame,
        NoneReason::NothingFound => wire::NoneReason::Nothing,
        _ => wire::NoneReason::Failed,
    }
}
