//! Messages to bytes, with sequence numbers.

use crate::frame;
use crate::message::{EmitError, Message};

/// Numbers and frames the messages of one end.
#[derive(Clone, Debug)]
pub struct Encoder {
    boot: u16,
    sequence: u16,
}

impl Encoder {
    /// Starts at sequence number 0.
    ///
    /// `boot` must differ from the last start's: a counter kept over resets, or chance. It tells the other end that
    /// sequence numbers and clock begin anew.
    pub const fn new(boot: u16) -> Self {
        Self { boot, sequence: 0 }
    }

    /// The boot number.
    pub fn boot(&self) -> u16 {
        self.boot
    }

    /// The next frame's sequence number.
    pub fn sequence(&self) -> u16 {
        self.sequence
    }

    /// Writes a frame to the front of `wire` and returns its bytes' number, delimiter and all.
    ///
    /// # Errors
    ///
    /// A message with a value that may not be sent, or a buffer that is too small
    /// ([`MAX_WIRE`](frame::MAX_WIRE) is enough); the sequence number is then not used up.
    pub fn encode(&mut self, message: &Message, wire: &mut [u8]) -> Result<usize, EmitError> {
        let length = frame::seal(self.boot, self.sequence, message, wire)?;
        self.sequence = self.sequence.wrapping_add(1);
        Ok(length)
    }
}
