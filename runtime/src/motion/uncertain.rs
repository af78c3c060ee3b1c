//! Homographies with their uncertainty.

use serde::{Deserialize, Serialize};

use super::generators::{Matrix9, along, entry_jacobian};
use crate::geometry::{Covariance, Homography, Point};

/// How the picture moved: a homography with its uncertainty.
///
/// Two kinds of error are kept apart, because they add up differently along a chain. What is not known
/// of the homography itself is a covariance of E in (I + E) H, moved through compositions by the
/// adjoint; independent errors add in squares. By how much single points differ from any homography
/// (things at other depths than most) is the *misfit*; it grows as long as the camera goes on as it
/// does, so it adds up as it is.
///
/// Sources: Begelfor and Werman, "How to Put Probabilities on Homographies", IEEE PAMI 27(10), 2005;
/// Barfoot and Furgale, "Associating Uncertainty With Three-Dimensional Poses", IEEE T-RO 30(3), 2014,
/// for compounding to first order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Motion {
    target_from_source: Homography,
    covariance: Matrix9,
    misfit_px: f64,
}

/// A motion bit for bit; the covariance, column after column, only where it says something.
#[derive(Serialize, Deserialize)]
struct Stored {
    target_from_source: Homography,
    covariance: Option<[[f64; 9]; 9]>,
    misfit_px: f64,
}

impl From<Motion> for Stored {
    fn from(motion: Motion) -> Self {
        // Compared as bits: sums can be -0, which equals 0.
        let is_zero = motion.covariance.iter().all(|value| value.to_bits() == 0);
        Self {
            target_from_source: motion.target_from_source,
            covariance: (!is_zero).then(|| motion.covariance.into()),
            misfit_px: motion.misfit_px,
        }
    }
}

impl From<Stored> for Motion {
    fn from(stored: Stored) -> Self {
        let covariance = stored.covariance.map_or_else(Matrix9::zeros, Matrix9::from);
        Self::new(stored.target_from_source, covariance, stored.misfit_px)
    }
}

impl Motion {
    /// A motion known without error.
    #[must_use]
    pub fn exact(target_from_source: Homography) -> Self {
        Self::new(target_from_source, Matrix9::zeros(), 0.0)
    }

    pub(crate) fn new(target_from_source: Homography, covariance: Matrix9, misfit_px: f64) -> Self {
        Self {
            target_from_source,
            covariance,
            misfit_px,
        }
    }

    /// The homography.
    #[must_use]
    pub fn target_from_source(&self) -> &Homography {
        &self.target_from_source
    }

    /// By how much points differ from the homography besides its own uncertainty: a standard
    /// deviation in each direction, pixels of the target.
    #[must_use]
    pub fn misfit_px(&self) -> f64 {
        self.misfit_px
    }

    /// `c_from_a` of this `c_from_b` and `b_from_a`: first `b_from_a`, then this.
    #[must_use]
    pub fn after(&self, b_from_a: &Self) -> Self {
        Self {
            target_from_source: self.target_from_source.after(&b_from_a.target_from_source),
            covariance: self.covariance + carried(&self.target_from_source, &b_from_a.covariance),
            misfit_px: self.misfit_px + b_from_a.misfit_px,
        }
    }

    /// `source_from_target`.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let source_from_target = self.target_from_source.inverse();
        Self {
            target_from_source: source_from_target,
            covariance: carried(&source_from_target, &self.covariance),
            misfit_px: self.misfit_px,
        }
    }

    /// Where a point of the source lies in the target, and how well that is known, given how well it
    /// was known in the source. Nowhere if it is at infinity, behind the camera, or not finite.
    #[must_use]
    pub fn move_point(&self, point: Point, covariance: &Covariance) -> Option<(Point, Covariance)> {
        let moved = self.target_from_source.apply(point)?;
        let jacobian = self.target_from_source.jacobian(point)?;
        let rows = entry_jacobian([moved.x_px, moved.y_px]);
        let own = |a: usize, b: usize| -> f64 {
            let carried: [f64; 9] = std::array::from_fn(|entry| {
                (0..9)
                    .map(|k| self.covariance[(entry, k)] * rows[b][k])
                    .sum()
            });
            along(&rows, &carried)[a]
        };
        let own = Covariance {
            xx_px2: own(0, 0),
            xy_px2: own(0, 1),
            yy_px2: own(1, 1),
        };
        let total = covariance
            .pushed(jacobian)
            .plus(&own)
            .plus(&Covariance::isotropic(self.misfit_px));
        Some((moved, total))
    }

    /// Standard deviation, pixels of the target, of a point of the source that was known exactly, in the
    /// direction in which it is largest; infinite where the point has no image.
    #[must_use]
    pub fn deviation_px(&self, point: Point) -> f64 {
        self.move_point(point, &Covariance::default())
            .map_or(f64::INFINITY, |(_, c)| c.largest_deviation_px())
    }

    /// The same motion between other coordinates of both images. `scale` is new pixels for an old one.
    pub(crate) fn in_coordinates(&self, new_from_old: &Homography, scale: f64) -> Self {
        Self {
            target_from_source: new_from_old
                .after(&self.target_from_source)
                .after(&new_from_old.inverse()),
            covariance: carried(new_from_old, &self.covariance),
            misfit_px: self.misfit_px * scale,
        }
    }
}

/// The covariance of A E A^-1.
fn carried(map: &Homography, covariance: &Matrix9) -> Matrix9 {
    if *covariance == Matrix9::zeros() {
        return *covariance;
    }
    let (a, inverse) = (map.rows(), map.inverse());
    let b = inverse.rows();
    // The inverse is known up to scale; A B is that scale times the unit matrix.
    let scale: f64 = (0..3).map(|k| a[2][k] * b[k][2]).sum();
    let adjoint =
        Matrix9::from_fn(|row, column| a[row / 3][column / 3] * b[column % 3][row % 3] / scale);
    adjoint * covariance * adjoint.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::generators::FlowModel;

    fn uncertain(deviations: [f64; 8], map: Homography) -> Motion {
        let mut covariance = Matrix9::zeros();
        for (generator, deviation) in FlowModel::Homography.generators().iter().zip(deviations) {
            let column = nalgebra::SVector::<f64, 9>::from_column_slice(generator) * deviation;
            covariance += column * column.transpose();
        }
        Motion::new(map, covariance, 0.0)
    }

    fn tilted() -> Homography {
        Homography::new([[1.02, 0.05, 12.0], [-0.04, 0.97, -7.0], [2e-5, -3e-5, 1.0]]).unwrap()
    }

    #[test]
    fn a_shift_known_to_half_a_pixel_stays_so() {
        let motion = uncertain([0.5, 0.5, 0., 0., 0., 0., 0., 0.], Homography::IDENTITY);
        let point = Point::new(100.0, 50.0);
        assert!((motion.deviation_px(point) - 0.5).abs() < 1e-12);
        // Independent errors add in squares.
        let twice = motion.after(&motion);
        assert!((twice.deviation_px(point) - 0.5 * 2.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_points_own_error_is_stretched_and_added() {
        let map = Homography::scaling(2.0, 2.0, 0.0, 0.0).unwrap();
        let motion = uncertain([3.0, 3.0, 0., 0., 0., 0., 0., 0.], map);
        let (_, covariance) = motion
            .move_point(Point::new(5.0, 5.0), &Covariance::isotropic(2.0))
            .unwrap();
        assert!((covariance.largest_deviation_px() - 5.0).abs() < 1e-12);
    }

    /// Against the spread of many perturbed maps.
    #[test]
    fn covariances_agree_with_sampling_through_composition_and_inversion() {
        let deviations = [0.4, 0.3, 0.002, 0.001, 0.001, 0.002, 4e-6, 3e-6];
        let (a, b) = (
            uncertain(deviations, tilted()),
            uncertain(deviations.map(|d| d * 1.5), tilted().inverse()),
        );
        let mut random = fixed_normals();
        let mut perturbed = |motion: &Motion, scale: f64| {
            let mut rows = *Homography::IDENTITY.rows();
            for (generator, deviation) in FlowModel::Homography.generators().iter().zip(deviations)
            {
                let amount = random() * deviation * scale;
                for (entry, part) in generator.iter().enumerate() {
                    rows[entry / 3][entry % 3] += part * amount;
                }
            }
            Homography::new(rows)
                .unwrap()
                .after(&motion.target_from_source)
        };
        let point = Point::new(220.0, 140.0);
        let predicted = a.after(&b).inverse();
        let (centre, covariance) = predicted.move_point(point, &Covariance::default()).unwrap();
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        let count = 20_000;
        for _ in 0..count {
            let map = perturbed(&a, 1.0).after(&perturbed(&b, 1.5)).inverse();
            let moved = map.apply(point).unwrap();
            let (dx, dy) = (moved.x_px - centre.x_px, moved.y_px - centre.y_px);
            xx += dx * dx / f64::from(count);
            xy += dx * dy / f64::from(count);
            yy += dy * dy / f64::from(count);
        }
        assert!(
            (xx / covariance.xx_px2 - 1.0).abs() < 0.05,
            "{xx} {covariance:?}"
        );
        assert!(
            (yy / covariance.yy_px2 - 1.0).abs() < 0.05,
            "{yy} {covariance:?}"
        );
        assert!((xy - covariance.xy_px2).abs() < 0.05 * xx.max(yy));
    }

    fn fixed_normals() -> impl FnMut() -> f64 {
        let mut state = 7_u64;
        move || {
            let mut sum = 0.0;
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                sum += (state >> 40) as f64 / (1_u64 << 24) as f64;
            }
            sum - 6.0
        }
    }

    #[test]
    fn misfit_adds_up_and_coordinates_change() {
        let shift = Motion::new(Homography::translation(3.0, 0.0), Matrix9::zeros(), 0.2);
        assert!((shift.after(&shift).misfit_px() - 0.4).abs() < 1e-12);
        let doubled = Homography::scaling(2.0, 2.0, 0.5, 0.5).unwrap();
        let large = shift.in_coordinates(&doubled, 2.0);
        let moved = large
            .target_from_source()
            .apply(Point::new(10.0, 10.0))
            .unwrap();
        assert!(moved.distance_px(Point::new(16.0, 10.0)) < 1e-12);
        assert!((large.deviation_px(Point::new(0.0, 0.0)) - 0.4).abs() < 1e-12);
        assert_eq!(large.deviation_px(Point::new(f64::NAN, 0.0)), f64::INFINITY);
    }
}
