//! From paint to a camera's bytes: light, lens, sensor, compression.

use crate::canvas::Canvas;
use crate::coverage::box_blur;
use crate::noise::{lattice, value};
use crate::palette::Colour;
use crate::random::Random;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ExtendedColorType, ImageDecoder};

/// One planar channel set: three planes of `width * height`.
struct Planes {
    width: usize,
    height: usize,
    channels: [Vec<f32>; 3],
}

/// Blurs paint as a lens out of focus does, by a box of `radius` twice.
pub fn defocus(canvas: &mut Canvas, radius: usize) {
    let mut planes = Planes::of(canvas);
    planes.blur(radius);
    for (index, colour) in canvas.colours.iter_mut().enumerate() {
        *colour = std::array::from_fn(|channel| planes.channels[channel][index]);
    }
}

/// What a camera makes of the paint: packed RGB, 8 bits. Two frames of one clip have the same
/// `random`, which decides about the camera, and another `grain`: noise that stood still would be
/// texture.
pub fn expose(canvas: &Canvas, random: &mut Random, grain: u32) -> Vec<u8> {
    let mut planes = Planes::of(canvas);
    light(&mut planes, random);
    lens(&mut planes, random);
    sensor(&mut planes, random, grain);
    let mut bytes = vec![0; canvas.width * canvas.height * 3];
    for (index, pixel) in bytes.chunks_exact_mut(3).enumerate() {
        for (byte, plane) in pixel.iter_mut().zip(&planes.channels) {
            *byte = (plane[index].clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        }
    }
    if random.chance(0.6) {
        let quality = random.count(25, 95) as u8;
        if let Some(compressed) = compressed(&bytes, canvas.width, canvas.height, quality) {
            bytes = compressed;
        }
    }
    bytes
}

/// The same without lens, noise and compression: exposure alone.
pub fn expose_fast(canvas: &Canvas) -> Vec<u8> {
    let grey = |colour: &Colour| (colour[0] + colour[1] + colour[2]).min(6.0);
    // A light meter that looks at some pixels is quick and steady enough.
    let (mut sum, mut count) = (0.0, 0.0);
    for colour in canvas.colours.iter().step_by(61) {
        sum += grey(colour) / 3.0;
        count += 1.0;
    }
    let gain = (0.42 * count / f32::max(sum, 1e-3)).clamp(0.2, 5.0) * 255.0;
    let bytes = canvas.colours.iter().flatten();
    bytes
        .map(|channel| (channel * gain).clamp(0.0, 255.0) as u8)
        .collect()
}

/// Uneven light, vignette, white balance, exposure, contrast.
fn light(planes: &mut Planes, random: &mut Random) {
    // An exposure meter's aim, which it misses by a little.
    let target = (0.45 + 0.13 * random.normal()).clamp(0.12, 0.75);
    let exposure = (target / planes.mean().max(0.02)).clamp(0.3, 3.0);
    let balance: Colour = std::array::from_fn(|_| exposure * (1.0 + random.normal() * 0.05));
    let contrast = random.range(0.75, 1.25);
    let lift = random.normal() * 0.03;
    let saturation = if random.chance(0.06) {
        0.0
    } else {
        random.range(0.5, 1.3)
    };
    let vignette = if random.chance(0.3) {
        random.range(0.0, 0.5)
    } else {
        0.0
    };
    let uneven = if random.chance(0.5) {
        random.range(0.0, 0.5)
    } else {
        0.0
    };
    let (seed, scale) = (random.seed(), random.range(1.0, 3.0));
    let (width, height) = (planes.width as f32, planes.height as f32);
    for index in 0..planes.width * planes.height {
        let x = (index % planes.width) as f32 / width;
        let y = (index / planes.width) as f32 / height;
        let edge = (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5);
        let lamp = (1.0 - vignette * edge * 2.0)
            * (1.0 + uneven * (value(seed, x * scale, y * scale) - 0.5));
        let colour: Colour = std::array::from_fn(|channel| {
            planes.channels[channel][index] * balance[channel] * lamp
        });
        let grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
        for (channel, plane) in planes.channels.iter_mut().enumerate() {
            let vivid = grey + (colour[channel] - grey) * saturation;
            plane[index] = (vivid - 0.5) * contrast + 0.5 + lift;
        }
    }
}

/// Blur by focus or motion, or the halo of a sharpening camera.
fn lens(planes: &mut Planes, random: &mut Random) {
    match random.weighted(&[0.45, 0.25, 0.1, 0.2]) {
        1 => planes.blur(random.count(1, 2)),
        2 => {
            let (length, angle) = (random.range(2.0, 9.0), random.angle());
            planes.smear(length * libm::cosf(angle), length * libm::sinf(angle));
        }
        3 => {
            let mut soft = Planes {
                channels: planes.channels.clone(),
                ..*planes
            };
            soft.blur(1);
            let strength = random.range(0.2, 1.2);
            for (sharp, soft) in planes.channels.iter_mut().zip(&soft.channels) {
                for (value, soft) in sharp.iter_mut().zip(soft) {
                    *value += strength * (*value - soft);
                }
            }
        }
        _ => {}
    }
}

/// Shot and read noise, sometimes coarse in colour as after denoising.
fn sensor(planes: &mut Planes, random: &mut Random, grain: u32) {
    if random.chance(0.35) {
        return;
    }
    let strength = random.log_range(0.004, 0.07);
    let coarse = if random.chance(0.3) { 0.5 } else { 1.0 };
    let width = planes.width;
    for plane in &mut planes.channels {
        let seed = random.seed() ^ grain;
        for (index, value) in plane.iter_mut().enumerate() {
            let x = ((index % width) as f32 * coarse) as i32;
            let y = ((index / width) as f32 * coarse) as i32;
            // The sum of three uniforms is close enough to a normal.
            let noise =
                lattice(seed, x, y) + lattice(seed ^ 7, x, y) + lattice(seed ^ 11, x, y) - 1.5;
            *value += noise * 2.0 * strength * (0.4 + value.clamp(0.0, 1.0).sqrt());
        }
    }
}

/// Through a JPEG file and back; nothing if the codec refuses, which it has no reason to.
fn compressed(bytes: &[u8], width: usize, height: usize, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode(bytes, width as u32, height as u32, ExtendedColorType::Rgb8)
        .ok()?;
    let decoder = JpegDecoder::new(std::io::Cursor::new(file)).ok()?;
    let mut decoded = vec![0; bytes.len()];
    decoder.read_image(&mut decoded).ok()?;
    Some(decoded)
}

impl Planes {
    fn of(canvas: &Canvas) -> Self {
        let plane = |channel: usize| {
            canvas
                .colours
                .iter()
                .map(|colour| colour[channel])
                .collect()
        };
        Self {
            width: canvas.width,
            height: canvas.height,
            channels: [plane(0), plane(1), plane(2)],
        }
    }

    fn mean(&self) -> f32 {
        let values = self.channels.iter().flatten();
        values.map(|value| value.clamp(0.0, 1.0)).sum::<f32>()
            / (3 * self.width * self.height) as f32
    }

    fn blur(&mut self, radius: usize) {
        for plane in &mut self.channels {
            box_blur(plane, (self.width, self.height), radius, 2);
        }
    }

    /// The mean along a straight path of (x, y) pixels.
    fn smear(&mut self, x: f32, y: f32) {
        let steps = (x.abs().max(y.abs()) as i32).max(1);
        for plane in &mut self.channels {
            let sharp = plane.clone();
            for (index, value) in plane.iter_mut().enumerate() {
                let (column, row) = ((index % self.width) as i32, (index / self.width) as i32);
                let tap = |step: i32| {
                    let t = step as f32 / steps as f32 - 0.5;
                    let tap_x = (column + (x * t) as i32).clamp(0, self.width as i32 - 1);
                    let tap_y = (row + (y * t) as i32).clamp(0, self.height as i32 - 1);
                    sharp[tap_y as usize * self.width + tap_x as usize]
                };
                *value = (0..=steps).map(tap).sum::<f32>() / (steps + 1) as f32;
            }
        }
    }
}
