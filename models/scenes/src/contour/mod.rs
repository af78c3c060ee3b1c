//! Outlines: closed rings of points, and the families that make them.
//!
//! Families draw in unit coordinates, roughly the square [-1, 1]^2; [`Contour::placed`] puts an
//! outline on the canvas.

mod families;
mod strokes;

pub use families::{Family, bottle, ellipse, polygon, rectangle, star};
pub use strokes::{capsule, letter, ribbon};

/// A point, x first.
pub type Point = [f32; 2];

/// The area inside one or more closed rings.
#[derive(Debug, Clone, Default)]
pub struct Contour {
    /// Rings of at least three points.
    pub rings: Vec<Vec<Point>>,
    /// A ring inside another is a hole, rather than part of a union.
    pub holes: bool,
}

/// Where a unit outline lies on the canvas.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    /// Centre, pixels.
    pub centre: Point,
    /// Pixels per unit along the outline's own x axis and y axis, before turning.
    pub scale: Point,
    /// Radians, from x towards y.
    pub turn: f32,
}

impl Placement {
    /// From unit coordinates to the canvas.
    pub fn apply(&self, point: Point) -> Point {
        let (sin, cos) = (libm::sinf(self.turn), libm::cosf(self.turn));
        let (x, y) = (point[0] * self.scale[0], point[1] * self.scale[1]);
        [
            self.centre[0] + cos * x - sin * y,
            self.centre[1] + sin * x + cos * y,
        ]
    }
}

impl Contour {
    /// One ring.
    pub fn ring(points: Vec<Point>) -> Self {
        Self {
            rings: vec![points],
            holes: false,
        }
    }

    /// The union of several outlines without holes.
    pub fn union(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut rings: Vec<_> = parts.into_iter().flat_map(|part| part.rings).collect();
        // The winding rule unites only rings that turn the same way.
        for ring in &mut rings {
            if signed_area(ring) < 0.0 {
                ring.reverse();
            }
        }
        Self {
            rings,
            holes: false,
        }
    }

    /// This outline with `hole` cut out of it.
    pub fn without(mut self, hole: Self) -> Self {
        self.rings.extend(hole.rings);
        self.holes = true;
        self
    }

    /// Every point moved.
    pub fn map(&self, mut change: impl FnMut(Point) -> Point) -> Self {
        let rings = self.rings.iter();
        let rings = rings
            .map(|ring| ring.iter().map(|point| change(*point)).collect())
            .collect();
        Self {
            rings,
            holes: self.holes,
        }
    }

    /// On the canvas.
    pub fn placed(&self, placement: &Placement) -> Self {
        self.map(|point| placement.apply(point))
    }

    /// Scaled by `scale` (x, y), then moved by `shift`.
    pub fn moved(&self, scale: Point, shift: Point) -> Self {
        self.map(|[x, y]| [x * scale[0] + shift[0], y * scale[1] + shift[1]])
    }

    /// Left, top, right, bottom; nothing for an outline without points.
    pub fn bounds(&self) -> Option<[f32; 4]> {
        let mut points = self.rings.iter().flatten();
        let [x, y] = *points.next()?;
        Some(
            points.fold([x, y, x, y], |[left, top, right, bottom], [x, y]| {
                [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
            }),
        )
    }
}

/// Twice the area of a ring, negative if it turns the other way. It cancels in crossing rings, which
/// is what the winding rule needs to know.
pub(crate) fn signed_area(ring: &[Point]) -> f32 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum()
}
