//! Image files as pixels to draw on.

use fixate::frame::PixelFormat;
use fixate::source::{FrameBuffer, ImageFileError, read_image};
use image::RgbImage;
use std::path::Path;

/// Reads an image file as [`read_image`] does; grey is replicated.
pub(crate) fn load_image(path: &Path) -> Result<RgbImage, ImageFileError> {
    let mut buffer = FrameBuffer::new();
    read_image(path, &mut buffer)?;
    // An image that was read is a frame.
    let Ok(frame) = buffer.frame() else {
        return Ok(RgbImage::default());
    };
    let (width, height) = (frame.width_px(), frame.height_px());
    let rgb = if frame.format() == PixelFormat::Rgb8 {
        buffer.into_bytes()
    } else {
        frame.to_rgb8()
    };
    Ok(RgbImage::from_raw(width, height, rgb).unwrap_or_default())
}
