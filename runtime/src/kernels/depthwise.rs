//! Convolutions of each channel by itself, channels last.

use super::dispatch::{InstructionSet, per_instruction_set};
use super::float::multiply_add;

/// How the taps of a kernel's row lie.
#[derive(Clone, Copy, Debug)]
pub struct RowTaps {
    /// How many.
    pub count: usize,
    /// Input columns from one output to the next.
    pub stride: usize,
    /// Input columns from one tap to the next.
    pub dilation: usize,
    /// Zeros before the first input column.
    pub padding: usize,
}

/// Writes one row of an output image, `[columns, channels]`. `rows` has the input row of each row of the kernel, none
/// where it lies outside; column c of a row begins at `columns[c]`. `weights` is `[kernel rows, taps, channels]`,
/// and the length of `bias` the number of channels.
///
/// # Panics
/// If a length does not fit.
pub fn depthwise_row(
    out: &mut [f32],
    rows: &[Option<&[f32]>],
    columns: &[u32],
    weights: &[f32],
    bias: &[f32],
    taps: RowTaps,
) {
    assert!(out.len().is_multiple_of(bias.len()));
    assert_eq!(weights.len(), rows.len() * taps.count * bias.len());
    depthwise_on(
        InstructionSet::widest(),
        out,
        rows,
        columns,
        weights,
        bias,
        taps,
    );
}

per_instruction_set!(
    depthwise_on(out: &mut [f32], rows: &[Option<&[f32]>], columns: &[u32], weights: &[f32], bias: &[f32], taps: RowTaps)
        = depthwise_body
);

#[inline(always)]
fn depthwise_body<const FUSED: bool>(
    out: &mut [f32],
    rows: &[Option<&[f32]>],
    columns: &[u32],
    weights: &[f32],
    bias: &[f32],
    taps: RowTaps,
) {
    let channels = bias.len();
    for (x, out) in out.chunks_exact_mut(channels).enumerate() {
        let mut done = 0;
        done = block::<64, FUSED>(out, rows, columns, weights, bias, taps, x, done);
        done = block::<16, FUSED>(out, rows, columns, weights, bias, taps, x, done);
        block::<1, FUSED>(out, rows, columns, weights, bias, taps, x, done);
    }
}

/// Channels from `done` on, as many as fill whole blocks; the first that is left.
#[expect(
    clippy::too_many_arguments,
    reason = "the body above and a place in it"
)]
#[inline(always)]
fn block<const WIDTH: usize, const FUSED: bool>(
    out: &mut [f32],
    rows: &[Option<&[f32]>],
    columns: &[u32],
    weights: &[f32],
    bias: &[f32],
    taps: RowTaps,
    x: usize,
    mut done: usize,
) -> usize {
    let channels = bias.len();
    while done + WIDTH <= channels {
        let mut sums = [0.0; WIDTH];
        sums.copy_from_slice(&bias[done..done + WIDTH]);
        for (y, row) in rows.iter().enumerate() {
            let Some(row) = row else { continue };
            for tap in 0..taps.count {
                let column = (x * taps.stride + tap * taps.dilation).wrapping_sub(taps.padding);
                let Some(place) = columns.get(column) else {
                    continue;
                };
                let values = &row[*place as usize + done..][..WIDTH];
                let weights = &weights[(y * taps.count + tap) * channels + done..][..WIDTH];
                for i in 0..WIDTH {
                    sums[i] = multiply_add::<FUSED>(values[i], weights[i], sums[i]);
                }
            }
        }
        out[done..done + WIDTH].copy_from_slice(&sums);
        done += WIDTH;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| (i * 7919 % 1009) as f32 / 512.0 - 1.0)
            .collect()
    }

    #[test]
    fn channels_are_convolved_on_every_instruction_set() {
        let (width, kernel_rows) = (9, 3);
        for (channels, taps) in [
            (
                5,
                RowTaps {
                    count: 3,
                    stride: 1,
                    dilation: 1,
                    padding: 1,
                },
            ),
            (
                83,
                RowTaps {
                    count: 3,
                    stride: 2,
                    dilation: 1,
                    padding: 1,
                },
            ),
            (
                64,
                RowTaps {
                    count: 2,
                    stride: 1,
                    dilation: 3,
                    padding: 0,
                },
            ),
        ] {
            let image = values(2 * width * channels);
            let rows = [
                None,
                Some(&image[..width * channels]),
                Some(&image[width * channels..]),
            ];
            let columns: Vec<u32> = (0..width)
                .map(|column| (column * channels) as u32)
                .collect();
            let weights = values(kernel_rows * taps.count * channels);
            let bias = values(channels);
            let out_columns =
                (width + 2 * taps.padding - (taps.count - 1) * taps.dilation - 1) / taps.stride + 1;
            for set in InstructionSet::available() {
                let mut out = vec![9.0; out_columns * channels];
                depthwise_on(set, &mut out, &rows, &columns, &weights, &bias, taps);
                for (x, out) in out.chunks(channels).enumerate() {
                    for (channel, found) in out.iter().enumerate() {
                        let mut expected = bias[channel];
                        for (y, row) in rows.iter().enumerate() {
                            for tap in 0..taps.count {
                                let column = (x * taps.stride + tap * taps.dilation) as isize
                                    - taps.padding as isize;
                                if let (Some(row), 0..9) = (row, column) {
                                    expected += row[column as usize * channels + channel]
                                        * weights[(y * taps.count + tap) * channels + channel];
                                }
                            }
                        }
                        assert!(
                            (found - expected).abs() < 1e-5,
                            "{set:?}: {found} for {expected}"
                        );
                    }
                }
            }
        }
    }
}
