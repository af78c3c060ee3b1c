//! Projective maps of the plane.

use serde::{Deserialize, Serialize};

use super::{Bounds, GeometryError, Point};

/// Determinants of matrices scaled to a largest entry of 1 are called zero below this. Maps of
/// pixels have small ones: a translation by 1000 px has 1e-9.
const SMALLEST_DETERMINANT: f64 = 1e-15;
/// Points whose third homogeneous coordinate is below this are at infinity or behind the camera.
const SMALLEST_DIVISOR: f64 = 1e-9;

/// A projective map of the plane, `target_from_source`: a 3 x 3 matrix up to scale, acting on
/// (x, y, 1). It can be inverted, and its entries are finite.
///
/// The scale is such that the last entry is 1 where it is not zero, so points near the source's
/// origin are in front of the camera.
///
/// Source: Hartley and Zisserman, *Multiple View Geometry in Computer Vision*, 2nd edition, 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Homography {
    rows: [[f64; 3]; 3],
}

/// The matrix, row after row, as it is: scaled once more, its bits would change.
#[derive(Serialize, Deserialize)]
struct Stored([[f64; 3]; 3]);

impl From<Homography> for Stored {
    fn from(homography: Homography) -> Self {
        Self(homography.rows)
    }
}

impl TryFrom<Stored> for Homography {
    type Error = GeometryError;

    fn try_from(Stored(rows): Stored) -> Result<Self, GeometryError> {
        check_finite(&rows)?;
        Ok(Self { rows })
    }
}

impl Default for Homography {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Homography {
    /// Every point stays.
    pub const IDENTITY: Self = Self {
        rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    };

    /// The map with this matrix, row after row.
    ///
    /// # Errors
    /// When an entry is not finite, or the matrix has no inverse.
    pub fn new(rows: [[f64; 3]; 3]) -> Result<Self, GeometryError> {
        check_finite(&rows)?;
        let largest = largest_entry(&rows);
        // Dividing twice keeps a denormal largest entry from becoming an infinite factor.
        let scaled = rows.map(|row| row.map(|value| value / largest));
        let determinant = determinant(&scaled);
        if determinant.is_nan() || determinant.abs() < SMALLEST_DETERMINANT {
            return Err(GeometryError::Singular { determinant });
        }
        Ok(Self::scaled(scaled))
    }

    /// The map that moves every point by so many pixels.
    #[must_use]
    pub fn translation(x_px: f64, y_px: f64) -> Self {
        Self {
            rows: [[1.0, 0.0, x_px], [0.0, 1.0, y_px], [0.0, 0.0, 1.0]],
        }
    }

    /// The map (x, y) -> (`scale_x` x + `x_px`, `scale_y` y + `y_px`).
    ///
    /// # Errors
    /// When a number is not finite, or a scale is zero.
    pub fn scaling(
        scale_x: f64,
        scale_y: f64,
        x_px: f64,
        y_px: f64,
    ) -> Result<Self, GeometryError> {
        Self::new([[scale_x, 0.0, x_px], [0.0, scale_y, y_px], [0.0, 0.0, 1.0]])
    }

    /// The matrix, row after row.
    #[must_use]
    pub fn rows(&self) -> &[[f64; 3]; 3] {
        &self.rows
    }

    /// Where a point of the source lies in the target; nowhere if it is at infinity, behind the
    /// camera, or not finite.
    #[must_use]
    pub fn apply(&self, point: Point) -> Option<Point> {
        let [u, v, w] = self.homogeneous(point);
        let moved = Point::new(u / w, v / w);
        (w > SMALLEST_DIVISOR && moved.is_finite()).then_some(moved)
    }

    /// The smallest box around where a box of the source lies in the target; nowhere if a corner has no
    /// image.
    #[must_use]
    pub fn apply_to_bounds(&self, bounds: &Bounds) -> Option<Bounds> {
        let mut around: Option<Bounds> = None;
        for corner in bounds.corners() {
            let Point { x_px, y_px } = self.apply(corner)?;
            around = Some(around.map_or(
                Bounds {
                    x0_px: x_px,
                    y0_px: y_px,
                    x1_px: x_px,
                    y1_px: y_px,
                },
                |around| Bounds {
                    x0_px: around.x0_px.min(x_px),
                    y0_px: around.y0_px.min(y_px),
                    x1_px: around.x1_px.max(x_px),
                    y1_px: around.y1_px.max(y_px),
                },
            ));
        }
        around
    }

    /// The Jacobian of [`Homography::apply`] at a point of the source (rows: target x, y; columns:
    /// source x, y); none where the point has no image.
    #[must_use]
    pub fn jacobian(&self, point: Point) -> Option<[[f64; 2]; 2]> {
        let moved = self.apply(point)?;
        let [.., w] = self.homogeneous(point);
        let [a, b, c] = &self.rows;
        Some([
            [
                (a[0] - moved.x_px * c[0]) / w,
                (a[1] - moved.x_px * c[1]) / w,
            ],
            [
                (b[0] - moved.y_px * c[0]) / w,
                (b[1] - moved.y_px * c[1]) / w,
            ],
        ])
    }

    /// `c_from_a` of this `c_from_b` and `b_from_a`: first `b_from_a`, then this.
    #[must_use]
    pub fn after(&self, b_from_a: &Self) -> Self {
        Self::scaled(product(&self.rows, &b_from_a.rows))
    }

    /// `source_from_target`.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self::scaled(adjugate(&self.rows))
    }

    fn homogeneous(&self, point: Point) -> [f64; 3] {
        let Point { x_px, y_px } = point;
        self.rows.map(|[a, b, c]| a * x_px + b * y_px + c)
    }

    fn scaled(rows: [[f64; 3]; 3]) -> Self {
        let largest = largest_entry(&rows);
        let last = rows[2][2];
        let divisor = if last.abs() > largest * 1e-12 {
            last
        } else {
            largest
        };
        Self {
            rows: rows.map(|row| row.map(|value| value / divisor)),
        }
    }
}

fn check_finite(rows: &[[f64; 3]; 3]) -> Result<(), GeometryError> {
    for (row, values) in rows.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            if !value.is_finite() {
                return Err(GeometryError::NotFinite { row, column, value });
            }
        }
    }
    Ok(())
}

fn largest_entry(rows: &[[f64; 3]; 3]) -> f64 {
    rows.iter()
        .flatten()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()))
}

pub(crate) fn product(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    a.map(|row| {
        std::array::from_fn(|column| {
            row[0] * b[0][column] + row[1] * b[1][column] + row[2] * b[2][column]
        })
    })
}

pub(crate) fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    let cofactors = adjugate(m);
    m[0][0] * cofactors[0][0] + m[0][1] * cofactors[1][0] + m[0][2] * cofactors[2][0]
}

/// The inverse times the determinant.
pub(crate) fn adjugate(m: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            // The cofactor of (column, row), with indices that wrap around for the sign.
            let (r0, r1) = ((column + 1) % 3, (column + 2) % 3);
            let (c0, c1) = ((row + 1) % 3, (row + 2) % 3);
            m[r0][c0] * m[r1][c1] - m[r0][c1] * m[r1][c0]
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tilted() -> Homography {
        Homography::new([[1.02, 0.05, 12.0], [-0.04, 0.97, -7.0], [2e-5, -3e-5, 1.0]]).unwrap()
    }

    #[test]
    fn maps_compose_and_invert() {
        let (a, b) = (tilted(), Homography::scaling(0.5, 0.4, 3.0, -8.0).unwrap());
        let point = Point::new(311.0, 207.0);
        let by_hand = a.apply(b.apply(point).unwrap()).unwrap();
        assert!(a.after(&b).apply(point).unwrap().distance_px(by_hand) < 1e-9);
        let back = a.inverse().apply(a.apply(point).unwrap()).unwrap();
        assert!(back.distance_px(point) < 1e-9);
        assert_eq!(a.inverse().rows()[2][2], 1.0);
    }

    #[test]
    fn the_jacobian_is_the_difference_quotient() {
        let (map, at, step) = (tilted(), Point::new(250.0, 90.0), 1e-4);
        let jacobian = map.jacobian(at).unwrap();
        for (column, (dx, dy)) in [(step, 0.0), (0.0, step)].into_iter().enumerate() {
            let moved = |sign: f64| {
                let point = Point::new(at.x_px + sign * dx, at.y_px + sign * dy);
                map.apply(point).unwrap()
            };
            let (low, high) = (moved(-1.0), moved(1.0));
            let slope_x = (high.x_px - low.x_px) / (2.0 * step);
            let slope_y = (high.y_px - low.y_px) / (2.0 * step);
            assert!((jacobian[0][column] - slope_x).abs() < 1e-7);
            assert!((jacobian[1][column] - slope_y).abs() < 1e-7);
        }
    }

    #[test]
    fn what_is_no_map_is_refused() {
        let mut rows = *tilted().rows();
        rows[1][2] = f64::NAN;
        assert!(matches!(
            Homography::new(rows),
            Err(GeometryError::NotFinite {
                row: 1,
                column: 2,
                ..
            })
        ));
        for rows in [[[0.0; 3]; 3], [[1.0; 3]; 3]] {
            let error = Homography::new(rows).unwrap_err();
            assert!(matches!(error, GeometryError::Singular { .. }), "{error}");
        }
        assert!(Homography::scaling(1.0, 0.0, 0.0, 0.0).is_err());
    }

    #[test]
    fn boxes_stay_boxes() {
        let turned =
            Homography::new([[0.0, -1.0, 10.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).unwrap();
        let bounds = Bounds {
            x0_px: 1.0,
            y0_px: 2.0,
            x1_px: 5.0,
            y1_px: 9.0,
        };
        let expected = Bounds {
            x0_px: 1.0,
            y0_px: 1.0,
            x1_px: 8.0,
            y1_px: 5.0,
        };
        assert_eq!(turned.apply_to_bounds(&bounds), Some(expected));
        let behind = Homography::new([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.2, 0.0, 1.0]]).unwrap();
        assert_eq!(behind.apply_to_bounds(&bounds), None);
    }

    #[test]
    fn points_behind_the_camera_have_no_image() {
        let map = Homography::new([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.01, 0.0, 1.0]]).unwrap();
        assert!(map.apply(Point::new(50.0, 0.0)).is_some());
        for x_px in [100.0, 150.0, f64::NAN, f64::INFINITY] {
            assert_eq!(map.apply(Point::new(x_px, 0.0)), None, "{x_px}");
            assert_eq!(map.jacobian(Point::new(x_px, 0.0)), None);
        }
    }
}
