//! The prompt on a panel: points as discs, a box as a rectangle.

use super::canvas::Canvas;
use super::layout::Panel;
use super::palette::{BACKGROUND_POINT, FOREGROUND, INK, WHITE};
use fixate::prompt::{PointLabel, Prompt};

/// Draws the prompt of an image on its photograph in a panel. What lies outside is not drawn.
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, prompt: &Prompt) {
    let [left, top] = panel.photograph.map(|v| v as f32);
    let [width, height] = panel.photograph_size;
    let unit = panel.unit;
    if let Some(bounds) = prompt.bounds {
        let half = unit;
        // Inside by half a line, so that a box as large as the image is seen.
        let x = |x: f32| left + (x * panel.scale[0]).clamp(half, (width - half).max(half));
        let y = |y: f32| top + (y * panel.scale[1]).clamp(half, (height - half).max(half));
        let (x0, y0) = (x(bounds.x0_px), y(bounds.y0_px));
        let corners = [x0, y0, x(bounds.x1_px) - x0, y(bounds.y1_px) - y0];
        canvas.stroke_rectangle(corners, 4.2 * unit, INK, 0.55);
        canvas.stroke_rectangle(corners, 2.0 * unit, WHITE, 1.0);
    }
    for point in &prompt.points {
        // A pixel's centre lies half a pixel from its corner.
        let x = (point.x_px + 0.5) * panel.scale[0];
        let y = (point.y_px + 0.5) * panel.scale[1];
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            continue;
        }
        let center = [left + x, top + y];
        let radius = 6.5 * unit;
        canvas.fill_disc(center, radius + 3.4 * unit, INK, 0.5);
        canvas.fill_disc(center, radius + 2.2 * unit, WHITE, 1.0);
        let colour = match point.label {
            PointLabel::Foreground => FOREGROUND,
            PointLabel::Background => BACKGROUND_POINT,
        };
        canvas.fill_disc(center, radius, colour, 1.0);
        // A plus or a minus, for eyes that do not tell green from red.
        let arm = 3.1 * unit;
        let [x, y] = center;
        canvas.line([x - arm, y], [x + arm, y], 1.7 * unit, WHITE);
        if point.label == PointLabel::Foreground {
            canvas.line([x, y - arm], [x, y + arm], 1.7 * unit, WHITE);
        }
    }
}
