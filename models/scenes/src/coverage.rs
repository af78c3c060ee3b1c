//! An outline's pixels: how much of each pixel it covers, inside its bounding box.

use crate::contour::Contour;
use crate::noise::fractal;
use tiny_skia::{FillRule, Mask, PathBuilder, Transform};

/// Coverage in 0..=1 of the pixels of a rectangle that lies inside the canvas.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// Left edge, canvas pixels.
    pub x: usize,
    /// Top edge, canvas pixels.
    pub y: usize,
    /// Pixels per row; never zero.
    pub width: usize,
    /// Rows; never zero.
    pub height: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

impl Coverage {
    /// The pixels that `contour` (canvas pixels) covers, anti-aliased; nothing if it lies off the
    /// canvas.
    pub fn of(contour: &Contour, canvas_width: usize, canvas_height: usize) -> Option<Self> {
        let [left, top, right, bottom] = contour.bounds()?;
        let x = left.floor().clamp(0.0, canvas_width as f32) as usize;
        let y = top.floor().clamp(0.0, canvas_height as f32) as usize;
        let x_end = right.ceil().clamp(0.0, canvas_width as f32) as usize;
        let y_end = bottom.ceil().clamp(0.0, canvas_height as f32) as usize;
        if x_end <= x || y_end <= y {
            return None;
        }
        let mut path = PathBuilder::new();
        for ring in &contour.rings {
            let (first, rest) = ring.split_first()?;
            path.move_to(first[0], first[1]);
            for point in rest {
                path.line_to(point[0], point[1]);
            }
            path.close();
        }
        let (width, height) = (x_end - x, y_end - y);
        let mut mask = Mask::new(width as u32, height as u32)?;
        let rule = if contour.holes {
            FillRule::EvenOdd
        } else {
            FillRule::Winding
        };
        let shift = Transform::from_translate(-(x as f32), -(y as f32));
        mask.fill_path(&path.finish()?, rule, true, shift);
        let values = mask
            .data()
            .iter()
            .map(|byte| f32::from(*byte) / 255.0)
            .collect();
        Some(Self {
            x,
            y,
            width,
            height,
            values,
        })
    }

    /// The whole canvas.
    pub fn full(width: usize, height: usize) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
            values: vec![1.0; width * height],
        }
    }

    /// What any of `parts` covers; nothing if there are none.
    pub fn union(parts: &[Self]) -> Option<Self> {
        let x = parts.iter().map(|part| part.x).min()?;
        let y = parts.iter().map(|part| part.y).min()?;
        let width = parts.iter().map(|part| part.x + part.width).max()? - x;
        let height = parts.iter().map(|part| part.y + part.height).max()? - y;
        let mut values = vec![0.0f32; width * height];
        for part in parts {
            for row in 0..part.height {
                let target = (row + part.y - y) * width + part.x - x;
                let source = &part.values[row * part.width..(row + 1) * part.width];
                for (value, covered) in values[target..target + part.width].iter_mut().zip(source) {
                    *value = value.max(*covered);
                }
            }
        }
        Some(Self {
            x,
            y,
            width,
            height,
            values,
        })
    }

    /// Moved by whole pixels; nothing if that leaves the canvas.
    pub fn shifted(&self, by: (isize, isize), canvas: (usize, usize)) -> Option<Self> {
        let left = self.x as isize + by.0;
        let top = self.y as isize + by.1;
        let (x, y) = (left.max(0) as usize, top.max(0) as usize);
        let right = (left + self.width as isize).min(canvas.0 as isize);
        let bottom = (top + self.height as isize).min(canvas.1 as isize);
        if right <= x as isize || bottom <= y as isize {
            return None;
        }
        let (width, height) = (right as usize - x, bottom as usize - y);
        let (skip_x, skip_y) = ((x as isize - left) as usize, (y as isize - top) as usize);
        let values = (0..height).flat_map(|row| {
            let start = (row + skip_y) * self.width + skip_x;
            self.values[start..start + width].iter().copied()
        });
        Some(Self {
            x,
            y,
            width,
            height,
            values: values.collect(),
        })
    }

    /// With a ragged edge, as of fur, grass or torn paper: every pixel looks up to `reach` pixels
    /// aside, by noise of period `period` pixels.
    pub fn ragged(&self, seed: u32, reach: f32, period: f32) -> Self {
        let mut ragged = self.clone();
        for row in 0..self.height {
            for column in 0..self.width {
                let (u, v) = (column as f32 / period, row as f32 / period);
                let aside = |seed| ((fractal(seed, u, v, 2) - 0.5) * 2.0 * reach) as isize;
                let x = (column as isize + aside(seed)).clamp(0, self.width as isize - 1);
                let y = (row as isize + aside(seed ^ 1)).clamp(0, self.height as isize - 1);
                ragged.values[row * self.width + column] =
                    self.values[y as usize * self.width + x as usize];
            }
        }
        ragged
    }

    /// Coverage at a canvas pixel; zero outside the rectangle.
    pub fn at(&self, x: usize, y: usize) -> f32 {
        if x < self.x || y < self.y || x >= self.x + self.width || y >= self.y + self.height {
            return 0.0;
        }
        self.values[(y - self.y) * self.width + x - self.x]
    }

    /// Keeps what `other` covers too.
    pub fn clip(mut self, other: &Self) -> Self {
        for row in 0..self.height {
            for column in 0..self.width {
                self.values[row * self.width + column] *= other.at(self.x + column, self.y + row);
            }
        }
        self
    }

    /// Pixels covered, in pixels.
    pub fn area(&self) -> f32 {
        self.values.iter().sum()
    }

    /// Soft copy: grown by `margin` on every side (cut at the canvas), then blurred three times
    /// by a box of `radius`, which is close to a Gaussian of 1.7 radii.
    pub fn blurred(&self, radius: usize, margin: usize, canvas: (usize, usize)) -> Self {
        let (x, y) = (self.x.saturating_sub(margin), self.y.saturating_sub(margin));
        let width = (self.x + self.width + margin).min(canvas.0) - x;
        let height = (self.y + self.height + margin).min(canvas.1) - y;
        let mut values = vec![0.0; width * height];
        for row in 0..self.height {
            let target = (row + self.y - y) * width + self.x - x;
            values[target..target + self.width]
                .copy_from_slice(&self.values[row * self.width..(row + 1) * self.width]);
        }
        box_blur(&mut values, (width, height), radius, 3);
        Self {
            x,
            y,
            width,
            height,
            values,
        }
    }
}

/// Blurs a plane of `size` (width and height) both ways by a box of `2 radius + 1`, `times` times.
pub(crate) fn box_blur(values: &mut [f32], size: (usize, usize), radius: usize, times: usize) {
    let (width, height) = size;
    let mut scratch = vec![0.0; values.len()];
    for _ in 0..times {
        box_blur_transposed(values, &mut scratch, width, height, radius);
        box_blur_transposed(&scratch, values, height, width, radius);
    }
}

/// Blurs each row by a box of `2 radius + 1` (edge values repeat) and writes the transpose.
fn box_blur_transposed(
    source: &[f32],
    target: &mut [f32],
    width: usize,
    height: usize,
    radius: usize,
) {
    let scale = 1.0 / (2 * radius + 1) as f32;
    let last = width - 1;
    for row in 0..height {
        let line = &source[row * width..(row + 1) * width];
        let mut sum = line[0] * (radius + 1) as f32;
        for offset in 1..=radius {
            sum += line[offset.min(last)];
        }
        for column in 0..width {
            target[column * height + row] = sum * scale;
            sum += line[(column + radius + 1).min(last)] - line[column.saturating_sub(radius)];
        }
    }
}
