//! Buffers that callers lend to be written.

use std::ptr::null_mut;

use arbitrary::Arbitrary;

/// Written behind what callers lend to be written.
pub(super) const CANARY: u8 = 0xc5;

/// A buffer that a call writes: NULL, or so long.
#[derive(Arbitrary)]
pub(super) enum Out {
    Null(u16),
    Bytes(u16),
}

pub(super) struct Buffer<T> {
    memory: Vec<T>,
    capacity: usize,
    is_null: bool,
}

impl Out {
    pub(super) fn made<T: FromCanary>(&self) -> Buffer<T> {
        let (capacity, is_null) = match *self {
            Self::Null(capacity) => (capacity.into(), true),
            Self::Bytes(capacity) => (capacity.into(), false),
        };
        Buffer {
            memory: vec![T::CANARY; capacity + 16],
            capacity,
            is_null,
        }
    }
}

/// What stands behind a buffer.
pub(super) trait FromCanary: PartialEq + Copy {
    const CANARY: Self;
}

impl FromCanary for u8 {
    const CANARY: Self = CANARY;
}

impl FromCanary for i8 {
    const CANARY: Self = CANARY as i8;
}

impl FromCanary for f32 {
    const CANARY: Self = -12345.5;
}

impl<T: FromCanary> Buffer<T> {
    pub(super) fn pointer(&mut self) -> (*mut T, usize) {
        let to = if self.is_null {
            null_mut()
        } else {
            self.memory.as_mut_ptr()
        };
        (to, self.capacity)
    }

    /// Nothing was written behind it.
    pub(super) fn check(&self) {
        assert!(
            self.memory[self.capacity..]
                .iter()
                .all(|value| *value == T::CANARY),
            "written behind a buffer"
        );
    }
}
