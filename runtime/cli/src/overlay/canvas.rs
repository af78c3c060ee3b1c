//! Anti-aliased drawing on RGB pixels.

use super::font;
use super::palette::Colour;
use image::RgbImage;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8,
    Rect, Stroke, Transform,
};

/// Opaque pixels to draw on. Coordinates are pixels, (0, 0) the corner of the first.
pub(super) struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    /// A canvas of one colour; a layout's size is never 0 and always far from overflow.
    pub(super) fn new(size: (u32, u32), colour: Colour) -> Self {
        let mut pixmap = Pixmap::new(size.0.max(1), size.1.max(1))
            .expect("an overlay's size is bounded by its layout");
        pixmap.fill(Color::from_rgba8(colour[0], colour[1], colour[2], 255));
        Self { pixmap }
    }

    /// Copies packed RGB pixels of this size to this corner.
    pub(super) fn place(&mut self, rgb: &[u8], size: (u32, u32), corner: [u32; 2]) {
        let canvas_width = self.pixmap.width() as usize;
        let width = size.0 as usize;
        for (y, row) in rgb.chunks_exact(width * 3).enumerate() {
            let start = (corner[1] as usize + y) * canvas_width + corner[0] as usize;
            let target = &mut self.pixmap.pixels_mut()[start..][..width];
            for (out, &[r, g, b]) in target.iter_mut().zip(row.as_chunks::<3>().0) {
                if let Some(pixel) = PremultipliedColorU8::from_rgba(r, g, b, 255) {
                    *out = pixel;
                }
            }
        }
    }

    pub(super) fn fill_disc(&mut self, center: [f32; 2], radius: f32, colour: Colour, alpha: f32) {
        if let Some(disc) = PathBuilder::from_circle(center[0], center[1], radius) {
            self.fill(&disc, colour, alpha);
        }
    }

    /// Fills [x, y, width, height] with round corners.
    pub(super) fn fill_rounded(&mut self, rectangle: [f32; 4], radius: f32, colour: Colour) {
        let [x, y, width, height] = rectangle;
        let (right, bottom) = (x + width, y + height);
        // How far the handles of a cubic that looks like a quarter of a circle stand off its ends.
        let handle = radius * (1.0 - 0.552_284_8);
        let mut path = PathBuilder::new();
        path.move_to(x + radius, y);
        path.line_to(right - radius, y);
        path.cubic_to(right - handle, y, right, y + handle, right, y + radius);
        path.line_to(right, bottom - radius);
        path.cubic_to(
            right,
            bottom - handle,
            right - handle,
            bottom,
            right - radius,
            bottom,
        );
        path.line_to(x + radius, bottom);
        path.cubic_to(x + handle, bottom, x, bottom - handle, x, bottom - radius);
        path.line_to(x, y + radius);
        path.cubic_to(x, y + handle, x + handle, y, x + radius, y);
        path.close();
        if let Some(path) = path.finish() {
            self.fill(&path, colour, 1.0);
        }
    }

    /// Draws the outline of [x, y, width, height].
    pub(super) fn stroke_rectangle(
        &mut self,
        rectangle: [f32; 4],
        line_width: f32,
        colour: Colour,
        alpha: f32,
    ) {
        let [x, y, width, height] = rectangle;
        if let Some(rectangle) = Rect::from_xywh(x, y, width.max(0.1), height.max(0.1)) {
            self.stroke(
                &PathBuilder::from_rect(rectangle),
                line_width,
                colour,
                alpha,
            );
        }
    }

    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], line_width: f32, colour: Colour) {
        let mut path = PathBuilder::new();
        path.move_to(from[0], from[1]);
        path.line_to(to[0], to[1]);
        if let Some(path) = path.finish() {
            self.stroke(&path, line_width, colour, 1.0);
        }
    }

    /// Writes text from `start` on its baseline, with capitals `size` high; `weight` 1 is regular.
    pub(super) fn text(
        &mut self,
        text: &str,
        start: [f32; 2],
        size: f32,
        weight: f32,
        colour: Colour,
    ) {
        if let Some(path) = font::path(text, start, size) {
            self.stroke(&path, font::STROKE * size * weight, colour, 1.0);
        }
    }

    pub(super) fn into_rgb(self) -> RgbImage {
        let (width, height) = (self.pixmap.width(), self.pixmap.height());
        let pixels = self.pixmap.pixels().iter();
        let bytes = pixels
            .flat_map(|p| [p.red(), p.green(), p.blue()])
            .collect();
        RgbImage::from_raw(width, height, bytes).unwrap_or_default()
    }

    fn fill(&mut self, path: &Path, colour: Colour, alpha: f32) {
        let paint = paint(colour, alpha);
        let transform = Transform::identity();
        self.pixmap
            .fill_path(path, &paint, FillRule::Winding, transform, None);
    }

    fn stroke(&mut self, path: &Path, width: f32, colour: Colour, alpha: f32) {
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        let paint = paint(colour, alpha);
        let transform = Transform::identity();
        self.pixmap
            .stroke_path(path, &paint, &stroke, transform, None);
    }
}

fn paint(colour: Colour, alpha: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    let opacity = (alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    paint.set_color_rgba8(colour[0], colour[1], colour[2], opacity);
    paint.anti_alias = true;
    paint
}
