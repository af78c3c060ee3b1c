//! Bytes to messages, over a link that loses, changes and repeats them.

mod counters;
mod sequence;

use core::fmt;

use crate::cobs::{Broken, Unstuffer};
use crate::frame::{self, FrameError, MAX_FRAME, VERSION};
use crate::message::{Kind, Message, ParseError};

pub use counters::Counters;
use sequence::{Order, Sequence};

/// A message, once, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Received {
    /// The sender's boot number; another one than before means that it started anew.
    pub boot: u16,
    /// The sender's count of its frames.
    pub sequence: u16,
    /// The message.
    pub message: Message,
}

/// Why the bytes between two delimiters gave no message. Each is counted in [`Counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dropped {
    /// The stuffing is broken, or header or checksum are.
    Damaged,
    /// Longer than any frame.
    Overlong,
    /// Intact, but in a version that this end does not understand.
    WrongVersion(u8),
    /// Intact, but it came before.
    Duplicate(u16),
    /// Intact, but its payload is none that may be sent: the sender's mistake, not the link's.
    Refused(ParseError),
}

impl fmt::Display for Dropped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => out.write_str("a damaged frame"),
            Self::Overlong => out.write_str("an overlong frame"),
            Self::WrongVersion(version) => {
                write!(
                    out,
                    "a frame of version {version}, this end speaks {VERSION}"
                )
            }
            Self::Duplicate(sequence) => write!(out, "frame {sequence} again"),
            Self::Refused(error) => write!(out, "an intact frame that is no message: {error}"),
        }
    }
}

impl core::error::Error for Dropped {}

impl From<FrameError> for Dropped {
    fn from(_: FrameError) -> Self {
        Self::Damaged
    }
}

impl From<Broken> for Dropped {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Truncated => Self::Damaged,
            Broken::Overlong => Self::Overlong,
        }
    }
}

/// Finds the messages in a stream. `N` bytes hold its longest frame; the default is this protocol's.
///
/// After damage it goes on at the next delimiter: a fault costs the frames that it touches and no other.
#[derive(Clone, Debug)]
pub struct Decoder<const N: usize = MAX_FRAME> {
    unstuffer: Unstuffer<N>,
    sequence: Sequence,
    counters: Counters,
}

impl<const N: usize> Default for Decoder<N> {
    fn default() -> Self {
        Self::with_capacity()
    }
}

impl Decoder {
    /// Holds this protocol's longest frame.
    pub const fn new() -> Self {
        Self::with_capacity()
    }
}

impl<const N: usize> Decoder<N> {
    /// Holds frames of `N` bytes.
    pub const fn with_capacity() -> Self {
        Self {
            unstuffer: Unstuffer::new(),
            sequence: Sequence::NONE,
            counters: Counters::ZERO,
        }
    }

    /// Takes a byte; at the end of a frame gives its message, or why there is none.
    #[inline]
    pub fn push(&mut self, byte: u8) -> Option<Result<Received, Dropped>> {
        let frame = self.unstuffer.push(byte)?;
        let result = match frame {
            Ok(frame) => receive(frame, &mut self.sequence, &mut self.counters),
            Err(broken) => Err(broken.into()),
        };
        self.counters.count(&result);
        Some(result)
    }

    /// Takes bytes as the iterator goes on; what it is not asked for stays in `bytes`.
    pub fn feed<'a>(
        &'a mut self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = Result<Received, Dropped>> + use<'a, N> {
        bytes.iter().filter_map(|&byte| self.push(byte))
    }

    /// What happened since the start. All counters wrap.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

/// The message of a frame without its stuffing.
fn receive(
    frame: &[u8],
    last: &mut Sequence,
    counters: &mut Counters,
) -> Result<Received, Dropped> {
    let (header, payload) = frame::open(frame)?;
    // The header means the same in every version, so what cannot be read is at least not taken for lost.
    match last.follow(header.boot, header.sequence) {
        Order::Next { missed } => counters.missed = counters.missed.wrapping_add(missed.into()),
        Order::Restart => counters.restarts = counters.restarts.wrapping_add(1),
        Order::Again => return Err(Dropped::Duplicate(header.sequence)),
    }
    if header.version != VERSION && header.kind != Kind::Hello.code() {
        return Err(Dropped::WrongVersion(header.version));
    }
    let message = Kind::from_code(header.kind)
        .ok_or(ParseError::UnknownKind(header.kind))
        .and_then(|kind| Message::parse(kind, payload))
        .map_err(Dropped::Refused)?;
    Ok(Received {
        boot: header.boot,
        sequence: header.sequence,
        message,
    })
}
