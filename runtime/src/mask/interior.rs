//! The point of a mask that is farthest from its boundary: where a person who means the thing would
//! click, and SAM's evaluation protocol does (Kirillov et al. 2023, section 7.1).

use super::Bitmap;

/// The centre of the largest disk inside the mask, (x, y) of a pixel; none for an empty mask.
///
/// The image's edge counts as boundary. Of equals the first in reading order is taken. The distance
/// is the exact Euclidean one (Felzenszwalb and Huttenlocher 2012).
#[must_use]
pub fn interior_point(mask: &Bitmap) -> Option<(usize, usize)> {
    let (width, height) = (mask.width(), mask.height());
    let columns = column_distances(mask);
    let mut envelope = Envelope::default();
    let (mut best, mut point) = (0, None);
    for y in 0..height {
        let row = &columns[y * width..][..width];
        if row.iter().all(|distance| *distance == 0) {
            continue;
        }
        envelope.build(row);
        for (x, squared) in envelope.squared_distances(width) {
            if squared > best {
                best = squared;
                point = Some((x, y));
            }
        }
    }
    point
}

/// Per pixel, rows to the nearest pixel of the same column outside the mask or the image.
fn column_distances(mask: &Bitmap) -> Vec<u32> {
    let (width, height) = (mask.width(), mask.height());
    let mut distances = vec![0; width * height];
    for y in 0..height {
        for x in 0..width {
            if mask.contains(x, y) {
                let above = if y == 0 {
                    0
                } else {
                    distances[(y - 1) * width + x]
                };
                distances[y * width + x] = above + 1;
            }
        }
    }
    for y in (0..height).rev() {
        for x in 0..width {
            let below = if y + 1 == height {
                0
            } else {
                distances[(y + 1) * width + x]
            };
            let distance = &mut distances[y * width + x];
            *distance = (*distance).min(below + 1);
        }
    }
    distances
}

/// The lower envelope of the parabolas that a row's column distances stand for.
#[derive(Default)]
struct Envelope {
    /// (apex column, counted from one left of the image; height of the apex).
    parabolas: Vec<(i64, i64)>,
    /// Where each parabola begins to be the lowest.
    starts: Vec<f64>,
}

impl Envelope {
    fn build(&mut self, row: &[u32]) {
        self.parabolas.clear();
        self.starts.clear();
        // The image's own edges are boundary: apexes of height zero on both sides.
        let inside = row.iter().map(|distance| i64::from(*distance).pow(2));
        let heights = std::iter::once(0).chain(inside).chain(std::iter::once(0));
        for (apex, height) in heights.enumerate() {
            let apex = apex as i64;
            let mut start = f64::NEG_INFINITY;
            while let Some(&(last, low)) = self.parabolas.last() {
                let meet =
                    (height + apex * apex - low - last * last) as f64 / (2 * (apex - last)) as f64;
                if meet > self.starts[self.starts.len() - 1] {
                    start = meet;
                    break;
                }
                self.parabolas.pop();
                self.starts.pop();
            }
            self.parabolas.push((apex, height));
            self.starts.push(start);
        }
    }

    fn squared_distances(&self, width: usize) -> impl Iterator<Item = (usize, i64)> {
        let mut current = 0;
        (0..width).map(move |x| {
            let column = x as i64 + 1;
            while current + 1 < self.starts.len() && self.starts[current + 1] <= column as f64 {
                current += 1;
            }
            let (apex, height) = self.parabolas[current];
            (x, (column - apex).pow(2) + height)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(mask: &Bitmap) -> i64 {
        let (width, height) = (mask.width() as i64, mask.height() as i64);
        let outside = |x: i64, y: i64| {
            x < 0 || y < 0 || x >= width || y >= height || !mask.contains(x as usize, y as usize)
        };
        let to_boundary = |x: i64, y: i64| {
            let others = (-1..=height).flat_map(|v| (-1..=width).map(move |u| (u, v)));
            others
                .filter(|(u, v)| outside(*u, *v))
                .map(|(u, v)| (u - x).pow(2) + (v - y).pow(2))
                .min()
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        pixels
            .filter_map(|(x, y)| to_boundary(x, y))
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_pixel_lies_deeper(width in 1usize..12, height in 1usize..12, bits in prop::collection::vec(prop::bool::weighted(0.8), 144)) {
            let mask = Bitmap::from_fn(width, height, |x, y| bits[y * 12 + x]);
            let point = interior_point(&mask);
            prop_assert_eq!(point.is_none(), mask.area() == 0);
            if let Some((x, y)) = point {
                prop_assert!(mask.contains(x, y));
                let (x, y) = (x as i64, y as i64);
                let reach = (-1..=height as i64)
                    .flat_map(|v| (-1..=width as i64).map(move |u| (u, v)))
                    .filter(|(u, v)| {
                        *u < 0 || *v < 0 || *u >= width as i64 || *v >= height as i64
                            || !mask.contains(*u as usize, *v as usize)
                    })
                    .map(|(u, v)| (u - x).pow(2) + (v - y).pow(2))
                    .min();
                prop_assert_eq!(reach, Some(plain(&mask)));
            }
        }
    }

    #[test]
    fn centre_of_a_disk() {
        let disk = Bitmap::from_fn(40, 30, |x, y| {
            (x as i64 - 21).pow(2) + (y as i64 - 12).pow(2) < 81
        });
        assert_eq!(interior_point(&disk), Some((21, 12)));
    }
}
