//! Which pixel belongs to which thing: a label per pixel and a tree over the labels.

/// How deep a node stands: SAM's whole, part and subpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// An object, or a region of stuff (sky, ground, foliage).
    Whole,
    /// A part of a whole.
    Part,
    /// A part of a part.
    Subpart,
}

/// A thing that has a mask: all pixels labelled with it or with one of its descendants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The node it is a part of; always of a smaller index.
    pub parent: Option<u8>,
    /// Its depth.
    pub level: Level,
    /// A region of stuff rather than a countable object.
    pub stuff: bool,
}

/// The largest number of nodes in one image; 255 stands for "no parent" in files.
pub const MAX_NODES: usize = 255;

/// Visible-surface truth of one image.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The finest node at each pixel, row by row.
    pub labels: Vec<u8>,
    /// The tree; `labels` index it.
    pub nodes: Vec<Node>,
}

impl Truth {
    /// Per node: does its mask contain pixels labelled `label`? True along the chain of parents.
    pub fn contains(&self, node: u8, label: u8) -> bool {
        let mut current = Some(label);
        while let Some(index) = current {
            if index == node {
                return true;
            }
            current = self.nodes[usize::from(index)].parent;
        }
        false
    }

    /// The node's visible mask, row by row.
    pub fn mask(&self, node: u8) -> Vec<bool> {
        let inside: Vec<bool> = (0..self.nodes.len())
            .map(|label| self.contains(node, label as u8))
            .collect();
        self.labels
            .iter()
            .map(|label| inside[usize::from(*label)])
            .collect()
    }

    /// Visible pixels of each node, descendants included.
    pub fn areas(&self) -> Vec<usize> {
        let mut areas = vec![0; self.nodes.len()];
        for label in &self.labels {
            areas[usize::from(*label)] += 1;
        }
        // Children come after their parents, so one pass from the back sums whole subtrees.
        for index in (0..self.nodes.len()).rev() {
            if let Some(parent) = self.nodes[index].parent {
                areas[usize::from(parent)] += areas[index];
            }
        }
        areas
    }
}
