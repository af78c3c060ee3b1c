//! How far pixels are from the edge of a mask.

/// Steps to a neighbour by a side and over a corner: what comes closest to the Euclidean distance (Borgefors 1986).
const SIDE: f32 = 0.955;
const CORNER: f32 = 1.3693;

/// For each pixel of a mask with rows of this width, the distance to the next pixel that is on the other side of the mask's
/// edge, in pixels; infinite where there is none. Images have no edge at their sides.
pub(super) fn distances_to_edge(inside: &[bool], width: usize, distances: &mut Vec<f32>) {
    let height = inside.len() / width.max(1);
    distances.clear();
    distances.resize(inside.len(), f32::INFINITY);
    let mut take = |x: usize, y: usize, steps: [(isize, isize, f32); 4]| {
        let at = y * width + x;
        let mut least = distances[at];
        for (dx, dy, step) in steps {
            let (Some(x), Some(y)) = (x.checked_add_signed(dx), y.checked_add_signed(dy)) else {
                continue;
            };
            if x < width && y < height {
                let next = y * width + x;
                let beyond = inside[next] != inside[at];
                let from = if beyond { 0.0 } else { distances[next] };
                least = least.min(from + step);
            }
        }
        distances[at] = least;
    };
    for y in 0..height {
        for x in 0..width {
            take(
                x,
                y,
                [
                    (-1, 0, SIDE),
                    (-1, -1, CORNER),
                    (0, -1, SIDE),
                    (1, -1, CORNER),
                ],
            );
        }
    }
    for y in (0..height).rev() {
        for x in (0..width).rev() {
            take(
                x,
                y,
                [(1, 0, SIDE), (1, 1, CORNER), (0, 1, SIDE), (-1, 1, CORNER)],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_nearly_euclidean_on_both_sides() {
        let (width, height) = (40_usize, 30_usize);
        let inside = |x: i32, y: i32| (x - 13).pow(2) + (y - 11).pow(2) < 80 || x > 36;
        let all: Vec<(i32, i32)> = (0..height as i32)
            .flat_map(|y| (0..width as i32).map(move |x| (x, y)))
            .collect();
        let mask: Vec<bool> = all.iter().map(|(x, y)| inside(*x, *y)).collect();
        let mut distances = vec![7.0; 3];
        distances_to_edge(&mask, width, &mut distances);
        for ((x, y), found) in all.iter().zip(&distances) {
            let others = all
                .iter()
                .filter(|other| inside(other.0, other.1) != inside(*x, *y));
            let squares = others.map(|other| (other.0 - x).pow(2) + (other.1 - y).pow(2));
            let expected = (squares.min().unwrap() as f32).sqrt();
            assert!(
                (found - expected).abs() < 0.09 * expected,
                "{x} {y}: {found} {expected}"
            );
        }
    }

    #[test]
    fn without_an_edge_all_is_infinitely_far() {
        let mut distances = Vec::new();
        distances_to_edge(&[true; 12], 4, &mut distances);
        assert_eq!(distances, [f32::INFINITY; 12]);
        distances_to_edge(&[], 0, &mut distances);
        assert!(distances.is_empty());
        distances_to_edge(&[true, false, false], 1, &mut distances);
        assert_eq!(distances, [SIDE, SIDE, 2.0 * SIDE]);
    }
}
