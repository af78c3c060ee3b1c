//! Little-endian numbers in byte buffers, without a path that can panic.
//!
//! Both ends of a payload check its length once, at the door. After that the cursors here cannot run out; where
//! the types cannot say so, reading past the end gives zeros and writing past it does nothing, because a panic
//! would cost a microcontroller the whole formatting machinery.

/// Reads numbers from the front of a buffer.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the buffer's first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `N` bytes; zeros past the end.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                *head
            }
            None => [0; N],
        }
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// The next two bytes, signed.
    pub fn i16(&mut self) -> i16 {
        i16::from_le_bytes(self.array())
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// The next four bytes, IEEE 754; any bits, not a number among them.
    pub fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.array())
    }
}

/// Writes numbers to the front of a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    rest: &'a mut [u8],
}

impl<'a> Writer<'a> {
    /// Starts at the buffer's first byte.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { rest: bytes }
    }

    /// These bytes; nothing past the end.
    pub fn array<const N: usize>(&mut self, value: [u8; N]) {
        if let Some((head, rest)) = core::mem::take(&mut self.rest).split_first_chunk_mut::<N>() {
            *head = value;
            self.rest = rest;
        }
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.array(value.to_le_bytes());
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) {
        self.array(value.to_le_bytes());
    }

    /// Two bytes, signed.
    pub fn i16(&mut self, value: i16) {
        self.array(value.to_le_bytes());
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.array(value.to_le_bytes());
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.array(value.to_le_bytes());
    }

    /// Four bytes, IEEE 754.
    pub fn f32(&mut self, value: f32) {
        self.array(value.to_le_bytes());
    }
}
