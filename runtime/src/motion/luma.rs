//! Frames of any format reduced to gray.

use crate::frame::{Frame, PixelFormat};
use crate::kernels::image_plane::row_mut;
use crate::kernels::resample::{FRACTION_BITS, add_weighted_row};

/// Frames are reduced to at most this width ...
pub(crate) const WIDEST_PX: u32 = 320;
/// ... and at most this height.
pub(crate) const HIGHEST_PX: u32 = 480;

/// Luma of ITU-R BT.601, whatever the frame was made with: motion needs gray, not colour.
const RED: f32 = 0.299;
const GREEN: f32 = 0.587;
const BLUE: f32 = 0.114;

/// The size to which a frame is reduced.
pub(crate) fn gray_size(width_px: u32, height_px: u32) -> (usize, usize) {
    let (width, height) = (f64::from(width_px), f64::from(height_px));
    let scale = (f64::from(WIDEST_PX) / width)
        .min(f64::from(HIGHEST_PX) / height)
        .min(1.0);
    let reduced = |side: f64| ((side * scale).round() as usize).max(1);
    (reduced(width), reduced(height))
}

/// Reduces frames to gray by the mean over the area that each pixel covers, keeping its buffers.
#[derive(Clone, Debug, Default)]
pub(crate) struct GrayReducer {
    /// Weighted sums of a row's bytes over the source rows of one output row.
    sums: Vec<i32>,
    /// Gray values of those sums, one a source column.
    gray: Vec<f32>,
}

impl GrayReducer {
    /// Writes the image's part of a plane ([`plane_length`](crate::kernels::image_plane)) of
    /// [`gray_size`], in gray levels 0..=255.
    pub(crate) fn reduce(&mut self, frame: &Frame<'_>, values: &mut [f32]) {
        let (source_width, source_height) = (frame.width_px() as usize, frame.height_px() as usize);
        let (width, height) = gray_size(frame.width_px(), frame.height_px());
        self.sums.resize(frame.row_bytes(), 0);
        self.gray.resize(source_width, 0.0);
        for y in 0..height {
            self.sums.fill(0);
            for (row, share) in Cover::new(y, source_height, height) {
                let weight = (share * f64::from(1 << FRACTION_BITS)) as i32;
                add_weighted_row(&mut self.sums, frame.row(0, row), weight);
            }
            to_gray(frame.format(), &self.sums, &mut self.gray);
            let out = row_mut(values, width, y);
            if width == source_width {
                out.copy_from_slice(&self.gray);
            } else if source_width.is_multiple_of(width) {
                let count = source_width / width;
                for (value, columns) in out.iter_mut().zip(self.gray.chunks_exact(count)) {
                    *value = columns.iter().sum::<f32>() / count as f32;
                }
            } else {
                for (x, value) in out.iter_mut().enumerate() {
                    *value = Cover::new(x, source_width, width)
                        .map(|(column, share)| self.gray[column] * share as f32)
                        .sum();
                }
            }
        }
    }
}

/// Sums of bytes as gray values. Luma is taken as it is, limited range or full.
fn to_gray(format: PixelFormat, sums: &[i32], gray: &mut [f32]) {
    const UNIT: f32 = 1.0 / (1_u32 << FRACTION_BITS) as f32;
    match format {
        PixelFormat::Gray8 | PixelFormat::Nv12 => {
            for (gray, &sum) in gray.iter_mut().zip(sums) {
                *gray = sum as f32 * UNIT;
            }
        }
        PixelFormat::Yuyv => {
            for (gray, sums) in gray.iter_mut().zip(sums.as_chunks::<2>().0) {
                *gray = sums[0] as f32 * UNIT;
            }
        }
        PixelFormat::Rgb8 => weigh::<3>(sums, gray, [RED, GREEN, BLUE].map(|w| w * UNIT)),
        PixelFormat::Bgr8 => weigh::<3>(sums, gray, [BLUE, GREEN, RED].map(|w| w * UNIT)),
        PixelFormat::Rgba8 => weigh::<4>(sums, gray, [RED, GREEN, BLUE].map(|w| w * UNIT)),
        PixelFormat::Bgra8 => weigh::<4>(sums, gray, [BLUE, GREEN, RED].map(|w| w * UNIT)),
    }
}

fn weigh<const CHANNELS: usize>(sums: &[i32], gray: &mut [f32], [a, b, c]: [f32; 3]) {
    for (gray, sums) in gray.iter_mut().zip(sums.as_chunks::<CHANNELS>().0) {
        *gray = sums[0] as f32 * a + sums[1] as f32 * b + sums[2] as f32 * c;
    }
}

/// The source samples that an output sample covers, with their shares, which sum to 1.
struct Cover {
    next: usize,
    from: f64,
    to: f64,
    end: usize,
}

impl Cover {
    fn new(index: usize, source: usize, target: usize) -> Self {
        let scale = source as f64 / target as f64;
        let (from, to) = (index as f64 * scale, (index + 1) as f64 * scale);
        Self {
            next: from as usize,
            from,
            to,
            end: (to.ceil() as usize).min(source),
        }
    }
}

impl Iterator for Cover {
    type Item = (usize, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let sample = self.next;
        if sample >= self.end {
            return None;
        }
        self.next += 1;
        let low = (sample as f64).max(self.from);
        let high = ((sample + 1) as f64).min(self.to);
        Some((sample, ((high - low) / (self.to - self.from)).max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::image_plane::plane_length;

    fn reduced(frame: &Frame<'_>) -> Vec<f32> {
        let (width, height) = gray_size(frame.width_px(), frame.height_px());
        let mut values = vec![0.0; plane_length(width, height)];
        GrayReducer::default().reduce(frame, &mut values);
        (0..height)
            .flat_map(|y| row_mut(&mut values, width, y).to_vec())
            .collect()
    }

    #[test]
    fn sizes_keep_their_shape() {
        assert_eq!(gray_size(1280, 720), (320, 180));
        assert_eq!(gray_size(640, 480), (320, 240));
        assert_eq!(gray_size(200, 100), (200, 100));
        assert_eq!(gray_size(480, 4800), (48, 480));
        assert_eq!(gray_size(u32::MAX, 1), (320, 1));
        assert_eq!(gray_size(1, 1), (1, 1));
    }

    #[test]
    fn every_format_gives_the_same_gray() {
        // Grays, so that every format holds the same picture.
        let (width, height) = (10, 4);
        let gray: Vec<u8> = (0..width * height).map(|i| (i * 5 + 20) as u8).collect();
        let packed = |channels: usize, other: u8| -> Vec<u8> {
            let pixel = |&g: &u8| (0..channels).map(move |c| if c < 3 { g } else { other });
            gray.iter().flat_map(pixel).collect()
        };
        let nv12: Vec<u8> = gray.iter().copied().chain([128; 20]).collect();
        let yuyv: Vec<u8> = gray.iter().flat_map(|&g| [g, 128]).collect();
        for (format, bytes) in [
            (PixelFormat::Gray8, gray.clone()),
            (PixelFormat::Rgb8, packed(3, 0)),
            (PixelFormat::Bgr8, packed(3, 0)),
            (PixelFormat::Rgba8, packed(4, 77)),
            (PixelFormat::Bgra8, packed(4, 77)),
            (PixelFormat::Nv12, nv12),
            (PixelFormat::Yuyv, yuyv),
        ] {
            let frame = Frame::contiguous(format, width as u32, height as u32, &bytes, 0).unwrap();
            for (found, &expected) in reduced(&frame).iter().zip(&gray) {
                let difference = (found - f32::from(expected)).abs();
                assert!(difference < 1e-3, "{format:?} {found} {expected}");
            }
        }
        let red = Frame::contiguous(PixelFormat::Bgr8, 1, 1, &[0, 0, 200], 0).unwrap();
        assert!((reduced(&red)[0] - 59.8).abs() < 1e-3);
    }

    #[test]
    fn reducing_takes_the_mean_over_the_area() {
        for (width, height) in [(640_u32, 6_u32), (500, 7), (333, 5)] {
            // A ramp's mean over an area is the ramp at its centre.
            let bytes: Vec<u8> = (0..width * height)
                .map(|i| ((i % width) / 4 + 3 * (i / width)) as u8)
                .collect();
            let frame = Frame::contiguous(PixelFormat::Gray8, width, height, &bytes, 0).unwrap();
            let (w, h) = gray_size(width, height);
            let found = reduced(&frame);
            for y in 0..h {
                for x in 0..w {
                    let centre = |i: usize, from: u32, to: usize| {
                        (i as f32 + 0.5) * from as f32 / to as f32 - 0.5
                    };
                    let expected = centre(x, width, w) / 4.0 + 3.0 * centre(y, height, h);
                    let difference = (found[y * w + x] - expected).abs();
                    // The ramp has steps of one gray level across and three down.
                    assert!(difference < 1.2, "{width}x{height} {x} {y} {difference}");
                }
            }
        }
    }
}
