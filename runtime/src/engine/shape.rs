//! Prompts as the engine handles them: of fixed size.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::geometry::{Covariance, Point};
use crate::motion::Motion;
use crate::prompt::{PointLabel, Prompt, PromptBox, PromptError, PromptPoint};

/// Points that fit a prompt.
const MOST_POINTS: usize = 16;

/// A prompt of fixed size: up to [`PromptShape::MOST_POINTS`] points, a box, and whether mask logits
/// come with it; those stay with the caller.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Stored")]
pub struct PromptShape {
    points: [PromptPoint; MOST_POINTS],
    count: usize,
    bounds: Option<PromptBox>,
    has_mask: bool,
    spread: Covariance,
}

/// A prompt with the points that it has, as it is read.
#[derive(Deserialize)]
struct Stored {
    points: Vec<PromptPoint>,
    bounds: Option<PromptBox>,
    has_mask: bool,
    spread: Covariance,
}

impl TryFrom<Stored> for PromptShape {
    type Error = ShapeError;

    fn try_from(stored: Stored) -> Result<Self, ShapeError> {
        let mut shape = Self {
            bounds: stored.bounds,
            has_mask: stored.has_mask,
            spread: stored.spread,
            ..Self::empty()
        };
        for point in stored.points {
            shape.push(point)?;
        }
        Ok(shape)
    }
}

impl Serialize for PromptShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The same, as it is written: without a copy on the heap.
        #[derive(Serialize)]
        struct Borrowed<'a> {
            points: &'a [PromptPoint],
            bounds: Option<PromptBox>,
            has_mask: bool,
            spread: Covariance,
        }
        let borrowed = Borrowed {
            points: self.points(),
            bounds: self.bounds,
            has_mask: self.has_mask,
            spread: self.spread,
        };
        borrowed.serialize(serializer)
    }
}

impl PromptShape {
    /// Points that fit.
    pub const MOST_POINTS: usize = MOST_POINTS;

    fn empty() -> Self {
        let nothing = PromptPoint {
            x_px: 0.0,
            y_px: 0.0,
            label: PointLabel::Background,
        };
        Self {
            points: [nothing; MOST_POINTS],
            count: 0,
            bounds: None,
            has_mask: false,
            spread: Covariance::default(),
        }
    }

    /// One foreground point.
    #[must_use]
    pub fn point(x_px: f32, y_px: f32) -> Self {
        let mut shape = Self::empty();
        shape.points[0] = PromptPoint {
            x_px,
            y_px,
            label: PointLabel::Foreground,
        };
        shape.count = 1;
        shape
    }

    /// One box.
    #[must_use]
    pub fn bounds(bounds: PromptBox) -> Self {
        Self {
            bounds: Some(bounds),
            ..Self::empty()
        }
    }

    /// The points and the box of a prompt.
    ///
    /// # Errors
    /// When it has too many points.
    pub fn of(prompt: &Prompt) -> Result<Self, ShapeError> {
        let mut shape = Self {
            bounds: prompt.bounds,
            has_mask: prompt.mask.is_some(),
            ..Self::empty()
        };
        for &point in &prompt.points {
            shape.push(point)?;
        }
        Ok(shape)
    }

    /// Adds a point.
    ///
    /// # Errors
    /// When there are too many.
    pub fn push(&mut self, point: PromptPoint) -> Result<(), ShapeError> {
        let slot = self
            .points
            .get_mut(self.count)
            .ok_or(ShapeError::TooManyPoints { most: MOST_POINTS })?;
        *slot = point;
        self.count += 1;
        Ok(())
    }

    /// The same prompt, its points uncertain like this.
    #[must_use]
    pub fn with_spread(mut self, spread: Covariance) -> Self {
        self.spread = spread;
        self
    }

    /// The points.
    #[must_use]
    pub fn points(&self) -> &[PromptPoint] {
        &self.points[..self.count]
    }

    /// The box.
    #[must_use]
    pub fn prompt_box(&self) -> Option<PromptBox> {
        self.bounds
    }

    /// Whether mask logits come with it.
    #[must_use]
    pub fn has_mask(&self) -> bool {
        self.has_mask
    }

    /// How uncertain its points are, square pixels.
    #[must_use]
    pub fn spread(&self) -> Covariance {
        self.spread
    }

    /// Where the thing wanted is: the first foreground point, else the box's centre; none for a mask
    /// alone or background points alone.
    #[must_use]
    pub fn anchor(&self) -> Option<Point> {
        let first = self
            .points()
            .iter()
            .find(|point| point.label == PointLabel::Foreground);
        match (first, self.bounds) {
            (Some(point), _) => Some(Point::new(point.x_px.into(), point.y_px.into())),
            (None, Some(b)) => Some(Point::new(
                f64::from(b.x0_px + b.x1_px) / 2.0,
                f64::from(b.y0_px + b.y1_px) / 2.0,
            )),
            (None, None) => None,
        }
    }

    /// Whether the prompt leaves several nested things open: a single point and nothing else.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.count == 1 && self.bounds.is_none() && !self.has_mask
    }

    /// Whether the prompt means something on an image of this size, as
    /// [`Prompt::check`](crate::prompt::Prompt::check); the mask is the caller's to check.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, width_px: u32, height_px: u32) -> Result<(), PromptError> {
        if self.count == 0 && self.bounds.is_none() && !self.has_mask {
            return Err(PromptError::Empty);
        }
        // One rule for what a prompt may be, without copying points to the heap: point by point, and
        // the box, in the terms of the errors there.
        for (index, &PromptPoint { x_px, y_px, .. }) in self.points().iter().enumerate() {
            if !x_px.is_finite() || !y_px.is_finite() {
                return Err(PromptError::PointNotFinite { index, x_px, y_px });
            }
            if !is_on(x_px, y_px, width_px, height_px) {
                return Err(PromptError::PointOutside {
                    index,
                    x_px,
                    y_px,
                    width_px,
                    height_px,
                });
            }
        }
        // A prompt of a box alone allocates nothing.
        self.bounds
            .map_or(Ok(()), |b| Prompt::bounds(b).check(width_px, height_px))
    }

    /// The prompt on another image of this size, and the anchor's uncertainty there. Points that fall
    /// off it are left out, the box becomes the box around its moved corners, cut to the image. None
    /// when the thing wanted is not on it.
    #[must_use]
    pub fn moved(
        &self,
        target_from_source: &Motion,
        width_px: u32,
        height_px: u32,
    ) -> Option<Self> {
        let mut moved = Self {
            has_mask: self.has_mask,
            ..Self::empty()
        };
        for point in self.points() {
            let source = Point::new(point.x_px.into(), point.y_px.into());
            let Some(target) = target_from_source.target_from_source().apply(source) else {
                continue;
            };
            let (x_px, y_px) = (target.x_px as f32, target.y_px as f32);
            if is_on(x_px, y_px, width_px, height_px) {
                moved.points[moved.count] = PromptPoint {
                    x_px,
                    y_px,
                    label: point.label,
                };
                moved.count += 1;
            }
        }
        if let Some(bounds) = self.bounds {
            moved.bounds = moved_box(&bounds, target_from_source, width_px, height_px);
        }
        let anchor = self.anchor();
        let wanted = anchor.is_none() || moved.anchor().is_some();
        let something = moved.count > 0 || moved.bounds.is_some() || moved.has_mask;
        if !wanted || !something {
            return None;
        }
        let spread = anchor.and_then(|a| target_from_source.move_point(a, &self.spread));
        moved.spread = spread.map_or(self.spread, |(_, spread)| spread);
        Some(moved)
    }
}

fn is_on(x_px: f32, y_px: f32, width_px: u32, height_px: u32) -> bool {
    (0.0..f64::from(width_px)).contains(&f64::from(x_px))
        && (0.0..f64::from(height_px)).contains(&f64::from(y_px))
}

fn moved_box(
    bounds: &PromptBox,
    target_from_source: &Motion,
    width_px: u32,
    height_px: u32,
) -> Option<PromptBox> {
    let around =
        target_from_source
            .target_from_source()
            .apply_to_bounds(&crate::geometry::Bounds {
                x0_px: bounds.x0_px.into(),
                y0_px: bounds.y0_px.into(),
                x1_px: bounds.x1_px.into(),
                y1_px: bounds.y1_px.into(),
            })?;
    let cut = PromptBox {
        x0_px: around.x0_px as f32,
        y0_px: around.y0_px as f32,
        x1_px: around.x1_px as f32,
        y1_px: around.y1_px as f32,
    }
    .clipped(width_px, height_px);
    (cut.x1_px > cut.x0_px && cut.y1_px > cut.y0_px).then_some(cut)
}

/// Why a prompt does not fit the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// More points than fit.
    TooManyPoints {
        /// Points that fit.
        most: usize,
    },
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyPoints { most } => {
                write!(
                    f,
                    "the prompt has more than {most} points; give at most {most}"
                )
            }
        }
    }
}

impl std::error::Error for ShapeError {}
