//! Positions in space, from one frame of reference to another.

use std::fmt;

/// Rows of a rotation may differ by this much from unit length and right angles: six decimals in a file
/// are enough.
const MOST_SKEW: f64 = 1e-4;

/// A rotation and a translation, `target_from_source`: x -> R x + t, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RigidTransform {
    rotation: [[f64; 3]; 3],
    translation_m: [f64; 3],
}

impl RigidTransform {
    /// Every position stays.
    pub const IDENTITY: Self = Self {
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        translation_m: [0.0; 3],
    };

    /// The transform with this rotation, row after row, and this translation.
    ///
    /// # Errors
    /// When a number is not finite, or the matrix is no rotation.
    pub fn new(rotation: [[f64; 3]; 3], translation_m: [f64; 3]) -> Result<Self, RigidError> {
        let numbers = rotation.iter().flatten().chain(&translation_m);
        if let Some(&value) = numbers.into_iter().find(|value| !value.is_finite()) {
            return Err(RigidError::NotFinite { value });
        }
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let mut skew = 0.0_f64;
        for row in 0..3 {
            for other in 0..3 {
                let expected = f64::from(u8::from(row == other));
                skew = skew.max((dot(rotation[row], rotation[other]) - expected).abs());
            }
        }
        let [x, y, z] = rotation;
        let cross = [
            x[1] * y[2] - x[2] * y[1],
            x[2] * y[0] - x[0] * y[2],
            x[0] * y[1] - x[1] * y[0],
        ];
        let mirrored = dot(cross, z) < 0.0;
        if skew > MOST_SKEW || mirrored {
            return Err(RigidError::NoRotation { skew, mirrored });
        }
        Ok(Self {
            rotation,
            translation_m,
        })
    }

    /// The transform with the rotation of this quaternion, of any length, in ROS's order.
    ///
    /// # Errors
    /// When a number is not finite, or the quaternion is zero.
    pub fn from_quaternion_xyzw(
        quaternion: [f64; 4],
        translation_m: [f64; 3],
    ) -> Result<Self, RigidError> {
        let largest = quaternion.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let scaled = quaternion.map(|value| value / largest);
        let length = scaled.iter().map(|value| value * value).sum::<f64>().sqrt();
        let [x, y, z, w] = scaled.map(|value| value / length);
        Self::new(
            [
                [
                    1.0 - 2.0 * (y * y + z * z),
                    2.0 * (x * y - z * w),
                    2.0 * (x * z + y * w),
                ],
                [
                    2.0 * (x * y + z * w),
                    1.0 - 2.0 * (x * x + z * z),
                    2.0 * (y * z - x * w),
                ],
                [
                    2.0 * (x * z - y * w),
                    2.0 * (y * z + x * w),
                    1.0 - 2.0 * (x * x + y * y),
                ],
            ],
            translation_m,
        )
    }

    /// The rotation, row after row.
    #[must_use]
    pub fn rotation(&self) -> &[[f64; 3]; 3] {
        &self.rotation
    }

    /// Where the source's origin lies in the target, metres.
    #[must_use]
    pub fn translation_m(&self) -> [f64; 3] {
        self.translation_m
    }

    /// Where a position of the source lies in the target, metres.
    #[must_use]
    pub fn apply(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|row| {
            let [a, b, c] = self.rotation[row];
            a * x + b * y + c * z + self.translation_m[row]
        })
    }

    /// `source_from_target`.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let rotation: [[f64; 3]; 3] =
            std::array::from_fn(|row| std::array::from_fn(|column| self.rotation[column][row]));
        let turned = Self {
            rotation,
            translation_m: [0.0; 3],
        };
        Self {
            rotation,
            translation_m: turned.apply(self.translation_m).map(|value| -value),
        }
    }

    /// `c_from_a` of this `c_from_b` and `b_from_a`: first `b_from_a`, then this.
    #[must_use]
    pub fn after(&self, b_from_a: &Self) -> Self {
        Self {
            rotation: super::product(&self.rotation, &b_from_a.rotation),
            translation_m: self.apply(b_from_a.translation_m),
        }
    }
}

/// Why numbers are not a rigid transform.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RigidError {
    /// A number is NaN or infinite, as in a quaternion of zeros.
    NotFinite {
        /// As given, or after dividing by the quaternion's length.
        value: f64,
    },
    /// The matrix scales, shears or mirrors.
    NoRotation {
        /// Largest entry of R R^T - I.
        skew: f64,
        /// Whether its determinant is negative.
        mirrored: bool,
    },
}

impl fmt::Display for RigidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { value } => write!(
                f,
                "the transform has a number {value}; give finite numbers, and no quaternion of zeros"
            ),
            Self::NoRotation { mirrored: true, .. } => write!(
                f,
                "the matrix mirrors; give a rotation, with right-handed axes on both sides"
            ),
            Self::NoRotation { skew, .. } => write!(
                f,
                "the matrix is no rotation (R R^T differs from the unit matrix by {skew:e}); give orthonormal rows, with six decimals at least"
            ),
        }
    }
}

impl std::error::Error for RigidError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quarter_turn_about_z() {
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let turn = RigidTransform::from_quaternion_xyzw(
            [0.0, 0.0, 3.0 * half, 3.0 * half],
            [1.0, 2.0, 3.0],
        )
        .unwrap();
        let moved = turn.apply([1.0, 0.0, 0.5]);
        for (found, expected) in moved.into_iter().zip([1.0, 3.0, 3.5]) {
            assert!((found - expected).abs() < 1e-12, "{moved:?}");
        }
    }

    #[test]
    fn what_is_no_rotation_is_refused() {
        let mut mirror = RigidTransform::IDENTITY.rotation;
        mirror[0][0] = -1.0;
        assert!(matches!(
            RigidTransform::new(mirror, [0.0; 3]),
            Err(RigidError::NoRotation { mirrored: true, .. })
        ));
        let double = RigidTransform::IDENTITY
            .rotation
            .map(|row| row.map(|v| 2.0 * v));
        assert!(matches!(
            RigidTransform::new(double, [0.0; 3]),
            Err(RigidError::NoRotation {
                mirrored: false,
                ..
            })
        ));
        assert!(RigidTransform::new(double, [f64::NAN; 3]).is_err());
        assert!(RigidTransform::from_quaternion_xyzw([0.0; 4], [0.0; 3]).is_err());
    }

    proptest! {
        #[test]
        fn transforms_compose_and_invert(
            a in prop::array::uniform4(0.1_f64..1.0),
            b in prop::array::uniform4(-1.0_f64..-0.1),
            t in prop::array::uniform3(-5.0_f64..5.0),
            x in prop::array::uniform3(-5.0_f64..5.0),
        ) {
            let a = RigidTransform::from_quaternion_xyzw(a, t).unwrap();
            let b = RigidTransform::from_quaternion_xyzw(b, x).unwrap();
            let close = |u: [f64; 3], v: [f64; 3]| u.iter().zip(v).all(|(u, v)| (u - v).abs() < 1e-9);
            prop_assert!(close(a.inverse().apply(a.apply(x)), x));
            prop_assert!(close(a.after(&b).apply(t), a.apply(b.apply(t))));
            prop_assert!(RigidTransform::new(*a.after(&b).rotation(), t).is_ok());
        }
    }
}
