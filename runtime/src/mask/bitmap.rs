//! A mask of an image's size.

use super::MaskError;

/// A mask of an image's size: one byte a pixel, 1 where the thing is and 0 elsewhere, row-major.
///
/// Bytes rather than bits, because thresholding, counting and handing the mask to other programs
/// are all a plain pass over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Bitmap {
    /// An empty mask.
    ///
    /// # Panics
    /// When `width * height` bytes cannot be addressed.
    #[must_use]
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            bytes: vec![0; width.saturating_mul(height)],
        }
    }

    /// A mask of the pixels whose byte is not 0.
    ///
    /// # Errors
    /// When `bytes` does not have `width * height` of them.
    pub fn from_bytes(width: usize, height: usize, mut bytes: Vec<u8>) -> Result<Self, MaskError> {
        if width.checked_mul(height) != Some(bytes.len()) {
            return Err(MaskError::BitmapLength {
                width,
                height,
                found: bytes.len(),
            });
        }
        for byte in &mut bytes {
            *byte = u8::from(*byte != 0);
        }
        Ok(Self {
            width,
            height,
            bytes,
        })
    }

    /// A mask of the pixels (x, y) for which `inside` holds.
    #[must_use]
    pub fn from_fn(
        width: usize,
        height: usize,
        mut inside: impl FnMut(usize, usize) -> bool,
    ) -> Self {
        let mut bitmap = Self::new(width, height);
        for y in 0..height {
            for (x, byte) in bitmap.row_mut(y).iter_mut().enumerate() {
                *byte = u8::from(inside(x, y));
            }
        }
        bitmap
    }

    /// Becomes a copy, keeping the allocation where it suffices.
    pub fn copy_from(&mut self, other: &Self) {
        (self.width, self.height) = (other.width, other.height);
        self.bytes.clone_from(&other.bytes);
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// `width * height` bytes, each 0 or 1, row after row.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, without copying them.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whether the pixel belongs to the mask; none does outside of the image.
    #[must_use]
    pub fn contains(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.bytes[y * self.width + x] != 0
    }

    /// The bytes of a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(&self, y: usize) -> &[u8] {
        &self.bytes[y * self.width..][..self.width]
    }

    /// Becomes an empty mask, keeping the allocation where it suffices.
    pub(crate) fn clear(&mut self, width: usize, height: usize) {
        self.bytes.clear();
        self.set_size(width, height);
    }

    /// Writes another mask over a part of this one, which holds all of it from that column and row on.
    pub(crate) fn paste(&mut self, part: &Self, left: usize, top: usize) {
        for y in 0..part.height {
            self.row_mut(top + y)[left..][..part.width].copy_from_slice(part.row(y));
        }
    }

    /// Takes another size, with whatever content, keeping the allocation where it suffices.
    pub(super) fn set_size(&mut self, width: usize, height: usize) {
        self.width = width;
        self.height = height;
        self.bytes.resize(width * height, 0);
    }

    /// Writers keep every byte 0 or 1.
    pub(super) fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.bytes[y * self.width..][..self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_byte_but_zero_is_inside() {
        let bitmap = Bitmap::from_bytes(3, 1, vec![0, 1, 255]).unwrap();
        assert_eq!(bitmap.bytes(), [0, 1, 1]);
        assert!(bitmap.contains(2, 0) && !bitmap.contains(0, 0));
        assert!(!bitmap.contains(3, 0) && !bitmap.contains(0, 1));
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let error = Bitmap::from_bytes(3, 2, vec![0; 5]).unwrap_err();
        assert!(error.to_string().contains("3x2 has 5 bytes"));
        assert!(Bitmap::from_bytes(usize::MAX, 2, vec![0; 5]).is_err());
    }
}
