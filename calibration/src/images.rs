//! What an encoder is calibrated and judged on.

use fixate::mask::Bitmap;

/// An image, and the objects in it if they are known.
#[derive(Clone, Debug)]
pub struct CalibrationImage {
    /// What it is called in reports.
    pub name: String,
    /// Pixels per row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Packed RGB, three bytes a pixel.
    pub rgb: Vec<u8>,
    /// Masks of the image's size, asked for by a click at their centre; without any, masks are compared with those of
    /// the f32 encoder alone.
    pub objects: Vec<Bitmap>,
}
