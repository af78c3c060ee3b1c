//! Parts of frames.

use super::{Frame, NO_PLANE, PixelFormat, Plane};

/// A part of a frame. Its left and top are even: formats share chroma between two pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Region {
    /// Columns of the frame to the left of it.
    pub(crate) x_px: u32,
    /// Rows above it.
    pub(crate) y_px: u32,
    /// At least 1.
    pub(crate) width_px: u32,
    /// At least 1.
    pub(crate) height_px: u32,
}

impl Region {
    /// All of a frame of this size.
    pub(crate) fn whole((width_px, height_px): (u32, u32)) -> Self {
        Self {
            x_px: 0,
            y_px: 0,
            width_px,
            height_px,
        }
    }

    /// A square around a place in a frame of this size, moved into the frame where it would stand out; where the frame is
    /// smaller, as long as that. A pixel longer where the frame's side is odd and it ends there.
    pub(crate) fn square(
        (x_px, y_px): (f32, f32),
        side_px: f32,
        (width_px, height_px): (u32, u32),
    ) -> Self {
        let span = |center: f32, length: u32| {
            // Even, if the frame's own side is: the format may ask for it.
            let side = side_px.clamp(2.0, 1e9) as u32;
            let side = side.next_multiple_of(2).min(length);
            // The nearest even one.
            let first = (center - side as f32 / 2.0 + 1.0).max(0.0) as u32;
            let first = first.min(length - side) & !1;
            reaching(first, side, length)
        };
        let ((x_px, width_px), (y_px, height_px)) = (span(x_px, width_px), span(y_px, height_px));
        Self {
            x_px,
            y_px,
            width_px,
            height_px,
        }
    }

    /// A box of pixels, its column, row, width and height, in a frame of this size, with a margin as far as the frame has it.
    /// A pixel longer than that where its left or top would be odd, or where the frame's side is odd and it would end next to
    /// it.
    pub(crate) fn around(
        [x, y, width, height]: [usize; 4],
        margin_px: f32,
        (width_px, height_px): (u32, u32),
    ) -> Self {
        let margin = margin_px.clamp(0.0, 1e9) as u32;
        let span = |first: usize, side: usize, length: u32| {
            let (first, side) = (first as u32, side as u32);
            let end = first.saturating_add(side).saturating_add(margin);
            let first = first.saturating_sub(margin).min(length - 1) & !1;
            let side = end.saturating_sub(first).max(1).next_multiple_of(2);
            let side = side.min(length - first);
            reaching(first, side, length)
        };
        let ((x_px, width_px), (y_px, height_px)) =
            (span(x, width, width_px), span(y, height, height_px));
        Self {
            x_px,
            y_px,
            width_px,
            height_px,
        }
    }

    /// The longer of its sides.
    pub(crate) fn longer_side_px(&self) -> f32 {
        self.width_px.max(self.height_px) as f32
    }

    /// Whether all of another is in it.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        let within = |first: u32, length: u32, from: u32, side: u32| {
            from <= first && first + length <= from + side
        };
        within(other.x_px, other.width_px, self.x_px, self.width_px)
            && within(other.y_px, other.height_px, self.y_px, self.height_px)
    }
}

/// First and number of a span of a side of this length; to its end where only one is left.
fn reaching(first: u32, number: u32, length: u32) -> (u32, u32) {
    match length - (first + number) {
        1 => (first, number + 1),
        _ => (first, number),
    }
}

impl<'a> Frame<'a> {
    /// The part of the frame in a region that was made for its size.
    ///
    /// # Panics
    /// When the region is not in the frame.
    pub(crate) fn region(&self, region: Region) -> Self {
        let mut part = *self;
        (part.width_px, part.height_px) = (region.width_px, region.height_px);
        let (x, y) = (region.x_px as usize, region.y_px as usize);
        let of = |plane: Plane<'a>, row: usize, byte: usize| Plane {
            bytes: &plane.bytes[row * plane.stride_bytes + byte..],
            stride_bytes: plane.stride_bytes,
        };
        // Checked by the frame's constructor for all of its columns.
        let byte = self.format.row_bytes(region.x_px).unwrap_or_default();
        let chroma = match self.format {
            PixelFormat::Nv12 => of(self.planes[1], y / 2, x),
            _ => NO_PLANE,
        };
        part.planes = [of(self.planes[0], y, byte), chroma];
        part
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test tells, and fails")]
mod tests {
    use super::*;

    const FORMATS: [PixelFormat; 7] = [
        PixelFormat::Rgb8,
        PixelFormat::Bgr8,
        PixelFormat::Rgba8,
        PixelFormat::Bgra8,
        PixelFormat::Gray8,
        PixelFormat::Nv12,
        PixelFormat::Yuyv,
    ];

    #[test]
    fn a_part_has_the_colours_of_the_whole() {
        let (width, height) = (24, 18);
        for format in FORMATS {
            let length = format.contiguous_bytes(width, height).unwrap();
            let bytes: Vec<u8> = (0..length).map(|at| (at * 37 % 251) as u8).collect();
            let frame = Frame::contiguous(format, width, height, &bytes, 5).unwrap();
            let whole = frame.to_rgb8();
            for center in [(0.0, 0.0), (9.5, 7.0), (23.9, 17.9)] {
                let region = Region::square(center, 9.0, (width, height));
                assert_eq!((region.width_px, region.height_px), (10, 10));
                let part = frame.region(region);
                assert_eq!(part.capture_time_us(), 5);
                let rows = part.to_rgb8();
                for (y, row) in rows.chunks_exact(10 * 3).enumerate() {
                    let at = (region.y_px as usize + y) * width as usize + region.x_px as usize;
                    assert_eq!(row, &whole[at * 3..][..30], "{format:?} {center:?} {y}");
                }
            }
        }
    }

    #[test]
    fn a_square_stays_in_its_frame() {
        for size in [(1, 1), (1, 9), (3, 2), (40, 30), (641, 479)] {
            for side in [0.0, 1.0, 5.5, 64.0, f32::MAX] {
                for center in [
                    (-5.0, 0.0),
                    (0.5, 0.5),
                    (20.3, 11.0),
                    (640.9, 478.9),
                    (1e9, 1e9),
                ] {
                    let region = Region::square(center, side, size);
                    assert!(region.width_px >= 1 && region.x_px + region.width_px <= size.0);
                    assert!(region.height_px >= 1 && region.y_px + region.height_px <= size.1);
                    assert!(
                        [region.x_px, region.y_px]
                            .iter()
                            .all(|at| at.is_multiple_of(2))
                    );
                    let within = |at: f32, first: u32, side: u32, length: u32| {
                        let at = at.clamp(0.0, length as f32 - 0.5);
                        (first as f32..(first + side) as f32).contains(&at)
                    };
                    assert!(within(center.0, region.x_px, region.width_px, size.0));
                    assert!(within(center.1, region.y_px, region.height_px, size.1));
                    if side == f32::MAX {
                        assert_eq!((region.width_px, region.height_px), size);
                    }
                }
            }
        }
    }

    #[test]
    fn a_region_is_around_its_box_as_far_as_the_frame_is() {
        for size in [(1, 1), (1, 9), (3, 2), (40, 30), (641, 479)] {
            for bounds in [
                [0, 0, 0, 0],
                [0, 0, 1, 1],
                [0, 1, 1, 1],
                [13, 7, 9, 12],
                [639, 470, 2, 9],
            ] {
                let [x, y, width, height] = bounds;
                if x + width > size.0 as usize || y + height > size.1 as usize {
                    continue;
                }
                for margin in [0.0, 1.0, 7.9, f32::MAX] {
                    let region = Region::around(bounds, margin, size);
                    let sides = [
                        (region.x_px, region.width_px, x as u32, width as u32, size.0),
                        (
                            region.y_px,
                            region.height_px,
                            y as u32,
                            height as u32,
                            size.1,
                        ),
                    ];
                    let margin = margin.min(1e6) as u32;
                    for (first, side, from, wanted, length) in sides {
                        assert!(side >= 1 && first.is_multiple_of(2) && first + side <= length);
                        let least = from.saturating_sub(margin);
                        let most = (from + wanted.max(1) + margin).min(length);
                        assert!(first <= least && first + side >= most);
                        assert!(least - first <= 1 && first + side - most <= 2);
                        assert!(side.is_multiple_of(2) || first + side == length);
                    }
                }
            }
        }
    }

    #[test]
    fn a_region_contains_itself_and_what_is_in_it() {
        let large = Region::square((20.0, 20.0), 20.0, (40, 40));
        let small = Region::square((22.0, 24.0), 8.0, (40, 40));
        assert!(large.contains(&large) && large.contains(&small));
        assert!(!small.contains(&large));
        let beside = Region::square((30.0, 20.0), 8.0, (40, 40));
        assert!(!large.contains(&beside));
    }
}
