//! Whether masks are where their prompt says that the thing is, and keeping them there.

use std::ops::Range;

use crate::decoder::Decoded;
use crate::mask::{LogitsView, MaskLogits};
use crate::preprocess::Placement;
use crate::prompt::{PointLabel, Prompt, PromptBox};

/// How far a mask may reach beyond the prompt's box, as a share of the box's side: as much as boxes that people draw
/// are off by.
const MARGIN: f32 = 0.05;

/// Logits beyond it.
const OUTSIDE: f32 = -32.0;

/// Which of the masks that were decoded for a prompt is likeliest, in their order: by predicted IoU and agreement.
pub(super) fn best_fitting(decoded: &Decoded, prompt: &Prompt, placement: &Placement) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (position, predicted_iou) in decoded.predicted_iou.iter().enumerate() {
        let score = predicted_iou.max(0.0) * agreement(prompt, decoded.mask(position), placement);
        if score > best.1 {
            best = (position, score);
        }
    }
    best.0
}

/// How well a mask, at a decoder's own resolution, agrees with a prompt on the image that lies there so, in 0..=1: the
/// intersection over union of the prompt's box, if it has one, and that around what [`keep_to_bounds`] keeps of the
/// mask; times the share of its points that the mask is right about. The image's padding does not count.
fn agreement(prompt: &Prompt, logits: LogitsView<'_>, placement: &Placement) -> f32 {
    let grid = Grid::of(logits, placement);
    let mut agreement = 1.0;
    if !prompt.points.is_empty() {
        let right = prompt.points.iter().filter(|point| {
            let (x, y) = grid.place(point.x_px, point.y_px);
            let inside = logits.values[y * logits.width + x] > 0.0;
            inside == (point.label == PointLabel::Foreground)
        });
        agreement *= right.count() as f32 / prompt.points.len() as f32;
    }
    if let Some(bounds) = &prompt.bounds {
        let kept = grid.kept(bounds, (logits.width, logits.height));
        agreement *= match grid.bounds_of_mask(logits, kept) {
            Some(mask) => overlap(grid.bounds(bounds), mask),
            None => 0.0,
        };
    }
    agreement
}

/// Ends a mask at the prompt's box and a margin around it.
pub(super) fn keep_to_bounds(bounds: &PromptBox, placement: &Placement, mask: &mut MaskLogits) {
    let size = (mask.width, mask.height);
    let (columns, rows) = Grid::of(mask.view(), placement).kept(bounds, size);
    for (y, row) in mask.values.chunks_exact_mut(mask.width).enumerate() {
        if !rows.contains(&y) {
            row.fill(OUTSIDE);
            continue;
        }
        row[..columns.start].fill(OUTSIDE);
        row[columns.end..].fill(OUTSIDE);
    }
}

/// Where the image is in a mask.
pub(super) struct Grid<'a> {
    placement: &'a Placement,
    /// Pixels of the encoder's input for each of the mask's.
    scale: f32,
    /// Those that show some of the image, at least one.
    columns: usize,
    rows: usize,
}

impl<'a> Grid<'a> {
    pub(super) fn of(logits: LogitsView<'_>, placement: &'a Placement) -> Self {
        let scale = placement.input_size_px as f32 / logits.width as f32;
        let shown =
            |side_px: u32, all: usize| ((side_px as f32 / scale).ceil() as usize).clamp(1, all);
        Self {
            placement,
            scale,
            columns: shown(placement.resized_width_px, logits.width),
            rows: shown(placement.resized_height_px, logits.height),
        }
    }

    /// A place of the image in pixels of the mask.
    fn pixel(&self, x_px: f32, y_px: f32) -> (f32, f32) {
        let (x, y) = self.placement.input_from_image(x_px, y_px);
        (x / self.scale, y / self.scale)
    }

    /// Pixels that a mask has on the image.
    pub(super) fn area(&self, logits: LogitsView<'_>) -> usize {
        let rows = logits.values.chunks_exact(logits.width).take(self.rows);
        let in_row = |row: &[f32]| {
            row[..self.columns]
                .iter()
                .filter(|value| **value > 0.0)
                .count()
        };
        rows.map(in_row).sum()
    }

    /// Column and row of the mask's pixel at a place of the image.
    pub(super) fn place(&self, x_px: f32, y_px: f32) -> (usize, usize) {
        let (x, y) = self.pixel(x_px, y_px);
        let last = |value: f32, length: usize| (value.max(0.0) as usize).min(length - 1);
        (last(x, self.columns), last(y, self.rows))
    }

    /// A box's left, top, right and bottom in pixels of the mask.
    fn bounds(&self, bounds: &PromptBox) -> [f32; 4] {
        let image = self.placement;
        let bounds = bounds.clipped(image.image_width_px, image.image_height_px);
        let (x0, y0) = self.pixel(bounds.x0_px, bounds.y0_px);
        let (x1, y1) = self.pixel(bounds.x1_px, bounds.y1_px);
        [x0, y0, x1, y1]
    }

    /// The box on the image whose left, top, right and bottom are these in pixels of the mask.
    pub(super) fn image_bounds(&self, [x0, y0, x1, y1]: [f32; 4]) -> PromptBox {
        let of = |x: f32, y: f32| {
            let (x, y) = (x * self.scale, y * self.scale);
            self.placement.image_from_input(x, y)
        };
        let (x0_px, y0_px) = of(x0, y0);
        let (x1_px, y1_px) = of(x1, y1);
        let bounds = PromptBox {
            x0_px,
            y0_px,
            x1_px,
            y1_px,
        };
        bounds.clipped(
            self.placement.image_width_px,
            self.placement.image_height_px,
        )
    }

    /// The columns and rows whose pixels' centres lie in a box and its margin, of a mask of this size.
    pub(super) fn kept(
        &self,
        bounds: &PromptBox,
        size: (usize, usize),
    ) -> (Range<usize>, Range<usize>) {
        let [x0, y0, x1, y1] = self.bounds(bounds);
        let kept = |from: f32, to: f32, length: usize| {
            let margin = MARGIN * (to - from);
            let pixel = |value: f32| ((value - 0.5).ceil().max(0.0) as usize).min(length);
            let first = pixel(from - margin);
            first..pixel(to + margin).max(first)
        };
        (kept(x0, x1, size.0), kept(y0, y1, size.1))
    }

    /// The box around what of a mask lies in some of its columns and rows; none if there is nothing.
    pub(super) fn bounds_of_mask(
        &self,
        logits: LogitsView<'_>,
        (columns, rows): (Range<usize>, Range<usize>),
    ) -> Option<[f32; 4]> {
        let columns = columns.start.min(self.columns)..columns.end.min(self.columns);
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        for y in rows.start..rows.end.min(self.rows) {
            let row = &logits.values[y * logits.width..][columns.clone()];
            let Some(first) = row.iter().position(|value| *value > 0.0) else {
                continue;
            };
            let last = row.iter().rposition(|value| *value > 0.0).unwrap_or(first);
            left = left.min(columns.start + first);
            right = right.max(columns.start + last + 1);
            (top, bottom) = (top.min(y), y + 1);
        }
        (left < right).then(|| [left, top, right, bottom].map(|side| side as f32))
    }
}

/// Intersection over union of two boxes.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |[x0, y0, x1, y1]: [f32; 4]| (x1 - x0).max(0.0) * (y1 - y0).max(0.0);
    let both = area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]);
    let either = area(a) + area(b) - both;
    if either > 0.0 { both / either } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::PromptPoint;

    /// An image of 400 x 200 pixels in an input of 100, with masks of 10 x 10: the image is in their upper half.
    const PLACEMENT: Placement = Placement {
        image_width_px: 400,
        image_height_px: 200,
        resized_width_px: 100,
        resized_height_px: 50,
        input_size_px: 100,
    };

    /// A mask of some columns and rows.
    fn mask(columns: Range<usize>, rows: Range<usize>) -> Vec<f32> {
        let pixels = (0..100).map(|at| columns.contains(&(at % 10)) && rows.contains(&(at / 10)));
        pixels
            .map(|inside| if inside { 3.0 } else { -3.0 })
            .collect()
    }

    fn view(values: &[f32]) -> LogitsView<'_> {
        LogitsView {
            width: 10,
            height: 10,
            values,
        }
    }

    fn bounds(x0_px: f32, y0_px: f32, x1_px: f32, y1_px: f32) -> PromptBox {
        PromptBox {
            x0_px,
            y0_px,
            x1_px,
            y1_px,
        }
    }

    #[test]
    fn a_mask_agrees_with_its_own_box_and_less_with_others() {
        let values = mask(2..6, 1..3);
        let of = |bounds| agreement(&Prompt::bounds(bounds), view(&values), &PLACEMENT);
        assert_eq!(of(bounds(80.0, 40.0, 240.0, 120.0)), 1.0);
        // What reaches further than the margin is cut off.
        assert_eq!(of(bounds(80.0, 40.0, 160.0, 120.0)), 1.0);
        assert_eq!(of(bounds(80.0, 40.0, 320.0, 120.0)), 4.0 / 6.0);
        assert_eq!(of(bounds(240.0, 40.0, 320.0, 120.0)), 0.0);
        // What lies in the padding is not the image's.
        let values = mask(2..6, 1..10);
        let whole = Prompt::bounds(bounds(80.0, 40.0, 240.0, 200.0));
        assert_eq!(agreement(&whole, view(&values), &PLACEMENT), 1.0);
        let nothing = mask(0..0, 0..0);
        assert_eq!(agreement(&whole, view(&nothing), &PLACEMENT), 0.0);
    }

    #[test]
    fn a_mask_agrees_with_the_points_it_is_right_about() {
        let values = mask(2..6, 1..3);
        let point = |x_px, y_px, label| PromptPoint { x_px, y_px, label };
        let mut prompt = Prompt {
            points: vec![
                point(100.0, 60.0, PointLabel::Foreground),
                point(399.9, 199.9, PointLabel::Background),
            ],
            ..Prompt::default()
        };
        assert_eq!(agreement(&prompt, view(&values), &PLACEMENT), 1.0);
        prompt
            .points
            .push(point(130.0, 60.0, PointLabel::Background));
        prompt.points.push(point(0.0, 0.0, PointLabel::Foreground));
        assert_eq!(agreement(&prompt, view(&values), &PLACEMENT), 0.5);
    }

    #[test]
    fn a_mask_ends_where_its_box_does() {
        let mut logits = view(&mask(0..10, 0..10)).to_mask_logits();
        let bounds = bounds(80.0, 40.0, 240.0, 120.0);
        keep_to_bounds(&bounds, &PLACEMENT, &mut logits);
        for (at, value) in logits.values.iter().enumerate() {
            let inside = (2..6).contains(&(at % 10)) && (1..3).contains(&(at / 10));
            assert_eq!(*value, if inside { 3.0 } else { OUTSIDE }, "{at}");
        }
    }
}
