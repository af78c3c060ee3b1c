//! Why a payload is refused, coming or going.

use core::fmt;

use super::Kind;

/// A field that may not be sent, by its name in `PROTOCOL.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// Infinite or not a number.
    NotFinite(&'static str),
    /// Outside the range that the protocol gives.
    OutOfRange(&'static str),
    /// A code that stands for nothing in this version.
    UnknownCode(&'static str, u8),
    /// Possible alone, but not beside the other fields.
    Contradiction(&'static str),
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite(field) => write!(out, "{field} is not a finite number"),
            Self::OutOfRange(field) => write!(out, "{field} is out of its range"),
            Self::UnknownCode(field, code) => write!(out, "{field} has the unknown code {code}"),
            Self::Contradiction(field) => write!(out, "{field} contradicts the other fields"),
        }
    }
}

impl core::error::Error for FieldError {}

/// Why bytes are no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The header's code stands for no message in this version.
    UnknownKind(u8),
    /// A payload of this kind has another size.
    WrongLength {
        /// What the header says it is.
        kind: Kind,
        /// Bytes that came.
        found: usize,
    },
    /// A field may not have its value.
    Field(FieldError),
}

impl fmt::Display for ParseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind(code) => write!(out, "unknown kind of message {code:#04x}"),
            Self::WrongLength { kind, found } => {
                write!(out, "{} of {found} bytes, not {}", kind.name(), kind.size())
            }
            Self::Field(error) => error.fmt(out),
        }
    }
}

impl core::error::Error for ParseError {}

impl From<FieldError> for ParseError {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

/// Why a message cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmitError {
    /// The caller's buffer is shorter than this.
    BufferTooSmall {
        /// Bytes that the message needs.
        needed: usize,
    },
    /// A field has a value that the other end would refuse.
    Field(FieldError),
}

impl fmt::Display for EmitError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed } => {
                write!(out, "the buffer is too small, {needed} bytes are needed")
            }
            Self::Field(error) => error.fmt(out),
        }
    }
}

impl core::error::Error for EmitError {}

impl From<FieldError> for EmitError {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

/// Refuses a number that is not finite or not between the ends, both allowed.
pub(super) fn in_range(
    field: &'static str,
    value: f32,
    low: f32,
    high: f32,
) -> Result<(), FieldError> {
    if !value.is_finite() {
        Err(FieldError::NotFinite(field))
    } else if value < low || value > high {
        Err(FieldError::OutOfRange(field))
    } else {
        Ok(())
    }
}

/// Refuses a whole number above the end.
pub(super) fn at_most(field: &'static str, value: u32, high: u32) -> Result<(), FieldError> {
    if value > high {
        Err(FieldError::OutOfRange(field))
    } else {
        Ok(())
    }
}

/// Zero or one, and nothing else.
pub(super) fn flag(field: &'static str, code: u8) -> Result<bool, FieldError> {
    match code {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(FieldError::UnknownCode(field, code)),
    }
}
