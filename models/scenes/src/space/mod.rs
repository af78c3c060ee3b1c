//! Space: where things are, what they are made of, how they look.

mod material;
mod pose;
mod relief;
mod solid;
mod thing;

pub use material::{Material, Substance, laid_along, laid_on};
pub use pose::Pose;
pub use relief::Relief;
pub use solid::Solid;
pub use thing::{Face, Piece, Thing};
