//! The outlines of a mask as polygons: Suzuki and Abe, "Topological structural analysis of
//! digitized binary images by border following", CVGIP 30 (1985), algorithm 1.

use super::Bitmap;

/// A closed border of a mask: the pixels of the mask along it, in order, each next to the one
/// before. Pixels of a mask hang together over corners too, pixels of a hole over sides only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contour {
    /// (x, y) of the border's pixels, counterclockwise as seen on the screen around a component,
    /// clockwise around a hole. A thin part is passed on both of its sides.
    pub points: Vec<(u32, u32)>,
    /// Whether it surrounds a hole rather than a component.
    pub is_hole: bool,
    /// The border directly around this one, by its place in the list: of a hole, its component; of
    /// a component, the hole that it lies in.
    pub parent: Option<usize>,
}

impl Contour {
    /// The points where the border turns; the others lie straight between them.
    #[must_use]
    pub fn corners(&self) -> Vec<(u32, u32)> {
        let count = self.points.len();
        let step = |a: (u32, u32), b: (u32, u32)| {
            (
                i64::from(b.0) - i64::from(a.0),
                i64::from(b.1) - i64::from(a.1),
            )
        };
        (0..count)
            .filter(|&index| {
                let here = self.points[index];
                let before = self.points[(index + count - 1) % count];
                let after = self.points[(index + 1) % count];
                count < 3 || step(before, here) != step(here, after)
            })
            .map(|index| self.points[index])
            .collect()
    }
}

/// All borders of a mask, outer ones and holes, in the order in which a scan by rows meets them.
#[must_use]
pub fn contours(bitmap: &Bitmap) -> Vec<Contour> {
    let mut labels = Labels::new(bitmap);
    let mut found: Vec<Contour> = Vec::new();
    for y in 1..labels.height - 1 {
        // The label of the border last met in this row; 1 is the frame around everything.
        let mut last = FRAME;
        for x in 1..labels.width - 1 {
            let at = y * labels.width + x;
            let label = labels.values[at];
            if label == 0 {
                continue;
            }
            let is_outer = label == INSIDE && labels.values[at - 1] == 0;
            let is_hole = !is_outer && label >= INSIDE && labels.values[at + 1] == 0;
            if is_outer || is_hole {
                if is_hole && label > INSIDE {
                    last = label;
                }
                let parent = parent(&found, last, is_hole);
                let first = if is_outer { LEFT } else { RIGHT };
                let label = FRAME + 1 + found.len() as i32;
                found.push(Contour {
                    points: labels.follow(at, first, label),
                    is_hole,
                    parent,
                });
            }
            if labels.values[at] != INSIDE {
                last = labels.values[at].abs();
            }
        }
    }
    found
}

/// The paper's table 1: a border met after one of the same kind is its sibling, else its child.
fn parent(found: &[Contour], last: i32, is_hole: bool) -> Option<usize> {
    let index = usize::try_from(last - FRAME - 1).ok()?;
    let met = found.get(index)?;
    if met.is_hole == is_hole {
        met.parent
    } else {
        Some(index)
    }
}

/// A pixel of the mask that is on no border so far. Borders are numbered from 2, the frame being 1.
const INSIDE: i32 = 1;
const FRAME: i32 = 1;

/// The eight neighbours in counterclockwise order on the screen, from the right.
const NEIGHBOURS: [(isize, isize); 8] = [
    (1, 0),
    (1, -1),
    (0, -1),
    (-1, -1),
    (-1, 0),
    (-1, 1),
    (0, 1),
    (1, 1),
];
const RIGHT: usize = 0;
const LEFT: usize = 4;

/// The part of a mask inside its bounding box, with a margin of one pixel, as the borders' labels.
struct Labels {
    width: usize,
    height: usize,
    /// Of the first pixel within the margin, on the image.
    origin: (usize, usize),
    /// 0 outside; else 1, or the number of the border that passed last, negative where the pixel to
    /// the right is outside.
    values: Vec<i32>,
}

impl Labels {
    fn new(bitmap: &Bitmap) -> Self {
        let [left, top, box_width, box_height] = bitmap.bounding_box();
        let (width, height) = (box_width + 2, box_height + 2);
        let mut values = vec![0; width * height];
        for y in 0..box_height {
            let row = &bitmap.row(top + y)[left..left + box_width];
            let labels = &mut values[(y + 1) * width + 1..][..box_width];
            for (label, &byte) in labels.iter_mut().zip(row) {
                *label = i32::from(byte);
            }
        }
        Self {
            width,
            height,
            origin: (left, top),
            values,
        }
    }

    fn neighbour(&self, at: usize, direction: usize) -> usize {
        let (dx, dy) = NEIGHBOURS[direction];
        at.wrapping_add_signed(dy * self.width as isize + dx)
    }

    fn point(&self, at: usize) -> (u32, u32) {
        (
            (self.origin.0 + at % self.width - 1) as u32,
            (self.origin.1 + at / self.width - 1) as u32,
        )
    }

    /// Step 3 of the algorithm: follows the border from `start`, whose neighbour in direction
    /// `first` is outside, and marks it with `label`.
    fn follow(&mut self, start: usize, first: usize, label: i32) -> Vec<(u32, u32)> {
        let mut points = vec![self.point(start)];
        // Clockwise to the neighbour where the border will come back from.
        let Some(last) = (1..8)
            .map(|turn| (first + 8 - turn) % 8)
            .find(|&direction| self.values[self.neighbour(start, direction)] != 0)
        else {
            self.values[start] = -label;
            return points;
        };
        let before_start = self.neighbour(start, last);
        let (mut here, mut back) = (start, last);
        loop {
            // Counterclockwise from where the border came, to the next pixel of the mask.
            let mut outside_right = false;
            let mut direction = (back + 1) % 8;
            while self.values[self.neighbour(here, direction)] == 0 {
                outside_right |= direction == RIGHT;
                direction = (direction + 1) % 8;
            }
            if outside_right {
                self.values[here] = -label;
            } else if self.values[here] == INSIDE {
                self.values[here] = label;
            }
            let next = self.neighbour(here, direction);
            if next == start && here == before_start {
                return points;
            }
            points.push(self.point(next));
            here = next;
            back = (direction + 4) % 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(rows: &[&str]) -> Bitmap {
        Bitmap::from_fn(rows[0].len(), rows.len(), |x, y| {
            rows[y].as_bytes()[x] == b'#'
        })
    }

    #[test]
    fn a_rectangle_has_four_corners() {
        let mask = drawn(&["......", ".####.", ".####.", ".####.", "......"]);
        let borders = contours(&mask);
        assert_eq!(borders.len(), 1);
        assert_eq!(borders[0].points.len(), 10);
        assert_eq!(borders[0].corners(), [(1, 1), (1, 3), (4, 3), (4, 1)]);
        assert!(!borders[0].is_hole && borders[0].parent.is_none());
    }

    #[test]
    fn nesting_is_known() {
        let mask = drawn(&[
            "#########.#",
            "#.......#..",
            "#.#####.#..",
            "#.#...#.#..",
            "#.#.#.#.#..",
            "#.#...#.#..",
            "#.#####.#..",
            "#.......#..",
            "#########..",
        ]);
        let borders = contours(&mask);
        let tree: Vec<_> = borders.iter().map(|b| (b.is_hole, b.parent)).collect();
        assert_eq!(
            tree,
            [
                (false, None),
                (false, None),
                (true, Some(0)),
                (false, Some(2)),
                (true, Some(3)),
                (false, Some(4)),
            ]
        );
        assert_eq!(borders[1].points, [(10, 0)]);
        assert_eq!(borders[5].points, [(4, 4)]);
        // The pixels of a component around its hole, cutting the corners.
        assert_eq!(borders[4].points.len(), 12);
    }

    #[test]
    fn a_line_is_passed_on_both_sides() {
        let borders = contours(&drawn(&["####"]));
        assert_eq!(
            borders[0].points,
            [(0, 0), (1, 0), (2, 0), (3, 0), (2, 0), (1, 0)]
        );
        assert_eq!(borders[0].corners(), [(0, 0), (3, 0)]);
    }

    #[test]
    fn an_empty_mask_has_no_border() {
        assert!(contours(&Bitmap::new(4, 3)).is_empty());
        assert!(contours(&Bitmap::default()).is_empty());
    }

    /// Connected parts of the pixels that are (or are not) in the mask, on the plane beyond the
    /// image too when they are not.
    fn components(mask: &Bitmap, inside: bool, neighbours: &[(isize, isize)]) -> usize {
        let (width, height) = (mask.width() + 2, mask.height() + 2);
        let is = |x: usize, y: usize| (x > 0 && y > 0 && mask.contains(x - 1, y - 1)) == inside;
        let mut seen = vec![false; width * height];
        let mut count = 0;
        for start in 0..seen.len() {
            if seen[start] || !is(start % width, start / width) {
                continue;
            }
            count += 1;
            seen[start] = true;
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                for &(dx, dy) in neighbours {
                    let x = (at % width).checked_add_signed(dx).filter(|&x| x < width);
                    let y = (at / width).checked_add_signed(dy).filter(|&y| y < height);
                    if let (Some(x), Some(y)) = (x, y)
                        && is(x, y)
                        && !seen[y * width + x]
                    {
                        seen[y * width + x] = true;
                        open.push(y * width + x);
                    }
                }
            }
        }
        count
    }

    const SIDES: [(isize, isize); 4] = [(1, 0), (0, -1), (-1, 0), (0, 1)];

    proptest! {
        #[test]
        fn borders_are_those_of_the_components_and_holes(
            width in 1_usize..24,
            height in 1_usize..24,
            seed in any::<u64>(),
            percent in 5_u64..95,
        ) {
            let mut state = seed;
            let mask = Bitmap::from_fn(width, height, |_, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) % 100 < percent
            });
            let borders = contours(&mask);
            let holes = borders.iter().filter(|b| b.is_hole).count();
            prop_assert_eq!(borders.len() - holes, components(&mask, true, &NEIGHBOURS));
            prop_assert_eq!(holes + 1, components(&mask, false, &SIDES));

            let mut on_border = Bitmap::new(width, height);
            for border in &borders {
                let parent_is_hole = border.parent.map(|p| borders[p].is_hole);
                prop_assert!(parent_is_hole == Some(!border.is_hole) || (parent_is_hole.is_none() && !border.is_hole));
                let mut before = border.points[border.points.len() - 1];
                for &(x, y) in &border.points {
                    on_border.row_mut(y as usize)[x as usize] = 1;
                    prop_assert!(before.0.abs_diff(x) <= 1 && before.1.abs_diff(y) <= 1);
                    before = (x, y);
                }
            }
            let expected = Bitmap::from_fn(width, height, |x, y| {
                mask.contains(x, y) && SIDES.iter().any(|&(dx, dy)| {
                    !mask.contains(x.wrapping_add_signed(dx), y.wrapping_add_signed(dy))
                })
            });
            prop_assert_eq!(on_border, expected);
        }
    }
}
