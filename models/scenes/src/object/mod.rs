//! Things made of parts made of subparts, in unit coordinates.

mod composite;
mod split;

use crate::contour::{Contour, Family};
use crate::random::Random;

/// A thing, or a piece of one.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Its outline, in the coordinates of the whole; without rings, the union of its pieces.
    pub outline: Contour,
    /// Its pieces, back to front; what they do not cover is the shape's own.
    pub pieces: Vec<Shape>,
}

impl Shape {
    /// A shape without pieces.
    pub fn plain(outline: Contour) -> Self {
        Self {
            outline,
            pieces: Vec::new(),
        }
    }

    /// All that its pieces cover, and no more.
    pub fn united(pieces: Vec<Shape>) -> Self {
        Self {
            outline: Contour::default(),
            pieces,
        }
    }
}

/// An object: half of them one outline cut into parts, half of them put together from parts.
pub fn draw(random: &mut Random) -> Shape {
    if random.chance(0.4) {
        return composite::draw(random);
    }
    let weights = [2.0, 3.0, 1.5, 1.0, 1.5, 1.5, 1.5, 0.7, 0.7, 1.0, 0.8];
    let family = Family::ALL[random.weighted(&weights)];
    let outline = family.draw(random);
    let mut shape = Shape::plain(outline);
    if !matches!(family, Family::Ribbon | Family::Letter | Family::Foliage) {
        split::divide(random, &mut shape, 0.65);
    }
    shape
}
