//! Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without zeros, so that a zero ends a frame.
//!
//! The decoder works byte by byte into its own bounded buffer, and neither direction has a path that can panic;
//! the tests compare both with the `cobs` crate.

/// The most bytes that `length` bytes become, without a delimiter.
pub const fn max_encoded(length: usize) -> usize {
    length + length / 254 + 1
}

/// Writes `data` without zeros to the front of `out` and returns the bytes' number; `None` if they do not fit.
pub fn encode(data: &[u8], out: &mut [u8]) -> Option<usize> {
    // A block is its length plus one, then its bytes; a zero stood between blocks, except after the longest.
    let (mut block, mut next, mut code) = (0, 1, 1u8);
    for &byte in data {
        if byte != 0 {
            *out.get_mut(next)? = byte;
            next += 1;
            code = code.wrapping_add(1);
        }
        if byte == 0 || code == 0xff {
            *out.get_mut(block)? = code;
            (block, code) = (next, 1);
            next += 1;
        }
    }
    *out.get_mut(block)? = code;
    Some(next)
}

/// Why the bytes between two delimiters are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// The last block ended early.
    Truncated,
    /// More bytes than the buffer holds; they were skipped.
    Overlong,
}

/// Decodes a stream of at most `N` bytes a frame.
#[derive(Clone, Debug)]
pub struct Unstuffer<const N: usize> {
    buffer: [u8; N],
    length: usize,
    /// Bytes that the current block still needs.
    left: u8,
    /// Whether a zero comes before the next block.
    zero: bool,
    /// Whether any byte came since the last delimiter.
    started: bool,
    overlong: bool,
}

impl<const N: usize> Default for Unstuffer<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Unstuffer<N> {
    /// At the start of a frame.
    pub const fn new() -> Self {
        Self {
            buffer: [0; N],
            length: 0,
            left: 0,
            zero: false,
            started: false,
            overlong: false,
        }
    }

    /// Takes a byte; at a delimiter gives what lay before it, unless that was nothing.
    #[inline]
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], Broken>> {
        if byte == 0 {
            return self.finish();
        }
        self.started = true;
        if self.left > 0 {
            self.left -= 1;
            self.put(byte);
        } else {
            if self.zero {
                self.put(0);
            }
            self.left = byte - 1;
            self.zero = byte != 0xff;
        }
        None
    }

    fn put(&mut self, byte: u8) {
        match self.buffer.get_mut(self.length) {
            Some(slot) => {
                *slot = byte;
                self.length += 1;
            }
            None => self.overlong = true,
        }
    }

    fn finish(&mut self) -> Option<Result<&[u8], Broken>> {
        let (started, overlong, left, length) =
            (self.started, self.overlong, self.left, self.length);
        (
            self.started,
            self.overlong,
            self.left,
            self.length,
            self.zero,
        ) = (false, false, 0, 0, false);
        match (started, overlong, left) {
            (false, ..) => None,
            (_, true, _) => Some(Err(Broken::Overlong)),
            (_, _, 0) => Some(Ok(self.buffer.get(..length).unwrap_or(&[]))),
            _ => Some(Err(Broken::Truncated)),
        }
    }
}
