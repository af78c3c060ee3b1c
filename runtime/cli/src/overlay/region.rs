//! A mask on a photograph: its own part tinted, the rest dimmed, a line between.

use super::palette::Colour;

/// How much of the hue the masked part takes on.
const TINT: f32 = 0.4;
/// What is left of the light elsewhere.
const DIM: f32 = 0.44;
/// How far colours elsewhere are drawn to grey.
const FADE: f32 = 0.45;

/// How far the line's colour is drawn to white.
const LIGHT: f32 = 0.5;
/// How dark the rim around the line is.
const SHADE: f32 = 0.7;

/// Draws a mask, given as how much of each pixel it covers, on packed RGB pixels of this width.
/// `enlargement` is the size of one of its own pixels there; lines are `unit` wide, give or take.
pub(super) fn highlight(
    pixels: &mut [u8],
    coverage: &[u8],
    width: u32,
    enlargement: f32,
    unit: f32,
    hue: Colour,
) {
    let width = width as usize;
    let smooth = smoothed(coverage, width, enlargement);
    let line = grown(&smooth, width, 2.5 * unit);
    let halo = grown(&smooth, width, 4.2 * unit);
    let hue = hue.map(f32::from);
    // Lighter than any tint of the same hue, so that the line is seen from both sides.
    let bright = hue.map(|value| value + (255.0 - value) * LIGHT);
    for (at, pixel) in pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let inside = smooth[at];
        let line = line[at] - inside;
        let halo = halo[at] - inside - line;
        let colour = pixel.map(f32::from);
        let grey = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
        for (channel, byte) in pixel.iter_mut().enumerate() {
            let tinted = colour[channel] * (1.0 - TINT) + hue[channel] * TINT;
            let dimmed = (colour[channel] * (1.0 - FADE) + grey * FADE) * DIM;
            let rest = 1.0 - inside - line - halo * SHADE;
            let sum = tinted * inside + bright[channel] * line + dimmed * rest;
            *byte = (sum + 0.5) as u8;
        }
    }
}

/// Coverage as 0..=1, its steps rounded off and its edges a pixel wide.
fn smoothed(coverage: &[u8], width: usize, enlargement: f32) -> Vec<f32> {
    let height = coverage.len() / width.max(1);
    let sharp: Vec<f32> = coverage.iter().map(|&c| f32::from(c) / 255.0).collect();
    let reach = (1.2 * enlargement).round().clamp(1.0, 24.0) as usize;
    let turned = transposed(&blurred_rows(&sharp, width, reach), width);
    let blurred = transposed(&blurred_rows(&turned, height, reach), height);
    let flat = 0.15 / (reach + 1) as f32;
    let mut smooth = blurred.clone();
    for y in 0..height {
        for x in 0..width {
            let at = |x: usize, y: usize| blurred[y * width + x];
            let value = at(x, y);
            let dx = at((x + 1).min(width - 1), y) - at(x.saturating_sub(1), y);
            let dy = at(x, (y + 1).min(height - 1)) - at(x, y.saturating_sub(1));
            let slope = (dx * dx + dy * dy).sqrt() / 2.0;
            // How far the edge is away, by the slope; where there is none, as on a speck, the value
            // stays.
            smooth[y * width + x] = if slope < flat {
                value
            } else {
                (0.5 + (value - 0.5) / slope).clamp(0.0, 1.0)
            };
        }
    }
    smooth
}

/// Rows under a triangle of this reach; the border is repeated.
fn blurred_rows(values: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let reach = reach as isize;
    let total = ((reach + 1) * (reach + 1)) as f32;
    let mut blurred = vec![0.0; values.len()];
    for (out, row) in blurred
        .chunks_exact_mut(width)
        .zip(values.chunks_exact(width))
    {
        for (x, out) in out.iter_mut().enumerate() {
            let sum: f32 = (-reach..=reach)
                .map(|offset| {
                    let weight = (reach + 1 - offset.abs()) as f32;
                    let at = (x as isize + offset).clamp(0, width as isize - 1);
                    weight * row[at as usize]
                })
                .sum();
            *out = sum / total;
        }
    }
    blurred
}

fn transposed(values: &[f32], width: usize) -> Vec<f32> {
    (0..width)
        .flat_map(|x| values.iter().skip(x).step_by(width).copied())
        .collect()
}

/// Coverage grown by a disc whose rim is a pixel soft.
fn grown(coverage: &[f32], width: usize, radius: f32) -> Vec<f32> {
    let height = coverage.len() / width.max(1);
    let reach = radius.ceil() as isize;
    let mut disc = Vec::new();
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let distance = ((dx * dx + dy * dy) as f32).sqrt();
            let weight = (radius + 0.5 - distance).clamp(0.0, 1.0);
            if weight > 0.0 {
                disc.push((dx, dy, weight));
            }
        }
    }
    let mut grown = coverage.to_vec();
    for &(dx, dy, weight) in &disc {
        let rows = (-dy).max(0)..(height as isize).min(height as isize - dy);
        let columns = (-dx).max(0)..(width as isize).min(width as isize - dx);
        if columns.is_empty() {
            continue;
        }
        for y in rows {
            let target = y as usize * width;
            let source = (y + dy) as usize * width;
            let span = columns.start as usize..columns.end as usize;
            let from = (columns.start + dx) as usize..(columns.end + dx) as usize;
            let values = &coverage[source..][from];
            for (out, &value) in grown[target..][span].iter_mut().zip(values) {
                *out = out.max(value * weight);
            }
        }
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_moves_an_edge_by_the_radius() {
        let width = 21;
        let mut coverage = vec![0.0; width * width];
        coverage[10 * width + 10] = 1.0;
        let grown = grown(&coverage, width, 3.0);
        for (x, inside) in [(10, 1.0), (13, 0.5), (14, 0.0), (7, 0.5), (6, 0.0)] {
            assert_eq!(grown[10 * width + x], inside, "{x}");
            assert_eq!(grown[x * width + 10], inside, "{x}");
        }
    }

    #[test]
    fn inside_takes_the_hue_and_outside_is_dimmed() {
        let (width, height) = (40, 10);
        let coverage: Vec<u8> = (0..width * height)
            .map(|at| if at % width < 20 { 255 } else { 0 })
            .collect();
        let mut pixels = vec![100; width * height * 3];
        highlight(&mut pixels, &coverage, width as u32, 1.0, 1.0, [0, 0, 255]);
        let pixel = |x: usize| &pixels[(5 * width + x) * 3..][..3];
        assert_eq!(pixel(5), [60, 60, 162]);
        assert_eq!(pixel(35), [44, 44, 44]);
        // The line just outside is brighter than either, and rimmed with dark.
        assert!(pixel(20)[2] > 200, "{:?}", pixel(20));
        assert!(pixel(22)[2] < 30, "{:?}", pixel(22));
    }
}
