//! The picture of an answer: the photograph once for each candidate, best first, with the mask, the
//! prompt and the scores.

mod canvas;
mod font;
mod layout;
mod marks;
mod palette;
mod region;

use canvas::Canvas;
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::Bitmap;
use fixate::preprocess::FrameResizer;
use fixate::prompt::Prompt;
use image::RgbImage;
use layout::{Layout, Panel};

/// A mask of the image's size, with its scores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverlayCandidate<'a> {
    pub(crate) mask: &'a Bitmap,
    pub(crate) predicted_iou: f32,
    pub(crate) stability: f32,
}

/// Draws a panel for each candidate, in the given order, which is taken for best first. Without
/// candidates it shows the photograph and the prompt.
pub(crate) fn draw(
    image: &RgbImage,
    candidates: &[OverlayCandidate<'_>],
    prompt: &Prompt,
) -> RgbImage {
    let layout = Layout::new(image.dimensions(), candidates.len());
    let mut canvas = Canvas::new(layout.size, palette::BACKGROUND);
    let mut resizer = FrameResizer::new();
    let photograph = resized(
        &mut resizer,
        PixelFormat::Rgb8,
        image.dimensions(),
        image.as_raw(),
        layout.photograph,
    );
    for (rank, panel) in layout.panels.iter().enumerate() {
        let hue = palette::hue(rank);
        let mut pixels = photograph.clone();
        if let Some(candidate) = candidates.get(rank) {
            let coverage = coverage(&mut resizer, candidate.mask, layout.photograph);
            region::highlight(
                &mut pixels,
                &coverage,
                layout.photograph.0,
                panel.scale[0].max(panel.scale[1]),
                panel.unit,
                hue,
            );
        }
        canvas.place(&pixels, layout.photograph, panel.photograph);
        marks::draw(&mut canvas, panel, prompt);
        if let Some(candidate) = candidates.get(rank) {
            caption(&mut canvas, panel, rank, candidate);
        }
    }
    canvas.into_rgb()
}

/// How much of each pixel of a panel the mask covers, 0..=255.
fn coverage(resizer: &mut FrameResizer, mask: &Bitmap, size: (u32, u32)) -> Vec<u8> {
    let white: Vec<u8> = mask.bytes().iter().map(|&inside| inside * 255).collect();
    let mask_size = (mask.width() as u32, mask.height() as u32);
    resized(resizer, PixelFormat::Gray8, mask_size, &white, size)
}

fn resized(
    resizer: &mut FrameResizer,
    format: PixelFormat,
    size: (u32, u32),
    bytes: &[u8],
    target: (u32, u32),
) -> Vec<u8> {
    let channels = if format == PixelFormat::Gray8 { 1 } else { 3 };
    let mut out = vec![0; target.0 as usize * target.1 as usize * channels];
    if let Ok(frame) = Frame::contiguous(format, size.0, size.1, bytes, 0) {
        // Its only error is a length other than this one; a mask without pixels covers nothing.
        let _ = resizer.resize_into(&frame, target.0, target.1, &mut out);
    }
    out
}

fn caption(canvas: &mut Canvas, panel: &Panel, rank: usize, candidate: &OverlayCandidate<'_>) {
    let mask = candidate.mask;
    let pixels = mask.width() as f64 * mask.height() as f64;
    let percent = 100.0 * mask.area() as f64 / pixels.max(1.0);
    let area = if percent == 0.0 || percent >= 9.95 {
        format!("{percent:.0}%")
    } else if percent >= 0.1 {
        format!("{percent:.1}%")
    } else {
        "<0.1%".to_owned()
    };
    let entries = [
        ("IoU", format!("{:.2}", candidate.predicted_iou)),
        ("stability", format!("{:.2}", candidate.stability)),
        ("area", area),
    ];

    let height = panel.caption_height;
    let [left, top] = panel.caption.map(|v| v as f32);
    let middle = top + height * 0.5;
    let text_size = height * 0.34;
    let chip = height * 0.62;
    canvas.fill_rounded(
        [left, middle - chip / 2.0, chip, chip],
        chip * 0.28,
        palette::hue(rank),
    );
    let number = (rank + 1).to_string();
    let number_size = chip * 0.52;
    let number_x = left + (chip - font::width(&number, number_size)) / 2.0;
    canvas.text(
        &number,
        [number_x, middle + number_size / 2.0],
        number_size,
        1.35,
        palette::INK,
    );

    let gap = text_size * 0.55;
    let mut x = left + chip + text_size * 1.1;
    for (name, value) in entries {
        let baseline = middle + text_size / 2.0;
        canvas.text(name, [x, baseline], text_size, 1.0, palette::FAINT_TEXT);
        x += font::width(name, text_size) + gap;
        canvas.text(&value, [x, baseline], text_size, 1.25, palette::TEXT);
        x += font::width(&value, text_size) + text_size * 1.5;
    }
}

#[cfg(test)]
mod tests;
