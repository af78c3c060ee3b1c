//! The ways in which a picture may move: small homographies I + E.
//!
//! E is a sum of generators times small numbers; a model is a set of generators. What a moved point
//! does when E changes is linear in E, which makes fits and covariances one piece of code for all
//! models.

use serde::{Deserialize, Serialize};

use nalgebra::SMatrix;

/// A covariance of the nine entries of E, row after row.
pub(crate) type Matrix9 = SMatrix<f64, 9, 9>;

/// How freely a picture may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FlowModel {
    /// Every point by the same pixels: 2 numbers.
    Translation,
    /// Shift, turn and zoom: 4 numbers.
    Similarity,
    /// Any projective map: 8 numbers.
    Homography,
}

/// Generators at most.
pub(crate) const MOST_GENERATORS: usize = 8;

const SHIFT_X: [f64; 9] = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const SHIFT_Y: [f64; 9] = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
const ZOOM: [f64; 9] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
const TURN: [f64; 9] = [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const STRETCH: [f64; 9] = [1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0];
const SKEW: [f64; 9] = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const TILT_X: [f64; 9] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
const TILT_Y: [f64; 9] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];

/// Simplest first, so that a simpler model has the first of them.
const GENERATORS: [[f64; 9]; MOST_GENERATORS] =
    [SHIFT_X, SHIFT_Y, ZOOM, TURN, STRETCH, SKEW, TILT_X, TILT_Y];

impl FlowModel {
    pub(crate) fn generators(self) -> &'static [[f64; 9]] {
        match self {
            Self::Translation => &GENERATORS[..2],
            Self::Similarity => &GENERATORS[..4],
            Self::Homography => &GENERATORS,
        }
    }

    /// Matches that determine the model.
    pub(crate) fn sample_size(self) -> usize {
        self.generators().len() / 2
    }

    /// The next simpler model.
    pub(crate) fn simpler(self) -> Option<Self> {
        match self {
            Self::Translation => None,
            Self::Similarity => Some(Self::Translation),
            Self::Homography => Some(Self::Similarity),
        }
    }
}

/// How the image (x, y) of a point under H moves with the entries of E in (I + E) H: two rows (x, y) of
/// nine. Differentiating the quotient leaves E's first two rows, less the third times the place.
pub(crate) fn entry_jacobian([x, y]: [f64; 2]) -> [[f64; 9]; 2] {
    [
        [x, y, 1.0, 0.0, 0.0, 0.0, -x * x, -x * y, -x],
        [0.0, 0.0, 0.0, x, y, 1.0, -x * y, -y * y, -y],
    ]
}

/// How the image of a point moves along one generator.
pub(crate) fn along(jacobian: &[[f64; 9]; 2], generator: &[f64; 9]) -> [f64; 2] {
    jacobian.map(|row| row.iter().zip(generator).map(|(j, g)| j * g).sum())
}
