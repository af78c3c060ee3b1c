//! A frame's gray values at several sizes.

use super::corners::{Corner, CornerPicker};
use super::luma::{GrayReducer, gray_size};
use crate::frame::Frame;
use crate::geometry::Point;
use crate::kernels::corner_response::{corner_response, scratch_length};
use crate::kernels::image_plane::{BORDER, ImagePlane, fill_border, halve, plane_length};

/// Sizes at most: each has half the sides of the one before.
const MOST_LEVELS: usize = 4;
/// No level has a side shorter than this, but for the first.
const SHORTEST_SIDE_PX: usize = 20;

#[derive(Clone, Debug, Default)]
struct Level {
    values: Vec<f32>,
    width: usize,
    height: usize,
}

/// A frame's gray values, reduced to at most 320 x 480 pixels and then halved again and again, and how
/// good a corner each pixel of the first level is. Keeps its buffers from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct GrayPyramid {
    frame_size_px: (u32, u32),
    capture_time_us: i64,
    levels: [Level; MOST_LEVELS],
    count: usize,
    response: Vec<f32>,
    reducer: GrayReducer,
    row: Vec<f32>,
    scratch: Vec<f32>,
}

impl GrayPyramid {
    /// A pyramid of no frame yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes this frame's gray values. Allocates for the first frame of a size or format.
    pub fn build(&mut self, frame: &Frame<'_>) {
        self.frame_size_px = (frame.width_px(), frame.height_px());
        self.capture_time_us = frame.capture_time_us();
        let (width, height) = gray_size(frame.width_px(), frame.height_px());
        let first = &mut self.levels[0];
        first.resize(width, height);
        self.reducer.reduce(frame, &mut first.values);
        fill_border(&mut first.values, width, height);
        self.count = 1;
        while self.count < MOST_LEVELS {
            let (above, below) = self.levels.split_at_mut(self.count);
            let (source, target) = (&above[self.count - 1], &mut below[0]);
            let (width, height) = (source.width.div_ceil(2), source.height.div_ceil(2));
            if width.min(height) < SHORTEST_SIDE_PX {
                break;
            }
            target.resize(width, height);
            self.row.resize(source.width + 2 * BORDER, 0.0);
            halve(source.plane(), &mut self.row, &mut target.values);
            self.count += 1;
        }
        self.response.resize(width * height, 0.0);
        self.scratch.resize(scratch_length(width), 0.0);
        corner_response(
            self.levels[0].plane(),
            &mut self.scratch,
            &mut self.response,
        );
    }

    /// Becomes a copy of another pyramid, as of a keyframe's, in the buffers that are there.
    pub fn copy_from(&mut self, other: &Self) {
        self.frame_size_px = other.frame_size_px;
        self.capture_time_us = other.capture_time_us;
        self.count = other.count;
        self.response.clone_from(&other.response);
        for (level, other) in self.levels.iter_mut().zip(&other.levels) {
            (level.width, level.height) = (other.width, other.height);
            level.values.clone_from(&other.values);
        }
    }

    /// Width and height of the frame, pixels; zeros before the first.
    #[must_use]
    pub fn frame_size_px(&self) -> (u32, u32) {
        self.frame_size_px
    }

    /// When the frame was captured, in microseconds of the host's monotonic clock.
    #[must_use]
    pub fn capture_time_us(&self) -> i64 {
        self.capture_time_us
    }

    /// Whether no frame was taken yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Pixels of the frame for a pixel of the first level, in x and y; at least 1.
    #[must_use]
    pub fn frame_px_per_gray_px(&self) -> (f64, f64) {
        let (width, height) = self.frame_size_px;
        let first = &self.levels[0];
        (
            f64::from(width) / first.width.max(1) as f64,
            f64::from(height) / first.height.max(1) as f64,
        )
    }

    /// A point of the first level in pixels of the frame.
    pub(crate) fn frame_from_gray(&self, [x, y]: [f32; 2]) -> Point {
        let (scale_x, scale_y) = self.frame_px_per_gray_px();
        Point::new(
            (f64::from(x) + 0.5) * scale_x - 0.5,
            (f64::from(y) + 0.5) * scale_y - 0.5,
        )
    }

    /// A point of the frame in pixels of the first level.
    pub(crate) fn gray_from_frame(&self, point: Point) -> [f32; 2] {
        let (scale_x, scale_y) = self.frame_px_per_gray_px();
        [
            ((point.x_px + 0.5) / scale_x - 0.5) as f32,
            ((point.y_px + 0.5) / scale_y - 0.5) as f32,
        ]
    }

    /// Number of levels.
    pub(crate) fn levels(&self) -> usize {
        self.count
    }

    /// A level, 0 the largest.
    pub(crate) fn level(&self, level: usize) -> ImagePlane<'_> {
        self.levels[level].plane()
    }

    /// How sharp the frame is, to be compared with others of the same scene alone: the mean square of
    /// the differences between pixels two apart (Brenner et al. 1976, in both directions), which blur
    /// takes away first. None of a frame too small for that.
    #[must_use]
    pub fn sharpness(&self) -> Option<f32> {
        let plane = self.levels.first().filter(|_| self.count > 0)?.plane();
        let (width, height) = (plane.width(), plane.height());
        if width < 3 || height < 3 {
            return None;
        }
        let row = |y: usize| &plane.bordered_row(y)[BORDER..][..width];
        let squares = |left: &[f32], right: &[f32]| -> f32 {
            let pairs = left.iter().zip(right);
            pairs.map(|(left, right)| (left - right).powi(2)).sum()
        };
        let mut sum = 0.0;
        for y in 0..height - 2 {
            let line = row(y);
            sum += squares(&line[2..], &line[..width - 2]) + squares(row(y + 2), line);
        }
        Some(sum / (width * height) as f32)
    }

    /// Writes the best corners in `region` (x0, y0, x1, y1 of the first level, ends excluded), spread
    /// over it, of those that `accept` takes (points of the frame).
    pub(crate) fn corners_into(
        &self,
        picker: &mut CornerPicker,
        region: [usize; 4],
        mut accept: impl FnMut(Point) -> bool,
        corners: &mut Vec<Corner>,
    ) {
        let first = &self.levels[0];
        picker.pick(
            &self.response,
            (first.width, first.height),
            region,
            |x, y| accept(self.frame_from_gray([x as f32, y as f32])),
            corners,
        );
    }
}

impl Level {
    fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.values.resize(plane_length(width, height), 0.0);
    }

    fn plane(&self) -> ImagePlane<'_> {
        ImagePlane::new(&self.values, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;

    #[test]
    fn levels_halve_until_they_are_small() {
        let bytes = vec![100; 640 * 360];
        let frame = Frame::contiguous(PixelFormat::Gray8, 640, 360, &bytes, 9).unwrap();
        let mut pyramid = GrayPyramid::new();
        assert!(pyramid.is_empty());
        pyramid.build(&frame);
        let sizes: Vec<_> = (0..pyramid.levels())
            .map(|level| (pyramid.level(level).width(), pyramid.level(level).height()))
            .collect();
        assert_eq!(sizes, [(320, 180), (160, 90), (80, 45), (40, 23)]);
        assert_eq!(
            (pyramid.frame_size_px(), pyramid.capture_time_us()),
            ((640, 360), 9)
        );
        let corner = pyramid.frame_from_gray([-0.5, 179.5]);
        assert_eq!(corner, Point::new(-0.5, 359.5));
        assert_eq!(pyramid.gray_from_frame(corner), [-0.5, 179.5]);
    }

    #[test]
    fn blur_takes_sharpness_away() {
        let sharpness = |blur: usize| {
            // Stripes, averaged over as many pixels to each side.
            let stripe = |x: usize| {
                let window = x.saturating_sub(blur)..=x + blur;
                let (count, white) = (2 * blur + 1, window.filter(|x| x / 20 % 2 == 1).count());
                (white * 200 / count) as u8
            };
            let bytes: Vec<u8> = (0..320 * 240).map(|place| stripe(place % 320)).collect();
            let frame = Frame::contiguous(PixelFormat::Gray8, 320, 240, &bytes, 0).unwrap();
            let mut pyramid = GrayPyramid::new();
            pyramid.build(&frame);
            pyramid.sharpness().unwrap()
        };
        assert!(sharpness(0) > 1.5 * sharpness(2));
        assert!(sharpness(2) > 1.5 * sharpness(8));
        assert_eq!(GrayPyramid::new().sharpness(), None);
    }

    #[test]
    fn the_smallest_frames_have_one_level() {
        let mut pyramid = GrayPyramid::new();
        for (width, height) in [(1, 1), (3, 2), (1, 900), (700, 1)] {
            let bytes = vec![7; width * height];
            let (width, height) = (width as u32, height as u32);
            let frame = Frame::contiguous(PixelFormat::Gray8, width, height, &bytes, 0).unwrap();
            pyramid.build(&frame);
            assert_eq!(pyramid.levels(), 1, "{width}x{height}");
        }
    }
}
