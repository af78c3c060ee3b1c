//! Any frame as packed red, green, blue.

use super::{Frame, FrameError, PixelFormat, YuvMatrix, YuvRange};

impl Frame<'_> {
    /// Writes the frame as packed RGB8, row after row: width x height x 3 bytes.
    ///
    /// Alpha is ignored and grey is replicated. Each chroma sample of a YUV frame serves all its
    /// pixels alike, in the frame's matrix and range ([`Frame::with_yuv`]).
    ///
    /// # Errors
    /// [`FrameError::OutputLength`] when `rgb` has another length.
    pub fn to_rgb8_into(&self, rgb: &mut [u8]) -> Result<(), FrameError> {
        let row_length = self.width_px as usize * 3;
        let needed_bytes =
            row_length
                .checked_mul(self.height_px as usize)
                .ok_or(FrameError::TooLarge {
                    width_px: self.width_px,
                    height_px: self.height_px,
                })?;
        if rgb.len() != needed_bytes {
            return Err(FrameError::OutputLength {
                found_bytes: rgb.len(),
                needed_bytes,
            });
        }
        for (y, out) in rgb.chunks_exact_mut(row_length).enumerate() {
            self.rgb8_row_into(y, out);
        }
        Ok(())
    }

    /// The frame as packed RGB8 in a buffer of its own.
    #[must_use]
    pub fn to_rgb8(&self) -> Vec<u8> {
        let mut rgb = vec![0; self.width_px as usize * self.height_px as usize * 3];
        // The only error is a wrong length, which this one is not.
        let _ = self.to_rgb8_into(&mut rgb);
        rgb
    }

    /// Writes one row as packed RGB8, width x 3 bytes.
    ///
    /// # Panics
    /// When there is no such row.
    pub(crate) fn rgb8_row_into(&self, y: usize, rgb: &mut [u8]) {
        let row = self.row(0, y);
        let yuv = || YuvToRgb::new(self.yuv_matrix, self.yuv_range);
        match self.format {
            PixelFormat::Rgb8 => rgb.copy_from_slice(row),
            PixelFormat::Bgr8 => reorder::<3>(row, rgb, [2, 1, 0]),
            PixelFormat::Rgba8 => reorder::<4>(row, rgb, [0, 1, 2]),
            PixelFormat::Bgra8 => reorder::<4>(row, rgb, [2, 1, 0]),
            PixelFormat::Gray8 => reorder::<1>(row, rgb, [0, 0, 0]),
            PixelFormat::Nv12 => yuv().nv12_row(row, self.row(1, y / 2), rgb),
            PixelFormat::Yuyv => yuv().yuyv_row(row, rgb),
        }
    }
}

fn reorder<const CHANNELS: usize>(row: &[u8], rgb: &mut [u8], order: [usize; 3]) {
    let (pixels, _) = row.as_chunks::<CHANNELS>();
    let (rgb, _) = rgb.as_chunks_mut::<3>();
    for (out, pixel) in rgb.iter_mut().zip(pixels) {
        *out = order.map(|channel| pixel[channel]);
    }
}

/// The conversion of ITU-R BT.601 and BT.709 in 16.16 fixed point.
pub(crate) struct YuvToRgb {
    luma_offset: i32,
    luma: i32,
    red_v: i32,
    green_u: i32,
    green_v: i32,
    blue_u: i32,
}

const FRACTION_BITS: u32 = 16;

impl YuvToRgb {
    pub(crate) fn new(matrix: YuvMatrix, range: YuvRange) -> Self {
        let (red_weight, blue_weight) = match matrix {
            YuvMatrix::Bt601 => (0.299, 0.114),
            YuvMatrix::Bt709 => (0.2126, 0.0722),
        };
        let green_weight = 1.0 - red_weight - blue_weight;
        let (luma_offset, luma_span, chroma_span) = match range {
            YuvRange::Limited => (16, 219.0, 224.0),
            YuvRange::Full => (0, 255.0, 255.0),
        };
        let fixed = |value: f64| (value * f64::from(1 << FRACTION_BITS)).round() as i32;
        let red_v = 2.0 * (1.0 - red_weight) * 255.0 / chroma_span;
        let blue_u = 2.0 * (1.0 - blue_weight) * 255.0 / chroma_span;
        Self {
            luma_offset,
            luma: fixed(255.0 / luma_span),
            red_v: fixed(red_v),
            green_u: fixed(blue_u * blue_weight / green_weight),
            green_v: fixed(red_v * red_weight / green_weight),
            blue_u: fixed(blue_u),
        }
    }

    pub(crate) fn rgb(&self, y: u8, u: u8, v: u8) -> [u8; 3] {
        let luma = (i32::from(y) - self.luma_offset) * self.luma + (1 << (FRACTION_BITS - 1));
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [
            luma + self.red_v * v,
            luma - self.green_u * u - self.green_v * v,
            luma + self.blue_u * u,
        ]
        .map(|channel| (channel >> FRACTION_BITS).clamp(0, 255) as u8)
    }

    fn nv12_row(&self, luma: &[u8], chroma: &[u8], rgb: &mut [u8]) {
        let (luma, _) = luma.as_chunks::<2>();
        let (chroma, _) = chroma.as_chunks::<2>();
        let (rgb, _) = rgb.as_chunks_mut::<6>();
        for ((out, &[y0, y1]), &[u, v]) in rgb.iter_mut().zip(luma).zip(chroma) {
            out[..3].copy_from_slice(&self.rgb(y0, u, v));
            out[3..].copy_from_slice(&self.rgb(y1, u, v));
        }
    }

    fn yuyv_row(&self, row: &[u8], rgb: &mut [u8]) {
        let (pairs, _) = row.as_chunks::<4>();
        let (rgb, _) = rgb.as_chunks_mut::<6>();
        for (out, &[y0, u, y1, v]) in rgb.iter_mut().zip(pairs) {
            out[..3].copy_from_slice(&self.rgb(y0, u, v));
            out[3..].copy_from_slice(&self.rgb(y1, u, v));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Plane;

    #[test]
    fn channels_are_reordered_alpha_ignored_grey_replicated() {
        let rgb =
            |format, bytes: &[u8]| Frame::contiguous(format, 2, 1, bytes, 0).unwrap().to_rgb8();
        let expected = [1, 2, 3, 4, 5, 6];
        assert_eq!(rgb(PixelFormat::Rgb8, &[1, 2, 3, 4, 5, 6]), expected);
        assert_eq!(rgb(PixelFormat::Bgr8, &[3, 2, 1, 6, 5, 4]), expected);
        assert_eq!(rgb(PixelFormat::Rgba8, &[1, 2, 3, 0, 4, 5, 6, 9]), expected);
        assert_eq!(rgb(PixelFormat::Bgra8, &[3, 2, 1, 0, 6, 5, 4, 9]), expected);
        assert_eq!(rgb(PixelFormat::Gray8, &[7, 8]), [7, 7, 7, 8, 8, 8]);
    }

    #[test]
    fn row_padding_is_skipped() {
        let plane = Plane {
            bytes: &[1, 2, 3, 99, 4, 5, 6],
            stride_bytes: 4,
        };
        let frame = Frame::new(PixelFormat::Rgb8, 1, 2, &[plane], 0).unwrap();
        assert_eq!(frame.to_rgb8(), [1, 2, 3, 4, 5, 6]);
    }

    /// The standards' equations in floating point.
    fn reference(matrix: YuvMatrix, range: YuvRange, [y, u, v]: [u8; 3]) -> [f64; 3] {
        let (kr, kb) = match matrix {
            YuvMatrix::Bt601 => (0.299, 0.114),
            YuvMatrix::Bt709 => (0.2126, 0.0722),
        };
        let (y, c) = match range {
            YuvRange::Limited => ((f64::from(y) - 16.0) / 219.0, 224.0),
            YuvRange::Full => (f64::from(y) / 255.0, 255.0),
        };
        let (pb, pr) = ((f64::from(u) - 128.0) / c, (f64::from(v) - 128.0) / c);
        let r = y + 2.0 * (1.0 - kr) * pr;
        let b = y + 2.0 * (1.0 - kb) * pb;
        let g = (y - kr * r - kb * b) / (1.0 - kr - kb);
        [r, g, b].map(|channel| (channel * 255.0).clamp(0.0, 255.0))
    }

    #[test]
    fn yuv_follows_the_standards_to_rounding() {
        for matrix in [YuvMatrix::Bt601, YuvMatrix::Bt709] {
            for range in [YuvRange::Limited, YuvRange::Full] {
                let convert = YuvToRgb::new(matrix, range);
                for y in (0..=255).step_by(5) {
                    for u in (0..=255).step_by(15) {
                        for v in (0..=255).step_by(15) {
                            let expected = reference(matrix, range, [y, u, v]);
                            for (found, expected) in convert.rgb(y, u, v).iter().zip(expected) {
                                let difference = (f64::from(*found) - expected).abs();
                                assert!(difference <= 0.51, "{matrix:?} {range:?} {y} {u} {v}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn nv12_and_yuyv_of_the_same_picture_agree() {
        // 4 x 2 pixels, the chroma of both rows alike.
        let nv12 = [
            50, 60, 70, 80, 90, 100, 110, 120, //
            200, 30, 40, 220,
        ];
        let yuyv = [
            50, 200, 60, 30, 70, 40, 80, 220, 90, 200, 100, 30, 110, 40, 120, 220,
        ];
        let nv12 = Frame::contiguous(PixelFormat::Nv12, 4, 2, &nv12, 0).unwrap();
        let yuyv = Frame::contiguous(PixelFormat::Yuyv, 4, 2, &yuyv, 0).unwrap();
        assert_eq!(nv12.to_rgb8(), yuyv.to_rgb8());
        let full = nv12.with_yuv(YuvMatrix::Bt709, YuvRange::Full);
        assert_ne!(full.to_rgb8(), yuyv.to_rgb8());
    }

    #[test]
    fn a_wrong_output_length_is_an_error() {
        let frame = Frame::contiguous(PixelFormat::Gray8, 2, 1, &[7, 8], 0).unwrap();
        assert_eq!(
            frame.to_rgb8_into(&mut [0; 5]),
            Err(FrameError::OutputLength {
                found_bytes: 5,
                needed_bytes: 6
            })
        );
    }
}
