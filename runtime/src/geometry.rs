//! Points, boxes and homographies, in pixels; rigid transforms, in metres.
//!
//! x is to the right and y down. The centre of the first pixel is (0, 0), so an image covers
//! [-0.5, width - 0.5] x [-0.5, height - 0.5]. Transforms are named `target_from_source`.

mod error;
mod homography;
mod point;
mod rigid;

pub use error::GeometryError;
pub use homography::Homography;
pub(crate) use homography::product;
pub use point::{Bounds, Covariance, Point};
pub use rigid::{RigidError, RigidTransform};
