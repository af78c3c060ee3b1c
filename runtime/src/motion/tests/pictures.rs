//! Textures that moved by known maps.

use crate::geometry::{Homography, Point};

pub(super) const WIDTH: usize = 320;
pub(super) const HEIGHT: usize = 240;

pub(super) fn hash(x: i64, y: i64, seed: i64) -> f64 {
    let mut z = (x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B) ^ seed) as u64;
    z = (z ^ (z >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z >> 40) as f64 / (1_u64 << 24) as f64
}

/// Smooth noise of two sizes, 0..=255, at any place.
pub(super) fn texture(seed: i64, point: Point) -> f64 {
    let octave = |size: f64, seed: i64| {
        let (x, y) = (point.x_px / size, point.y_px / size);
        let (left, top) = (x.floor(), y.floor());
        let ease = |t: f64| t * t * (3.0 - 2.0 * t);
        let (u, v) = (ease(x - left), ease(y - top));
        let at = |dx: i64, dy: i64| hash(left as i64 + dx, top as i64 + dy, seed);
        let above = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
        let below = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
        above + (below - above) * v
    };
    (octave(23.0, seed) * 0.55 + octave(9.0, seed + 1) * 0.45) * 255.0
}

pub(super) fn picture(value: impl Fn(Point) -> f64) -> Vec<u8> {
    (0..WIDTH * HEIGHT)
        .map(|i| value(Point::new((i % WIDTH) as f64, (i / WIDTH) as f64)).clamp(0.0, 255.0) as u8)
        .collect()
}

/// What is seen of a texture that moved by `map`.
pub(super) fn moved(seed: i64, map: &Homography) -> Vec<u8> {
    let back = map.inverse();
    picture(|point| {
        back.apply(point)
            .map_or(0.0, |source| texture(seed, source))
    })
}
