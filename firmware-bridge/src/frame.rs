//! A frame: header, payload, CRC-32; on the wire as COBS with a zero behind it.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc};

use crate::bytes::{Reader, Writer};
use crate::cobs;
use crate::message::{EmitError, Kind, MAX_PAYLOAD, Message};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// Bytes of the header: version, kind, boot number, sequence number.
pub const HEADER: usize = 6;

/// Bytes of the CRC-32.
pub const CHECKSUM: usize = 4;

/// Bytes of the longest frame before COBS.
pub const MAX_FRAME: usize = HEADER + MAX_PAYLOAD + CHECKSUM;

/// Bytes of the longest frame on the wire, with its delimiter.
pub const MAX_WIRE: usize = cobs::max_encoded(MAX_FRAME) + 1;

/// What ends a frame.
pub const DELIMITER: u8 = 0;

/// Ethernet's CRC-32: within this protocol's lengths it finds every error of up to four flipped bits and every
/// burst of up to 32, and lets one in 2^32 others pass.
static CHECK: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// What stands before each payload, in this and every later version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the protocol that the payload is written in.
    pub version: u8,
    /// Code of the payload's [`Kind`], known or not.
    pub kind: u8,
    /// Chosen by the sender at each start, to tell its lives apart.
    pub boot: u16,
    /// Counts the sender's frames, wraps.
    pub sequence: u16,
}

/// Why bytes without their stuffing are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// Not even a header and a checksum.
    TooShort,
    /// The checksum does not fit the bytes.
    Checksum,
}

impl fmt::Display for FrameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TooShort => "shorter than a header and a checksum",
            Self::Checksum => "the checksum does not fit",
        })
    }
}

impl core::error::Error for FrameError {}

/// Header and payload of a frame whose checksum fits.
///
/// # Errors
///
/// See [`FrameError`].
pub fn open(frame: &[u8]) -> Result<(Header, &[u8]), FrameError> {
    let (body, checksum) = frame
        .split_last_chunk::<CHECKSUM>()
        .ok_or(FrameError::TooShort)?;
    let (header, payload) = body
        .split_first_chunk::<HEADER>()
        .ok_or(FrameError::TooShort)?;
    if CHECK.checksum(body) != u32::from_le_bytes(*checksum) {
        return Err(FrameError::Checksum);
    }
    let mut reader = Reader::new(header);
    let header = Header {
        version: reader.u8(),
        kind: reader.u8(),
        boot: reader.u16(),
        sequence: reader.u16(),
    };
    Ok((header, payload))
}

/// Writes a message with this boot and sequence number to the front of `wire`, delimiter and all, and returns the
/// bytes' number.
///
/// # Errors
///
/// A message that [`Message::emit`] refuses, or a buffer that is too small; [`MAX_WIRE`] bytes are always enough.
pub fn seal(
    boot: u16,
    sequence: u16,
    message: &Message,
    wire: &mut [u8],
) -> Result<usize, EmitError> {
    let too_small = EmitError::BufferTooSmall {
        needed: wire_size(message.kind()),
    };
    let mut frame = [0; MAX_FRAME];
    let (header, rest) = frame.split_first_chunk_mut::<HEADER>().ok_or(too_small)?;
    let mut writer = Writer::new(header);
    writer.u8(VERSION);
    writer.u8(message.kind().code());
    writer.u16(boot);
    writer.u16(sequence);
    let body = HEADER + message.emit(rest)?;
    let checksum = CHECK.checksum(frame.get(..body).ok_or(too_small)?);
    Writer::new(frame.get_mut(body..).ok_or(too_small)?).u32(checksum);
    let stuffed = frame.get(..body + CHECKSUM).ok_or(too_small)?;
    let length = cobs::encode(stuffed, wire).ok_or(too_small)?;
    *wire.get_mut(length).ok_or(too_small)? = DELIMITER;
    Ok(length + 1)
}

/// Bytes of a frame of this kind on the wire, with its delimiter: always the same number.
pub const fn wire_size(kind: Kind) -> usize {
    // Shorter than 254 bytes, so COBS adds exactly one.
    cobs::max_encoded(HEADER + kind.size() + CHECKSUM) + 1
}
