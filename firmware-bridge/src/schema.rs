//! What a payload's layout is, as data: sizes, the document's tables and the handshake's fingerprint come from it.

/// How a field is written. All numbers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Two bytes, two's complement.
    I16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
    /// Four bytes, IEEE 754 binary32, always finite.
    F32,
}

impl Wire {
    /// Bytes on the wire.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::F32 => 4,
            Self::U64 => 8,
        }
    }

    /// The name in `PROTOCOL.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F32 => "f32",
        }
    }
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, with the unit at the end; the name in errors, too.
    pub name: &'static str,
    /// How it is written.
    pub wire: Wire,
    /// What it is and which values are accepted, for the document.
    pub meaning: &'static str,
}

/// A [`Field`].
pub const fn field(name: &'static str, wire: Wire, meaning: &'static str) -> Field {
    Field {
        name,
        wire,
        meaning,
    }
}

/// Bytes of a payload with this layout.
pub const fn size(layout: &[Field]) -> usize {
    let (mut total, mut index) = (0, 0);
    while index < layout.len() {
        total += layout[index].wire.size();
        index += 1;
    }
    total
}

/// FNV-1a of 32 bits (Fowler, Noll, Vo), started anew or continued from `state`.
pub(crate) const FINGERPRINT_START: u32 = 0x811c_9dc5;

/// Continues a fingerprint with a kind's code and the names and types of its fields, in order.
///
/// Meanings are left out: a clearer sentence is no other protocol.
pub(crate) const fn fingerprint(mut state: u32, code: u8, layout: &[Field]) -> u32 {
    state = step(state, code);
    let mut index = 0;
    while index < layout.len() {
        state = text(state, layout[index].name);
        state = text(state, layout[index].wire.name());
        index += 1;
    }
    state
}

const fn text(mut state: u32, text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        state = step(state, bytes[index]);
        index += 1;
    }
    // An end mark, so that "ab","c" and "a","bc" differ.
    step(state, 0)
}

const fn step(state: u32, byte: u8) -> u32 {
    (state ^ byte as u32).wrapping_mul(0x0100_0193)
}
