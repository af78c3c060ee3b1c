//! Low-resolution logits to an image's size, as the reference implementation does it: bilinear to
//! the encoder's input, crop the padding, bilinear to the image.
//!
//! Both steps take half-pixel centres and no antialiasing, and both are linear and separable. So a
//! row of logits is widened through both steps once, and a row of the image is a weighted sum of
//! at most four widened rows: the two rows of the input that it lies between, each between two rows
//! of logits. Only four widened rows are kept, however large the image.

use super::{Bitmap, LogitsView, MaskError};
use crate::preprocess::Placement;

/// Logits above this belong to the mask.
const MASK_THRESHOLD: f32 = 0.0;

/// Brings logits to an image's size, keeping its buffers from call to call.
#[derive(Clone, Debug, Default)]
pub struct MaskUpsampler {
    input_columns: Vec<Tap>,
    image_columns: Vec<Tap>,
    input_row: Vec<f32>,
    image_row: Vec<f32>,
    widened: WidenedRows,
    /// For each row of logits, whether any is above the threshold.
    inside: Vec<bool>,
}

impl MaskUpsampler {
    /// An upsampler without buffers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the logits of every pixel of the image, row after row.
    ///
    /// # Errors
    /// When the logits, the placement or the output do not have the sizes they say.
    pub fn logits_into(
        &mut self,
        logits: LogitsView<'_>,
        placement: &Placement,
        image_logits: &mut [f32],
    ) -> Result<(), MaskError> {
        let width = placement.image_width_px as usize;
        let needed = width.saturating_mul(placement.image_height_px as usize);
        if image_logits.len() != needed {
            return Err(MaskError::OutputLength {
                found: image_logits.len(),
                needed,
            });
        }
        self.each_row(
            logits,
            placement,
            |_| true,
            |y, row| {
                image_logits[y * width..][..width].copy_from_slice(row.unwrap_or_default());
            },
        )
    }

    /// Writes the mask, which takes the image's size: the pixels with a logit above 0.
    ///
    /// # Errors
    /// When the logits or the placement do not have the sizes they say; the mask is then unchanged.
    pub fn bitmap_into(
        &mut self,
        logits: LogitsView<'_>,
        placement: &Placement,
        bitmap: &mut Bitmap,
    ) -> Result<(), MaskError> {
        check_placed(logits, placement)?;
        bitmap.set_size(
            placement.image_width_px as usize,
            placement.image_height_px as usize,
        );
        self.inside.clear();
        let rows = logits.values.chunks_exact(logits.width);
        self.inside.extend(rows.map(|row| {
            row.iter()
                .fold(false, |inside, &logit| inside | (logit > MASK_THRESHOLD))
        }));
        // What lies between logits is between them: rows around which all are outside are outside.
        let inside = std::mem::take(&mut self.inside);
        let wanted = |sum: &RowSum| sum.terms().iter().any(|&(row, _)| inside[row]);
        let result = self.each_row(logits, placement, wanted, |y, row| {
            let bytes = bitmap.row_mut(y);
            match row {
                Some(row) => {
                    for (byte, &logit) in bytes.iter_mut().zip(row) {
                        *byte = u8::from(logit > MASK_THRESHOLD);
                    }
                }
                None => bytes.fill(0),
            }
        });
        self.inside = inside;
        result
    }

    /// Hands out every row of the image, those that are not wanted without their logits.
    fn each_row(
        &mut self,
        logits: LogitsView<'_>,
        placement: &Placement,
        wanted: impl Fn(&RowSum) -> bool,
        mut take: impl FnMut(usize, Option<&[f32]>),
    ) -> Result<(), MaskError> {
        check_placed(logits, placement)?;
        let input = placement.input_size_px as usize;
        let resized_width = placement.resized_width_px as usize;
        let resized_height = placement.resized_height_px as usize;
        let image_width = placement.image_width_px as usize;
        let image_height = placement.image_height_px as usize;

        let to_input = Tap::between(logits.width, input);
        self.input_columns.clear();
        self.input_columns.extend((0..resized_width).map(to_input));
        let to_image = Tap::between(resized_width, image_width);
        self.image_columns.clear();
        self.image_columns.extend((0..image_width).map(to_image));
        self.input_row.resize(resized_width, 0.0);
        self.image_row.resize(image_width, 0.0);
        self.widened.forget(image_width);

        let input_rows = Tap::between(logits.height, input);
        let image_rows = Tap::between(resized_height, image_height);
        for y in 0..image_height {
            let sum = RowSum::new(image_rows(y), &input_rows);
            if !wanted(&sum) {
                take(y, None);
                continue;
            }
            for &(row, _) in sum.terms() {
                if let Some(widened) = self.widened.missing(row, &sum) {
                    interpolate(logits.row(row), &self.input_columns, &mut self.input_row);
                    interpolate(&self.input_row, &self.image_columns, widened);
                }
            }
            self.widened.add_up(&sum, &mut self.image_row);
            take(y, Some(&self.image_row));
        }
        Ok(())
    }
}

impl LogitsView<'_> {
    /// The logits of every pixel of the image, row after row; [`MaskUpsampler::logits_into`] in a
    /// buffer of its own.
    ///
    /// # Errors
    /// When the logits or the placement do not have the sizes they say.
    pub fn to_image_logits(&self, placement: &Placement) -> Result<Vec<f32>, MaskError> {
        check_placed(*self, placement)?;
        let pixels = placement.image_width_px as usize * placement.image_height_px as usize;
        let mut image_logits = vec![0.0; pixels];
        MaskUpsampler::new().logits_into(*self, placement, &mut image_logits)?;
        Ok(image_logits)
    }

    /// The mask at the image's size; [`MaskUpsampler::bitmap_into`] in a buffer of its own.
    ///
    /// # Errors
    /// When the logits or the placement do not have the sizes they say.
    pub fn to_bitmap(&self, placement: &Placement) -> Result<Bitmap, MaskError> {
        let mut bitmap = Bitmap::default();
        MaskUpsampler::new().bitmap_into(*self, placement, &mut bitmap)?;
        Ok(bitmap)
    }
}

pub(crate) fn check_placed(logits: LogitsView<'_>, placement: &Placement) -> Result<(), MaskError> {
    logits.check()?;
    let image = placement.image_width_px >= 1 && placement.image_height_px >= 1;
    let inside = 1..=placement.input_size_px;
    let resized = inside.contains(&placement.resized_width_px)
        && inside.contains(&placement.resized_height_px);
    if image && resized {
        Ok(())
    } else {
        Err(MaskError::Placement(*placement))
    }
}

/// Two neighbouring samples and how far between them a value lies.
#[derive(Clone, Copy, Debug)]
struct Tap {
    low: usize,
    high: usize,
    fraction: f32,
}

impl Tap {
    /// Taps of `to` samples that span what `from` samples span, half-pixel centres. In f32, like
    /// the reference.
    fn between(from: usize, to: usize) -> impl Fn(usize) -> Self {
        let scale = from as f32 / to as f32;
        let last = from - 1;
        move |index| {
            let position = ((index as f32 + 0.5) * scale - 0.5).max(0.0);
            let low = (position as usize).min(last);
            Self {
                low,
                high: (low + 1).min(last),
                fraction: (position - low as f32).clamp(0.0, 1.0),
            }
        }
    }
}

fn interpolate(samples: &[f32], taps: &[Tap], out: &mut [f32]) {
    for (value, tap) in out.iter_mut().zip(taps) {
        let (low, high) = (samples[tap.low], samples[tap.high]);
        *value = low * (1.0 - tap.fraction) + high * tap.fraction;
    }
}

const MAX_TERMS: usize = 4;

/// A row of the image as weighted rows of logits, each row once.
#[derive(Clone, Copy, Debug)]
struct RowSum {
    terms: [(usize, f32); MAX_TERMS],
    count: usize,
}

impl RowSum {
    fn new(image: Tap, input_rows: &impl Fn(usize) -> Tap) -> Self {
        let mut sum = Self {
            terms: [(0, 0.0); MAX_TERMS],
            count: 0,
        };
        for (input_row, weight) in [
            (image.low, 1.0 - image.fraction),
            (image.high, image.fraction),
        ] {
            let tap = input_rows(input_row);
            sum.add(tap.low, weight * (1.0 - tap.fraction));
            sum.add(tap.high, weight * tap.fraction);
        }
        sum
    }

    fn add(&mut self, row: usize, weight: f32) {
        let known = self.terms[..self.count].iter_mut().find(|t| t.0 == row);
        if let Some(term) = known {
            term.1 += weight;
        } else {
            self.terms[self.count] = (row, weight);
            self.count += 1;
        }
    }

    fn terms(&self) -> &[(usize, f32)] {
        &self.terms[..self.count]
    }
}

/// The rows of logits last needed, at the image's width.
#[derive(Clone, Debug, Default)]
struct WidenedRows {
    rows: [Option<usize>; MAX_TERMS],
    values: [Vec<f32>; MAX_TERMS],
}

impl WidenedRows {
    fn forget(&mut self, width: usize) {
        self.rows = [None; MAX_TERMS];
        for values in &mut self.values {
            values.resize(width, 0.0);
        }
    }

    fn slot(&self, row: usize) -> Option<usize> {
        self.rows.iter().position(|&kept| kept == Some(row))
    }

    /// If the row is not there, room for it, in place of one that `sum` does not need.
    fn missing(&mut self, row: usize, sum: &RowSum) -> Option<&mut [f32]> {
        if self.slot(row).is_some() {
            return None;
        }
        let needed = |kept: usize| sum.terms().iter().any(|term| term.0 == kept);
        let slot = self
            .rows
            .iter()
            .position(|kept| !kept.is_some_and(needed))?;
        self.rows[slot] = Some(row);
        Some(&mut self.values[slot])
    }

    fn add_up(&self, sum: &RowSum, out: &mut [f32]) {
        let term = |index: usize| {
            let (row, weight) = sum.terms()[index];
            let slot = self.slot(row).unwrap_or_default();
            (&self.values[slot][..out.len()], weight)
        };
        match sum.count {
            1 => out.copy_from_slice(term(0).0),
            2 => {
                let ((a, wa), (b, wb)) = (term(0), term(1));
                for (x, value) in out.iter_mut().enumerate() {
                    *value = a[x] * wa + b[x] * wb;
                }
            }
            3 => {
                let ((a, wa), (b, wb), (c, wc)) = (term(0), term(1), term(2));
                for (x, value) in out.iter_mut().enumerate() {
                    *value = a[x] * wa + b[x] * wb + c[x] * wc;
                }
            }
            _ => {
                let ((a, wa), (b, wb), (c, wc), (d, wd)) = (term(0), term(1), term(2), term(3));
                for (x, value) in out.iter_mut().enumerate() {
                    *value = a[x] * wa + b[x] * wb + c[x] * wc + d[x] * wd;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::MaskLogits;

    /// The two steps one after the other in f64, with every intermediate value.
    fn two_steps(logits: LogitsView<'_>, placement: &Placement) -> Vec<f64> {
        fn bilinear(
            source: impl Fn(usize, usize) -> f64,
            (width, height): (usize, usize),
            (to_width, to_height): (usize, usize),
        ) -> Vec<f64> {
            let axis = |from: usize, to: usize, i: usize| {
                let position = ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0);
                let low = (position as usize).min(from - 1);
                (low, (low + 1).min(from - 1), position - low as f64)
            };
            let mut out = Vec::new();
            for y in 0..to_height {
                let (y0, y1, fy) = axis(height, to_height, y);
                for x in 0..to_width {
                    let (x0, x1, fx) = axis(width, to_width, x);
                    let top = source(x0, y0) * (1.0 - fx) + source(x1, y0) * fx;
                    let bottom = source(x0, y1) * (1.0 - fx) + source(x1, y1) * fx;
                    out.push(top * (1.0 - fy) + bottom * fy);
                }
            }
            out
        }
        let input = placement.input_size_px as usize;
        let low = |x, y| f64::from(logits.values[y * logits.width + x]);
        let large = bilinear(low, (logits.width, logits.height), (input, input));
        bilinear(
            |x, y| large[y * input + x],
            (
                placement.resized_width_px as usize,
                placement.resized_height_px as usize,
            ),
            (
                placement.image_width_px as usize,
                placement.image_height_px as usize,
            ),
        )
    }

    fn noise(width: usize, height: usize) -> MaskLogits {
        let mut state = 1_u32;
        let values = (0..width * height)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 1e6 - 8.0
            })
            .collect();
        MaskLogits {
            width,
            height,
            values,
        }
    }

    #[test]
    fn one_pass_equals_the_two_steps() {
        let mut upsampler = MaskUpsampler::new();
        let mut bitmap = Bitmap::default();
        // Enlarged and reduced in either step, slivers, single pixels.
        for (low_width, low_height, input, resized, image) in [
            (16, 16, 64, (64, 43), (113, 75)),
            (16, 16, 64, (64, 43), (40, 27)),
            (16, 16, 64, (64, 1), (9000, 1)),
            (16, 16, 64, (1, 64), (1, 333)),
            (64, 64, 16, (16, 11), (30, 20)),
            (64, 48, 48, (30, 48), (29, 47)),
            (1, 1, 1, (1, 1), (1, 1)),
            (2, 3, 7, (7, 7), (5, 6)),
        ] {
            let placement = Placement {
                image_width_px: image.0,
                image_height_px: image.1,
                resized_width_px: resized.0,
                resized_height_px: resized.1,
                input_size_px: input,
            };
            let logits = noise(low_width, low_height);
            let expected = two_steps(logits.view(), &placement);
            let found = logits.view().to_image_logits(&placement).unwrap();
            for (found, expected) in found.iter().zip(&expected) {
                let difference = (f64::from(*found) - expected).abs();
                assert!(difference < 2e-4, "{placement:?} {difference}");
            }
            upsampler
                .bitmap_into(logits.view(), &placement, &mut bitmap)
                .unwrap();
            let signs: Vec<u8> = found.iter().map(|&logit| u8::from(logit > 0.0)).collect();
            assert_eq!(bitmap.bytes(), signs);
            assert_eq!(
                (bitmap.width(), bitmap.height()),
                (image.0 as usize, image.1 as usize)
            );
        }
    }

    #[test]
    fn wrong_sizes_are_refused() {
        let logits = noise(4, 4);
        let placement = Placement {
            image_width_px: 3,
            image_height_px: 3,
            resized_width_px: 8,
            resized_height_px: 8,
            input_size_px: 8,
        };
        let short = LogitsView {
            values: &logits.values[..15],
            ..logits.view()
        };
        assert!(matches!(
            short.to_bitmap(&placement),
            Err(MaskError::LogitsLength { .. })
        ));
        let crowded = Placement {
            resized_width_px: 9,
            ..placement
        };
        assert!(matches!(
            logits.view().to_bitmap(&crowded),
            Err(MaskError::Placement(_))
        ));
        assert!(matches!(
            MaskUpsampler::new().logits_into(logits.view(), &placement, &mut [0.0; 8]),
            Err(MaskError::OutputLength { .. })
        ));
    }
}
