//! From a frame to an encoder's input: resize, normalise, pad.
//!
//! This is what the reference implementation of Segment Anything does: antialiased bilinear
//! resizing of the bytes, then (value - mean) / std, then zeros to the right and below.

use std::fmt;

use crate::frame::Frame;

mod placement;
mod resize;

pub use placement::Placement;
pub use resize::FrameResizer;

use resize::Channels;

/// How a frame is fitted into the square input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResizeRule {
    /// The longest side fills the input, the aspect ratio is kept, the rest is padded.
    LongestSide,
    /// Both sides fill the input.
    Stretch,
}

/// What an encoder expects: a square NCHW tensor of one image, channels in the order R, G, B.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputSpec {
    /// Side of the square input.
    pub size_px: u32,
    /// How frames are fitted into it.
    pub resize: ResizeRule,
    /// Subtracted from R, G, B in 0..=255.
    pub mean: [f32; 3],
    /// Divides what is left.
    pub std: [f32; 3],
}

/// No known encoder comes near; the bound keeps a hostile manifest from asking for all memory.
const MAX_SIZE_PX: u32 = 16_384;

impl InputSpec {
    /// Values in the input tensor: 3 x size x size.
    #[must_use]
    pub fn len(&self) -> usize {
        let size = self.size_px as usize;
        size.saturating_mul(size).saturating_mul(3)
    }

    /// Whether the input has no values, which no [`Preprocessor`] accepts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.size_px == 0
    }

    /// Where a frame of this size comes to lie in the input.
    #[must_use]
    pub fn placement(&self, image_width_px: u32, image_height_px: u32) -> Placement {
        let (resized_width_px, resized_height_px) = match self.resize {
            ResizeRule::Stretch => (self.size_px, self.size_px),
            ResizeRule::LongestSide => {
                let longest = image_width_px.max(image_height_px).max(1);
                let scale = f64::from(self.size_px) / f64::from(longest);
                // A sliver still gets a pixel.
                let scaled = |side: u32| {
                    ((f64::from(side) * scale + 0.5).floor() as u32).clamp(1, self.size_px.max(1))
                };
                (scaled(image_width_px), scaled(image_height_px))
            }
        };
        Placement {
            image_width_px,
            image_height_px,
            resized_width_px,
            resized_height_px,
            input_size_px: self.size_px,
        }
    }

    fn check(&self) -> Result<(), PreprocessError> {
        if !(1..=MAX_SIZE_PX).contains(&self.size_px) {
            return Err(PreprocessError::InputSize {
                size_px: self.size_px,
            });
        }
        let usable = |std: &f32| std.is_finite() && *std > 0.0;
        if !self.mean.iter().all(|mean| mean.is_finite()) || !self.std.iter().all(usable) {
            return Err(PreprocessError::Normalisation {
                mean: self.mean,
                std: self.std,
            });
        }
        Ok(())
    }
}

/// Turns frames into an encoder's input, keeping its buffers from call to call.
#[derive(Debug)]
pub struct Preprocessor {
    spec: InputSpec,
    /// (value - mean) / std of every byte value, by channel.
    normalised: [[f32; 256]; 3],
    resizer: FrameResizer,
}

impl Preprocessor {
    /// A preprocessor for this input.
    ///
    /// # Errors
    /// When the size is 0 or absurd, or a mean or standard deviation cannot be used.
    pub fn new(spec: InputSpec) -> Result<Self, PreprocessError> {
        spec.check()?;
        let mut normalised = [[0.0; 256]; 3];
        for (channel, table) in normalised.iter_mut().enumerate() {
            for (value, out) in table.iter_mut().enumerate() {
                *out = (value as f32 - spec.mean[channel]) / spec.std[channel];
            }
        }
        Ok(Self {
            spec,
            normalised,
            resizer: FrameResizer::new(),
        })
    }

    /// What the encoder expects.
    #[must_use]
    pub fn spec(&self) -> &InputSpec {
        &self.spec
    }

    /// Writes the encoder's input for a frame, NCHW [1, 3, size, size] with channels R, G, B, and
    /// says where the frame lies in it.
    ///
    /// A frame of the same size as the one before allocates nothing.
    ///
    /// # Errors
    /// When `input` has another length than [`InputSpec::len`].
    pub fn preprocess_into(
        &mut self,
        frame: &Frame<'_>,
        input: &mut [f32],
    ) -> Result<Placement, PreprocessError> {
        if input.len() != self.spec.len() {
            return Err(PreprocessError::OutputLength {
                found: input.len(),
                needed: self.spec.len(),
            });
        }
        let placement = self.spec.placement(frame.width_px(), frame.height_px());
        let channels = Channels::of(frame.format());
        let normalised = &self.normalised;
        let size = self.spec.size_px as usize;
        let width = placement.resized_width_px as usize;
        let height = placement.resized_height_px as usize;
        self.resizer.each_row(
            frame,
            placement.resized_width_px,
            placement.resized_height_px,
            |y, row| {
                for (channel, table) in normalised.iter().enumerate() {
                    let out = &mut input[(channel * size + y) * size..][..size];
                    let (values, right) = out.split_at_mut(width);
                    let bytes = row[channels.rgb[channel]..].iter().step_by(channels.count);
                    for (value, &byte) in values.iter_mut().zip(bytes) {
                        *value = table[usize::from(byte)];
                    }
                    right.fill(0.0);
                }
            },
        );
        for plane in input.chunks_exact_mut(size * size) {
            plane[height * size..].fill(0.0);
        }
        Ok(placement)
    }
}

/// Why a frame cannot become an encoder's input.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PreprocessError {
    /// The input's side is 0 or absurd.
    InputSize {
        /// As given.
        size_px: u32,
    },
    /// A mean is not finite, or a standard deviation not finite and positive.
    Normalisation {
        /// As given.
        mean: [f32; 3],
        /// As given.
        std: [f32; 3],
    },
    /// The caller's tensor has another length.
    OutputLength {
        /// Values given.
        found: usize,
        /// Values needed: 3 x size x size.
        needed: usize,
    },
    /// The caller's buffer for resized pixels has another length, or a side is 0.
    ResizedLength {
        /// As given.
        width_px: u32,
        /// As given.
        height_px: u32,
        /// Bytes given.
        found: usize,
        /// Bytes needed: width x height x channels.
        needed: usize,
    },
}

impl fmt::Display for PreprocessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputSize { size_px } => write!(
                f,
                "the encoder's input is {size_px} pixels wide; give 1 to {MAX_SIZE_PX}"
            ),
            Self::Normalisation { mean, std } => write!(
                f,
                "cannot normalise with mean {mean:?} and std {std:?}; give finite means and positive deviations"
            ),
            Self::OutputLength { found, needed } => write!(
                f,
                "the input tensor has {found} values, but needs {needed} (3 x size x size)"
            ),
            Self::ResizedLength {
                width_px,
                height_px,
                found,
                needed,
            } => write!(
                f,
                "the buffer for {width_px}x{height_px} resized pixels has {found} bytes, but needs {needed}, at least one"
            ),
        }
    }
}

impl std::error::Error for PreprocessError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;

    const SPEC: InputSpec = InputSpec {
        size_px: 8,
        resize: ResizeRule::LongestSide,
        mean: [10.0, 20.0, 30.0],
        std: [1.0, 2.0, 4.0],
    };

    #[test]
    fn channels_are_normalised_each_its_own_way_then_padded_with_zeros() {
        let rgb = [30, 60, 90].repeat(4 * 2);
        let frame = Frame::contiguous(PixelFormat::Rgb8, 4, 2, &rgb, 0).unwrap();
        let mut input = vec![f32::NAN; SPEC.len()];
        let mut preprocessor = Preprocessor::new(SPEC).unwrap();
        for _ in 0..2 {
            let placement = preprocessor.preprocess_into(&frame, &mut input).unwrap();
            assert_eq!(placement.resized_height_px, 4);
            for (plane, expected) in input.chunks_exact(64).zip([20.0, 20.0, 15.0]) {
                assert_eq!(plane[..32], [expected; 32]);
                assert_eq!(plane[32..], [0.0; 32]);
            }
        }
    }

    #[test]
    fn unusable_inputs_are_refused() {
        for size_px in [0, MAX_SIZE_PX + 1, u32::MAX] {
            let spec = InputSpec { size_px, ..SPEC };
            let error = Preprocessor::new(spec).unwrap_err();
            assert_eq!(error, PreprocessError::InputSize { size_px });
        }
        for std in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let std = [1.0, std, 1.0];
            let error = Preprocessor::new(InputSpec { std, ..SPEC }).unwrap_err();
            assert!(matches!(error, PreprocessError::Normalisation { .. }));
        }
        let mean = [0.0, 0.0, f32::NAN];
        assert!(Preprocessor::new(InputSpec { mean, ..SPEC }).is_err());

        let frame = Frame::contiguous(PixelFormat::Gray8, 2, 1, &[7, 8], 0).unwrap();
        let mut preprocessor = Preprocessor::new(SPEC).unwrap();
        assert_eq!(
            preprocessor.preprocess_into(&frame, &mut [0.0; 191]),
            Err(PreprocessError::OutputLength {
                found: 191,
                needed: 192
            })
        );
    }
}
