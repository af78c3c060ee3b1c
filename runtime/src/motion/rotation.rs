//! Rotations of directions in space.

use crate::geometry::product;

/// A rotation or its generator, row after row.
pub(super) type Matrix3 = [[f64; 3]; 3];

/// The matrix of the cross product with a vector.
pub(super) fn crossing([x, y, z]: [f64; 3]) -> Matrix3 {
    [[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]
}

pub(super) fn transposed(m: &Matrix3) -> Matrix3 {
    std::array::from_fn(|row| std::array::from_fn(|column| m[column][row]))
}

/// The rotation about a vector by its length, rad (Rodrigues).
pub(super) fn exponential(vector: [f64; 3]) -> Matrix3 {
    let [x, y, z] = vector;
    let angle = x.hypot(y).hypot(z);
    let (first, second) = if angle < 1e-6 {
        (1.0 - angle * angle / 6.0, 0.5 - angle * angle / 24.0)
    } else {
        (angle.sin() / angle, (1.0 - angle.cos()) / (angle * angle))
    };
    let cross = crossing(vector);
    let square = product(&cross, &cross);
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            f64::from(u8::from(row == column))
                + first * cross[row][column]
                + second * square[row][column]
        })
    })
}
