//! Whole frames waiting for a slow transmitter.

use heapless::Deque;

use crate::encoder::Encoder;
use crate::frame::MAX_WIRE;
use crate::message::{EmitError, Message};

/// Why a message is not in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// No room for its frame; its sequence number is used up, so that the other end sees that it is missing.
    Full,
    /// It may not be sent.
    Emit(EmitError),
}

impl core::fmt::Display for SendError {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => out.write_str("the outbox is full"),
            Self::Emit(error) => error.fmt(out),
        }
    }
}

impl core::error::Error for SendError {}

/// At most `N` bytes of frames, first in, first out. A frame goes in whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct Outbox<const N: usize> {
    bytes: Deque<u8, N>,
    dropped: u32,
}

impl<const N: usize> Outbox<N> {
    /// An empty one.
    pub const fn new() -> Self {
        Self {
            bytes: Deque::new(),
            dropped: 0,
        }
    }

    /// Puts a message's frame behind the others.
    ///
    /// # Errors
    ///
    /// See [`SendError`].
    pub fn send(&mut self, encoder: &mut Encoder, message: &Message) -> Result<(), SendError> {
        let mut wire = [0; MAX_WIRE];
        let length = encoder
            .encode(message, &mut wire)
            .map_err(SendError::Emit)?;
        if length > N - self.bytes.len() {
            self.dropped = self.dropped.wrapping_add(1);
            return Err(SendError::Full);
        }
        for byte in wire.into_iter().take(length) {
            // There is room, see above.
            let _ = self.bytes.push_back(byte);
        }
        Ok(())
    }

    /// The next byte for the transmitter.
    pub fn pop(&mut self) -> Option<u8> {
        self.bytes.pop_front()
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Messages that found no room; wraps.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}
