//! Who is at the other end.

use super::codes::codes;
use super::{FieldError, Kind, Payload};
use crate::bytes::{Reader, Writer};
use crate::schema::{Field, Wire, field};

codes! {
    /// Which end speaks.
    Role {
        /// The microcontroller.
        Device = 0,
        /// The computer that runs fixate.
        Host = 1,
    }
}

/// Opens a conversation. Its layout and the header's are the same in every version of the protocol, so that two
/// ends that share no version can still say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Which end speaks.
    pub role: Role,
    /// The lowest version that it understands.
    pub oldest_version: u8,
    /// The highest version that it understands.
    pub newest_version: u8,
    /// Fingerprint of its layouts in the highest version; [`SCHEMA`](super::SCHEMA) here.
    pub schema: u32,
    /// A number of the device's own, such as its chip's; 0 if it has none.
    pub identity: u64,
    /// The firmware's build, in the maker's own numbering.
    pub build: u32,
}

impl Payload for Hello {
    const KIND: Kind = Kind::Hello;
    const LAYOUT: &'static [Field] = &[
        field("role", Wire::U8, "0 device, 1 host"),
        field(
            "oldest_version",
            Wire::U8,
            "lowest version understood, at least 1",
        ),
        field(
            "newest_version",
            Wire::U8,
            "highest version understood, at least the lowest",
        ),
        field(
            "schema",
            Wire::U32,
            "fingerprint of the layouts in the highest version",
        ),
        field("identity", Wire::U64, "the device's own number, 0 if none"),
        field(
            "build",
            Wire::U32,
            "the firmware's build, the maker's numbering",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let role = reader.u8();
        Ok(Self {
            role: Role::from_code(role).ok_or(FieldError::UnknownCode("role", role))?,
            oldest_version: reader.u8(),
            newest_version: reader.u8(),
            schema: reader.u32(),
            identity: reader.u64(),
            build: reader.u32(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.role.code());
        writer.u8(self.oldest_version);
        writer.u8(self.newest_version);
        writer.u32(self.schema);
        writer.u64(self.identity);
        writer.u32(self.build);
    }

    fn check(&self) -> Result<(), FieldError> {
        if self.oldest_version == 0 {
            Err(FieldError::OutOfRange("oldest_version"))
        } else if self.newest_version < self.oldest_version {
            Err(FieldError::Contradiction("newest_version"))
        } else {
            Ok(())
        }
    }
}
