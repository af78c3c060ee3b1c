//! Weighted means of bytes in fixed point, to the digit as Pillow's resampling computes them.
//!
//! Sums start at [`HALF`] and grow by a byte times a weight with [`FRACTION_BITS`] fractional bits.
//! Integers, so every instruction set gives the same bytes.

use super::dispatch::{InstructionSet, per_instruction_set};

/// A byte times a weight of at most 1 leaves two bits of 32 free.
pub(crate) const FRACTION_BITS: u32 = 32 - 8 - 2;

/// What a sum starts from, so that it is rounded rather than cut.
pub(crate) const HALF: i32 = 1 << (FRACTION_BITS - 1);

/// Along one axis, which source values each output value is the weighted mean of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans<'a> {
    /// Of each output value, the first source value and how many there are.
    pub(crate) spans: &'a [(usize, usize)],
    /// `taps` weights for each output value, of which as many count as the span says.
    pub(crate) weights: &'a [i32],
    /// Weights stored for each output value, at least 1.
    pub(crate) taps: usize,
}

impl Spans<'_> {
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.spans
            .iter()
            .zip(self.weights.chunks_exact(self.taps))
            .map(|(&(start, count), weights)| (start, &weights[..count]))
    }
}

/// Bytes after the last pixel of a row that [`resample_row`] reads and ignores, or overwrites.
pub(crate) const ROW_MARGIN: usize = 3;

/// Writes the weighted means of a row of pixels of `channels` bytes, one for each span. Both rows
/// have [`ROW_MARGIN`] more bytes than their pixels, of any value.
///
/// # Panics
/// If `channels` is not 1, 3 or 4, or a span lies outside of the row.
pub(crate) fn resample_row(channels: usize, row: &[u8], columns: Spans<'_>, out: &mut [u8]) {
    let set = InstructionSet::widest();
    match channels {
        1 => resample_row_1_on(set, row, columns, out),
        3 => resample_row_3_on(set, row, columns, out),
        4 => resample_row_4_on(set, row, columns, out),
        _ => unreachable!("no pixel format has {channels} packed channels"),
    }
}

per_instruction_set!(resample_row_1_on(row: &[u8], columns: Spans<'_>, out: &mut [u8]) = resample_row_1);
per_instruction_set!(resample_row_3_on(row: &[u8], columns: Spans<'_>, out: &mut [u8]) = resample_row_3);
per_instruction_set!(resample_row_4_on(row: &[u8], columns: Spans<'_>, out: &mut [u8]) = resample_row_4);

#[inline(always)]
fn resample_row_1<const FUSED: bool>(row: &[u8], columns: Spans<'_>, out: &mut [u8]) {
    for (out, (start, weights)) in out.iter_mut().zip(columns.iter()) {
        let bytes = row[start..][..weights.len()].iter();
        let products = bytes
            .zip(weights)
            .map(|(&b, &weight)| i32::from(b) * weight);
        *out = rounded(HALF + products.sum::<i32>());
    }
}

#[inline(always)]
fn resample_row_3<const FUSED: bool>(row: &[u8], columns: Spans<'_>, out: &mut [u8]) {
    resample_row_of::<3>(row, columns, out);
}

#[inline(always)]
fn resample_row_4<const FUSED: bool>(row: &[u8], columns: Spans<'_>, out: &mut [u8]) {
    resample_row_of::<4>(row, columns, out);
}

/// Four lanes even for three channels, so that a pixel is one load, one product and one store; what
/// the fourth lane stores, the next pixel overwrites.
#[inline(always)]
fn resample_row_of<const CHANNELS: usize>(row: &[u8], columns: Spans<'_>, out: &mut [u8]) {
    for (x, (start, weights)) in columns.iter().enumerate() {
        let pixels = &row[start * CHANNELS..][..weights.len() * CHANNELS + 4 - CHANNELS];
        let mut sums = [HALF; 4];
        for (pixel, &weight) in pixels.windows(4).step_by(CHANNELS).zip(weights) {
            for (sum, &byte) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(byte) * weight;
            }
        }
        out[x * CHANNELS..][..4].copy_from_slice(&sums.map(rounded));
    }
}

/// Adds a row of bytes times its weight to a row of sums.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn add_weighted_row(sums: &mut [i32], row: &[u8], weight: i32) {
    assert_eq!(sums.len(), row.len());
    add_weighted_row_on(InstructionSet::widest(), sums, row, weight);
}

per_instruction_set!(add_weighted_row_on(sums: &mut [i32], row: &[u8], weight: i32) = add_weighted_row_body);

#[inline(always)]
fn add_weighted_row_body<const FUSED: bool>(sums: &mut [i32], row: &[u8], weight: i32) {
    for (sum, &byte) in sums.iter_mut().zip(row) {
        *sum += i32::from(byte) * weight;
    }
}

/// Writes the bytes that sums come to.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn round_sums(sums: &[i32], out: &mut [u8]) {
    assert_eq!(sums.len(), out.len());
    round_sums_on(InstructionSet::widest(), sums, out);
}

per_instruction_set!(round_sums_on(sums: &[i32], out: &mut [u8]) = round_sums_body);

#[inline(always)]
fn round_sums_body<const FUSED: bool>(sums: &[i32], out: &mut [u8]) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = rounded(sum);
    }
}

#[inline(always)]
fn rounded(sum: i32) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize) -> Vec<u8> {
        (0..count).map(|i| (i * i * 31 % 257) as u8).collect()
    }

    #[test]
    fn every_instruction_set_gives_the_plain_means() {
        let taps = 9;
        let count = 40;
        let spans: Vec<(usize, usize)> = (0..count).map(|i| (i, 1 + i % taps)).collect();
        let weights: Vec<i32> = (0..count * taps)
            .map(|i| (i as i32 * 7919 % 97) * (1 << FRACTION_BITS) / (97 * 9))
            .collect();
        let columns = Spans {
            spans: &spans,
            weights: &weights,
            taps,
        };
        for channels in [1, 3, 4] {
            let row = noise((count + taps) * channels + ROW_MARGIN);
            let mut expected = Vec::new();
            for (start, weights) in columns.iter() {
                for channel in 0..channels {
                    let mut sum = i64::from(HALF);
                    for (index, &weight) in weights.iter().enumerate() {
                        let byte = row[(start + index) * channels + channel];
                        sum += i64::from(byte) * i64::from(weight);
                    }
                    expected.push((sum >> FRACTION_BITS) as u8);
                }
            }
            for set in InstructionSet::available() {
                let mut out = vec![0; count * channels + ROW_MARGIN];
                match channels {
                    1 => resample_row_1_on(set, &row, columns, &mut out),
                    3 => resample_row_3_on(set, &row, columns, &mut out),
                    _ => resample_row_4_on(set, &row, columns, &mut out),
                }
                let found = &out[..count * channels];
                assert_eq!(found, expected, "{set:?}, {channels} channels");
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_plain_sums() {
        let row = noise(101);
        let weight = 1_234_567;
        for set in InstructionSet::available() {
            let mut sums = vec![HALF; row.len()];
            add_weighted_row_on(set, &mut sums, &row, weight);
            add_weighted_row_on(set, &mut sums, &row, weight);
            let mut out = vec![0; row.len()];
            round_sums_on(set, &sums, &mut out);
            for ((&sum, &out), &byte) in sums.iter().zip(&out).zip(&row) {
                let exact = i64::from(HALF) + 2 * i64::from(byte) * i64::from(weight);
                assert_eq!(i64::from(sum), exact, "{set:?}");
                assert_eq!(i64::from(out), exact >> FRACTION_BITS, "{set:?}");
            }
        }
    }
}
