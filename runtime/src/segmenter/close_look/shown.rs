//! Masks of an image that are nothing outside of a part of it.

use crate::frame::Region;
use crate::mask::Bitmap;
use crate::preprocess::Placement;

/// A mask of an image: what is in its bounding box, and where that is.
pub(super) struct Shown {
    left: usize,
    top: usize,
    part: Bitmap,
    area: u64,
}

impl Shown {
    /// A mask of a part of an image whose first pixel is the image's at column x and row y.
    pub(super) fn of(mask: &Bitmap, (x, y): (usize, usize)) -> Self {
        let [left, top, width, height] = mask.bounding_box();
        let part = Bitmap::from_fn(width, height, |x, y| mask.contains(left + x, top + y));
        Self {
            left: x + left,
            top: y + top,
            area: part.area(),
            part,
        }
    }

    /// Column and row of its first pixels, width and height; all zero if it is empty.
    pub(super) fn bounding_box(&self) -> [usize; 4] {
        match self.area {
            0 => [0; 4],
            _ => [self.left, self.top, self.part.width(), self.part.height()],
        }
    }

    /// Whether the image's pixel at column x and row y is in it.
    pub(super) fn contains(&self, x: usize, y: usize) -> bool {
        let (x, y) = (x.checked_sub(self.left), y.checked_sub(self.top));
        x.zip(y).is_some_and(|(x, y)| self.part.contains(x, y))
    }

    /// Whether it is something, and ends before the sides of a region do, other than those of the image.
    pub(super) fn is_within(&self, region: &Region, image: &Placement) -> bool {
        let ends = |first: usize, length: usize, from: u32, side: u32, all: u32| {
            let (from, to) = (from as usize, (from + side) as usize);
            (first > from || from == 0) && (first + length < to || to == all as usize)
        };
        let (width, height) = (self.part.width(), self.part.height());
        let (x_px, y_px) = (region.x_px, region.y_px);
        self.area > 0
            && ends(
                self.left,
                width,
                x_px,
                region.width_px,
                image.image_width_px,
            )
            && ends(
                self.top,
                height,
                y_px,
                region.height_px,
                image.image_height_px,
            )
    }

    /// Intersection over union; zero for two empty masks.
    pub(super) fn overlap(&self, other: &Self) -> f32 {
        let shared = |a: usize, a_length: usize, b: usize, b_length: usize| {
            let first = a.max(b);
            first..(a + a_length).min(b + b_length).max(first)
        };
        let (mine, others) = (&self.part, &other.part);
        let columns = shared(self.left, mine.width(), other.left, others.width());
        let rows = shared(self.top, mine.height(), other.top, others.height());
        let mut both = 0;
        if !columns.is_empty() {
            let row = |of: &'_ Self, y: usize| {
                let first = (y - of.top) * of.part.width();
                first + columns.start - of.left..first + columns.end - of.left
            };
            for y in rows {
                let mine = &mine.bytes()[row(self, y)];
                let pairs = mine.iter().zip(&others.bytes()[row(other, y)]);
                both += pairs.map(|(a, b)| u64::from(a & b)).sum::<u64>();
            }
        }
        both as f32 / (self.area + other.area - both).max(1) as f32
    }

    /// Writes the mask at the image's size.
    pub(super) fn draw_into(&self, (width_px, height_px): (u32, u32), mask: &mut Bitmap) {
        mask.clear(width_px as usize, height_px as usize);
        mask.paste(&self.part, self.left, self.top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rectangle in an image of 20 x 10.
    fn rectangle(left: usize, top: usize, width: usize, height: usize) -> Bitmap {
        Bitmap::from_fn(20, 10, |x, y| {
            (left..left + width).contains(&x) && (top..top + height).contains(&y)
        })
    }

    #[test]
    fn overlaps_are_those_of_the_whole_masks() {
        let masks = [
            rectangle(0, 0, 20, 10),
            rectangle(2, 3, 6, 4),
            rectangle(5, 1, 6, 9),
            rectangle(12, 3, 2, 2),
            rectangle(18, 8, 2, 2),
            rectangle(0, 0, 0, 0),
            Bitmap::from_fn(20, 10, |x, y| (x + y) % 2 == 0),
        ];
        for a in &masks {
            for b in &masks {
                let expected = a.intersection_over_union(b).unwrap();
                let expected = if a.area() + b.area() == 0 {
                    0.0
                } else {
                    expected
                };
                let found = Shown::of(a, (0, 0)).overlap(&Shown::of(b, (0, 0)));
                assert!(
                    (f64::from(found) - expected).abs() < 1e-6,
                    "{found} {expected}"
                );
            }
        }
    }

    #[test]
    fn a_mask_comes_back_where_it_was() {
        let mask = rectangle(5, 1, 6, 9);
        let mut drawn = rectangle(0, 0, 20, 10);
        Shown::of(&mask, (0, 0)).draw_into((20, 10), &mut drawn);
        assert_eq!(drawn, mask);
        // The same as seen in a part of 10 x 10 from column 4.
        let part = Bitmap::from_fn(10, 10, |x, y| mask.contains(x + 4, y));
        Shown::of(&part, (4, 0)).draw_into((20, 10), &mut drawn);
        assert_eq!(drawn, mask);
        Shown::of(&Bitmap::new(4, 4), (3, 3)).draw_into((20, 10), &mut drawn);
        assert_eq!(drawn, Bitmap::new(20, 10));
    }

    #[test]
    fn what_touches_a_region_may_go_on_beyond_it() {
        let image = Placement {
            image_width_px: 20,
            image_height_px: 10,
            ..Placement::default()
        };
        let region = Region {
            x_px: 4,
            y_px: 0,
            width_px: 8,
            height_px: 10,
        };
        let within = |mask: Bitmap| Shown::of(&mask, (0, 0)).is_within(&region, &image);
        assert!(within(rectangle(5, 1, 6, 5)));
        assert!(
            within(rectangle(5, 0, 6, 10)),
            "the image itself ends there"
        );
        assert!(!within(rectangle(4, 1, 6, 5)));
        assert!(!within(rectangle(6, 1, 6, 5)));
        assert!(!within(rectangle(6, 1, 0, 0)));
    }
}
