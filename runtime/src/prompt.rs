//! What a person looks at or a robot reaches for: points, a box, a mask, or any mix, in pixels of
//! a named frame.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mask::MaskLogits;

/// What a point says about the thing wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PointLabel {
    /// The point does not belong to it.
    Background,
    /// The point belongs to it.
    Foreground,
}

/// A labelled point, in pixels: x to the right, y down, (0, 0) the first pixel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptPoint {
    /// 0 <= x < the image's width.
    pub x_px: f32,
    /// 0 <= y < the image's height.
    pub y_px: f32,
    /// Foreground or background.
    pub label: PointLabel,
}

/// A box around the thing wanted, in pixels: from (`x0_px`, `y0_px`) at the top left to (`x1_px`,
/// `y1_px`) at the bottom right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptBox {
    /// Left.
    pub x0_px: f32,
    /// Top.
    pub y0_px: f32,
    /// Right, greater than left.
    pub x1_px: f32,
    /// Bottom, greater than top.
    pub y1_px: f32,
}

impl PromptBox {
    /// The part of the box on an image of this size.
    #[must_use]
    pub fn clipped(&self, width_px: u32, height_px: u32) -> Self {
        let (width, height) = (width_px as f32, height_px as f32);
        Self {
            x0_px: self.x0_px.clamp(0.0, width),
            y0_px: self.y0_px.clamp(0.0, height),
            x1_px: self.x1_px.clamp(0.0, width),
            y1_px: self.y1_px.clamp(0.0, height),
        }
    }
}

/// Points, a box, mask logits, or any mix of them; at least one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Labelled points, in any order.
    pub points: Vec<PromptPoint>,
    /// A box around the thing.
    pub bounds: Option<PromptBox>,
    /// Low-resolution logits, usually those of an earlier answer.
    pub mask: Option<MaskLogits>,
}

impl Prompt {
    /// One foreground point.
    #[must_use]
    pub fn point(x_px: f32, y_px: f32) -> Self {
        Self {
            points: vec![PromptPoint {
                x_px,
                y_px,
                label: PointLabel::Foreground,
            }],
            ..Self::default()
        }
    }

    /// One box.
    #[must_use]
    pub fn bounds(bounds: PromptBox) -> Self {
        Self {
            bounds: Some(bounds),
            ..Self::default()
        }
    }

    /// Whether the prompt means something on an image of this size. A mask alone does; a box may
    /// stand partly outside ([`Prompt::clip`] cuts it).
    ///
    /// # Errors
    /// The first thing that is wrong, with its value and the remedy.
    pub fn check(&self, width_px: u32, height_px: u32) -> Result<(), PromptError> {
        if self.points.is_empty() && self.bounds.is_none() && self.mask.is_none() {
            return Err(PromptError::Empty);
        }
        let (width, height) = (f64::from(width_px), f64::from(height_px));
        for (index, &PromptPoint { x_px, y_px, .. }) in self.points.iter().enumerate() {
            if !x_px.is_finite() || !y_px.is_finite() {
                return Err(PromptError::PointNotFinite { index, x_px, y_px });
            }
            let inside =
                (0.0..width).contains(&f64::from(x_px)) && (0.0..height).contains(&f64::from(y_px));
            if !inside {
                return Err(PromptError::PointOutside {
                    index,
                    x_px,
                    y_px,
                    width_px,
                    height_px,
                });
            }
        }
        if let Some(bounds) = self.bounds {
            let PromptBox {
                x0_px,
                y0_px,
                x1_px,
                y1_px,
            } = bounds;
            if ![x0_px, y0_px, x1_px, y1_px].iter().all(|v| v.is_finite()) {
                return Err(PromptError::BoxNotFinite(bounds));
            }
            if x1_px <= x0_px || y1_px <= y0_px {
                return Err(PromptError::BoxEmpty(bounds));
            }
            let outside = f64::from(x0_px) >= width
                || f64::from(y0_px) >= height
                || x1_px <= 0.0
                || y1_px <= 0.0;
            if outside {
                return Err(PromptError::BoxOutside {
                    bounds,
                    width_px,
                    height_px,
                });
            }
        }
        if let Some(mask) = &self.mask {
            let expected = mask.width.checked_mul(mask.height);
            if mask.values.is_empty() || expected != Some(mask.values.len()) {
                return Err(PromptError::MaskLength {
                    width: mask.width,
                    height: mask.height,
                    found: mask.values.len(),
                });
            }
            if let Some(index) = mask.values.iter().position(|v| !v.is_finite()) {
                return Err(PromptError::MaskNotFinite {
                    x: index % mask.width,
                    y: index / mask.width,
                    value: mask.values[index],
                });
            }
        }
        Ok(())
    }

    /// Checks the prompt and cuts its box to the image.
    ///
    /// # Errors
    /// As [`Prompt::check`]; the prompt is then unchanged.
    pub fn clip(&mut self, width_px: u32, height_px: u32) -> Result<(), PromptError> {
        self.check(width_px, height_px)?;
        if let Some(bounds) = &mut self.bounds {
            *bounds = bounds.clipped(width_px, height_px);
        }
        Ok(())
    }
}

/// Whether a prompt is answered with three masks (whole, part, subpart) or with one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MultimaskOutput {
    /// Three for exactly one point and nothing else, which is ambiguous; one otherwise.
    #[default]
    Auto,
    /// Three.
    Always,
    /// One.
    Never,
}

impl MultimaskOutput {
    /// Whether this prompt gets three masks.
    #[must_use]
    pub fn resolve(self, prompt: &Prompt) -> bool {
        match self {
            Self::Auto => {
                prompt.points.len() == 1 && prompt.bounds.is_none() && prompt.mask.is_none()
            }
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Why a prompt means nothing on an image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PromptError {
    /// Neither point, box nor mask.
    Empty,
    /// A coordinate is NaN or infinite.
    PointNotFinite {
        /// Which point, from 0.
        index: usize,
        /// As given.
        x_px: f32,
        /// As given.
        y_px: f32,
    },
    /// A point is not on the image.
    PointOutside {
        /// Which point, from 0.
        index: usize,
        /// As given.
        x_px: f32,
        /// As given.
        y_px: f32,
        /// The image's width.
        width_px: u32,
        /// The image's height.
        height_px: u32,
    },
    /// A side of the box is NaN or infinite.
    BoxNotFinite(PromptBox),
    /// The box has no area, or its corners are exchanged.
    BoxEmpty(PromptBox),
    /// No part of the box is on the image.
    BoxOutside {
        /// As given.
        bounds: PromptBox,
        /// The image's width.
        width_px: u32,
        /// The image's height.
        height_px: u32,
    },
    /// The mask's size and its number of values differ.
    MaskLength {
        /// As given.
        width: usize,
        /// As given.
        height: usize,
        /// Values given.
        found: usize,
    },
    /// A logit is NaN or infinite.
    MaskNotFinite {
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// As given.
        value: f32,
    },
}

impl fmt::Display for PromptBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            x0_px,
            y0_px,
            x1_px,
            y1_px,
        } = self;
        write!(f, "{x0_px},{y0_px},{x1_px},{y1_px}")
    }
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => write!(
                f,
                "the prompt is empty; give at least one point, a box or a mask"
            ),
            Self::PointNotFinite { index, x_px, y_px } => write!(
                f,
                "point {index} is ({x_px}, {y_px}); give finite pixel coordinates"
            ),
            Self::PointOutside {
                index,
                x_px,
                y_px,
                width_px,
                height_px,
            } => write!(
                f,
                "point {index} at ({x_px}, {y_px}) is outside the {width_px}x{height_px} image; give x from 0 to below {width_px} and y from 0 to below {height_px}, x first"
            ),
            Self::BoxNotFinite(bounds) => {
                write!(f, "the box is {bounds}; give finite pixel coordinates")
            }
            Self::BoxEmpty(bounds) => write!(
                f,
                "the box {bounds} is empty or reversed; give left,top,right,bottom with left < right and top < bottom"
            ),
            Self::BoxOutside {
                bounds,
                width_px,
                height_px,
            } => write!(
                f,
                "the box {bounds} is wholly outside the {width_px}x{height_px} image; give pixels of the image, x first"
            ),
            Self::MaskLength {
                width,
                height,
                found,
            } => write!(
                f,
                "the mask prompt of {width}x{height} has {found} logits; give width x height of them, at least one"
            ),
            Self::MaskNotFinite { x, y, value } => write!(
                f,
                "the mask prompt's logit in column {x}, row {y} is {value}; give finite logits"
            ),
        }
    }
}

impl std::error::Error for PromptError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(x0_px: f32, y0_px: f32, x1_px: f32, y1_px: f32) -> Prompt {
        Prompt::bounds(PromptBox {
            x0_px,
            y0_px,
            x1_px,
            y1_px,
        })
    }

    #[test]
    fn points_must_lie_on_the_image() {
        for (x, y) in [(0.0, 0.0), (639.0, 479.0), (639.9, 479.9), (-0.0, 3.0)] {
            assert_eq!(Prompt::point(x, y).check(640, 480), Ok(()));
        }
        for (x, y) in [(640.0, 0.0), (0.0, 480.0), (-0.1, 5.0), (5.0, -1e-9)] {
            let error = Prompt::point(x, y).check(640, 480).unwrap_err();
            assert!(matches!(error, PromptError::PointOutside { index: 0, .. }));
            assert!(error.to_string().contains("640x480"), "{error}");
        }
        for (x, y) in [(f32::NAN, 0.0), (0.0, f32::INFINITY)] {
            assert!(matches!(
                Prompt::point(x, y).check(640, 480),
                Err(PromptError::PointNotFinite { .. })
            ));
        }
    }

    #[test]
    fn boxes_are_clipped_or_refused() {
        let mut partly = bounds(-10.0, 20.0, 700.0, 470.0);
        assert_eq!(partly.clip(640, 480), Ok(()));
        assert_eq!(partly, bounds(0.0, 20.0, 640.0, 470.0));
        assert_eq!(bounds(0.0, 0.0, 640.0, 480.0).check(640, 480), Ok(()));
        for (reversed, x0, y0, x1, y1) in [
            (true, 10.0, 10.0, 5.0, 20.0),
            (true, 10.0, 10.0, 10.0, 20.0),
            (true, 10.0, 20.0, 20.0, 20.0),
            (false, 640.0, 10.0, 650.0, 20.0),
            (false, -20.0, 10.0, 0.0, 20.0),
            (false, 10.0, 480.0, 20.0, 500.0),
            (false, 10.0, -9.0, 20.0, -1.0),
        ] {
            let mut prompt = bounds(x0, y0, x1, y1);
            let before = prompt.clone();
            let error = prompt.clip(640, 480).unwrap_err();
            assert_eq!(matches!(error, PromptError::BoxEmpty(_)), reversed);
            assert_eq!(
                matches!(error, PromptError::BoxOutside { .. }),
                !reversed,
                "{error}"
            );
            assert_eq!(prompt, before);
        }
        assert!(matches!(
            bounds(0.0, f32::NAN, 5.0, 5.0).check(640, 480),
            Err(PromptError::BoxNotFinite(_))
        ));
    }

    #[test]
    fn masks_must_be_whole_and_finite() {
        let mask = |width, height, values: Vec<f32>| Prompt {
            mask: Some(MaskLogits {
                width,
                height,
                values,
            }),
            ..Prompt::default()
        };
        assert_eq!(Prompt::default().check(640, 480), Err(PromptError::Empty));
        assert_eq!(mask(2, 1, vec![1.0, -1.0]).check(640, 480), Ok(()));
        assert!(matches!(
            mask(2, 2, vec![1.0; 3]).check(640, 480),
            Err(PromptError::MaskLength { .. })
        ));
        assert!(matches!(
            mask(0, 2, vec![]).check(640, 480),
            Err(PromptError::MaskLength { .. })
        ));
        assert!(matches!(
            mask(usize::MAX, 2, vec![1.0; 3]).check(640, 480),
            Err(PromptError::MaskLength { .. })
        ));
        assert!(matches!(
            mask(2, 2, vec![0.0, 0.0, 0.0, f32::NAN]).check(640, 480),
            Err(PromptError::MaskNotFinite { x: 1, y: 1, .. })
        ));
    }

    #[test]
    fn one_point_alone_is_ambiguous() {
        let point = Prompt::point(1.0, 2.0);
        let mut two = point.clone();
        two.points.push(two.points[0]);
        let mut boxed = point.clone();
        boxed.bounds = bounds(0.0, 0.0, 5.0, 5.0).bounds;
        let mut masked = point.clone();
        masked.mask = Some(MaskLogits {
            width: 1,
            height: 1,
            values: vec![0.0],
        });
        assert!(MultimaskOutput::Auto.resolve(&point));
        for prompt in [&two, &boxed, &masked] {
            assert!(!MultimaskOutput::Auto.resolve(prompt));
            assert!(MultimaskOutput::Always.resolve(prompt));
        }
        assert!(!MultimaskOutput::Never.resolve(&point));
    }
}
