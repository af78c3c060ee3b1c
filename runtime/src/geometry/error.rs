//! Why numbers are not a transform.

use std::fmt;

/// Why numbers are not a homography.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GeometryError {
    /// An entry is NaN or infinite.
    NotFinite {
        /// Row of the entry, from 0.
        row: usize,
        /// Column of the entry, from 0.
        column: usize,
        /// As given.
        value: f64,
    },
    /// The matrix maps the plane to a line or a point, so it has no inverse.
    Singular {
        /// Of the matrix, after dividing it by its largest entry.
        determinant: f64,
    },
}

impl fmt::Display for GeometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { row, column, value } => write!(
                f,
                "the homography's entry in row {row}, column {column} is {value}; give finite numbers"
            ),
            Self::Singular { determinant } => write!(
                f,
                "the homography has a determinant of {determinant:e}; give a matrix that can be inverted"
            ),
        }
    }
}

impl std::error::Error for GeometryError {}
