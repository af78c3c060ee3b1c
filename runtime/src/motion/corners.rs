//! Corners, spread over an image.

/// Columns and rows of cells, each of which gives one corner at most.
const CELLS: (usize, usize) = (16, 12);
/// Corners at most.
pub(crate) const MOST_CORNERS: usize = CELLS.0 * CELLS.1;
/// No cell is narrower than this, pixels.
const SMALLEST_CELL_PX: usize = 5;
/// Corners are further apart than this, pixels.
const CLOSEST_PX: f32 = 4.5;
/// No corner is closer to the image's edge, where half of its window would be repeated pixels.
const MARGIN_PX: usize = 4;
/// Weaker responses are noise: a deviation of 2 gray levels alone gives about 2.
const WEAKEST_RESPONSE: f32 = 4.0;
/// Of the strongest response in the region.
const WEAKEST_SHARE: f32 = 0.002;

/// A corner, in pixels of the first level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Corner {
    pub(crate) place: [f32; 2],
    response: f32,
}

/// Picks corners, keeping its buffers.
#[derive(Clone, Debug)]
pub(crate) struct CornerPicker {
    best: Vec<Corner>,
}

impl Default for CornerPicker {
    fn default() -> Self {
        Self {
            best: Vec::with_capacity(MOST_CORNERS),
        }
    }
}

impl CornerPicker {
    /// Writes the pixel of the largest response in every cell of a grid over `region` (x0, y0, x1, y1;
    /// ends excluded), strongest first, weak and crowded ones left out. Of pixels that are not
    /// accepted, none is taken. `response` has one value for each pixel of the image's `size`.
    pub(crate) fn pick(
        &mut self,
        response: &[f32],
        size: (usize, usize),
        region: [usize; 4],
        mut accept: impl FnMut(usize, usize) -> bool,
        corners: &mut Vec<Corner>,
    ) {
        corners.clear();
        self.best.clear();
        let (width, height) = size;
        let [x0, y0, x1, y1] = region;
        let (x0, y0) = (x0.max(MARGIN_PX), y0.max(MARGIN_PX));
        let x1 = x1.min(width.saturating_sub(MARGIN_PX));
        let y1 = y1.min(height.saturating_sub(MARGIN_PX));
        if x0 >= x1 || y0 >= y1 {
            return;
        }
        let cell_width = (x1 - x0).div_ceil(CELLS.0).max(SMALLEST_CELL_PX);
        let cell_height = (y1 - y0).div_ceil(CELLS.1).max(SMALLEST_CELL_PX);
        for top in (y0..y1).step_by(cell_height) {
            for left in (x0..x1).step_by(cell_width) {
                let mut best = Corner {
                    place: [0.0; 2],
                    response: WEAKEST_RESPONSE,
                };
                for y in top..(top + cell_height).min(y1) {
                    let row = &response[y * width..][..width];
                    let columns = left..(left + cell_width).min(x1);
                    for (x, &response) in columns.clone().zip(&row[columns]) {
                        if response > best.response && accept(x, y) {
                            best = Corner {
                                place: [x as f32, y as f32],
                                response,
                            };
                        }
                    }
                }
                if best.response > WEAKEST_RESPONSE {
                    self.best.push(best);
                }
            }
        }
        // Places break ties, so that the order is one and only.
        self.best.sort_unstable_by(|a, b| {
            let strongest = b.response.total_cmp(&a.response);
            strongest
                .then(a.place[1].total_cmp(&b.place[1]))
                .then(a.place[0].total_cmp(&b.place[0]))
        });
        let weakest = self
            .best
            .first()
            .map_or(0.0, |best| best.response * WEAKEST_SHARE);
        for corner in self.best.iter().filter(|corner| corner.response >= weakest) {
            let crowded = corners.iter().any(|other| {
                let [dx, dy] = [0, 1].map(|axis| other.place[axis] - corner.place[axis]);
                dx * dx + dy * dy < CLOSEST_PX * CLOSEST_PX
            });
            if !crowded {
                corners.push(*corner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(
        response: &[f32],
        region: [usize; 4],
        accept: fn(usize, usize) -> bool,
    ) -> Vec<Corner> {
        let mut corners = Vec::new();
        CornerPicker::default().pick(response, (64, 48), region, accept, &mut corners);
        corners
    }

    #[test]
    fn corners_are_strong_apart_and_accepted() {
        let mut response = vec![1.0; 64 * 48];
        for (x, y, strength) in [
            (20, 20, 900.0),
            (22, 21, 800.0),
            (40, 30, 500.0),
            (50, 40, 300.0),
            (1, 1, 999.0),
            (30, 10, 1.1),
        ] {
            response[y * 64 + x] = strength;
        }
        let places = |corners: &[Corner]| corners.iter().map(|c| c.place).collect::<Vec<_>>();
        let all = picked(&response, [0, 0, 64, 48], |_, _| true);
        assert_eq!(places(&all), [[20.0, 20.0], [40.0, 30.0], [50.0, 40.0]]);
        let right = picked(&response, [0, 0, 64, 48], |x, _| x > 45);
        assert_eq!(places(&right), [[50.0, 40.0]]);
        let region = picked(&response, [35, 25, 45, 35], |_, _| true);
        assert_eq!(places(&region), [[40.0, 30.0]]);
        assert!(picked(&response, [60, 60, 9, 9], |_, _| true).is_empty());
    }

    #[test]
    fn there_are_never_more_than_the_capacity() {
        let response: Vec<f32> = (0..64 * 48).map(|i| 10.0 + (i * 37 % 101) as f32).collect();
        let corners = picked(&response, [0, 0, 64, 48], |_, _| true);
        assert!(corners.len() > 20 && corners.len() <= MOST_CORNERS);
    }
}
