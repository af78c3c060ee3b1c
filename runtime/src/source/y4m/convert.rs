//! From planes of samples to a format that frames have.

use super::header::{Chroma, Header};
use crate::frame::{FrameError, PixelFormat, YuvMatrix, YuvRange, YuvToRgb};
use crate::source::FrameBuffer;

/// Fills the buffer with one frame's planes: Y, then U, then V, without gaps.
pub(super) fn convert_into(
    header: &Header,
    matrix: YuvMatrix,
    planar: &[u8],
    capture_us: i64,
    buffer: &mut FrameBuffer,
) -> Result<(), FrameError> {
    let &Header {
        width_px,
        height_px,
        chroma,
        ..
    } = header;
    let (width, height) = (width_px as usize, height_px as usize);
    let (luma, rest) = planar.split_at(width * height);
    let (columns, rows) = chroma.plane_size(width, height);
    let (u, v) = rest.split_at(columns * rows);
    let even = |side: u32| side.is_multiple_of(2);
    let range = if header.full_range == Some(true) {
        YuvRange::Full
    } else {
        YuvRange::Limited
    };
    match chroma {
        Chroma::Mono if header.full_range != Some(false) => buffer
            .reshape(PixelFormat::Gray8, width_px, height_px, capture_us)?
            .copy_from_slice(luma),
        Chroma::Mono => {
            let convert = YuvToRgb::new(matrix, range);
            let gray = buffer.reshape(PixelFormat::Gray8, width_px, height_px, capture_us)?;
            for (out, &y) in gray.iter_mut().zip(luma) {
                [*out, ..] = convert.rgb(y, 128, 128);
            }
        }
        Chroma::C420 if even(width_px) && even(height_px) => {
            let bytes = buffer.reshape(PixelFormat::Nv12, width_px, height_px, capture_us)?;
            let (out_luma, out_chroma) = bytes.split_at_mut(width * height);
            out_luma.copy_from_slice(luma);
            let (pairs, _) = out_chroma.as_chunks_mut::<2>();
            for (out, (&u, &v)) in pairs.iter_mut().zip(u.iter().zip(v)) {
                *out = [u, v];
            }
            buffer.set_yuv(matrix, range);
        }
        Chroma::C422 if even(width_px) => {
            let bytes = buffer.reshape(PixelFormat::Yuyv, width_px, height_px, capture_us)?;
            let (quads, _) = bytes.as_chunks_mut::<4>();
            let (pairs, _) = luma.as_chunks::<2>();
            for ((out, &[y0, y1]), (&u, &v)) in quads.iter_mut().zip(pairs).zip(u.iter().zip(v)) {
                *out = [y0, u, y1, v];
            }
            buffer.set_yuv(matrix, range);
        }
        // No format of frames has these samples.
        Chroma::C420 | Chroma::C422 | Chroma::C444 => {
            let convert = YuvToRgb::new(matrix, range);
            let across = usize::from(columns < width);
            let down = usize::from(rows < height);
            let bytes = buffer.reshape(PixelFormat::Rgb8, width_px, height_px, capture_us)?;
            let (pixels, _) = bytes.as_chunks_mut::<3>();
            for (index, (out, &y)) in pixels.iter_mut().zip(luma).enumerate() {
                let at = ((index / width) >> down) * columns + ((index % width) >> across);
                *out = convert.rgb(y, u[at], v[at]);
            }
        }
    }
    Ok(())
}
