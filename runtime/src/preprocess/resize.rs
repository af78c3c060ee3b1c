//! Antialiased bilinear resizing of a frame's bytes, to the digit as Pillow does it, which is what
//! the reference implementation resizes with.
//!
//! Each output value is a weighted mean of the source values within one output pixel of it, with
//! weights that fall off linearly: first along rows, rounded to bytes, then along columns. Weights
//! are fixed-point numbers of 22 fractional bits. Rows are read once, in order, and only those that
//! the next output row needs are kept, so that a large photograph is never copied.

use super::PreprocessError;
use crate::frame::{Frame, PixelFormat};
use crate::kernels::resample::{
    FRACTION_BITS, HALF, ROW_MARGIN, Spans, add_weighted_row, resample_row, round_sums,
};

/// How a packed pixel holds red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels {
    /// Bytes a pixel.
    pub(super) count: usize,
    /// Where R, G, B are among them.
    pub(super) rgb: [usize; 3],
}

impl Channels {
    /// Of a frame's rows as they are resized: as they come, YUV as RGB.
    pub(super) fn of(format: PixelFormat) -> Self {
        let (count, rgb) = match format {
            PixelFormat::Gray8 => (1, [0, 0, 0]),
            PixelFormat::Bgr8 => (3, [2, 1, 0]),
            PixelFormat::Rgba8 => (4, [0, 1, 2]),
            PixelFormat::Bgra8 => (4, [2, 1, 0]),
            PixelFormat::Rgb8 | PixelFormat::Nv12 | PixelFormat::Yuyv => (3, [0, 1, 2]),
        };
        Self { count, rgb }
    }
}

/// Resizes frames, keeping weights and buffers for the next frame of the same size.
#[derive(Debug, Default)]
pub struct FrameResizer {
    columns: Weights,
    rows: Weights,
    /// A source row, YUV as RGB, and the margin that the kernel asks for.
    source_row: Vec<u8>,
    /// The source rows last read, at the output's width; row y lies at y modulo their number.
    narrowed: Vec<u8>,
    sums: Vec<i32>,
    out_row: Vec<u8>,
}

impl FrameResizer {
    /// A resizer without buffers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a frame at another size, packed row after row. Channels are as the frame has them,
    /// those of YUV as RGB.
    ///
    /// # Errors
    /// When a side is 0, or `resized` does not have width x height x channels bytes.
    pub fn resize_into(
        &mut self,
        frame: &Frame<'_>,
        width_px: u32,
        height_px: u32,
        resized: &mut [u8],
    ) -> Result<(), PreprocessError> {
        let row_bytes = width_px as usize * Channels::of(frame.format()).count;
        let needed = row_bytes.saturating_mul(height_px as usize);
        if needed == 0 || resized.len() != needed {
            return Err(PreprocessError::ResizedLength {
                width_px,
                height_px,
                found: resized.len(),
                needed,
            });
        }
        self.each_row(frame, width_px, height_px, |y, row| {
            resized[y * row_bytes..][..row_bytes].copy_from_slice(row);
        });
        Ok(())
    }

    /// Writes a frame at another size as red, green and blue in 0..=1, each row after row by itself.
    ///
    /// # Errors
    /// When a side is 0.
    pub(crate) fn planes_into(
        &mut self,
        frame: &Frame<'_>,
        width_px: u32,
        height_px: u32,
        planes: &mut [Vec<f32>; 3],
    ) -> Result<(), PreprocessError> {
        let channels = Channels::of(frame.format());
        if width_px == 0 || height_px == 0 {
            return Err(PreprocessError::ResizedLength {
                width_px,
                height_px,
                found: 0,
                needed: 0,
            });
        }
        planes.iter_mut().for_each(Vec::clear);
        self.each_row(frame, width_px, height_px, |_, row| {
            for pixel in row.chunks_exact(channels.count) {
                for (plane, at) in planes.iter_mut().zip(channels.rgb) {
                    plane.push(f32::from(pixel[at]) / 255.0);
                }
            }
        });
        Ok(())
    }

    /// Calls `take` with the number and the packed pixels of every output row, in order. Their
    /// channels are [`Channels::of`] the frame's format.
    pub(super) fn each_row(
        &mut self,
        frame: &Frame<'_>,
        width_px: u32,
        height_px: u32,
        mut take: impl FnMut(usize, &[u8]),
    ) {
        let channels = Channels::of(frame.format()).count;
        self.columns.set(frame.width_px(), width_px);
        self.rows.set(frame.height_px(), height_px);
        let row_bytes = width_px as usize * channels;
        let kept = self.rows.taps;
        let narrowed_bytes = row_bytes + ROW_MARGIN;
        self.narrowed.resize(kept * narrowed_bytes, 0);
        self.sums.resize(row_bytes, 0);
        self.out_row.resize(row_bytes, 0);

        let source_bytes = frame.width_px() as usize * channels;
        self.source_row.resize(source_bytes + ROW_MARGIN, 0);

        let mut read = 0;
        for y in 0..height_px as usize {
            let (start, weights) = self.rows.at(y);
            while read < start + weights.len() {
                let at = (read % kept) * narrowed_bytes;
                let narrowed = &mut self.narrowed[at..][..narrowed_bytes];
                let source = &mut self.source_row[..source_bytes];
                match frame.format() {
                    PixelFormat::Nv12 | PixelFormat::Yuyv => frame.rgb8_row_into(read, source),
                    _ => source.copy_from_slice(frame.row(0, read)),
                }
                if self.columns.is_identity() {
                    narrowed[..row_bytes].copy_from_slice(source);
                } else {
                    let columns = self.columns.spans();
                    resample_row(channels, &self.source_row, columns, narrowed);
                }
                read += 1;
            }
            self.sums.fill(HALF);
            for (row, &weight) in (start..).zip(weights) {
                let narrowed = &self.narrowed[(row % kept) * narrowed_bytes..][..row_bytes];
                add_weighted_row(&mut self.sums, narrowed, weight);
            }
            round_sums(&self.sums, &mut self.out_row);
            take(y, &self.out_row);
        }
    }
}

/// Along one axis, which source values each output value is the weighted mean of.
#[derive(Debug, Default)]
struct Weights {
    from: u32,
    to: u32,
    /// Of each output value, the first source value and how many there are.
    spans: Vec<(usize, usize)>,
    /// `taps` weights for each output value, of which the span says how many count.
    values: Vec<i32>,
    taps: usize,
    unrounded: Vec<f64>,
}

impl Weights {
    fn at(&self, index: usize) -> (usize, &[i32]) {
        let (start, count) = self.spans[index];
        (start, &self.values[index * self.taps..][..count])
    }

    fn spans(&self) -> Spans<'_> {
        Spans {
            spans: &self.spans,
            weights: &self.values,
            taps: self.taps,
        }
    }

    fn is_identity(&self) -> bool {
        self.from == self.to
    }

    fn set(&mut self, from: u32, to: u32) {
        if (self.from, self.to) == (from, to) {
            return;
        }
        let scale = f64::from(from) / f64::from(to);
        // Enlarging interpolates between neighbours; reducing takes in all that is covered.
        let radius = scale.max(1.0);
        self.from = from;
        self.to = to;
        self.taps = radius.ceil() as usize * 2 + 1;
        self.spans.clear();
        self.values.clear();
        for index in 0..to {
            let center = (f64::from(index) + 0.5) * scale;
            let start = (center - radius + 0.5).max(0.0) as usize;
            let end = ((center + radius + 0.5) as usize).min(from as usize);
            self.unrounded.clear();
            self.unrounded.extend((start..end).map(|source| {
                let distance = (source as f64 - center + 0.5) / radius;
                (1.0 - distance.abs()).max(0.0)
            }));
            let total: f64 = self.unrounded.iter().sum();
            let fixed = self.unrounded.iter().map(|&weight| {
                let weight = if total == 0.0 { weight } else { weight / total };
                (weight * f64::from(1 << FRACTION_BITS) + 0.5) as i32
            });
            self.values.extend(fixed);
            self.values.resize((index as usize + 1) * self.taps, 0);
            self.spans.push((start, end - start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Plane;

    fn resized(frame: &Frame<'_>, width: u32, height: u32) -> Vec<u8> {
        let mut out: Vec<u8> = Vec::new();
        let mut resizer = FrameResizer::new();
        resizer.each_row(frame, width, height, |_, row| out.extend(row));
        let mut written = vec![0; out.len()];
        resizer
            .resize_into(frame, width, height, &mut written)
            .unwrap();
        assert_eq!(written, out);
        out
    }

    fn grey(width: u32, height: u32, bytes: &[u8]) -> Frame<'_> {
        Frame::contiguous(PixelFormat::Gray8, width, height, bytes, 0).unwrap()
    }

    #[test]
    fn a_flat_image_stays_flat() {
        for value in [0, 1, 127, 254, 255] {
            let bytes = vec![value; 7 * 5];
            for (width, height) in [(1, 1), (3, 2), (7, 5), (20, 31)] {
                let out = resized(&grey(7, 5, &bytes), width, height);
                assert_eq!(out, vec![value; (width * height) as usize]);
            }
        }
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let bytes: Vec<u8> = (0..35).map(|i| i * 7).collect();
        assert_eq!(resized(&grey(7, 5, &bytes), 7, 5), bytes);
    }

    #[test]
    fn halving_weighs_four_neighbours() {
        // Weights 1 3 3 1 eighths, cut and scaled up at the ends.
        let out = resized(&grey(6, 1, &[0, 0, 70, 140, 0, 0]), 3, 1);
        assert_eq!(out, [10, 79, 20]);
    }

    #[test]
    fn row_padding_does_not_bleed_in() {
        let mut bytes = vec![255; 9 * 4];
        for row in bytes.chunks_mut(9) {
            row[..6].fill(10);
        }
        let plane = Plane {
            bytes: &bytes,
            stride_bytes: 9,
        };
        let frame = Frame::new(PixelFormat::Rgb8, 2, 4, &[plane], 0).unwrap();
        assert_eq!(resized(&frame, 5, 3), vec![10; 45]);
    }

    #[test]
    fn yuv_is_resized_as_the_rgb_that_it_stands_for() {
        let bytes: Vec<u8> = (0..8 * 6 * 3 / 2).map(|i| (i * 29 % 256) as u8).collect();
        let yuv = Frame::contiguous(PixelFormat::Nv12, 8, 6, &bytes, 0).unwrap();
        let rgb = yuv.to_rgb8();
        let rgb = Frame::contiguous(PixelFormat::Rgb8, 8, 6, &rgb, 0).unwrap();
        assert_eq!(resized(&yuv, 5, 4), resized(&rgb, 5, 4));
    }

    #[test]
    fn a_wrong_output_length_is_an_error() {
        let bytes = [0; 4];
        for (width, height, length) in [(2, 2, 3), (2, 2, 5), (0, 2, 0)] {
            let mut out = vec![0; length];
            let result =
                FrameResizer::new().resize_into(&grey(2, 2, &bytes), width, height, &mut out);
            assert!(matches!(result, Err(PreprocessError::ResizedLength { .. })));
        }
    }

    #[test]
    fn sizes_may_change_between_frames() {
        let bytes: Vec<u8> = (0..60).map(|i| i * 4).collect();
        let mut resizer = FrameResizer::default();
        for (width, height) in [(10, 6), (6, 10), (60, 1), (1, 60), (10, 6)] {
            let frame = grey(width, height, &bytes);
            let mut out: Vec<u8> = Vec::new();
            resizer.each_row(&frame, 4, 5, |_, row| out.extend(row));
            assert_eq!(out, resized(&frame, 4, 5));
        }
    }
}
