//! What is read off a mask: area, box, centre, agreement, stability.

use super::{Bitmap, LogitsView, MaskError};
use crate::preprocess::Placement;

impl Bitmap {
    /// Pixels in the mask.
    #[must_use]
    pub fn area(&self) -> u64 {
        // Short sums in bytes vectorise; 255 of them cannot overflow.
        self.bytes()
            .chunks(255)
            .map(|chunk| u64::from(chunk.iter().sum::<u8>()))
            .sum()
    }

    /// The smallest box [x, y, width, height] around the mask, in whole pixels as COCO counts them;
    /// all zero for an empty mask.
    #[must_use]
    pub fn bounding_box(&self) -> [usize; 4] {
        let occupied = |y: &usize| self.row(*y).contains(&1);
        let Some(top) = (0..self.height()).find(occupied) else {
            return [0; 4];
        };
        let bottom = (0..self.height()).rfind(occupied).unwrap_or(top);
        let (mut left, mut right) = (self.width(), 0);
        for y in top..=bottom {
            let row = self.row(y);
            // Only what lies outside of the box so far can widen it.
            if let Some(x) = row[..left].iter().position(|&byte| byte == 1) {
                left = x;
            }
            if let Some(x) = row[right..].iter().rposition(|&byte| byte == 1) {
                right += x;
            }
        }
        [left, top, right - left + 1, bottom - top + 1]
    }

    /// The mean (x, y) of the mask's pixel centres, (0.5, 0.5) being the first pixel's; none for an
    /// empty mask.
    #[must_use]
    pub fn centroid(&self) -> Option<(f64, f64)> {
        let (mut area, mut sum_x, mut sum_y) = (0_u64, 0_u64, 0_u64);
        for y in 0..self.height() {
            let (mut row_area, mut row_x) = (0_u64, 0_u64);
            for (x, &byte) in self.row(y).iter().enumerate() {
                row_area += u64::from(byte);
                row_x += u64::from(byte) * x as u64;
            }
            area += row_area;
            sum_x += row_x;
            sum_y += row_area * y as u64;
        }
        let mean = |sum: u64| sum as f64 / area as f64 + 0.5;
        (area > 0).then(|| (mean(sum_x), mean(sum_y)))
    }

    /// Area of the intersection over area of the union; 1 for two empty masks, none for masks of
    /// different sizes.
    #[must_use]
    pub fn intersection_over_union(&self, other: &Self) -> Option<f64> {
        if (self.width(), self.height()) != (other.width(), other.height()) {
            return None;
        }
        let (mut intersection, mut union) = (0_u64, 0_u64);
        for (a, b) in self.bytes().chunks(255).zip(other.bytes().chunks(255)) {
            intersection += u64::from(a.iter().zip(b).map(|(a, b)| a & b).sum::<u8>());
            union += u64::from(a.iter().zip(b).map(|(a, b)| a | b).sum::<u8>());
        }
        Some(if union == 0 {
            1.0
        } else {
            intersection as f64 / union as f64
        })
    }
}

/// How far the threshold is moved to either side; the reference's.
const STABILITY_OFFSET: f32 = 1.0;

/// How little a mask depends on its threshold: the area with logits above +1 over the area with
/// logits above -1 ("Segment Anything", appendix B). 0 when the latter is empty.
///
/// Counted in cells of the logits whose centre lies on the image rather than in its padding. The
/// reference counts pixels after upsampling, which costs far more and differs by interpolation only.
///
/// # Errors
/// When the logits do not have the size they say.
pub fn stability_score(logits: LogitsView<'_>, placement: &Placement) -> Result<f32, MaskError> {
    logits.check()?;
    let cells = |count: usize, resized_px: u32| {
        let inside =
            f64::from(resized_px) * count as f64 / f64::from(placement.input_size_px.max(1));
        ((inside - 0.5).ceil().max(1.0) as usize).min(count)
    };
    let columns = cells(logits.width, placement.resized_width_px);
    let rows = cells(logits.height, placement.resized_height_px);
    let (mut sure, mut possible) = (0_u32, 0_u32);
    for row in logits.values.chunks_exact(logits.width).take(rows) {
        for &logit in &row[..columns] {
            sure += u32::from(logit > STABILITY_OFFSET);
            possible += u32::from(logit > -STABILITY_OFFSET);
        }
    }
    Ok(if possible == 0 {
        0.0
    } else {
        (f64::from(sure) / f64::from(possible)) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::MaskLogits;

    fn pixels(width: usize, height: usize, inside: &[(usize, usize)]) -> Bitmap {
        Bitmap::from_fn(width, height, |x, y| inside.contains(&(x, y)))
    }

    #[test]
    fn an_empty_mask_has_no_box_and_no_centre() {
        let empty = Bitmap::new(5, 4);
        assert_eq!(empty.area(), 0);
        assert_eq!(empty.bounding_box(), [0; 4]);
        assert_eq!(empty.centroid(), None);
        assert_eq!(empty.intersection_over_union(&empty), Some(1.0));
    }

    #[test]
    fn boxes_count_whole_pixels() {
        assert_eq!(pixels(5, 4, &[(0, 0)]).bounding_box(), [0, 0, 1, 1]);
        assert_eq!(pixels(5, 4, &[(4, 3)]).bounding_box(), [4, 3, 1, 1]);
        let spread = pixels(9, 6, &[(3, 1), (7, 2), (2, 4)]);
        assert_eq!(spread.bounding_box(), [2, 1, 6, 4]);
        let full = Bitmap::from_fn(300, 7, |_, _| true);
        assert_eq!(full.bounding_box(), [0, 0, 300, 7]);
        assert_eq!(full.area(), 2100);
        assert_eq!(full.centroid(), Some((150.0, 3.5)));
    }

    #[test]
    fn agreement_is_a_ratio_of_areas() {
        let a = pixels(4, 1, &[(0, 0), (1, 0)]);
        let b = pixels(4, 1, &[(1, 0), (2, 0), (3, 0)]);
        assert_eq!(a.intersection_over_union(&b), Some(0.25));
        assert_eq!(a.intersection_over_union(&a), Some(1.0));
        assert_eq!(a.intersection_over_union(&Bitmap::new(1, 4)), None);
    }

    #[test]
    fn stability_ignores_the_padding() {
        let placement = Placement {
            image_width_px: 100,
            image_height_px: 50,
            resized_width_px: 8,
            resized_height_px: 4,
            input_size_px: 8,
        };
        // 4x4 cells of 2x2 input pixels: the two lower rows are padding.
        let mut logits = MaskLogits {
            width: 4,
            height: 4,
            values: vec![-5.0; 16],
        };
        assert_eq!(stability_score(logits.view(), &placement), Ok(0.0));
        logits.values[..4].copy_from_slice(&[5.0, 5.0, 5.0, 0.5]);
        assert_eq!(stability_score(logits.view(), &placement), Ok(0.75));
        logits.values[8..].fill(0.0);
        assert_eq!(stability_score(logits.view(), &placement), Ok(0.75));
        let whole = Placement {
            resized_height_px: 8,
            ..placement
        };
        assert_eq!(stability_score(logits.view(), &whole), Ok(0.25));
    }
}
