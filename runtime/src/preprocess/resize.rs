//! Antialiased resizing of a frame's bytes, in whatever channels they have.

use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::{InnerPixel, U8, U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use crate::frame::{Frame, PixelFormat};

/// How a packed pixel holds red, green and blue.
#[derive(Clone, Copy)]
pub(super) struct Channels {
    /// Bytes a pixel.
    pub(super) count: usize,
    /// Where R, G, B are among them.
    pub(super) rgb: [usize; 3],
}

impl Channels {
    fn of(format: PixelFormat) -> Self {
        let (count, rgb) = match format {
            PixelFormat::Gray8 => (1, [0, 0, 0]),
            PixelFormat::Bgr8 => (3, [2, 1, 0]),
            PixelFormat::Rgba8 => (4, [0, 1, 2]),
            PixelFormat::Bgra8 => (4, [2, 1, 0]),
            // YUV is converted to RGB before it is resized.
            PixelFormat::Rgb8 | PixelFormat::Nv12 | PixelFormat::Yuyv => (3, [0, 1, 2]),
        };
        Self { count, rgb }
    }
}

/// Resizes a frame to `width` x `height` packed pixels in `resized`, channels as they come
/// (YUV as RGB). `packed` is scratch for frames that cannot be read where they lie.
pub(super) fn resize_into(
    resizer: &mut Resizer,
    frame: &Frame<'_>,
    packed: &mut Vec<u8>,
    width: u32,
    height: u32,
    resized: &mut Vec<u8>,
) -> Result<Channels, String> {
    let channels = Channels::of(frame.format());
    resized.resize(width as usize * height as usize * channels.count, 0);
    let source = Source::of(frame, channels, packed)?;
    match channels.count {
        1 => resize::<U8>(resizer, &source, width, height, resized),
        3 => resize::<U8x3>(resizer, &source, width, height, resized),
        _ => resize::<U8x4>(resizer, &source, width, height, resized),
    }?;
    Ok(channels)
}

/// Pixels whose rows lie a whole number of pixels apart.
struct Source<'a> {
    bytes: &'a [u8],
    stride_px: u32,
    width_px: u32,
    height_px: u32,
}

impl<'a> Source<'a> {
    fn of(frame: &Frame<'a>, channels: Channels, packed: &'a mut Vec<u8>) -> Result<Self, String> {
        let (width_px, height_px) = (frame.width_px(), frame.height_px());
        let plane = frame.planes()[0];
        let yuv = matches!(frame.format(), PixelFormat::Nv12 | PixelFormat::Yuyv);
        let stride_px = u32::try_from(plane.stride_bytes / channels.count).ok();
        let readable_in_place = !yuv
            && plane.stride_bytes % channels.count == 0
            && plane.bytes.len() / plane.stride_bytes >= height_px as usize;
        if let (true, Some(stride_px)) = (readable_in_place, stride_px) {
            return Ok(Self {
                bytes: plane.bytes,
                stride_px,
                width_px,
                height_px,
            });
        }
        let row_bytes = width_px as usize * channels.count;
        packed.resize(row_bytes * height_px as usize, 0);
        if yuv {
            frame.to_rgb8_into(packed).map_err(|e| e.to_string())?;
        } else {
            for (y, out) in packed.chunks_exact_mut(row_bytes).enumerate() {
                out.copy_from_slice(frame.row(0, y));
            }
        }
        Ok(Self {
            bytes: packed,
            stride_px: width_px,
            width_px,
            height_px,
        })
    }
}

fn resize<P: PixelTrait + InnerPixel>(
    resizer: &mut Resizer,
    source: &Source<'_>,
    width: u32,
    height: u32,
    resized: &mut [u8],
) -> Result<(), String> {
    let strided = TypedImageRef::<P>::from_buffer(source.stride_px, source.height_px, source.bytes)
        .map_err(|e| e.to_string())?;
    let view = TypedCroppedImage::new(strided, 0, 0, source.width_px, source.height_px)
        .map_err(|e| e.to_string())?;
    let mut target =
        TypedImage::<P>::from_buffer(width, height, resized).map_err(|e| e.to_string())?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        // The fourth byte is not to darken the others.
        .use_alpha(false);
    resizer
        .resize_typed(&view, &mut target, &options)
        .map_err(|e| e.to_string())
}
