//! Messages that hold one image file, in the three encodings that robots write.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::recording::stream::Channel;

/// How such a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Foxglove's, as JSON with base64.
    Json,
    /// Foxglove's, as protobuf.
    Protobuf,
    /// ROS 2's, as CDR (OMG DDSI-RTPS 2.5, 10).
    Cdr,
}

impl Encoding {
    /// That of a channel, if it carries images.
    pub(super) fn of(channel: &Channel) -> Option<Self> {
        match (channel.schema.as_str(), channel.message_encoding.as_str()) {
            ("foxglove.CompressedImage", "json") => Some(Self::Json),
            ("foxglove.CompressedImage", "protobuf") => Some(Self::Protobuf),
            ("sensor_msgs/msg/CompressedImage", "cdr") => Some(Self::Cdr),
            _ => None,
        }
    }
}

/// What such a message says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CompressedImage<'a> {
    /// None where it is zero: not stamped.
    pub(super) capture_us: Option<i64>,
    /// An image file.
    pub(super) data: Cow<'a, [u8]>,
}

/// Why bytes are no such message.
#[derive(Debug)]
pub(super) enum Malformed {
    Json(serde_json::Error),
    Base64(base64::DecodeError),
    /// At this byte.
    Binary(usize),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "{error}; record it again"),
            Self::Base64(error) => write!(f, "its data is no base64 ({error}); record it again"),
            Self::Binary(position) => write!(
                f,
                "its byte {position} does not fit its schema; record it again"
            ),
        }
    }
}

impl<'a> CompressedImage<'a> {
    pub(super) fn read(encoding: Encoding, bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader { bytes, at: 0 };
        match encoding {
            Encoding::Json => from_json(bytes),
            Encoding::Protobuf => from_protobuf(&mut reader).ok_or(Malformed::Binary(reader.at)),
            Encoding::Cdr => from_cdr(&mut reader).ok_or(Malformed::Binary(reader.at)),
        }
    }
}

fn time_us(seconds: i64, nanoseconds: i64) -> Option<i64> {
    let time_us = seconds
        .saturating_mul(1_000_000)
        .saturating_add(nanoseconds / 1_000);
    (time_us != 0).then_some(time_us)
}

fn from_json(bytes: &[u8]) -> Result<CompressedImage<'static>, Malformed> {
    #[derive(Deserialize)]
    struct Stamp {
        sec: i64,
        nsec: i64,
    }
    #[derive(Deserialize)]
    struct Message<'a> {
        timestamp: Option<Stamp>,
        #[serde(borrow)]
        data: Cow<'a, str>,
    }
    let message: Message<'_> = serde_json::from_slice(bytes).map_err(Malformed::Json)?;
    Ok(CompressedImage {
        capture_us: message
            .timestamp
            .and_then(|stamp| time_us(stamp.sec, stamp.nsec)),
        data: STANDARD
            .decode(message.data.as_bytes())
            .map_err(Malformed::Base64)?
            .into(),
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn bytes_of_varint(&mut self) -> Option<&'a [u8]> {
        let length = self.varint()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// Four bytes, lowest first, at a multiple of four after CDR's header of four.
    fn aligned_u32(&mut self) -> Option<u32> {
        self.at = self.at.next_multiple_of(4);
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?))
    }

    fn bytes_of_u32(&mut self) -> Option<&'a [u8]> {
        let length = self.aligned_u32()?;
        self.take(usize::try_from(length).ok()?)
    }
}

/// A field's number and, for those that are used here, what is in it.
enum Field<'a> {
    Number(u64, u64),
    Bytes(u64, &'a [u8]),
    Other,
}

fn field<'a>(reader: &mut Reader<'a>) -> Option<Field<'a>> {
    let key = reader.varint()?;
    match key & 7 {
        0 => Some(Field::Number(key >> 3, reader.varint()?)),
        1 => reader.take(8).map(|_| Field::Other),
        2 => Some(Field::Bytes(key >> 3, reader.bytes_of_varint()?)),
        5 => reader.take(4).map(|_| Field::Other),
        _ => None,
    }
}

fn from_protobuf<'a>(reader: &mut Reader<'a>) -> Option<CompressedImage<'a>> {
    let (mut capture_us, mut data) = (None, &[][..]);
    while reader.at < reader.bytes.len() {
        match field(reader)? {
            Field::Bytes(1, bytes) => {
                let mut stamp = Reader { bytes, at: 0 };
                let (mut seconds, mut nanoseconds) = (0, 0);
                while stamp.at < bytes.len() {
                    match field(&mut stamp)? {
                        Field::Number(1, value) => seconds = value.cast_signed(),
                        Field::Number(2, value) => nanoseconds = value.cast_signed(),
                        _ => {}
                    }
                }
                capture_us = time_us(seconds, nanoseconds);
            }
            Field::Bytes(2, bytes) => data = bytes,
            _ => {}
        }
    }
    Some(CompressedImage {
        capture_us,
        data: data.into(),
    })
}

fn from_cdr<'a>(reader: &mut Reader<'a>) -> Option<CompressedImage<'a>> {
    // The second byte says that numbers come lowest byte first, as every ROS 2 writes them.
    let header = reader.take(4)?;
    if header[..2] != [0, 1] {
        reader.at = 0;
        return None;
    }
    let seconds = reader.aligned_u32()?.cast_signed();
    let nanoseconds = reader.aligned_u32()?;
    let _frame_id = reader.bytes_of_u32()?;
    let _format = reader.bytes_of_u32()?;
    let data = reader.bytes_of_u32()?;
    Some(CompressedImage {
        capture_us: time_us(seconds.into(), nanoseconds.into()),
        data: data.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_three_encodings_say_the_same() {
        let json =
            br#"{"timestamp":{"sec":3,"nsec":5000},"frame_id":"a","format":"jpeg","data":"/9j/"}"#;
        let protobuf = [
            &[0x0a, 5, 0x08, 3, 0x10, 0x88, 0x27][..],
            &[0x12, 3, 0xff, 0xd8, 0xff],
            &[0x1a, 4, b'j', b'p', b'e', b'g', 0x22, 1, b'a'],
        ]
        .concat();
        let cdr = [
            &[0, 1, 0, 0, 3, 0, 0, 0, 0x88, 0x13, 0, 0][..],
            &[2, 0, 0, 0, b'a', 0, 0, 0],
            &[5, 0, 0, 0, b'j', b'p', b'e', b'g', 0, 0, 0, 0],
            &[3, 0, 0, 0, 0xff, 0xd8, 0xff],
        ]
        .concat();
        for (encoding, bytes) in [
            (Encoding::Json, &json[..]),
            (Encoding::Protobuf, &protobuf),
            (Encoding::Cdr, &cdr),
        ] {
            let image = CompressedImage::read(encoding, bytes).unwrap();
            assert_eq!(image.capture_us, Some(3_000_005), "{encoding:?}");
            assert_eq!(image.data[..], [0xff, 0xd8, 0xff], "{encoding:?}");
            for length in 0..bytes.len() {
                let _ = CompressedImage::read(encoding, &bytes[..length]);
            }
        }
        assert!(CompressedImage::read(Encoding::Cdr, &cdr[..cdr.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for encoding in [Encoding::Json, Encoding::Protobuf, Encoding::Cdr] {
                let _ = CompressedImage::read(encoding, &bytes);
            }
        }
    }
}
