//! Positional encoding by random Fourier features (Tancik et al., arXiv 2006.10739).

use std::f32::consts::TAU;

use super::weights::{Weights, WeightsError};

#[derive(Clone)]
pub(super) struct PositionalEncoding {
    /// `[2, channels / 2]`: frequencies for x, then for y.
    frequencies: Vec<f32>,
}

impl PositionalEncoding {
    pub(super) fn take(weights: &mut Weights, channels: usize) -> Result<Self, WeightsError> {
        if !channels.is_multiple_of(2) {
            let what = "embedding width";
            return Err(WeightsError::Indivisible {
                what,
                length: channels,
                parts: 2,
            });
        }
        let name = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix";
        Ok(Self {
            frequencies: weights.take(name, &[2, channels / 2])?,
        })
    }

    /// Encodes a place, given as fractions of the input's width and height: a sine, then a cosine
    /// for every frequency.
    pub(super) fn encode(&self, x: f32, y: f32, encoding: &mut [f32]) {
        let (of_x, of_y) = self.frequencies.split_at(self.frequencies.len() / 2);
        let (sines, cosines) = encoding.split_at_mut(of_x.len());
        let (x, y) = (2.0 * x - 1.0, 2.0 * y - 1.0);
        for (i, (sine, cosine)) in sines.iter_mut().zip(cosines).enumerate() {
            (*sine, *cosine) = (TAU * (x * of_x[i] + y * of_y[i])).sin_cos();
        }
    }

    /// The encoding of the centres of a square grid: `[channels, size, size]`.
    pub(super) fn grid(&self, size: usize) -> Vec<f32> {
        let (channels, positions) = (self.frequencies.len(), size * size);
        let mut encoding = vec![0.0; channels];
        let mut grid = vec![0.0; channels * positions];
        let centre = |index: usize| (index as f32 + 0.5) / size as f32;
        for position in 0..positions {
            self.encode(
                centre(position % size),
                centre(position / size),
                &mut encoding,
            );
            for (channel, value) in encoding.iter().enumerate() {
                grid[channel * positions + position] = *value;
            }
        }
        grid
    }
}
