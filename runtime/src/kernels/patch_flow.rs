//! Finding small windows of one image in another: a level of pyramidal Lucas-Kanade.
//!
//! No product is fused with a sum and every sum has a fixed order, so each instruction set gives the
//! same digits.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::image_plane::{BORDER, ImagePlane};
use super::sampler::Sampler;

/// Side of the window, pixels.
pub(crate) const SIDE: usize = 16;
const COUNT: f32 = (SIDE * SIDE) as f32;
/// Steps of the search on one level.
const STEPS: usize = 8;
/// A search ends with a step shorter than this, pixels.
const SHORTEST_STEP_PX: f32 = 0.02;
/// A search that goes further than this on one level has lost its way, pixels.
const LONGEST_WAY_PX: f32 = SIDE as f32 / 2.0;
/// Windows whose smaller eigenvalue (squared gray levels per pixel) is less have no place.
const WEAKEST_TEXTURE: f32 = 0.05;

const _: () = assert!(BORDER >= SIDE / 2 + 4);

/// A window followed from the source to the target, in pixels of the finest level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchTrack {
    pub(crate) source: [f32; 2],
    /// At first where to start, then where it was found.
    pub(crate) target: [f32; 2],
    /// Whether it was found so far.
    pub(crate) found: bool,
    /// Of the finest level: squared differences left, as a share of the window's own variance.
    pub(crate) mismatch: f32,
}

/// A pair of images of one level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LevelPair<'a> {
    pub(crate) source: ImagePlane<'a>,
    pub(crate) target: ImagePlane<'a>,
    /// 0 for the finest, 1 for half of its size, ...
    pub(crate) level: u32,
}

/// Improves the place of every track that is still found. Differences in brightness are taken out
/// of each window; windows are weighted evenly.
///
/// Source: Bouguet, "Pyramidal Implementation of the Lucas Kanade Feature Tracker", Intel 2000, with
/// the window's mean removed.
pub(crate) fn track_patches(pair: LevelPair<'_>, tracks: &mut [PatchTrack]) {
    track_patches_on(InstructionSet::widest(), pair, tracks);
}

per_instruction_set!(track_patches_on(pair: LevelPair<'_>, tracks: &mut [PatchTrack]) = track_patches_body);

#[inline(always)]
fn track_patches_body<const FUSED: bool>(pair: LevelPair<'_>, tracks: &mut [PatchTrack]) {
    let scale = 1.0 / (1_u32 << pair.level) as f32;
    for track in tracks.iter_mut().filter(|track| track.found) {
        let to_level = |place: f32| (place + 0.5) * scale - 0.5;
        let from_level = |place: f32| (place + 0.5) / scale - 0.5;
        let source = track.source.map(to_level);
        let start = track.target.map(to_level);
        let inside = holds(pair.source, source) && holds(pair.target, start);
        let result = if inside {
            search(pair, source, start)
        } else {
            None
        };
        match result {
            Some((target, mismatch)) => {
                track.target = target.map(from_level);
                track.mismatch = mismatch;
            }
            // A coarse level may know nothing of a small thing; the finest must.
            None => track.found = pair.level != 0,
        }
    }
}

/// Whether the centre of a window lies where the border suffices for it. False for NaN.
#[inline(always)]
fn holds(plane: ImagePlane<'_>, [x, y]: [f32; 2]) -> bool {
    x >= -1.0 && y >= -1.0 && x <= plane.width() as f32 && y <= plane.height() as f32
}

/// Where the window is found, and its mismatch.
#[inline(always)]
fn search(pair: LevelPair<'_>, source: [f32; 2], start: [f32; 2]) -> Option<([f32; 2], f32)> {
    let window = Window::cut(pair.source, source);
    let [xx, xy, yy] = window.structure;
    let determinant = xx * yy - xy * xy;
    let half_difference = (xx - yy) * 0.5;
    let smaller = (xx + yy) * 0.5 - (half_difference * half_difference + xy * xy).sqrt();
    if smaller < WEAKEST_TEXTURE * COUNT || determinant <= 0.0 {
        return None;
    }
    let mut target = start;
    for _ in 0..STEPS {
        let [x, y, _] = window.compare(pair.target, target);
        let step = [
            (yy * x - xy * y) / determinant,
            (xx * y - xy * x) / determinant,
        ];
        target = [target[0] + step[0], target[1] + step[1]];
        let way = [target[0] - start[0], target[1] - start[1]];
        if !holds(pair.target, target) || length(way) > LONGEST_WAY_PX {
            return None;
        }
        if length(step) < SHORTEST_STEP_PX {
            break;
        }
    }
    let mismatch = if pair.level == 0 {
        let [.., squares] = window.compare(pair.target, target);
        squares / window.variance
    } else {
        0.0
    };
    Some((target, mismatch))
}

#[inline(always)]
fn length([x, y]: [f32; 2]) -> f32 {
    (x * x + y * y).sqrt()
}

type Lanes = [f32; SIDE];

/// A window of the source with its gradient.
struct Window {
    values: [Lanes; SIDE],
    gradient_x: [Lanes; SIDE],
    gradient_y: [Lanes; SIDE],
    /// Sums of the gradients.
    sums: [f32; 2],
    /// Sums of the gradients' products xx, xy, yy, without their means.
    structure: [f32; 3],
    /// Sum of the squared values, without their mean.
    variance: f32,
}

impl Window {
    #[inline(always)]
    fn cut(plane: ImagePlane<'_>, centre: [f32; 2]) -> Self {
        let mut wide = [[0.0; SIDE + 2]; SIDE + 2];
        let sampler = Sampler::new(plane, centre, SIDE + 2);
        for (row, out) in wide.iter_mut().enumerate() {
            *out = sampler.row(row);
        }
        let mut window = Self {
            values: [[0.0; SIDE]; SIDE],
            gradient_x: [[0.0; SIDE]; SIDE],
            gradient_y: [[0.0; SIDE]; SIDE],
            sums: [0.0; 2],
            structure: [0.0; 3],
            variance: 0.0,
        };
        let mut lanes = [[0.0; SIDE]; 7];
        for y in 0..SIDE {
            for x in 0..SIDE {
                let value = wide[y + 1][x + 1];
                let dx = (wide[y + 1][x + 2] - wide[y + 1][x]) * 0.5;
                let dy = (wide[y + 2][x + 1] - wide[y][x + 1]) * 0.5;
                window.values[y][x] = value;
                window.gradient_x[y][x] = dx;
                window.gradient_y[y][x] = dy;
                let terms = [dx, dy, dx * dx, dx * dy, dy * dy, value, value * value];
                for (lane, term) in lanes.iter_mut().zip(terms) {
                    lane[x] += term;
                }
            }
        }
        let [x, y, xx, xy, yy, value, square] = lanes.map(total);
        window.sums = [x, y];
        window.structure = [xx - x * x / COUNT, xy - x * y / COUNT, yy - y * y / COUNT];
        window.variance = (square - value * value / COUNT).max(f32::MIN_POSITIVE);
        window
    }

    /// Of the differences (source less target, without their mean): sums of the products with both
    /// gradients, and of the squares.
    #[inline(always)]
    fn compare(&self, plane: ImagePlane<'_>, centre: [f32; 2]) -> [f32; 3] {
        let sampler = Sampler::new(plane, centre, SIDE);
        let mut lanes = [[0.0; SIDE]; 4];
        for y in 0..SIDE {
            let seen: Lanes = sampler.row(y);
            for x in 0..SIDE {
                let difference = self.values[y][x] - seen[x];
                lanes[0][x] += difference;
                lanes[1][x] += difference * self.gradient_x[y][x];
                lanes[2][x] += difference * self.gradient_y[y][x];
                lanes[3][x] += difference * difference;
            }
        }
        let [sum, by_x, by_y, squares] = lanes.map(total);
        let mean = sum / COUNT;
        [
            by_x - mean * self.sums[0],
            by_y - mean * self.sums[1],
            squares - mean * sum,
        ]
    }
}

#[inline(always)]
fn total(lanes: Lanes) -> f32 {
    let mut lanes = lanes;
    let mut width = SIDE / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::super::image_plane::{fill_border, plane_length, row_mut};
    use super::*;

    fn waves(width: usize, height: usize, [dx, dy]: [f32; 2], light: f32) -> Vec<f32> {
        let mut values = vec![0.0; plane_length(width, height)];
        for y in 0..height {
            for (x, out) in row_mut(&mut values, width, y).iter_mut().enumerate() {
                let (x, y) = (f64::from(x as f32 - dx), f64::from(y as f32 - dy));
                let wave = libm::sin(0.31 * x + 0.1 * y) + libm::sin(0.27 * y - 0.13 * x);
                *out = 120.0 + 40.0 * wave as f32 + light;
            }
        }
        fill_border(&mut values, width, height);
        values
    }

    #[test]
    fn windows_are_found_to_a_fiftieth_of_a_pixel_on_every_instruction_set() {
        let (width, height) = (64, 48);
        let shift = [1.37, -0.82];
        let source = waves(width, height, [0.0; 2], 0.0);
        let target = waves(width, height, shift, 15.0);
        let pair = LevelPair {
            source: ImagePlane::new(&source, width, height),
            target: ImagePlane::new(&target, width, height),
            level: 0,
        };
        let track = |x: f32, y: f32| PatchTrack {
            source: [x, y],
            target: [x, y],
            found: true,
            mismatch: 0.0,
        };
        let tracks = [track(30.0, 20.0), track(22.3, 30.9), track(40.5, 15.5)];
        let mut expected: Option<Vec<[f32; 2]>> = None;
        for set in InstructionSet::available() {
            let mut tracks = tracks;
            track_patches_on(set, pair, &mut tracks);
            for track in &tracks {
                assert!(track.found && track.mismatch < 1e-3, "{track:?}");
                let error = [0, 1].map(|i| track.target[i] - track.source[i] - shift[i]);
                assert!(length(error) < 0.02, "{set:?} {track:?}");
            }
            let found = tracks.map(|track| track.target).to_vec();
            assert_eq!(expected.get_or_insert_with(|| found.clone()), &found);
        }
    }

    #[test]
    fn what_has_no_place_is_not_found() {
        let (width, height) = (40, 40);
        let flat = vec![90.0; plane_length(width, height)];
        let plane = ImagePlane::new(&flat, width, height);
        let pair = LevelPair {
            source: plane,
            target: plane,
            level: 0,
        };
        for place in [[20.0, 20.0], [f32::NAN, 3.0], [-50.0, 3.0], [3.0, 1e30]] {
            let mut tracks = [PatchTrack {
                source: place,
                target: place,
                found: true,
                mismatch: 0.0,
            }];
            track_patches(pair, &mut tracks);
            assert!(!tracks[0].found, "{place:?}");
        }
    }
}
