//! Things: solids with materials, and the tree of their parts.

use super::{Material, Solid};
use crate::truth::Level;
use glam::Vec3;

/// A node of a thing's own tree; node 0 is the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The node it is a part of; always of a smaller index.
    pub parent: Option<u8>,
    /// Its depth.
    pub level: Level,
}

/// A triangle of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// Indices of positions, counter-clockwise seen from outside.
    pub corners: [u32; 3],
    /// Index of the finest piece that it belongs to.
    pub piece: u8,
    /// Index of its material.
    pub material: u8,
}

/// A thing in its own coordinates: metres, z up, standing on z = 0 around the origin unless its kind
/// hangs or flies, its front towards -y.
#[derive(Debug, Clone)]
pub struct Thing {
    /// What it is, for people: "mug".
    pub kind: &'static str,
    /// A region of stuff (floor, wall, sky) rather than a countable object.
    pub stuff: bool,
    /// Its tree.
    pub pieces: Vec<Piece>,
    /// What its faces are made of.
    pub materials: Vec<Material>,
    /// Positions, metres.
    pub positions: Vec<Vec3>,
    /// Outward normals, one a position.
    pub normals: Vec<Vec3>,
    /// Its surface.
    pub faces: Vec<Face>,
}

impl Thing {
    /// A thing without a body yet; piece 0 is the whole.
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            stuff: false,
            pieces: vec![Piece {
                parent: None,
                level: Level::Whole,
            }],
            materials: Vec::new(),
            positions: Vec::new(),
            normals: Vec::new(),
            faces: Vec::new(),
        }
    }

    /// A new piece of `parent`: a part of the whole, or a subpart of a part. -> its index.
    pub fn part(&mut self, parent: u8) -> u8 {
        let level = match self.pieces[usize::from(parent)].level {
            Level::Whole => Level::Part,
            Level::Part | Level::Subpart => Level::Subpart,
        };
        self.pieces.push(Piece {
            parent: Some(parent),
            level,
        });
        (self.pieces.len() - 1) as u8
    }

    /// A new material. -> its index.
    pub fn material(&mut self, material: Material) -> u8 {
        self.materials.push(material);
        (self.materials.len() - 1) as u8
    }

    /// Adds `solid` to piece `piece`, made of material `material`.
    pub fn add(&mut self, solid: Solid, piece: u8, material: u8) {
        let first = self.positions.len() as u32;
        self.positions.extend(solid.positions);
        self.normals.extend(solid.normals);
        self.faces
            .extend(solid.triangles.into_iter().map(|corners| Face {
                corners: corners.map(|corner| corner + first),
                piece,
                material,
            }));
    }

    /// Smallest and largest coordinates; zeros for a thing without a body.
    pub fn bounds(&self) -> (Vec3, Vec3) {
        let mut positions = self.positions.iter();
        let Some(first) = positions.next() else {
            return (Vec3::ZERO, Vec3::ZERO);
        };
        positions.fold((*first, *first), |(low, high), position| {
            (low.min(*position), high.max(*position))
        })
    }
}
